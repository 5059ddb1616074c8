"""The baseline: what Temporal alone needs for two activities and a signal. No record, no API, no deadline."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from tests.bench.bare_activities import BareActivities, BareJob, BarePrompt

BARE_QUEUE = "bench-bare"
_AT_MOST = timedelta(seconds=60)


@workflow.defn
class BareWorkflow:
    """Call Grok, submit to WaveSpeed, and wait for the signal that its webhook would cause."""

    def __init__(self) -> None:
        """Begin without a result."""
        self._outputs: list[str] | None = None

    @workflow.signal
    def deliver_result(self, outputs: list[str]) -> None:
        """Receive the outputs."""
        self._outputs = outputs

    @workflow.run
    async def run(self, job: BareJob) -> BareJob:
        """Take one job to its end."""
        written = await workflow.execute_activity_method(
            BareActivities.write_prompt, job, start_to_close_timeout=_AT_MOST
        )
        prompt = BarePrompt(model=job.model, prompt=written.prompt)
        await workflow.execute_activity_method(BareActivities.submit_media, prompt, start_to_close_timeout=_AT_MOST)
        await workflow.wait_condition(lambda: self._outputs is not None)
        return job
