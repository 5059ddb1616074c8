"""Deletes workflows with their histories: every run that Temporal still keeps under an id."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

_RPC: Final = timedelta(seconds=5)
_LATEST: Final = ""
"""The run id that means the latest run."""


async def delete_runs(client: Client, workflow_id: str) -> bool:
    """Delete all runs of a workflow, also those before a reset or a retry; return whether there was none.

    A running one is terminated first. Temporal deletes a moment later, and lists runs a moment late: only a call that
    finds none shows that none is left.

    Raises:
        RPCError: Temporal is unavailable, or does not let this caller delete.
    """
    listed = client.list_workflows(f"WorkflowId = '{workflow_id}'", rpc_timeout=_RPC)
    runs = [execution.run_id async for execution in listed]
    found = [await _delete(client, workflow_id, run_id) for run_id in (_LATEST, *runs)]
    return not any(found)


async def _delete(client: Client, workflow_id: str, run_id: str) -> bool:
    """Delete one run; return whether Temporal still had it."""
    request = DeleteWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
    )
    try:
        await client.workflow_service.delete_workflow_execution(request, timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True
