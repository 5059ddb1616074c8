"""Signals changes in the record to a job's workflow. Only hints: what a lost signal would have said is in the row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.messages import Message
from promptmill.contracts.names import DECIDE_SUBMISSION, DELIVER_RESULT, job_workflow_id
from promptmill.contracts.resolution import ResultDelivery, SubmissionDecision


@dataclass(frozen=True)
class WorkflowSignaller:
    """Sends the signals of a job's workflow. An ended or unknown workflow needs none."""

    client: Client

    async def deliver_result(self, job_id: UUID, delivery: ResultDelivery, *, patience: timedelta) -> bool:
        """Signal that a webhook has arrived; return whether a workflow received it.

        Raises:
            RPCError: Temporal is unavailable.
        """
        return await self._signal(job_id, DELIVER_RESULT, delivery, patience)

    async def decide_submission(self, job_id: UUID, decision: SubmissionDecision, *, patience: timedelta) -> bool:
        """Signal a person's decision on the submission; return whether a workflow received it.

        Raises:
            RPCError: Temporal is unavailable.
        """
        return await self._signal(job_id, DECIDE_SUBMISSION, decision, patience)

    async def _signal(self, job_id: UUID, name: str, message: Message, patience: timedelta) -> bool:
        handle = self.client.get_workflow_handle(job_workflow_id(job_id))
        try:
            await handle.signal(name, message, rpc_timeout=patience)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True
