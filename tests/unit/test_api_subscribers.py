"""The frames queued for one subscriber: in order, only the newest of each key, and bounded."""

from __future__ import annotations

import asyncio

import pytest

from api.http.errors import Refused
from api.live.subscribers import MAX_PENDING, Frame, StreamSlots, Subscriber


def frame(sequence: int, text: str = "") -> Frame:
    return Frame(sequence, text.encode())


async def test_a_listener_is_told_in_order() -> None:
    subscriber = Subscriber()
    for number in (1, 2, 3):
        subscriber.push(number, frame(number))

    assert [each.sequence for each in await subscriber.next(1)] == [1, 2, 3]


async def test_a_newer_piece_takes_the_place_of_an_older_one() -> None:
    subscriber = Subscriber()
    subscriber.push("a", frame(0, "old"))
    subscriber.push("b", frame(0, "b"))
    subscriber.push("a", frame(0, "new"))

    assert [each.data for each in await subscriber.next(1)] == [b"b", b"new"]


async def test_what_comes_while_the_beginning_is_read_is_told_once() -> None:
    subscriber = Subscriber()
    for number in (4, 5, 6):
        subscriber.push(number, frame(number, "meanwhile"))
    subscriber.start_with([(4, frame(4, "read")), (5, frame(5, "read"))], up_to=5)

    assert await subscriber.next(1) == [frame(4, "read"), frame(5, "read"), frame(6, "meanwhile")]
    subscriber.push(5, frame(5, "late"))
    assert await subscriber.next(0.01) == []


async def test_a_listener_that_waits_is_woken() -> None:
    subscriber = Subscriber()
    waiting = asyncio.create_task(subscriber.next(60))
    await asyncio.sleep(0)
    subscriber.push("a", frame(1))

    assert await asyncio.wait_for(waiting, 30) == [frame(1)]


async def test_a_listener_that_reads_too_slowly_is_dropped() -> None:
    subscriber = Subscriber()
    for number in range(1, MAX_PENDING + 1):
        subscriber.push(number, frame(number))
    kept = subscriber.closed
    subscriber.push("one more", frame(MAX_PENDING + 1))

    assert not kept
    assert subscriber.closed
    assert await subscriber.next(60) == [], "its queue is discarded, and it does not wait"


def test_a_place_is_free_again_when_its_stream_has_ended() -> None:
    slots = StreamSlots(1)
    with slots.hold("a"), slots.hold("b"), pytest.raises(Refused, match="single stream"), slots.hold("a"):
        pass
    with slots.hold("a"):
        pass
