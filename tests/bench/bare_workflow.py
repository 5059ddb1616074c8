"""The baseline: what Temporal alone needs for the calls. No record, no API, no deadline."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from tests.bench.bare_activities import BareActivities, BareJob

BARE_QUEUE = "bench-bare"
_AT_MOST = timedelta(seconds=60)


@workflow.defn
class BareWorkflow:
    """Call Grok, submit to WaveSpeed, and get the result: by the signal that a webhook would cause, or by a read."""

    def __init__(self) -> None:
        """Begin without a result."""
        self._outputs: list[str] | None = None

    @workflow.signal
    def deliver_result(self, outputs: list[str]) -> None:
        """Receive the outputs."""
        self._outputs = outputs

    @workflow.run
    async def run(self, job: BareJob) -> BareJob:
        """Run one job to its end."""
        written = await workflow.execute_activity_method(
            BareActivities.write_prompt, job, start_to_close_timeout=_AT_MOST
        )
        prediction_id = await workflow.execute_activity_method(
            BareActivities.submit_media, written, start_to_close_timeout=_AT_MOST
        )
        if job.instant:
            await workflow.wait_condition(lambda: self._outputs is not None)
        else:
            self._outputs = await workflow.execute_activity_method(
                BareActivities.read_result, prediction_id, start_to_close_timeout=_AT_MOST
            )
        return job
