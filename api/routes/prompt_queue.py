"""Prompt jobs: enqueue, statistics, get, cancel, rate."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from api.access.scopes import needs
from api.dependencies import (
    ByDep,
    CallerDep,
    CatalogueDep,
    IdempotencyDep,
    IdInPath,
    LimitsDep,
    OwnerDep,
    PromptJobReaderDep,
    ResourcesDep,
    StoreDep,
)
from api.http.errors import WITH_BODY, problems
from api.http.idempotency import DOCUMENTED, REPLAYED
from api.http.representations import CONDITIONAL, json_answer
from api.http.strict_json import StrictRoute
from api.jobs.acceptance import new_prompt_job
from api.jobs.starting import start_prompt_job, tolerating_refusal
from api.jobs.waiting import seconds_to_drain
from api.schemas.prompt_queue import (
    EnqueuePrompt,
    PromptJobAnswer,
    QueueStatistics,
    RatePrompt,
    SatisfactionAnswer,
)
from promptmill.contracts.access import Scope
from promptmill.contracts.names import job_workflow_id, prompt_workflow_id
from promptmill.contracts.prompts import FINAL_PROMPT_STATUSES
from promptmill.contracts.ratings import overall_satisfaction
from promptmill.contracts.reasons import ReasonCode
from promptmill.job_lines import prompt_job_changed

router = APIRouter(prefix="/api/prompt/queue", tags=["prompt queue"], route_class=StrictRoute)

_LOOK_PROBLEMS = problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)


@router.post(
    "",
    dependencies=[needs(Scope.JOBS_WRITE)],
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=DOCUMENTED,
    responses=problems(
        HTTPStatus.FORBIDDEN,
        HTTPStatus.CONFLICT,
        *WITH_BODY,
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
async def enqueue_prompt(
    *,
    request: EnqueuePrompt,
    key: IdempotencyDep,
    resources: ResourcesDep,
    prompt_jobs: PromptJobReaderDep,
    caller: CallerDep,
    limits: LimitsDep,
    catalogue: CatalogueDep,
    response: Response,
) -> PromptJobAnswer:
    """Accept a prompt job: with one paid question Grok writes a prompt, or variants, for later jobs (`promptJobId`)."""
    wanted = await new_prompt_job(
        request,
        owner=prompt_jobs.owner,
        key_id=caller.key_id,
        key=key,
        settings=resources.settings,
        store=resources.store,
        catalogue=catalogue,
    )
    await limits.check_priority(prompt_jobs.owner, key, wanted.priority)
    prompt_job, replayed = await resources.store.prompts.accept(wanted, key, most=limits.open_jobs)
    response.headers["Location"] = prompt_jobs.addresses.prompt_job(prompt_job.id)
    if replayed:
        response.headers[REPLAYED] = "true"
        return await prompt_jobs.answer(prompt_job)
    prompt_job_changed(prompt_job.id, prompt_job.status, owner=prompt_job.owner)
    return prompt_jobs.accepted_answer(prompt_job, started=await start_prompt_job(resources, prompt_job))


@router.get("", dependencies=[needs(Scope.JOBS_READ)], responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
async def get_queue_statistics(store: StoreDep, owner: OwnerDep) -> QueueStatistics:
    """Return the prompt queue's statistics: current counts, the last hour, and the ratings of the last 30 days.

    They are those of the caller's owner, except `estimatedWaitSeconds`: all owners share the queue.
    """
    found = await store.prompts.statistics(owner)
    everybody = await store.prompts.statistics(None)
    satisfaction = await store.ratings.satisfaction(owner)
    return QueueStatistics.built_from(
        found,
        average_wait_seconds=found["avg_wait_time_seconds"],
        average_processing_seconds=found["avg_processing_seconds"],
        estimated_wait_seconds=seconds_to_drain(everybody),
        satisfaction_rate=overall_satisfaction(satisfaction),
        satisfaction=[SatisfactionAnswer.built_from(one, model=one.grok_model) for one in satisfaction],
    )


@router.get(
    "/{prompt_job_id}",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=PromptJobAnswer,
    responses={**_LOOK_PROBLEMS, **CONDITIONAL},
)
async def get_prompt_job(prompt_job_id: IdInPath, request: Request, prompt_jobs: PromptJobReaderDep) -> Response:
    """Return a prompt job and its current state."""
    return json_answer(request, await prompt_jobs.answer(await prompt_jobs.find(prompt_job_id)))


@router.delete(
    "/{prompt_job_id}",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={**_LOOK_PROBLEMS, 202: {"model": PromptJobAnswer, "description": "The prompt job is being cancelled."}},
    response_description="The prompt job has ended.",
)
async def cancel_prompt_job(
    prompt_job_id: IdInPath, resources: ResourcesDep, prompt_jobs: PromptJobReaderDep, by: ByDep, response: Response
) -> PromptJobAnswer:
    """Cancel a prompt job together with the job that needs it, or return how it ended."""
    await prompt_jobs.find(prompt_job_id)
    prompt_job, job_id, ask_temporal = await resources.store.prompts.request_cancel(
        prompt_job_id, owner=prompt_jobs.owner, by=by
    )
    if ask_temporal:
        prompt_job_changed(prompt_job.id, prompt_job.status, reason_code=ReasonCode.CANCEL_REQUESTED, job_id=job_id)
        await tolerating_refusal(
            resources.gate.cancel(job_workflow_id(job_id) if job_id else prompt_workflow_id(prompt_job_id))
        )
    if prompt_job.status not in FINAL_PROMPT_STATUSES:
        response.status_code = HTTPStatus.ACCEPTED
    return await prompt_jobs.answer(prompt_job)


@router.put(
    "/{prompt_job_id}/rating",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={
        **_LOOK_PROBLEMS,
        **problems(HTTPStatus.CONFLICT, *WITH_BODY, HTTPStatus.TOO_MANY_REQUESTS),
    },
)
async def rate_prompt(prompt_job_id: IdInPath, request: RatePrompt, prompt_jobs: PromptJobReaderDep) -> PromptJobAnswer:
    """Rate the written prompt, optionally with a reason. A new rating replaces the old one."""
    await prompt_jobs.find(prompt_job_id)
    rated = await prompt_jobs.store.ratings.rate_prompt(
        prompt_job_id, owner=prompt_jobs.owner, rating=request.rating, reason=request.reason
    )
    return await prompt_jobs.answer(rated)
