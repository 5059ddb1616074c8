"""The callers: they retry each job until it is accepted, and then act on it as planned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from tests.chaos.asking import Asker, NotAnswered
from tests.chaos.people import People
from tests.chaos.plan import Plan, PlannedJob

CALLERS = 8


@dataclass
class Load:
    """All callers.

    Attributes:
        open_jobs, open_limit: Number of open jobs, and the number above which no more are created.
        allowed: How many jobs may be created so far; raised during the run.
        accepted: Ids of the jobs that were answered with 202.
    """

    api: Asker
    people: People
    plan: Plan
    open_jobs: Callable[[], int]
    open_limit: int
    allowed: float = 0
    accepted: list[str] = field(default_factory=list)
    _actions: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Create every job of the plan, as fast as the run allows, then wait for the actions on them."""
        jobs = iter(self.plan.jobs)
        async with asyncio.TaskGroup() as group:
            for caller in range(CALLERS):
                group.create_task(self._call(jobs, caller))
        await asyncio.gather(*self._actions)

    async def _call(self, jobs: Iterator[PlannedJob], caller: int) -> None:
        for job in jobs:
            while job.number >= self.allowed or self.open_jobs() >= self.open_limit:  # noqa: ASYNC110  # looked at
                await asyncio.sleep(0.05)
            job_id = await self._create(job, caller)
            self.accepted.append(job_id)
            self._actions.add(asyncio.create_task(self.people.act(job, job_id)))

    async def _create(self, job: PlannedJob, caller: int) -> str:
        """Retry until it is accepted, always with the same Idempotency-Key, so that only one job is created."""
        headers = {"Idempotency-Key": f"chaos-{self.plan.seed}-{job.number}"}
        answer = await self.api.ask("POST", "/api/jobs/create", turn=caller, body=job.body, headers=headers)
        if answer.status_code != HTTPStatus.ACCEPTED:
            raise NotAnswered(f"job {job.number} was refused: {answer.status_code} {answer.text}")
        return str(answer.json()["jobId"])
