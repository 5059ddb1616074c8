"""Jobs: create, list, get, cancel."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.access.scopes import needs
from api.dependencies import (
    ByDep,
    CallerDep,
    CatalogueDep,
    IdempotencyDep,
    IdInPath,
    JobReaderDep,
    LimitsDep,
    ResourcesDep,
    StoreDep,
)
from api.http.cursors import cursor_after, read_cursor
from api.http.errors import problems
from api.http.idempotency import DOCUMENTED, REPLAYED
from api.http.representations import CONDITIONAL, json_answer
from api.http.strict_json import StrictRoute
from api.jobs.acceptance import new_job
from api.jobs.starting import start_job, tolerating_refusal
from api.schemas.jobs import CreateJob, JobAnswer, JobList, ListJobs
from promptmill.contracts.access import Scope
from promptmill.contracts.jobs import FINAL_STATUSES
from promptmill.contracts.names import job_workflow_id
from promptmill.contracts.store import JobFilter
from promptmill.job_lines import job_changed
from sql.models import Job

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=StrictRoute)

_CREATE_PROBLEMS = problems(
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.LOCKED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_LOOK_PROBLEMS = problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)


@router.post(
    "/create",
    dependencies=[needs(Scope.JOBS_WRITE)],
    status_code=HTTPStatus.ACCEPTED,
    responses=_CREATE_PROBLEMS,
    openapi_extra=DOCUMENTED,
)
async def create_job(
    *,
    request: CreateJob,
    key: IdempotencyDep,
    resources: ResourcesDep,
    catalogue: CatalogueDep,
    jobs: JobReaderDep,
    caller: CallerDep,
    limits: LimitsDep,
    response: Response,
) -> JobAnswer:
    """Accept a job: store it, then start it. While Temporal is unavailable it stays `queued` and starts later.

    Images go into the model's image field, which our preset names, or else WaveSpeed's list: `refUrls` in order, then
    `targetUrl`. Values that the caller has set there are kept. No image is dropped silently: `warnings` names those
    that are not sent to WaveSpeed. More images than the model takes are refused (422), except with `useAiPrompt`:
    Grok then sees all of them, and the model gets the target and as many of the first references as fit.

    If WaveSpeed's list is available, the request is checked against it: a model that is not in it is refused (422),
    and so is an input that the model's schema does not have or does not allow, and the lack of a required one.
    WaveSpeed itself would ignore an unknown input and charge for the run. `allowUnknownModel` skips these checks.
    """
    wanted = await new_job(
        request,
        owner=jobs.owner,
        key_id=caller.key_id,
        key=key,
        settings=resources.settings,
        store=resources.store,
        catalogue=catalogue,
    )
    await limits.check(jobs.owner, key, model=wanted.model, priority=wanted.priority, inputs=wanted.input)
    job, replayed = await resources.store.jobs.accept(wanted, key, most=limits.open_jobs)
    response.headers["Location"] = jobs.addresses.job(job.id)
    if replayed:
        response.headers[REPLAYED] = "true"
        return await jobs.answer(job)
    job_changed(job.id, job.status, owner=job.owner, prompt_job_id=job.prompt_job_id, model=job.model)
    return jobs.accepted_answer(job, started=await start_job(resources, job))


@router.get(
    "",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=JobList,
    responses={**problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE), **CONDITIONAL},
)
async def list_jobs(
    wanted: Annotated[ListJobs, Query()], request: Request, store: StoreDep, jobs: JobReaderDep
) -> Response:
    """List jobs, newest first. Positions in the queue are only in `GET /api/jobs/{job_id}`.

    A search covers 10,000 jobs at a time. If there are older ones, `searchedUntil` says how far it got, and
    `nextCursor` continues from there, even after a page without a match.
    """
    where = JobFilter.built_from(
        wanted,
        statuses=wanted.status,
        limit=wanted.limit + 1,
        before=read_cursor(wanted.cursor, UUID) if wanted.cursor is not None else None,
    )
    found = await store.jobs.list(jobs.owner, where)
    page = found[: wanted.limit]
    more = len(found) > len(page)
    edge = await store.jobs.search_edge(jobs.owner, where) if where.q is not None and not more else None
    answer = JobList(
        items=await jobs.brief_answers(page),
        next_cursor=_cursor(page) if more else cursor_after(*edge) if edge else None,
        searched_until=edge[0] if edge else None,
    )
    # The names on the wire are the aliases; pydantic selects by its own.
    wanted_fields = {name for name, field in JobAnswer.model_fields.items() if field.alias in wanted.fields}
    include = {"items": {"__all__": wanted_fields}, "next_cursor": True, "searched_until": True}
    return json_answer(request, answer, include=include if wanted.fields else None)


@router.get(
    "/{job_id}",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=JobAnswer,
    responses={**_LOOK_PROBLEMS, **CONDITIONAL},
)
async def get_job(job_id: IdInPath, request: Request, jobs: JobReaderDep) -> Response:
    """Return a job and its current state."""
    return json_answer(request, await jobs.show(job_id))


@router.delete(
    "/{job_id}",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={**_LOOK_PROBLEMS, 202: {"model": JobAnswer, "description": "The job is being cancelled."}},
    response_description="The job has ended.",
)
async def cancel_job(
    job_id: IdInPath, resources: ResourcesDep, jobs: JobReaderDep, by: ByDep, response: Response
) -> JobAnswer:
    """Cancel a job, or return how it ended and what was charged by then. Idempotent."""
    await jobs.find(job_id)
    job, ask_temporal = await resources.store.jobs.request_cancel(job_id, owner=jobs.owner, by=by)
    if ask_temporal:
        job_changed(job.id, job.status, owner=job.owner, reason_code=job.reason_code)
        await tolerating_refusal(resources.gate.cancel(job_workflow_id(job_id)))
    if job.status not in FINAL_STATUSES:
        response.status_code = HTTPStatus.ACCEPTED
    return await jobs.answer(job)


def _cursor(page: list[Job]) -> str:
    created_at: datetime = page[-1].created_at
    return cursor_after(created_at, page[-1].id)
