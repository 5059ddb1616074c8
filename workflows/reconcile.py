"""One pass that makes the record and Temporal agree again. Run by a schedule, and on demand."""

from __future__ import annotations

from typing import Any, TypeVar

from temporalio import workflow
from temporalio.types import MethodAsyncNoParam
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.late import LateActivities
    from activities.reconciliation import ReconciliationActivities
    from promptmill.contracts.names import RECONCILE_WORKFLOW
    from promptmill.contracts.reconciliation import ReconcileReport

from workflows import policies

_Out = TypeVar("_Out")


@workflow.defn(name=RECONCILE_WORKFLOW)
class ReconcileWorkflow:
    """Start what was never started, close what has ended, settle what came late, delete what is old."""

    @workflow.run
    async def run(self) -> ReconcileReport:
        """Make one pass and return what it did."""
        alarm = await self._part(ReconciliationActivities.check_installation, "same Temporal as ever?")
        if alarm:
            return ReconcileReport(alarm=alarm)
        started = await self._part(ReconciliationActivities.start_waiting, "start accepted rows")
        cancels = await self._part(ReconciliationActivities.send_cancels_again, "send cancels again")
        closed = await self._part(ReconciliationActivities.close_ended, "close what Temporal has ended")
        callbacks = await self._part(ReconciliationActivities.start_callbacks, "start callbacks of ended jobs")
        late = await self._part(LateActivities.settle_late, "webhooks nobody heard, unclear submissions, late media")
        deleted = await self._part(ReconciliationActivities.delete_expired, "delete what is past its time")
        return ReconcileReport(
            started=started,
            cancels_sent=cancels,
            closed=closed.closed,
            callbacks_started=callbacks,
            delivered=late.delivered,
            resolved=late.resolved,
            attached=late.attached,
            deleted=deleted,
            alarm=closed.alarm,
        )

    async def _part(self, activity: MethodAsyncNoParam[Any, _Out], summary: str) -> _Out:
        config: ActivityConfig = {**policies.RECONCILE, "summary": summary}
        return await workflow.execute_activity_method(activity, **config)
