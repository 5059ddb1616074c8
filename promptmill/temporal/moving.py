"""Changes the priority of a workflow that runs, and of its activities that wait in a queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.activity.v1 import ActivityOptions
from temporalio.api.common.v1 import Priority, WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateActivityOptionsRequest, UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client

_KEY: Final = FieldMask(paths=["priority.priority_key"])
"""The key alone: the owner's turn among equals (fairness) stays."""


async def move_workflow(client: Client, workflow_id: str, priority_key: int, *, patience: timedelta) -> None:
    """Give a workflow another priority key, and move what waits for it to its new place in the queue.

    An activity that a worker has begun is not interrupted; its next attempt has the new priority.

    Raises:
        RPCError: Temporal is unavailable; NOT_FOUND: there is no such workflow, it has ended, or nothing of it waits.
    """
    execution = WorkflowExecution(workflow_id=workflow_id)
    priority = Priority(priority_key=priority_key)
    # First what begins from here on: nothing slips between the two.
    await client.workflow_service.update_workflow_execution_options(
        UpdateWorkflowExecutionOptionsRequest(
            namespace=client.namespace,
            workflow_execution=execution,
            workflow_execution_options=WorkflowExecutionOptions(priority=priority),
            update_mask=_KEY,
        ),
        timeout=patience,
    )
    await client.workflow_service.update_activity_options(
        UpdateActivityOptionsRequest(
            namespace=client.namespace,
            execution=execution,
            match_all=True,
            activity_options=ActivityOptions(priority=priority),
            update_mask=_KEY,
        ),
        timeout=patience,
    )
