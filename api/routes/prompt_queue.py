"""Prompt jobs: enqueue, statistics, get, cancel, rate."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Response

from api.dependencies import (
    IdempotencyDep,
    IdInPath,
    OwnerDep,
    ResourcesDep,
    StoreDep,
    WaitsDep,
    WorkflowLinksDep,
)
from api.http.errors import Refused, problems
from api.http.idempotency import DOCUMENTED, REPLAYED
from api.http.strict_json import StrictRoute
from api.installation.ai_prompts import require_ai_prompts
from api.installation.intake import REQUIRE_INTAKE
from api.jobs.acceptance import new_prompt_job
from api.jobs.starting import asked, start_prompt_jobs
from api.jobs.views import WorkflowLinks, prompt_job_answer
from api.jobs.waiting import Waits, late_warning, seconds_to_drain
from api.schemas.answers import JobCounts, PromptJobAnswer, QueueStatistics, SatisfactionAnswer, Wait, WaitFor
from api.schemas.prompt_queue import EnqueuePrompt
from api.schemas.ratings import RatePrompt
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.names import job_workflow_id, prompt_workflow_id
from promptmill.contracts.prompts import FINAL_PROMPT_STATUSES
from promptmill.contracts.ratings import overall_satisfaction
from promptmill.store import Store
from sql.models import PromptGenerationJob

router = APIRouter(prefix="/api/prompt/queue", tags=["prompt queue"], route_class=StrictRoute)

_LOOK_PROBLEMS = problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)


@router.post(
    "",
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=DOCUMENTED,
    dependencies=[REQUIRE_INTAKE],
    responses=problems(
        HTTPStatus.FORBIDDEN,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
async def enqueue_prompt(
    *,
    request: EnqueuePrompt,
    key: IdempotencyDep,
    resources: ResourcesDep,
    owner: OwnerDep,
    workflows: WorkflowLinksDep,
    waits: WaitsDep,
    response: Response,
) -> PromptJobAnswer:
    """Accept a prompt job: Grok writes one prompt, which later jobs can use by its id."""
    await require_ai_prompts(resources.store, owner=owner, key=key)
    wanted = new_prompt_job(request, owner=owner, settings=resources.settings)
    prompt_job, replayed = await resources.store.prompts.accept(wanted, key)
    response.headers["Location"] = f"/api/prompt/queue/{prompt_job.id}"
    if replayed:
        response.headers[REPLAYED] = "true"
        return await _answer(resources.store, waits, prompt_job, workflows)
    started = await start_prompt_jobs(resources, [prompt_job]) == 1
    # Nothing more is read: it is accepted, whatever happens to Postgres now.
    wait = Wait(for_=WaitFor.GROK_QUEUE if started else None)
    return prompt_job_answer(prompt_job, wait=wait, workflows=workflows, started=started)


@router.get("", responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
async def get_queue_statistics(store: StoreDep, owner: OwnerDep) -> QueueStatistics:
    """Return the prompt queue's statistics: current counts, the last hour, and the ratings of the last 30 days."""
    found = await store.prompts.statistics(owner)
    satisfaction = await store.ratings.satisfaction(owner)
    return QueueStatistics(
        **{name: found[name] for name in _SAME_NAMES},
        average_wait_seconds=found["avg_wait_time_seconds"],
        average_processing_seconds=found["avg_processing_seconds"],
        estimated_wait_seconds=seconds_to_drain(found),
        jobs=JobCounts(**found["jobs"]),
        satisfaction_rate=overall_satisfaction(satisfaction),
        satisfaction=[
            SatisfactionAnswer(model=one.grok_model, **one.model_dump(exclude={"grok_model"})) for one in satisfaction
        ],
    )


@router.get("/{prompt_job_id}", responses=_LOOK_PROBLEMS)
async def get_prompt_job(
    prompt_job_id: IdInPath, store: StoreDep, owner: OwnerDep, workflows: WorkflowLinksDep, waits: WaitsDep
) -> PromptJobAnswer:
    """Return a prompt job and its current state."""
    return await _answer(store, waits, await _find(store, prompt_job_id, owner), workflows)


@router.delete(
    "/{prompt_job_id}",
    responses={**_LOOK_PROBLEMS, 202: {"model": PromptJobAnswer, "description": "It is being cancelled."}},
    response_description="It has ended.",
)
async def cancel_prompt_job(
    *,
    prompt_job_id: IdInPath,
    resources: ResourcesDep,
    owner: OwnerDep,
    workflows: WorkflowLinksDep,
    waits: WaitsDep,
    response: Response,
) -> PromptJobAnswer:
    """Cancel a prompt job together with the job that needs it, or return how it ended."""
    store = resources.store
    await _find(store, prompt_job_id, owner)
    prompt_job, job_id, ask_temporal = await store.prompts.request_cancel(prompt_job_id, owner=owner)
    if ask_temporal:
        await asked(resources.gate.cancel(job_workflow_id(job_id) if job_id else prompt_workflow_id(prompt_job_id)))
    if prompt_job.status not in FINAL_PROMPT_STATUSES:
        response.status_code = HTTPStatus.ACCEPTED
    return await _answer(store, waits, prompt_job, workflows)


@router.put(
    "/{prompt_job_id}/rating",
    responses={
        **_LOOK_PROBLEMS,
        **problems(
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
    },
)
async def rate_prompt(
    *,
    prompt_job_id: IdInPath,
    request: RatePrompt,
    store: StoreDep,
    owner: OwnerDep,
    workflows: WorkflowLinksDep,
    waits: WaitsDep,
) -> PromptJobAnswer:
    """Rate the written prompt, optionally with a reason. A new rating replaces the old one."""
    await _find(store, prompt_job_id, owner)
    rated = await store.ratings.rate_prompt(prompt_job_id, owner=owner, rating=request.rating, reason=request.reason)
    return await _answer(store, waits, rated, workflows)


async def _find(store: Store, prompt_job_id: UUID, owner: str) -> PromptGenerationJob:
    """Return the owner's prompt job; for a job's id, point to the job."""
    try:
        return await store.prompts.get(prompt_job_id, owner=owner)
    except RecordNotFound:
        pass
    try:
        await store.jobs.get(prompt_job_id, owner=owner)
    except RecordNotFound:
        raise Refused("not_found", "There is no such prompt job.") from None
    raise Refused("not_found", f"This is a job: see /api/jobs/{prompt_job_id}.")


async def _answer(
    store: Store, waits: Waits, prompt_job: PromptGenerationJob, workflows: WorkflowLinks
) -> PromptJobAnswer:
    wait = await waits.of_prompt_job(prompt_job)
    return prompt_job_answer(
        prompt_job,
        wait=wait,
        workflows=workflows,
        late=late_warning(wait, prompt_job.deadline_at),
        results=await store.ratings.results(prompt_job.id),
    )


_SAME_NAMES = (
    "total_queued",
    "total_processing",
    "total_completed",
    "total_failed",
    "total_cancelled",
    "oldest_queued_seconds",
    "processed_per_minute",
    "error_rate",
    "retry_rate",
    "retry_success_rate",
)
