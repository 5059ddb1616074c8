"""Starts accepted rows, immediately if Temporal responds; the reconciler starts what is missed here."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

import structlog
from temporalio.service import RPCError

from promptmill.api_resources import ApiResources
from promptmill.contracts.jobs import JobInput
from promptmill.contracts.prompts import PromptRequest
from promptmill.temporal.dispatch import Dispatcher, Started
from sql.models import Job, PromptGenerationJob

BATCH: Final = 200
"""Rows claimed in one batch: few enough to be started well before their claims expire."""

_log = structlog.get_logger(__name__)


async def start_job(resources: ApiResources, job: Job) -> bool:
    """Start the workflow of an accepted job; return whether it is known to run."""
    return await _dispatcher(resources).start(jobs=[job]) == 1


async def start_prompt_job(resources: ApiResources, prompt_job: PromptGenerationJob) -> bool:
    """Start the workflow of an accepted stand-alone prompt job; return whether it is known to run."""
    return await _dispatcher(resources).start(prompt_jobs=[prompt_job]) == 1


async def start_stranded(resources: ApiResources) -> Started:
    """Start every accepted row that has no workflow.

    Raises:
        RecordUnavailable: Postgres is unavailable.
    """
    dispatcher = _dispatcher(resources)
    total = Started()
    while True:
        batch = await dispatcher.start_stranded(BATCH)
        total = Started(total.claimed + batch.claimed, total.started + batch.started)
        # Temporal is unavailable: the reconciler continues once it is back.
        if batch.claimed == 0 or batch.started < batch.claimed:
            return total


async def tolerating_refusal(question: Awaitable[bool]) -> bool:
    """Return whether Temporal did what was requested; a refusal is logged and counts as no.

    The record already holds what the caller wants: an error now would make them retry, and create a second job.
    """
    try:
        return await question
    except RPCError as error:
        _log.error("temporal_refused", error=str(error))
        return False


def _dispatcher(resources: ApiResources) -> Dispatcher:
    async def start_job(job: JobInput) -> bool:
        return await tolerating_refusal(resources.gate.start_job(job))

    async def start_prompt_job(request: PromptRequest) -> bool:
        return await tolerating_refusal(resources.gate.start_prompt_job(request))

    return Dispatcher(resources.store, start_job, start_prompt_job)
