"""Whether Postgres can be used, as one sentence for probes, which must not reveal hosts or driver messages."""

from __future__ import annotations

import asyncio
from typing import Final

from promptmill.contracts.errors import RecordError, RecordReadOnly
from promptmill.store.store import Store

PROBE_SECONDS: Final = 3.0
"""Timeout of one dependency's check; probes give up soon themselves."""

UNREACHABLE: Final = "Postgres is not responding."
READ_ONLY: Final = (
    "Postgres is read-only: DATABASE_URL leads to a standby, or to a primary that refuses writes. "
    "Jobs wait until it accepts writes."
)


async def record_problem(store: Store) -> str | None:
    """Check that Postgres responds and accepts writes; return what is wrong, or None."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await store.operations.ping()
    except RecordReadOnly:
        return READ_ONLY
    except (RecordError, TimeoutError):
        return UNREACHABLE
    return None
