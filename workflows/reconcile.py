"""One pass that makes the record and Temporal agree again. Run by a schedule, and on demand."""

from __future__ import annotations

from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.types import MethodAsyncNoParam
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.late import LateActivities
    from activities.reconciliation import ReconciliationActivities
    from promptmill.contracts.names import RECONCILE_WORKFLOW
    from promptmill.contracts.reconciliation import CloseReport, LateReport, ReconcileReport

from workflows import policies

_Out = TypeVar("_Out")


@workflow.defn(name=RECONCILE_WORKFLOW)
class ReconcileWorkflow:
    """Start what was never started, close what has ended, settle what came late, delete what is old."""

    def __init__(self) -> None:
        """Nothing has failed yet."""
        self._failed: str | None = None

    @workflow.run
    async def run(self) -> ReconcileReport:
        """Make one pass and return what it did."""
        alarm = await self._part(ReconciliationActivities.check_installation, "same Temporal as ever?")
        if alarm:
            return ReconcileReport(alarm=alarm)
        rec = ReconciliationActivities
        started = await self._try(rec.start_waiting, "start accepted rows", 0)
        cancels = await self._try(rec.send_cancels_again, "send cancels again", 0)
        closed = await self._try(rec.close_ended, "close what Temporal has ended", CloseReport())
        callbacks = await self._try(rec.start_callbacks, "start callbacks of ended jobs", 0)
        late = await self._try(
            LateActivities.settle_late, "webhooks nobody heard, unclear submissions, late media", LateReport()
        )
        deleted = await self._try(rec.delete_expired, "delete what is past its time", 0)
        return ReconcileReport(
            started=started,
            cancels_sent=cancels,
            closed=closed.closed,
            callbacks_started=callbacks,
            delivered=late.delivered,
            resolved=late.resolved,
            attached=late.attached,
            deleted=deleted,
            alarm=closed.alarm or self._failed,
        )

    async def _try(self, activity: MethodAsyncNoParam[Any, _Out], summary: str, nothing: _Out) -> _Out:
        """Return what a part did; one that fails does not keep the others from their work."""
        try:
            return await self._part(activity, summary)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.error("a part of the pass failed: %s", summary)
            self._failed = self._failed or f"This part of the pass failed: {summary} ({error.cause})."
            return nothing

    async def _part(self, activity: MethodAsyncNoParam[Any, _Out], summary: str) -> _Out:
        config: ActivityConfig = {**policies.RECONCILE, "summary": summary}
        return await workflow.execute_activity_method(activity, **config)
