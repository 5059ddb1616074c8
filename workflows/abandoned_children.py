"""Starts what outlives a job's own workflow once the job has ended: its callback, the storing of its outputs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from promptmill.contracts.callbacks import CallbackInput
    from promptmill.contracts.messages import Message
    from promptmill.contracts.names import (
        CALLBACK_WORKFLOW,
        STORE_WORKFLOW,
        callback_workflow_id,
        store_workflow_id,
    )
    from promptmill.contracts.outputs import StoreInput


async def start_callback(job_id: UUID, *, of_batch: bool = False) -> None:
    """Start the callback of an ended job or batch, unless it is started already. Return once it is started."""
    await _start(
        CALLBACK_WORKFLOW,
        CallbackInput(job_id=job_id, of_batch=of_batch),
        workflow_id=callback_workflow_id(job_id),
        reuse=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        summary=f"callback of {'batch' if of_batch else 'job'} {job_id}",
        details=f"Delivers the end of {'batch' if of_batch else 'job'} `{job_id}` to its `callbackUrl`.",
    )


async def start_storing(job_id: UUID) -> None:
    """Start the storing of a job's outputs, unless it is running. Return once it is started."""
    await _start(
        STORE_WORKFLOW,
        StoreInput(job_id=job_id),
        workflow_id=store_workflow_id(job_id),
        reuse=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        summary=f"outputs of job {job_id}",
        details=f"Stores the outputs of job `{job_id}`.",
    )


async def _start(
    name: str, message: Message, *, workflow_id: str, reuse: WorkflowIDReusePolicy, summary: str, details: str
) -> None:
    """Start a workflow that goes on by itself.

    A cancel that arrives meanwhile is deferred: the job has ended, and its workflow must close as the record says.
    """
    start = asyncio.create_task(
        workflow.start_child_workflow(
            name,
            message,
            id=workflow_id,
            id_reuse_policy=reuse,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
            static_summary=summary,
            # Temporal's command line cannot list a workflow that has a summary without details.
            static_details=details,
        )
    )
    with suppress(WorkflowAlreadyStartedError):
        try:
            await asyncio.shield(start)
        except asyncio.CancelledError:
            await start
