"""One pass of the reconciler, which brings the record and Temporal back in line. Run by a schedule, and on demand."""

from __future__ import annotations

from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.types import MethodAsyncNoParam
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.erasures import ErasureActivities
    from activities.late import LateActivities
    from activities.reconciliation import ReconciliationActivities
    from activities.storage import StorageActivities
    from promptmill.contracts.names import RECONCILE_WORKFLOW
    from promptmill.contracts.outputs import StorageReport
    from promptmill.contracts.reconciliation import CloseReport, LateReport, ReconcileReport

from workflows import policies

_Out = TypeVar("_Out")


@workflow.defn(name=RECONCILE_WORKFLOW)
class ReconcileWorkflow:
    """Start what was never started, close what has ended, settle what arrived late, erase, delete expired rows."""

    def __init__(self) -> None:
        """Nothing has failed yet."""
        self._failed: str | None = None

    @workflow.run
    async def run(self) -> ReconcileReport:
        """Make one pass and return what it did."""
        alarm = await self._part(ReconciliationActivities.check_installation, "check that this is the same Temporal")
        if alarm:
            return ReconcileReport(alarm=alarm)
        rec = ReconciliationActivities
        started = await self._try(rec.start_waiting, "start accepted rows", 0)
        cancels = await self._try(rec.send_cancels_again, "resend cancels", 0)
        closed = await self._try(rec.close_ended, "close rows whose workflow has ended", CloseReport())
        callbacks = await self._try(rec.start_callbacks, "start callbacks of ended jobs", 0)
        late = await self._try(
            LateActivities.settle_late, "settle undelivered webhooks, unclear submissions, late media", LateReport()
        )
        erased = 0
        if workflow.patched("0.3.0-erasures"):
            erased = await self._try(
                ErasureActivities.erase_pending, "delete what erased jobs left at Temporal and WaveSpeed", 0
            )
        storage = StorageReport()
        if workflow.patched("0.3.0-outputs"):
            storage = await self._try(StorageActivities.tend_storage, "tend the storage of outputs", storage)
        if workflow.patched("0.3.0-batches"):
            await self._try(rec.wake_batches, "wake batches, start their callbacks", 0)
        deleted = await self._try(rec.delete_expired, "delete expired rows", 0)
        if workflow.patched("0.3.0-budgets"):
            await self._try(rec.warn_of_budgets, "warn of budgets that are nearly used up", 0)
        return ReconcileReport(
            started=started,
            cancels_sent=cancels,
            closed=closed.closed,
            callbacks_started=callbacks,
            delivered=late.delivered,
            resolved=late.resolved,
            attached=late.attached,
            billed=late.billed,
            erased=erased,
            storing_started=storage.storing_started,
            files_deleted=storage.files_deleted,
            deleted=deleted,
            alarm=closed.alarm or self._failed,
        )

    async def _try(self, activity: MethodAsyncNoParam[Any, _Out], summary: str, nothing: _Out) -> _Out:
        """Return what a step did; one that fails does not stop the others."""
        try:
            return await self._part(activity, summary)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.error("a step of the pass failed: %s", summary)
            self._failed = self._failed or f"A step of the pass failed: {summary} ({error.cause})."
            return nothing

    async def _part(self, activity: MethodAsyncNoParam[Any, _Out], summary: str) -> _Out:
        config: ActivityConfig = {**policies.RECONCILE, "summary": summary}
        return await workflow.execute_activity_method(activity, **config)
