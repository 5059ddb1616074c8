"""Ends the pause of a submission that waits to ask for permission again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetActivityRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.names import SUBMIT_MEDIA, job_workflow_id


async def ask_again(client: Client, job_id: UUID, *, patience: timedelta) -> None:
    """Let a job's submission ask for permission now; a job that is not about to be submitted needs nothing.

    It costs no event of the workflow. An attempt under way goes on; one that has sent nothing yet may end unsent, and
    asks anew.

    Raises:
        RPCError: Temporal is unavailable, or too old to know this.
    """
    request = ResetActivityRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=job_workflow_id(job_id)),
        type=SUBMIT_MEDIA,
    )
    try:
        await client.workflow_service.reset_activity(request, timeout=patience)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
