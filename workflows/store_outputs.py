"""Stores a job's outputs, in its own workflow, so that the job's end waits for no download."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.outputs import OutputActivities
    from promptmill.contracts.names import STORE_WORKFLOW, outputs_queue
    from promptmill.contracts.outputs import StoreInput, StoreReport

from workflows import policies
from workflows.calling import call


@workflow.defn(name=STORE_WORKFLOW)
class StoreOutputsWorkflow:
    """Store the outputs of one job, retried for as long as WaveSpeed keeps them. The record knows what waits."""

    @workflow.run
    async def run(self, request: StoreInput) -> StoreReport:
        """Store them and return how many; those that never will be do not fail the workflow."""
        report = await call(
            OutputActivities.store_outputs,
            request,
            policies.STORE_OUTPUTS,
            summary="fetch and store the outputs",
            task_queue=outputs_queue(workflow.info().task_queue),
        )
        workflow.set_current_details(f"**Stored:** {report.stored}, **never to be stored:** {report.failed}")
        return report
