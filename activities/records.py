"""The record, told by a workflow. Run as local activities: short, idempotent, one event of history each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from promptmill.contracts.jobs import JobChange, JobSnapshot
from promptmill.contracts.prompts import PromptChange, PromptResult, PromptSnapshot
from promptmill.contracts.store import PromptEnd, Settlement, SubmissionOutcome
from promptmill.store import Store


@dataclass(frozen=True)
class RecordActivities:
    """Writes outcomes that no other activity sees."""

    store: Store

    @activity.defn
    async def begin_job(self, job_id: UUID) -> JobSnapshot:
        """Note that the job's workflow runs and return its row. Safe to repeat: a begun row is left as it is."""
        return await self.store.jobs.begin(job_id)

    @activity.defn
    async def advance_job(self, change: JobChange) -> JobSnapshot:
        """Report a change and return the row as it is then. Safe to repeat: the record compares before it sets."""
        return await self.store.jobs.advance(change)

    @activity.defn
    async def begin_prompt_job(self, prompt_job_id: UUID) -> PromptSnapshot:
        """Note that the prompt job's workflow runs and return its row. Safe to repeat."""
        return await self.store.prompts.begin(prompt_job_id)

    @activity.defn
    async def change_prompt_job(self, change: PromptChange) -> PromptSnapshot:
        """Report the end of a prompt job and return the row as it is then. Safe to repeat."""
        return await self.store.prompts.change(change)

    @activity.defn
    async def record_prompt(self, written: PromptResult) -> PromptSnapshot:
        """Store a prompt that Grok wrote while Postgres was away. Safe to repeat."""
        end = PromptEnd(prompt_job_id=written.prompt_job_id, attempt_no=written.attempt_no, result=written)
        return await self.store.prompts.finish(end)

    @activity.defn
    async def settle_submission(self, outcome: SubmissionOutcome) -> Settlement:
        """Store an answer of WaveSpeed that came while Postgres was away. Safe to repeat: a settled one stays."""
        return await self.store.submissions.settle(outcome)
