"""Keeps retrying to record what was paid for, for as long as an activity may hold the response."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from promptmill.contracts.errors import RecordUnavailable

KEEP_TRYING_SECONDS = 10.0
_PAUSE_SECONDS = 0.25

_T = TypeVar("_T")


async def insist(write: Callable[[], Awaitable[_T]], *, seconds: float = KEEP_TRYING_SECONDS) -> _T:
    """Return the write's result, retrying while Postgres is unavailable.

    Raises:
        RecordUnavailable: Postgres was unavailable the whole time.
    """
    give_up = time.monotonic() + seconds
    while True:
        try:
            return await write()
        except RecordUnavailable:
            if time.monotonic() >= give_up:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
