"""A person's decisions: resolve an unclear submission, retry a job, keep or discard its result."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response
from uuid_utils.compat import uuid7

from api.access.scopes import needs, require
from api.dependencies import ByDep, CallerDep, IdempotencyDep, IdInPath, JobReaderDep, LimitsDep, ResourcesDep
from api.http.errors import WITH_BODY, problems
from api.http.idempotency import DOCUMENTED, REPLAYED
from api.http.strict_json import StrictRoute
from api.jobs.starting import start_job, tolerating_refusal
from api.schemas.decisions import RateResult, ResolveJob, RetryJob
from api.schemas.jobs import JobAnswer
from promptmill.contracts.access import Scope
from promptmill.contracts.resolution import SubmissionDecision
from promptmill.job_lines import job_changed

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["jobs"], route_class=StrictRoute)

_PROBLEMS: Final = problems(
    HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WITH_BODY, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE
)
_AS_IT_WAS: Final = RetryJob()


@router.post("/resolve", dependencies=[needs(Scope.JOBS_RESOLVE)], responses=_PROBLEMS, openapi_extra=DOCUMENTED)
async def resolve_job(
    *,
    job_id: IdInPath,
    request: ResolveJob,
    key: IdempotencyDep,
    resources: ResourcesDep,
    jobs: JobReaderDep,
    by: ByDep,
    response: Response,
) -> JobAnswer:
    """Resolve a job in `submit_unknown`. The decision is recorded immediately; the job's workflow then acts on it."""
    await jobs.find(job_id)
    job, replayed = await resources.store.resolution.decide(
        job_id, jobs.owner, request.decision, request.prediction_id, idempotency=key, by=by
    )
    if replayed:
        response.headers[REPLAYED] = "true"
    else:
        job_changed(job.id, job.status, owner=job.owner, decision=request.decision, actor=by.actor)
        decision = SubmissionDecision(decision=request.decision, prediction_id=request.prediction_id)
        # If Temporal is unavailable the decision is in the record: the workflow finds it there later.
        await tolerating_refusal(resources.gate.decide_submission(job_id, decision))
    return await jobs.answer(job)


@router.post(
    "/retry",
    dependencies=[needs(Scope.JOBS_WRITE)],
    status_code=HTTPStatus.ACCEPTED,
    responses={**_PROBLEMS, **problems(HTTPStatus.FORBIDDEN, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.LOCKED)},
    openapi_extra=DOCUMENTED,
)
async def retry_job(
    *,
    job_id: IdInPath,
    request: RetryJob = _AS_IT_WAS,
    key: IdempotencyDep,
    resources: ResourcesDep,
    jobs: JobReaderDep,
    limits: LimitsDep,
    caller: CallerDep,
    by: ByDep,
    response: Response,
) -> JobAnswer:
    """Accept a new job with the same request, linked by `retryOf`. The original job is left unchanged."""
    old = await jobs.find(job_id)
    if request.force:
        require(caller, Scope.JOBS_RESOLVE)
    await limits.check(jobs.owner, key, model=old.model, priority=old.priority, inputs=old.input)
    job, replayed = await resources.store.jobs.retry(
        job_id,
        owner=jobs.owner,
        new_id=uuid7(),
        force=request.force,
        idempotency=key,
        key_id=caller.key_id,
        most=limits.open_jobs,
        by=by,
    )
    response.headers["Location"] = jobs.addresses.job(job.id)
    if replayed:
        response.headers[REPLAYED] = "true"
        return await jobs.answer(job)
    job_changed(job.id, job.status, owner=job.owner, prompt_job_id=job.prompt_job_id, retry_of=job_id)
    return jobs.accepted_answer(job, started=await start_job(resources, job))


@router.put("/rating", dependencies=[needs(Scope.JOBS_WRITE)], responses=_PROBLEMS)
async def rate_result(job_id: IdInPath, request: RateResult, jobs: JobReaderDep) -> JobAnswer:
    """Rate the result as kept or discarded. The job must have `outputs`. A new rating replaces the old one."""
    await jobs.find(job_id)
    return await jobs.answer(await jobs.store.ratings.rate_result(job_id, owner=jobs.owner, kept=request.kept))
