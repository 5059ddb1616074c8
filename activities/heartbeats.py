"""Beats for an activity while it waits for somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from temporalio import activity

BEAT_SECONDS = 1.0
"""A cancel travels back on a beat, so this is how long a caller waits for one at most."""


@asynccontextmanager
async def heartbeats(*details: Any) -> AsyncIterator[None]:
    """Beat with these details until the block ends; what there is to tell leaves at once.

    Without details the first beat comes after a second: most calls are over by then, and each beat is a write at
    Temporal. A beat proves that the loop lives, not that the call goes on: each call has a time limit of its own.
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
