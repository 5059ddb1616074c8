"""Tells a job's workflow that the record holds news. Only a hint: what a lost one would have told stands in the row."""

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
    """Sends the signals of a job's workflow. One that has ended, or that Temporal does not know, needs none."""

    client: Client

    async def deliver_result(self, job_id: UUID, delivery: ResultDelivery, *, patience: timedelta) -> bool:
        """Tell a job that a webhook has come; say whether a workflow was there to hear it.

        Raises:
            RPCError: Temporal is away.
        """
        return await self._signal(job_id, DELIVER_RESULT, delivery, patience)

    async def decide_submission(self, job_id: UUID, decision: SubmissionDecision, *, patience: timedelta) -> bool:
        """Tell a job that a person has decided on its submission; say whether a workflow was there to hear it.

        Raises:
            RPCError: Temporal is away.
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
