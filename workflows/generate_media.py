"""A job from acceptance to its end: a prompt is written, submitted once, and what WaveSpeed makes is collected."""

from __future__ import annotations

import asyncio
from datetime import timedelta

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
        PredictionRequest,
        SubmissionState,
        SubmitResult,
    )
    from promptmill.contracts.names import JOB_WORKFLOW, wavespeed_queue
    from promptmill.contracts.prompts import OnPromptFailure, PromptRequest, PromptSource
    from promptmill.contracts.reasons import REASONS, ReasonCode
    from promptmill.contracts.store import SubmissionOutcome

from workflows import policies
from workflows.calling import call
from workflows.failures import StageEndedByRecord, StageFailed, raise_failure
from workflows.prompt_stage import write_prompt
from workflows.prompt_template import template_prompt
from workflows.recording import cancel_arrives, cancelled, record, show_status
from workflows.timebox import TimeIsUp, before


@workflow.defn(name=JOB_WORKFLOW)
class GenerateMediaWorkflow:
    """Take one job through its stages, and keep the record true however it ends.

    Activities record their own start and result; this workflow records the outcomes that no activity sees.
    """

    @workflow.init
    def __init__(self, job: JobInput) -> None:
        """Keep the request; signals and queries may come before `run`."""
        self._job = job

    @workflow.run
    async def run(self, job: JobInput) -> JobResult:
        """Take one job to its end and return its record.

        Raises:
            ApplicationError: It ended in another way; the type is the reason code, the details are the record.
            asyncio.CancelledError: It was cancelled.
        """
        row = await record(RecordActivities.begin_job, job.job_id)
        if not row.status.final:
            row = await self._until_final(row)
        return self._close(row)

    async def _until_final(self, row: JobSnapshot) -> JobSnapshot:
        """Tell the story; where it breaks off, record why."""
        try:
            return await self._story(row)
        except TimeIsUp as end:
            row = await self._record(JobStatus.EXPIRED, end.reason_code)
        except StageFailed as end:
            row = await self._record(JobStatus.FAILED, end.reason_code, end.error)
        except StageEndedByRecord:
            row = await self._follow_record()
        except asyncio.CancelledError:
            if not cancelled():
                raise
            row = await self._record(JobStatus.CANCELLED, ReasonCode.CANCEL_REQUESTED)
        # An outcome that the record refuses (a deadline, while a submission is unclear) leaves the job where it is.
        return row if row.status.final else await self._stay_unknown()

    async def _story(self, row: JobSnapshot) -> JobSnapshot:
        deadline = self._job.deadline_at
        if row.cancel_requested:
            raise StageEndedByRecord
        prompt = row.prompt if row.prompt_source else None
        if prompt is None:
            prompt = await before(deadline, ReasonCode.DEADLINE_PASSED, self._prompt())
        submitted = await before(deadline, ReasonCode.DEADLINE_PASSED, self._submit(prompt))
        if submitted.state is not SubmissionState.ACCEPTED:
            return await self._stay_unknown()
        return await self._collect(submitted)

    async def _prompt(self) -> str:
        """Return the text for WaveSpeed: Grok's, or what the caller chose for the case that Grok cannot write one."""
        job = self._job
        self._show("Its prompt waits for **Grok**, or is being written.")
        assert job.prompt_job_id is not None  # accepted together with the job
        request = PromptRequest(
            prompt_job_id=job.prompt_job_id,
            job_id=job.job_id,
            owner=job.owner,
            operation=job.operation,
            instructions=job.instructions,
            existing_prompt=job.prompt,
            target_url=job.target_url,
            ref_urls=job.ref_urls,
            priority=job.priority,
            deadline_at=job.deadline_at,
            created_at=job.created_at,
        )
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
        """Hand the job over to WaveSpeed, once. Waits in the queue as long as it takes; the caller sets the time."""
        job = self._job
        request = MediaRequest(
            job_id=job.job_id,
            model=job.model,
            input=job.input,
            prompt=prompt,
            target_url=job.target_url,
            ref_urls=job.ref_urls,
            provider_mode=job.provider_mode,
        )
        self._show("Waits for its turn at **WaveSpeed**, or is being handed over.")
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
            if not result.recorded:
                await self._record_submission(result)
            if result.state is not SubmissionState.REJECTED:
                return result
            if result.final:
                raise StageFailed(result.reason_code or ReasonCode.WAVESPEED_BAD_INPUT, result.error or "")

    async def _record_submission(self, result: SubmitResult) -> None:
        """Record an answer of WaveSpeed that came while Postgres was away."""
        outcome = SubmissionOutcome(
            submission_id=result.submission_id,
            job_id=self._job.job_id,
            state=result.state,
            prediction_id=result.prediction_id,
            reason_code=result.reason_code,
            error=result.error,
            final=result.final,
        )
        await record(RecordActivities.settle_submission, outcome)

    async def _collect(self, submitted: SubmitResult) -> JobSnapshot:
        """Wait until the prediction is finished, as long as the job allows."""
        job = self._job
        assert submitted.prediction_id is not None  # accepted
        accepted_at = submitted.accepted_at or workflow.now()
        show_status(JobStatus.GENERATING)
        self._show(f"**WaveSpeed** makes it: prediction `{submitted.prediction_id}`.")
        slowest = accepted_at + timedelta(seconds=job.generate_timeout_seconds)
        due, reason = min(
            (slowest, ReasonCode.GENERATE_TIMEOUT),
            (job.deadline_at, ReasonCode.DEADLINE_PASSED),
            key=lambda end: end[0],
        )
        request = PredictionRequest(
            job_id=job.job_id,
            prediction_id=submitted.prediction_id,
            model=job.model,
            kind=job.kind,
            accepted_at=accepted_at,
        )
        return await before(due, reason, self._read_result(request))

    async def _read_result(self, request: PredictionRequest) -> JobSnapshot:
        try:
            return await call(
                MediaActivities.collect_result,
                request,
                policies.COLLECT_RESULT,
                summary=f"WaveSpeed: read prediction {request.prediction_id}",
            )
        except ActivityError as error:
            raise_failure(error)

    async def _stay_unknown(self) -> JobSnapshot:
        """Wait, without end, where a submission has no clear answer: it is never repeated by itself."""
        show_status(JobStatus.SUBMIT_UNKNOWN)
        reason = REASONS[ReasonCode.SUBMIT_UNCLEAR]
        self._show(f"**Submission unclear.** {reason.message} {reason.hint}")
        await cancel_arrives()
        return await self._record(JobStatus.CANCELLED, ReasonCode.CANCEL_REQUESTED)

    async def _follow_record(self) -> JobSnapshot:
        """End as the row says: it was cancelled, has ended or is past its deadline."""
        row = await record(RecordActivities.begin_job, self._job.job_id)
        if row.status.final:
            return row
        if row.cancel_requested:
            # The row knows of the cancel before Temporal does.
            await cancel_arrives(policies.CANCEL_ARRIVES, "Temporal's own cancel")
            return await self._record(JobStatus.CANCELLED, ReasonCode.CANCEL_REQUESTED)
        if row.status is JobStatus.SUBMIT_UNKNOWN:
            return row
        return await self._record(JobStatus.EXPIRED, ReasonCode.DEADLINE_PASSED)

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
        result = JobResult(**row.model_dump(include=set(JobResult.model_fields)))
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
