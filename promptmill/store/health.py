"""What keeps the record from being used, in a sentence. Probes show it: it names no host and nobody's words."""

from __future__ import annotations

import asyncio
from typing import Final

from promptmill.contracts.errors import RecordError, RecordReadOnly
from promptmill.store.store import Store

PROBE_SECONDS: Final = 3.0
"""How long a neighbour may take to answer a probe; probes give up soon themselves."""

UNREACHABLE: Final = "Postgres does not answer."
READ_ONLY: Final = (
    "Postgres can only be read: it is a standby, or a primary that refuses writes. "
    "Jobs wait until it can be written to."
)


async def record_problem(store: Store) -> str | None:
    """Ask Postgres whether it answers and can be written to; return what is wrong, or None."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await store.operations.ping()
    except RecordReadOnly:
        return READ_ONLY
    except (RecordError, TimeoutError):
        return UNREACHABLE
    return None
