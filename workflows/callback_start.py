"""Starts the delivery of a job's callback, which outlives the job's own workflow."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from promptmill.contracts.callbacks import CallbackInput
    from promptmill.contracts.names import CALLBACK_WORKFLOW, callback_workflow_id


async def start_callback(job_id: UUID) -> None:
    """Start the callback of an ended job, unless it is started already. Return once it is started.

    A cancel that arrives meanwhile is deferred: the job has ended, and its workflow must close as the record says.
    """
    start = asyncio.create_task(
        workflow.start_child_workflow(
            CALLBACK_WORKFLOW,
            CallbackInput(job_id=job_id),
            id=callback_workflow_id(job_id),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
            static_summary=f"callback of job {job_id}",
            # Temporal's command line cannot list a workflow that has a summary without details.
            static_details=f"Delivers the end of job `{job_id}` to its `callbackUrl`.",
        )
    )
    with suppress(WorkflowAlreadyStartedError):
        try:
            await asyncio.shield(start)
        except asyncio.CancelledError:
            await start
