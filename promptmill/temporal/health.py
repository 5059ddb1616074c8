"""Whether Temporal can be used, as one sentence for probes, which must not reveal hosts or driver messages."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

NOT_RESPONDING: Final = "Temporal is not responding."
_PROBE: Final = timedelta(seconds=2)


async def temporal_problem(client: Client) -> str | None:
    """Check that Temporal responds; return what is wrong, or None."""
    try:
        async with asyncio.timeout(_PROBE.total_seconds()):
            serving = await client.service_client.check_health(timeout=_PROBE)
    except (RPCError, RuntimeError, TimeoutError):
        # A lazy client raises RuntimeError if it cannot connect.
        return NOT_RESPONDING
    return None if serving else NOT_RESPONDING
