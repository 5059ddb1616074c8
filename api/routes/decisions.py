"""A person's decisions: resolve an unclear submission, retry a job, keep or discard its result."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response
from uuid_utils.compat import uuid7

from api.dependencies import IdempotencyDep, IdInPath, JobReaderDep, ResourcesDep
from api.http.errors import problems
from api.http.idempotency import DOCUMENTED, REPLAYED
from api.http.strict_json import StrictRoute
from api.installation.switches import REQUIRE_INTAKE, require_ai_prompts
from api.jobs.starting import start_job, tolerating_refusal
from api.schemas.decisions import RateResult, ResolveJob, RetryJob
from api.schemas.jobs import JobAnswer
from promptmill.contracts.resolution import SubmissionDecision

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["jobs"], route_class=StrictRoute)

_PROBLEMS: Final = problems(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_AS_IT_WAS: Final = RetryJob()


@router.post("/resolve", responses=_PROBLEMS, openapi_extra=DOCUMENTED)
async def resolve_job(
    *,
    job_id: IdInPath,
    request: ResolveJob,
    key: IdempotencyDep,
    resources: ResourcesDep,
    jobs: JobReaderDep,
    response: Response,
) -> JobAnswer:
    """Decide on a job in `submit_unknown`. The decision is recorded at once; the job's workflow follows it."""
    await jobs.find(job_id)
    job, replayed = await resources.store.resolution.decide(
        job_id, jobs.owner, request.decision, request.prediction_id, idempotency=key
    )
    if replayed:
        response.headers[REPLAYED] = "true"
    else:
        decision = SubmissionDecision(decision=request.decision, prediction_id=request.prediction_id)
        # If Temporal is unavailable the decision is in the record: the workflow finds it there later.
        await tolerating_refusal(resources.gate.decide_submission(job_id, decision))
    return await jobs.answer(job)


@router.post(
    "/retry",
    status_code=HTTPStatus.ACCEPTED,
    responses={**_PROBLEMS, **problems(HTTPStatus.FORBIDDEN)},
    openapi_extra=DOCUMENTED,
    dependencies=[REQUIRE_INTAKE],
)
async def retry_job(
    *,
    job_id: IdInPath,
    request: RetryJob = _AS_IT_WAS,
    key: IdempotencyDep,
    resources: ResourcesDep,
    jobs: JobReaderDep,
    response: Response,
) -> JobAnswer:
    """Accept a new job from the same request, linked by `retryOf`. The old one is left unchanged."""
    old = await jobs.find(job_id)
    if old.use_ai_prompt:
        await require_ai_prompts(resources.store, owner=jobs.owner, key=key)
    job, replayed = await resources.store.jobs.retry(
        job_id, owner=jobs.owner, new_id=uuid7(), force=request.force, idempotency=key
    )
    response.headers["Location"] = jobs.addresses.job(job.id)
    if replayed:
        response.headers[REPLAYED] = "true"
        return await jobs.answer(job)
    return jobs.accepted_answer(job, started=await start_job(resources, job))


@router.put("/rating", responses=_PROBLEMS)
async def rate_result(job_id: IdInPath, request: RateResult, jobs: JobReaderDep) -> JobAnswer:
    """Rate the result as kept or discarded. Only a job with outputs has one; a new rating replaces the old one."""
    await jobs.find(job_id)
    return await jobs.answer(await jobs.store.ratings.rate_result(job_id, owner=jobs.owner, kept=request.kept))
