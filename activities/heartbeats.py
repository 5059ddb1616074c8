"""Heartbeats for an activity while it waits for an external system."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from temporalio import activity

BEAT_SECONDS = 1.0
"""Cancels are delivered with heartbeats, so this is the maximum delay of a cancel."""


@asynccontextmanager
async def heartbeats(*details: Any) -> AsyncIterator[None]:
    """Heartbeat with these details until the block ends; details are sent immediately.

    Without details the first heartbeat is sent after a second: most calls are over by then, and each one is a write in
    Temporal. A heartbeat proves that the loop runs, not that the call progresses: each call has its own timeout.
    """

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            activity.heartbeat(*details)

    if details:
        activity.heartbeat(*details)
    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
