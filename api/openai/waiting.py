"""Waits until jobs have ended: by the notices that live streams are fed by, so that nobody asks the record again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from uuid import UUID

from fastapi import Request
from starlette.exceptions import HTTPException

from api.live.feed import Feed
from promptmill.contracts.errors import RecordUnavailable


async def wait(feed: Feed, job_ids: Iterable[UUID], request: Request, seconds: float) -> bool:
    """Wait until all jobs have ended, nobody can tell any more, or the time is over; return whether a caller is there.

    A caller that leaves leaves its jobs: they are accepted, and may be paid.
    """
    ended = asyncio.create_task(_all_ended(feed, [*job_ids], seconds))
    left = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({ended, left}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return not left.done()
    finally:
        for task in (ended, left):
            task.cancel()
        await asyncio.gather(ended, left, return_exceptions=True)


async def _all_ended(feed: Feed, job_ids: Sequence[UUID], seconds: float) -> None:
    async with asyncio.TaskGroup() as tasks:
        for job_id in job_ids:
            tasks.create_task(_ended(feed, job_id, seconds))


async def _ended(feed: Feed, job_id: UUID, seconds: float) -> None:
    with feed.follow(job_id) as subscriber, suppress(RecordUnavailable):
        await feed.send_initial(subscriber, job_id, None)
        while not subscriber.closed:
            if any(frame.last for frame in await subscriber.next(seconds)):
                return


async def _left(request: Request) -> None:
    """Return once the caller has closed the connection."""
    with suppress(HTTPException):
        while (await request.receive())["type"] != "http.disconnect":
            pass
