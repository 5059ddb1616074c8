"""What one listener is still to be told: in order, newest first where it is slow, and never without bound."""

from __future__ import annotations

import asyncio

import pytest

from api.http.errors import Refused
from api.live.listeners import MAX_PENDING, Listener, Piece, Places


def piece(sequence: int, text: str = "") -> Piece:
    return Piece(sequence, text.encode())


async def test_a_listener_is_told_in_order() -> None:
    listener = Listener()
    for number in (1, 2, 3):
        listener.tell(number, piece(number))

    assert [each.sequence for each in await listener.next(1)] == [1, 2, 3]


async def test_a_newer_piece_takes_the_place_of_an_older_one() -> None:
    listener = Listener()
    listener.tell("a", piece(0, "old"))
    listener.tell("b", piece(0, "b"))
    listener.tell("a", piece(0, "new"))

    assert [each.text for each in await listener.next(1)] == [b"b", b"new"]


async def test_what_comes_while_the_beginning_is_read_is_told_once() -> None:
    listener = Listener()
    for number in (4, 5, 6):
        listener.tell(number, piece(number, "meanwhile"))
    listener.begin([(4, piece(4, "read")), (5, piece(5, "read"))], up_to=5)

    assert await listener.next(1) == [piece(4, "read"), piece(5, "read"), piece(6, "meanwhile")]
    listener.tell(5, piece(5, "late"))
    assert await listener.next(0.01) == []


async def test_a_listener_that_waits_is_woken() -> None:
    listener = Listener()
    waiting = asyncio.create_task(listener.next(60))
    await asyncio.sleep(0)
    listener.tell("a", piece(1))

    assert await asyncio.wait_for(waiting, 30) == [piece(1)]


async def test_a_listener_that_reads_too_slowly_is_dropped() -> None:
    listener = Listener()
    for number in range(1, MAX_PENDING + 1):
        listener.tell(number, piece(number))
    kept = listener.closed
    listener.tell("one more", piece(MAX_PENDING + 1))

    assert not kept
    assert listener.closed
    assert await listener.next(60) == [], "nothing is kept for it, and nothing is waited for"


def test_a_place_is_free_again_when_its_stream_has_ended() -> None:
    places = Places(1)
    with places.taken("a"), places.taken("b"), pytest.raises(Refused, match="single stream"), places.taken("a"):
        pass
    with places.taken("a"):
        pass
