"""A stand-alone prompt job: Grok writes one prompt, and nothing is paid at WaveSpeed."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.records import RecordActivities
    from promptmill.contracts.names import PROMPT_WORKFLOW
    from promptmill.contracts.prompts import PromptChange, PromptJobStatus, PromptRequest, PromptSnapshot
    from promptmill.contracts.reasons import ReasonCode

from workflows import policies
from workflows.beginning import lean, start_says_all
from workflows.failures import StageEndedByRecord, StageFailed
from workflows.prompt_stage import write_prompt
from workflows.recording import cancel_arrives, cancelled, record, show_status
from workflows.timebox import Deadline, TimeIsUp


@workflow.defn(name=PROMPT_WORKFLOW)
class GeneratePromptWorkflow:
    """Have Grok write one prompt, and keep the record correct however that ends."""

    @workflow.init
    def __init__(self, request: PromptRequest) -> None:
        """Keep the request; signals and queries may come before `run`."""
        self._request = request
        self._lean = False
        self._deadline = Deadline(request.deadline_at, one_timer=False)

    @workflow.run
    async def run(self, request: PromptRequest) -> PromptSnapshot:
        """Take one prompt job to its end and return its row.

        Raises:
            ApplicationError: It failed; the type is the reason code.
            asyncio.CancelledError: It was cancelled.
        """
        self._lean = lean()
        self._deadline = Deadline(request.deadline_at, one_timer=self._lean)
        if self._lean and start_says_all(request.deadline_at):
            row = await self._until_final()
        else:
            row = await record(RecordActivities.begin_prompt_job, request.prompt_job_id)
            if not row.status.final:
                row = await self._until_final()
        show_status(row.status)
        workflow.set_current_details(f"**{row.status.value}** {row.error or ''}")
        if row.status is PromptJobStatus.FAILED:
            raise ApplicationError(row.error or "failed", row, type=row.reason_code, non_retryable=True)
        if row.status is PromptJobStatus.CANCELLED and cancelled():
            raise asyncio.CancelledError
        return row

    async def _until_final(self) -> PromptSnapshot:
        """Write the prompt, or record why there is none."""
        request = self._request
        workflow.set_current_details("Waiting for **Grok**, or being written.")
        try:
            await self._deadline.run(write_prompt(request))
        except TimeIsUp as end:
            return await self._record(PromptJobStatus.FAILED, end.reason_code)
        except StageFailed as end:
            return await self._record(PromptJobStatus.FAILED, end.reason_code, end.error)
        except StageEndedByRecord:
            return await self._follow_record()
        except asyncio.CancelledError:
            if not cancelled():
                raise
            # The record makes it `cancel_requested` if a caller had asked, see GenerateMediaWorkflow.
            return await self._record(PromptJobStatus.CANCELLED, ReasonCode.WORKFLOW_CANCELLED)
        return await record(RecordActivities.begin_prompt_job, request.prompt_job_id)

    async def _follow_record(self) -> PromptSnapshot:
        """End as the row dictates: it was cancelled, has ended or is past its deadline."""
        row = await record(RecordActivities.begin_prompt_job, self._request.prompt_job_id)
        if self._lean and row.status.final:
            # Cancelled before it was started: Temporal knew of nothing to cancel, and no cancel comes.
            return row
        if row.cancel_requested:
            await cancel_arrives(policies.CANCEL_ARRIVES, "Temporal's own cancel")
            return await self._record(PromptJobStatus.CANCELLED, ReasonCode.CANCEL_REQUESTED)
        return row if row.status.final else await self._record(PromptJobStatus.FAILED, ReasonCode.DEADLINE_PASSED)

    async def _record(self, status: PromptJobStatus, reason: ReasonCode, error: str | None = None) -> PromptSnapshot:
        change = PromptChange(prompt_job_id=self._request.prompt_job_id, status=status, reason_code=reason, error=error)
        return await record(RecordActivities.change_prompt_job, change)
