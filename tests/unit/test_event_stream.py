"""What a live stream sends while it is unknown whether its reader still may."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from starlette.types import Message

from api.live.event_stream import EventStream
from api.live.frames import HEARTBEAT
from api.live.subscribers import Frame, Subscriber

SECRET = b"data: of an owner\n\n"


async def sent(admitted: Sequence[bool | None]) -> bytes:
    """Return the body of a stream with one frame, whose reader is judged in this order."""
    subscriber, verdicts, body = Subscriber(), iter(admitted), [b""]
    subscriber.push("job", Frame(1, SECRET, last=True))

    async def judge() -> bool | None:
        return next(verdicts)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        body.append(message.get("body", b""))

    await EventStream(subscriber, ExitStack(), 0.001, judge)({"type": "http"}, receive, send)
    return b"".join(body)


@pytest.mark.parametrize("admitted", [(False,), (None, False)])
async def test_whoever_may_not_read_any_more_is_sent_nothing(admitted: tuple[bool | None, ...]) -> None:
    assert SECRET not in await sent(admitted)


async def test_what_is_new_meanwhile_waits_until_the_record_can_tell() -> None:
    body = await sent([None, None, True])

    assert body.count(HEARTBEAT) >= 2
    assert body.endswith(SECRET)
    assert body.count(SECRET) == 1
