"""Whether new work is accepted: an operator may have stopped intake (`promptmill drain`)."""

from __future__ import annotations

from fastapi import Depends

from api.dependencies import StoreDep
from api.http.errors import Refused


async def _require(store: StoreDep) -> None:
    """Let a request pass that makes new work.

    Raises:
        Refused: `intake_stopped`, with the operator's words.
        RecordUnavailable: Postgres is away.
    """
    stopped = await store.operations.drain()
    if stopped is not None:
        reason = f" The operator says: {stopped.reason}" if stopped.reason else ""
        raise Refused(
            "intake_stopped",
            f"New jobs are not accepted since {stopped.changed_at:%F %T} UTC; ask again later.{reason}",
        )


REQUIRE_INTAKE = Depends(_require)
"""Stands at every route that makes new work."""
