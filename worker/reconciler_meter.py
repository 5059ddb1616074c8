"""Notes what the reconciler's steps did, and when each last succeeded."""

from __future__ import annotations

from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from promptmill.contracts.names import RECONCILE_WORKFLOW
from promptmill.contracts.outputs import StorageReport
from promptmill.contracts.reconciliation import CloseReport, LateReport
from promptmill.metrics import mended, step_done


class ReconcilerMeter(Interceptor):
    """Intercepts every activity of a worker, and meters those of the reconciler."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Wrap each activity."""
        return _Meter(next)


class _Meter(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        result = await super().execute_activity(input)
        info = activity.info()
        if info.workflow_type == RECONCILE_WORKFLOW:
            step_done.labels(info.activity_type).set_to_current_time()
            for what, number in _numbers(info.activity_type, result).items():
                mended.labels(what).inc(number)
        return result


def _numbers(step: str, result: Any) -> dict[str, int]:
    """Return what a step reports, by what it did: a number by the step's name, a report's numbers by their own."""
    if isinstance(result, CloseReport | LateReport | StorageReport):
        return {what: number for what, number in result.model_dump().items() if isinstance(number, int)}
    return {step: result} if isinstance(result, int) else {}
