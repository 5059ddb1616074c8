"""Whether new work is accepted: an operator may have stopped intake (`promptmill drain`)."""

from __future__ import annotations

from fastapi import Depends

from api.dependencies import StoreDep
from api.http.errors import Refused


async def _require(store: StoreDep) -> None:
    """Admit a request that creates new work.

    Raises:
        Refused: `intake_stopped`, with the operator's reason.
    RecordUnavailable: Postgres is unavailable.
    """
    stopped = await store.operations.drain()
    if stopped is not None:
        reason = f" Reason: {stopped.reason}" if stopped.reason else ""
        raise Refused(
            "intake_stopped",
            f"Intake has been stopped since {stopped.changed_at:%F %T} UTC; try again later.{reason}",
        )


REQUIRE_INTAKE = Depends(_require)
"""A dependency of every route that creates new work."""
