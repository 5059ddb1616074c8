"""Notes while the installation is up: what no API notes counts as an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, NoReturn

from promptmill.api_resources import ApiResources
from promptmill.contracts.errors import RecordError
from promptmill.store.health import PROBE_SECONDS
from promptmill.store.uptime import SLOT
from promptmill.temporal.health import temporal_problem

PAUSE_SECONDS: Final = SLOT.total_seconds() / 2
"""Twice in each ten seconds, so that no delay of a probe looks like an outage."""


@asynccontextmanager
async def open_uptime(resources: ApiResources) -> AsyncIterator[None]:
    """Probe in the background until the end."""
    probing = asyncio.create_task(_probe(resources))
    try:
        yield
    finally:
        probing.cancel()
        with suppress(asyncio.CancelledError):
            await probing


async def _probe(resources: ApiResources) -> NoReturn:
    while True:
        await asyncio.sleep(PAUSE_SECONDS)
        with suppress(RecordError, TimeoutError):
            await look_up(resources)


async def look_up(resources: ApiResources) -> None:
    """Note that Postgres takes writes and Temporal answers, if they do.

    Raises:
        RecordError, TimeoutError: Postgres does not.
    """
    if await temporal_problem(resources.temporal) is None:
        async with asyncio.timeout(PROBE_SECONDS):
            await resources.store.uptime.note()
