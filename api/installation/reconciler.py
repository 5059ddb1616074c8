"""Whether the reconciler runs as it should: its schedule in Temporal, and when a pass last finished."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api.clock import now
from api.schemas.installation import ScheduleReport
from promptmill.config.settings import Settings
from promptmill.contracts.names import RECONCILE_WORKFLOW, reconcile_schedule_id

FRESH_SECONDS: Final = 5.0
"""How long the last pass is cached: finding it takes a search, and searches lag by a second anyway."""

_MISSED: Final = 2
"""Passes that may be missed: restarting a worker misses one."""

_log = structlog.get_logger(__name__)


@dataclass
class ReconcilerWatch:
    """Reads the reconciler's schedule for reports.

    Attributes:
        task_queue: The installation's own, which identifies its passes in a shared namespace.
        late_after: Time without a finished pass after which the reconciler is late.
        clock: Monotonic seconds.
    """

    client: Client
    task_queue: str
    late_after: timedelta
    clock: Callable[[], float] = time.monotonic
    _seen: tuple[float, datetime | None] | None = field(default=None, init=False)

    @classmethod
    def of(cls, client: Client, settings: Settings) -> ReconcilerWatch:
        """Return the watch of an installation: a pass may take up to its timeout before it counts as late."""
        late_after = settings.reconcile_timeout_seconds + _MISSED * settings.reconcile_seconds
        return cls(client, settings.task_queue, timedelta(seconds=late_after))

    async def look(self, patience: timedelta) -> ScheduleReport | None:
        """Return the schedule and whether its passes are late; None if there is none.

        Raises:
            RPCError, RuntimeError: Temporal is unavailable.
        """
        schedule_id = reconcile_schedule_id(self.task_queue)
        try:
            found = await self.client.get_schedule_handle(schedule_id).describe(rpc_timeout=patience)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        upcoming, state = found.info.next_action_times, found.schedule.state
        finished, late = None, None
        try:
            finished = await self._last_finished(patience)
        except RPCError as error:
            # Temporal searches a database of its own, which may be the only thing unavailable: then it is unknown.
            _log.info("passes_unknown", error=str(error))
        else:
            # A new schedule has no pass yet; a changed one may have none since.
            expected = max(at for at in (finished, found.info.created_at, found.info.last_updated_at) if at is not None)
            late = not state.paused and now() - expected > self.late_after
        return ScheduleReport(
            id=schedule_id,
            paused=state.paused,
            reason=(state.note or None) if state.paused else None,
            next_at=upcoming[0] if upcoming else None,
            last_finished_at=finished,
            late=late,
        )

    async def _last_finished(self, patience: timedelta) -> datetime | None:
        """Return when a pass last completed; None if none is known."""
        if self._seen is None or self.clock() - self._seen[0] >= FRESH_SECONDS:
            self._seen = (self.clock(), await self._search(patience))
        return self._seen[1]

    async def _search(self, patience: timedelta) -> datetime | None:
        # The latest comes first.
        query = (
            f"WorkflowType = '{RECONCILE_WORKFLOW}' AND TaskQueue = '{self.task_queue}' "
            "AND ExecutionStatus = 'Completed'"
        )
        async for run in self.client.list_workflows(query, limit=1, page_size=1, rpc_timeout=patience):
            return run.close_time
        return None
