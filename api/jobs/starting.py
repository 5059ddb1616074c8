"""Starts what was accepted, at once where Temporal answers; what is missed here, the reconciler starts."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from uuid import UUID

import structlog
from temporalio.service import RPCError

from promptmill.api_resources import ApiResources
from promptmill.contracts.errors import RecordUnavailable
from promptmill.store import Store
from promptmill.store.jobs import job_input
from promptmill.store.prompts import prompt_request
from sql.models import Job, PromptGenerationJob

BATCH = 200
"""Rows claimed at once: few enough to be started well before the claim runs out after 60 s."""

_log = structlog.get_logger(__name__)


async def start_jobs(resources: ApiResources, jobs: Sequence[Job]) -> int:
    """Start the workflows of accepted jobs and return how many are known to run."""
    started: list[UUID] = [job.id for job in jobs if await asked(resources.gate.start_job(job_input(job)))]
    await _mark(resources.store, job_ids=started)
    await _release(resources.store, job_ids=[job.id for job in jobs if job.id not in started])
    return len(started)


async def start_prompt_jobs(resources: ApiResources, prompt_jobs: Sequence[PromptGenerationJob]) -> int:
    """Start the workflows of accepted prompt jobs that stand alone and return how many are known to run."""
    started: list[UUID] = [
        prompt_job.id
        for prompt_job in prompt_jobs
        if await asked(resources.gate.start_prompt_job(prompt_request(prompt_job)))
    ]
    await _mark(resources.store, prompt_job_ids=started)
    missed = [prompt_job.id for prompt_job in prompt_jobs if prompt_job.id not in started]
    await _release(resources.store, prompt_job_ids=missed)
    return len(started)


async def asked(question: Awaitable[bool]) -> bool:
    """Return whether Temporal did what was asked; a refusal is logged and counts as no.

    The record already holds what the caller wants: an error now would make them ask again, and get a second job.
    """
    try:
        return await question
    except RPCError as error:
        _log.error("temporal_refused", error=str(error))
        return False


async def start_stranded(resources: ApiResources) -> tuple[int, int]:
    """Start every accepted row that has no workflow; return how many were claimed and how many started.

    Raises:
        RecordUnavailable: Postgres is away.
    """
    claimed = started = 0
    while True:
        jobs = await resources.store.upkeep.claim_stranded_jobs(BATCH)
        prompt_jobs = await resources.store.upkeep.claim_prompt_jobs(BATCH)
        now_started = await start_jobs(resources, jobs) + await start_prompt_jobs(resources, prompt_jobs)
        now_claimed = len(jobs) + len(prompt_jobs)
        claimed, started = claimed + now_claimed, started + now_started
        # Temporal away: the reconciler goes on when it is back.
        if now_claimed == 0 or now_started < now_claimed:
            return claimed, started


async def _mark(store: Store, *, job_ids: Sequence[UUID] = (), prompt_job_ids: Sequence[UUID] = ()) -> None:
    """Note that workflows run. If that fails, their own first step notes it."""
    if not job_ids and not prompt_job_ids:
        return
    with suppress(RecordUnavailable):
        await store.upkeep.mark_started(job_ids=list(job_ids), prompt_job_ids=list(prompt_job_ids))


async def _release(store: Store, *, job_ids: Sequence[UUID] = (), prompt_job_ids: Sequence[UUID] = ()) -> None:
    """Leave to the reconciler at once what could not be started. If that fails, the claim runs out by itself."""
    if not job_ids and not prompt_job_ids:
        return
    with suppress(RecordUnavailable):
        await store.upkeep.release_claims(job_ids=list(job_ids), prompt_job_ids=list(prompt_job_ids))
