"""Claims accepted rows, starts their workflows, and records which of them run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.jobs import JobInput
from promptmill.contracts.prompts import PromptRequest
from promptmill.store import Store, job_input, prompt_request
from promptmill.temporal.starting import WorkflowStarter
from sql.models import Job, PromptGenerationJob


class Started(NamedTuple):
    """How many rows were claimed, and how many of their workflows are known to run."""

    claimed: int = 0
    started: int = 0


@dataclass(frozen=True)
class Dispatcher:
    """Starts the workflows of claimed rows: just accepted, or claimed here.

    Attributes:
        store: The record.
        start_job: Starts a job's workflow; returns whether it is known to run. What it raises ends the dispatch.
        start_prompt_job: The same for a stand-alone prompt job.
    """

    store: Store
    start_job: Callable[[JobInput], Awaitable[bool]]
    start_prompt_job: Callable[[PromptRequest], Awaitable[bool]]

    async def start(self, jobs: Sequence[Job] = (), prompt_jobs: Sequence[PromptGenerationJob] = ()) -> int:
        """Start the workflows of claimed rows, and return how many are known to run.

        However it ends, running rows are marked, and claims of the others are released. While Postgres is
        unavailable neither is an error: a row's first move marks it, and a claim expires on its own.
        """
        runs: set[UUID] = set()
        try:
            for job in jobs:
                if await self.start_job(job_input(job)):
                    runs.add(job.id)
            for prompt_job in prompt_jobs:
                if await self.start_prompt_job(prompt_request(prompt_job)):
                    runs.add(prompt_job.id)
        finally:
            await self._note([job.id for job in jobs], [prompt_job.id for prompt_job in prompt_jobs], runs)
        return len(runs)

    async def start_stranded(self, limit: int) -> Started:
        """Claim rows that have no workflow, at most `limit` of each kind, and start them.

        Raises:
            RecordUnavailable: Postgres is unavailable, so nothing was claimed.
        """
        jobs = await self.store.upkeep.claim_stranded_jobs(limit)
        prompt_jobs = await self.store.upkeep.claim_prompt_jobs(limit)
        return Started(len(jobs) + len(prompt_jobs), await self.start(jobs, prompt_jobs))

    async def _note(self, job_ids: Sequence[UUID], prompt_job_ids: Sequence[UUID], runs: set[UUID]) -> None:
        for note, wanted in ((self.store.upkeep.mark_started, True), (self.store.upkeep.release_claims, False)):
            jobs = [job_id for job_id in job_ids if (job_id in runs) is wanted]
            prompt_jobs = [prompt_job_id for prompt_job_id in prompt_job_ids if (prompt_job_id in runs) is wanted]
            if jobs or prompt_jobs:
                with suppress(RecordUnavailable):
                    await note(job_ids=jobs, prompt_job_ids=prompt_jobs)


def create_dispatcher(store: Store, starter: WorkflowStarter, *, patience: timedelta) -> Dispatcher:
    """Return a dispatcher that waits this long for each start; an error of Temporal's ends the dispatch."""

    async def start_job(job: JobInput) -> bool:
        await starter.start_job(job, patience=patience)
        return True

    async def start_prompt_job(request: PromptRequest) -> bool:
        await starter.start_prompt_job(request, patience=patience)
        return True

    return Dispatcher(store, start_job, start_prompt_job)
