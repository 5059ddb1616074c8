"""Finds a caller's job and tells all about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.http.errors import Refused
from api.jobs.views import Unclear, WorkflowLinks, job_answer
from api.jobs.waiting import Waits, brief_wait, late_warning
from api.schemas.answers import JobAnswer
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import JobStatus, SubmissionState
from promptmill.store import Store
from sql.models import Job


@dataclass(frozen=True)
class JobReader:
    """Reads the jobs of one owner. Every method raises `RecordUnavailable` while Postgres is away."""

    store: Store
    waits: Waits
    workflows: WorkflowLinks
    owner: str

    async def find(self, job_id: UUID) -> Job:
        """Return the owner's job.

        Raises:
            Refused: There is none; for a prompt job's id it says where to look.
        """
        try:
            return await self.store.jobs.get(job_id, owner=self.owner)
        except RecordNotFound:
            pass
        try:
            await self.store.prompts.get(job_id, owner=self.owner)
        except RecordNotFound:
            raise Refused("not_found", "There is no such job.") from None
        raise Refused("not_found", f"This is a prompt job: look at /api/prompt/queue/{job_id}.")

    async def answer(self, job: Job) -> JobAnswer:
        """Return a job as callers see it."""
        billed = await self.store.jobs.billed([job.id])
        wait = await self.waits.of_job(job)
        ratings = await self.store.ratings.of_prompts([job.prompt_job_id])
        return job_answer(
            job,
            billed=billed[job.id],
            wait=wait,
            workflows=self.workflows,
            unclear=await self._unclear(job) if job.status == JobStatus.SUBMIT_UNKNOWN else None,
            late=late_warning(wait, job.deadline_at),
            prompt_rating=ratings.get(job.prompt_job_id) if job.prompt_job_id else None,
        )

    async def brief_answers(self, jobs: Sequence[Job]) -> list[JobAnswer]:
        """Return jobs as lists show them, with as many queries for all of them as for one."""
        billed = await self.store.jobs.billed([job.id for job in jobs])
        ratings = await self.store.ratings.of_prompts(job.prompt_job_id for job in jobs)
        return [
            job_answer(
                job,
                billed=billed[job.id],
                wait=brief_wait(job.status),
                workflows=self.workflows,
                prompt_rating=ratings.get(job.prompt_job_id) if job.prompt_job_id else None,
            )
            for job in jobs
        ]

    async def _unclear(self, job: Job) -> Unclear:
        submissions = await self.store.submissions.of_job(job.id)
        still = [submission for submission in submissions if submission.state == SubmissionState.UNKNOWN]
        if not still:
            return Unclear(open=False)
        return Unclear(tuple(still[-1].candidates), absent=still[-1].absent_since is not None)
