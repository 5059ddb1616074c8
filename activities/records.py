"""Writes to the record by workflows. Run as local activities: short, idempotent, one history event each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from promptmill.contracts.jobs import JobChange, JobSnapshot, SubmissionState
from promptmill.contracts.prompts import PromptChange, PromptResult, PromptSnapshot
from promptmill.contracts.store import PromptEnd, Settlement, SubmissionOutcome
from promptmill.job_lines import job_as_it_is, job_changed, job_ended, prompt_job_changed
from promptmill.metrics import late_answers
from promptmill.store import Store


@dataclass(frozen=True)
class RecordActivities:
    """Writes outcomes that no other activity sees."""

    store: Store

    @activity.defn
    async def begin_job(self, job_id: UUID) -> JobSnapshot:
        """Record that the job's workflow runs and return its row. Safe to repeat: a started row is left as it is."""
        row = await self.store.jobs.begin(job_id)
        # The reader may have recorded the end: this is how the workflow learns of it.
        job_ended(row)
        return row

    @activity.defn
    async def advance_job(self, change: JobChange) -> JobSnapshot:
        """Record a change and return the resulting row. Safe to repeat: the record compares before it sets."""
        row = await self.store.jobs.advance(change)
        if row.status is change.status:
            job_as_it_is(row)
        return row

    @activity.defn
    async def begin_prompt_job(self, prompt_job_id: UUID) -> PromptSnapshot:
        """Record that the prompt job's workflow runs and return its row. Safe to repeat."""
        return await self.store.prompts.begin(prompt_job_id)

    @activity.defn
    async def change_prompt_job(self, change: PromptChange) -> PromptSnapshot:
        """Record the end of a prompt job and return the resulting row. Safe to repeat."""
        row = await self.store.prompts.change(change)
        if row.status is change.status:
            prompt_job_changed(row.prompt_job_id, row.status, reason_code=row.reason_code)
        return row

    @activity.defn
    async def record_prompt(self, written: PromptResult) -> PromptSnapshot:
        """Store a prompt that Grok wrote while Postgres was unavailable. Safe to repeat."""
        end = PromptEnd(prompt_job_id=written.prompt_job_id, attempt_no=written.attempt_no, result=written)
        row = await self.store.prompts.finish(end)
        if row.answered_late(end.attempt_no):
            late_answers.labels("grok").inc()
        prompt_job_changed(row.prompt_job_id, row.status, cost_usd=written.cost_usd)
        return row

    @activity.defn
    async def settle_submission(self, outcome: SubmissionOutcome) -> Settlement:
        """Store an answer of WaveSpeed that arrived while Postgres was unavailable. Safe to repeat."""
        settled = await self.store.submissions.settle(outcome)
        if outcome.state is not SubmissionState.REJECTED:
            job_changed(
                outcome.job_id,
                settled.job_status,
                reason_code=outcome.reason_code,
                submission_id=outcome.submission_id,
                prediction_id=settled.prediction_id,
            )
        return settled
