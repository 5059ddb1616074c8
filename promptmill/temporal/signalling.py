"""Signals changes in the record to the workflow of a job or a batch.

Only hints: what a lost signal would have said is in the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.messages import Message
from promptmill.contracts.names import DECIDE_SUBMISSION, DELIVER_RESULT, WAKE_BATCH, batch_workflow_id, job_workflow_id
from promptmill.contracts.resolution import ResultDelivery, SubmissionDecision


@dataclass(frozen=True)
class WorkflowSignaller:
    """Sends the signals of a workflow. An ended or unknown workflow needs none."""

    client: Client

    async def deliver_result(self, job_id: UUID, delivery: ResultDelivery, *, patience: timedelta) -> bool:
        """Signal that a webhook has arrived; return whether a workflow received it.

        Raises:
            RPCError: Temporal is unavailable.
        """
        return await self._signal(job_workflow_id(job_id), DELIVER_RESULT, patience, delivery)

    async def decide_submission(self, job_id: UUID, decision: SubmissionDecision, *, patience: timedelta) -> bool:
        """Signal a person's decision on the submission; return whether a workflow received it.

        Raises:
            RPCError: Temporal is unavailable.
        """
        return await self._signal(job_workflow_id(job_id), DECIDE_SUBMISSION, patience, decision)

    async def wake_batch(self, batch_id: UUID, *, patience: timedelta) -> bool:
        """Signal that a batch has news; return whether a workflow received it.

        Raises:
            RPCError: Temporal is unavailable.
        """
        return await self._signal(batch_workflow_id(batch_id), WAKE_BATCH, patience)

    async def _signal(self, workflow_id: str, name: str, patience: timedelta, *message: Message) -> bool:
        handle = self.client.get_workflow_handle(workflow_id)
        try:
            await handle.signal(name, args=message, rpc_timeout=patience)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True
