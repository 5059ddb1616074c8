"""Creates a job: the one way from a caller's request to a stored and started row, whoever asks in which language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from api.access.limits import Limits
from api.catalogue.reading import Catalogue
from api.jobs.acceptance import new_job
from api.jobs.starting import start_job
from api.schemas.jobs import CreateJob
from promptmill.api_resources import ApiResources
from promptmill.contracts.access import Caller
from promptmill.contracts.store import IdempotencyKey
from promptmill.job_lines import job_changed
from sql.models import Job


class Created(NamedTuple):
    """A job, whether it had been accepted before with this key, and whether its workflow is known to run."""

    job: Job
    replayed: bool
    started: bool


@dataclass(frozen=True)
class Creation:
    """Creates the jobs of one caller."""

    resources: ApiResources
    catalogue: Catalogue
    limits: Limits
    caller: Caller

    async def create(self, request: CreateJob, key: IdempotencyKey | None) -> Created:
        """Accept a job and start it; while Temporal is unavailable it starts later.

        Raises:
            Refused: As in `new_job` and `Limits.check`.
            PromptmillError: As in `JobStore.accept`.
        """
        owner = self.caller.owner
        store = self.resources.store
        wanted = await new_job(
            request,
            owner=owner,
            key_id=self.caller.key_id,
            key=key,
            settings=self.resources.settings,
            store=store,
            catalogue=self.catalogue,
        )
        await self.limits.check(owner, key, model=wanted.model, priority=wanted.priority, inputs=wanted.input)
        job, replayed = await store.jobs.accept(wanted, key, most=self.limits.open_jobs)
        if replayed:
            return Created(job, replayed=True, started=False)
        job_changed(job.id, job.status, owner=job.owner, prompt_job_id=job.prompt_job_id, model=job.model)
        return Created(job, replayed=False, started=await start_job(self.resources, job))
