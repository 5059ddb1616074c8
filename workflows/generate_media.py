"""A job from acceptance to its end: a prompt is written and submitted once, and WaveSpeed's result is collected."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.media import MediaActivities
    from activities.records import RecordActivities
    from promptmill.contracts.jobs import (
        JobChange,
        JobInput,
        JobResult,
        JobSnapshot,
        JobStatus,
        MediaRequest,
        SubmissionState,
        SubmitResult,
    )
    from promptmill.contracts.names import DECIDE_SUBMISSION, DELIVER_RESULT, JOB_WORKFLOW, wavespeed_queue
    from promptmill.contracts.prompts import OnPromptFailure, PromptRequest, PromptSource, Question
    from promptmill.contracts.reasons import REASONS, ReasonCode
    from promptmill.contracts.resolution import ResultDelivery, SubmissionDecision
    from promptmill.contracts.store import SubmissionOutcome

from workflows import policies
from workflows.abandoned_children import start_callback, start_storing
from workflows.beginning import lean, start_says_all, told_by_reader
from workflows.calling import call
from workflows.failures import StageEndedByRecord, StageFailed, raise_failure
from workflows.prompt_stage import write_prompt
from workflows.prompt_template import template_prompt
from workflows.recording import cancel_arrives, cancelled, record, show_status, stop_if_cancelled
from workflows.result_stage import ResultStage
from workflows.timebox import Deadline, TimeIsUp
from workflows.unclear_stage import until_settled
from workflows.wakeups import Wakeups


@workflow.defn(name=JOB_WORKFLOW)
class GenerateMediaWorkflow:
    """Take one job through its stages, and keep the record correct however it ends.

    Activities record their own start and result; this workflow records the outcomes that no activity sees.
    """

    @workflow.init
    def __init__(self, job: JobInput) -> None:
        """Keep the request; signals may come before `run`."""
        self._job = job
        self._told_by_reader = False
        self._lean = False
        self._deadline = Deadline(job.deadline_at, one_timer=False)
        self._wakeups = Wakeups(job.job_id)
        self._shown_unclear = False
        self._submission_id: UUID | None = None

    @workflow.signal(name=DELIVER_RESULT)
    def deliver_result(self, delivery: ResultDelivery) -> None:
        """Look at the record: it has the prediction's end, or at least a webhook, which is only a hint."""
        workflow.logger.debug("prediction %s: look at the record", delivery.prediction_id)
        self._wakeups.add()

    @workflow.signal(name=DECIDE_SUBMISSION)
    def decide_submission(self, decision: SubmissionDecision) -> None:
        """A person's decision is in the record: read it now."""
        workflow.logger.debug("decision %s", decision.decision)
        self._wakeups.add()

    @workflow.run
    async def run(self, job: JobInput) -> JobResult:
        """Take one job to its end and return its record.

        Raises:
            ApplicationError: It did not complete; the type is the reason code, the details are the record.
            asyncio.CancelledError: It was cancelled.
        """
        self._told_by_reader = told_by_reader()
        self._lean = self._told_by_reader or lean()
        self._deadline = Deadline(job.deadline_at, one_timer=self._lean)
        row = await self._begin()
        if not row.status.final:
            row = await self._until_final(row)
        if job.callback_url:
            # The job has ended: a cancel changes nothing, and the reconciler starts the callback if this fails.
            with suppress(asyncio.CancelledError):
                await start_callback(job.job_id)
        if row.stores_outputs:
            with suppress(asyncio.CancelledError):  # as above
                await start_storing(job.job_id)
        return self._close(row)

    async def _begin(self) -> JobSnapshot:
        """Return the row as the start says it is, or, where it may be ahead of that, as it is.

        That the workflow runs is recorded by who started it, and by the row's first move.
        """
        job = self._job
        if self._lean and start_says_all(job.deadline_at):
            settled = None if job.use_ai_prompt else PromptSource.CALLER
            return JobSnapshot(job_id=job.job_id, status=JobStatus.QUEUED, prompt=job.prompt, prompt_source=settled)
        row = await record(RecordActivities.begin_job, job.job_id)
        # After a reset: a person's decision starts a new deadline.
        self._deadline.move(row.deadline_at)
        return row

    async def _until_final(self, row: JobSnapshot) -> JobSnapshot:
        """Run the stages; if they are interrupted, record why.

        If the record refuses an outcome (a deadline, while a submission is unclear), the job stays where it is, and
        the stages continue from there.
        """
        while not row.status.final:
            row = await self._attempt(row)
        return row

    async def _attempt(self, row: JobSnapshot) -> JobSnapshot:
        try:
            return await self._run_stages(row)
        except TimeIsUp as end:
            row = await self._expire(end.reason_code)
        except StageFailed as end:
            row = await self._record(JobStatus.FAILED, end.reason_code, end.error)
        except StageEndedByRecord:
            row = await self._follow_record()
        except asyncio.CancelledError:
            if not cancelled():
                raise
            # The record makes it `cancel_requested` if a caller had asked: the API marks the row before Temporal.
            row = await self._record(JobStatus.CANCELLED, ReasonCode.WORKFLOW_CANCELLED)
        return row

    async def _run_stages(self, row: JobSnapshot) -> JobSnapshot:
        if row.cancel_requested:
            raise StageEndedByRecord
        prompt = row.prompt if row.prompt_source else None
        if prompt is None:
            prompt = await self._deadline.run(self._prompt())
        if row.open_submission is not SubmissionState.UNKNOWN:
            submitted = await self._deadline.run(self._submit(prompt))
            if submitted.state is SubmissionState.ACCEPTED:
                return await self._collect(submitted.prediction_id, submitted.accepted_at, submitted.poll_after_seconds)
        row = await self._resolve()
        # Adopting, and a decision to submit again, start a new deadline.
        self._deadline.move(row.deadline_at)
        if row.status is JobStatus.GENERATING:
            return await self._collect(row.prediction_id, row.dispatched_at)
        # Final, or to be submitted again.
        return row if row.status.final else await self._run_stages(row)

    async def _prompt(self) -> str:
        """Return the prompt for WaveSpeed: Grok's, or the caller's fallback if Grok could not write one."""
        job = self._job
        self._show("Waiting for **Grok**, or its prompt is being written.")
        question = Question(style=job.style, target_model=job.model, target_kind=job.kind)
        request = PromptRequest.built_from(job, **question.model_dump(), existing_prompt=job.prompt, metadata={})
        try:
            return (await write_prompt(request)).prompt
        except StageFailed as failure:
            return await self._prompt_without_grok(failure)

    async def _prompt_without_grok(self, failure: StageFailed) -> str:
        job = self._job
        if job.on_prompt_failure is OnPromptFailure.TEMPLATE:
            prompt, source = template_prompt(job), PromptSource.TEMPLATE
        elif job.on_prompt_failure is OnPromptFailure.USE_PROMPT and job.prompt:
            prompt, source = job.prompt, PromptSource.CALLER
        else:
            raise failure
        row = await self._record(JobStatus.DISPATCHING, failure.reason_code, prompt=prompt, prompt_source=source)
        if row.status.final or row.cancel_requested:
            raise StageEndedByRecord
        return prompt

    async def _submit(self, prompt: str) -> SubmitResult:
        """Submit the job to WaveSpeed, once. Waits in the queue indefinitely; the caller sets the deadline."""
        job = self._job
        # The previous submission: if the record lacks it, it has lost a possibly paid POST.
        request = MediaRequest.built_from(job, prompt=prompt, known_submission=self._submission_id)
        self._show("Waiting for **WaveSpeed**, or being submitted.")
        while True:
            try:
                result = await call(
                    MediaActivities.submit_media,
                    request,
                    policies.SUBMIT_MEDIA,
                    summary=f"WaveSpeed: submit {job.model}",
                    task_queue=wavespeed_queue(workflow.info().task_queue),
                )
            except ActivityError as error:
                raise_failure(error)
            self._submission_id = result.submission_id
            if not result.recorded:
                await self._record_submission(result)
            if result.state is not SubmissionState.REJECTED:
                return result
            if result.final:
                raise StageFailed(result.reason_code or ReasonCode.WAVESPEED_BAD_INPUT, result.error or "")
            # No await raises a cancel that arrived while the response was recorded: nothing must be paid after it.
            stop_if_cancelled()

    async def _record_submission(self, result: SubmitResult) -> None:
        """Record a response of WaveSpeed that arrived while Postgres was unavailable."""
        outcome = SubmissionOutcome.built_from(result, job_id=self._job.job_id, media_cost_usd=None)
        await record(RecordActivities.settle_submission, outcome)

    async def _collect(
        self, prediction_id: str | None, accepted_at: datetime | None, webhook_wait: float = 0
    ) -> JobSnapshot:
        """Wait for the prediction to finish, for as long as the job allows."""
        stage = ResultStage(
            self._job,
            self._deadline,
            self._wakeups,
            told_by_reader=self._told_by_reader,
            lean=self._lean,
            shows_status=self._shown_unclear or not self._lean,
        )
        return await stage.collect(prediction_id, accepted_at, webhook_wait)

    async def _resolve(self) -> JobSnapshot:
        """Wait indefinitely until an unclear submission is settled."""
        show_status(JobStatus.SUBMIT_UNKNOWN)
        self._shown_unclear = True
        reason = REASONS[ReasonCode.SUBMIT_UNCLEAR]
        self._show(f"**Submission unclear.** {reason.message} {reason.hint}")
        return await until_settled(self._job.job_id, self._wakeups)

    async def _follow_record(self) -> JobSnapshot:
        """End as the row dictates: it was cancelled, has ended or is past its deadline."""
        row = await record(RecordActivities.begin_job, self._job.job_id)
        if row.status.final:
            return row
        if row.cancel_requested:
            # The row sees the cancel before Temporal does.
            await cancel_arrives(policies.CANCEL_ARRIVES, "Temporal's own cancel")
            return await self._record(JobStatus.CANCELLED, ReasonCode.CANCEL_REQUESTED)
        return await self._expire(ReasonCode.DEADLINE_PASSED)

    async def _expire(self, reason: ReasonCode) -> JobSnapshot:
        """End the job because its time is up; one with a possibly paid submission keeps waiting."""
        row = await self._record(JobStatus.EXPIRED, reason)
        if row.status is JobStatus.SUBMIT_UNKNOWN and row.open_submission is None:
            # It was due to be resubmitted. Nothing is unclear any more, and `submit_unknown` never expires.
            row = await self._record(JobStatus.FAILED, reason)
        return row

    async def _record(
        self,
        status: JobStatus,
        reason: ReasonCode,
        error: str | None = None,
        *,
        prompt: str | None = None,
        prompt_source: PromptSource | None = None,
    ) -> JobSnapshot:
        change = JobChange(
            job_id=self._job.job_id,
            status=status,
            reason_code=reason,
            error=error,
            prompt=prompt,
            prompt_source=prompt_source,
        )
        return await record(RecordActivities.advance_job, change)

    def _close(self, row: JobSnapshot) -> JobResult:
        """End the workflow as the row ended."""
        show_status(row.status)
        self._show(f"**{row.status.value}** {row.error or ''}")
        result = JobResult.built_from(row)
        if row.status is JobStatus.COMPLETED:
            return result
        if row.status is JobStatus.CANCELLED:
            if cancelled():
                raise asyncio.CancelledError
            return result
        reason = row.reason_code or row.status.value
        raise ApplicationError(row.error or reason, result, type=reason, non_retryable=True)

    def _show(self, details: str) -> None:
        workflow.set_current_details(details)
