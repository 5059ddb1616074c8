"""Jobs: create, list, get, change, cancel."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final
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
from api.http.cursors import cursor_after, cut, read_cursor
from api.http.errors import WITH_BODY, problems
from api.http.idempotency import DOCUMENTED, REPLAYED
from api.http.representations import CONDITIONAL, json_answer
from api.http.strict_json import StrictRoute
from api.jobs.changing import MEANWHILE, job_edit
from api.jobs.creating import Creation
from api.jobs.starting import tolerating_refusal
from api.schemas.jobs import ChangeJob, CreateJob, Family, JobAnswer, JobList, ListJobs, ShowFamily
from promptmill.contracts.access import Scope
from promptmill.contracts.errors import RecordConflict
from promptmill.contracts.jobs import FINAL_STATUSES
from promptmill.contracts.names import job_workflow_id
from promptmill.contracts.store import JobFilter
from promptmill.job_lines import job_changed

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=StrictRoute)

_CHANGE_TRIES: Final = 5
"""How often a change is checked: again if the job was written to between the check and the change."""

_CREATE_PROBLEMS = problems(
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    *WITH_BODY,
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
    made = await Creation(resources, catalogue, limits, caller).create(request, key)
    response.headers["Location"] = jobs.addresses.job(made.job.id)
    if made.replayed:
        response.headers[REPLAYED] = "true"
        return await jobs.answer(made.job)
    return jobs.accepted_answer(made.job, started=made.started)


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

    `status` and the times are found at once. For the rest (`q`, `model`, `kind`, `liked`, the costs, `group`), 10,000
    jobs are looked at per request; with `liked`, 10,000 rated ones. If there are older ones, `searchedUntil` says how
    far it got, and `nextCursor` continues from there, even after a page without a match.
    """
    where = JobFilter.built_from(
        wanted,
        statuses=wanted.status,
        models=wanted.model,
        limit=wanted.limit + 1,
        before=read_cursor(wanted.cursor, UUID),
    )
    found = await store.jobs.list(jobs.owner, where)
    page, last = cut(found, wanted.limit)
    edge = None if last else await store.jobs.search_edge(jobs.owner, where)
    answer = JobList(
        items=await jobs.brief_answers(page),
        next_cursor=cursor_after(last.created_at, last.id) if last else edge and cursor_after(*edge),
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


@router.get(
    "/{job_id}/family",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=Family,
    responses={**_LOOK_PROBLEMS, **problems(HTTPStatus.UNPROCESSABLE_ENTITY), **CONDITIONAL},
)
async def show_family(
    job_id: IdInPath, wanted: Annotated[ShowFamily, Query()], request: Request, store: StoreDep, jobs: JobReaderDep
) -> Response:
    """Return what a job was made from, and what was made from it: see `parentJobId`."""
    await jobs.find(job_id)
    after = read_cursor(wanted.cursor, UUID)
    above = await store.families.ancestors(job_id, owner=jobs.owner)
    below = await store.families.descendants(job_id, owner=jobs.owner, limit=wanted.limit + 1, after=after)
    page, last = cut(below, wanted.limit)
    answers = await jobs.brief_answers([*above, *page])
    return json_answer(
        request,
        Family(
            ancestors=answers[: len(above)],
            items=answers[len(above) :],
            next_cursor=last and cursor_after(last.created_at, last.id),
        ),
    )


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


@router.patch(
    "/{job_id}",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={
        **_LOOK_PROBLEMS,
        **problems(HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT, *WITH_BODY),
    },
)
async def change_job(
    *,
    job_id: IdInPath,
    request: ChangeJob,
    resources: ResourcesDep,
    catalogue: CatalogueDep,
    jobs: JobReaderDep,
    limits: LimitsDep,
    by: ByDep,
) -> JobAnswer:
    """Change a job that waits: its model, inputs, prompt, price limit or priority. Idempotent.

    Possible until its submission to WaveSpeed is permitted, and refused (409, `not_waiting`) from then on. What is
    submitted is the job as it is at that moment, checked as a new one would be. A higher priority moves it forward at
    once.
    """
    for tries_left in reversed(range(_CHANGE_TRIES)):
        job = await jobs.find(job_id)
        edit = await job_edit(request, job, settings=resources.settings, catalogue=catalogue)
        await limits.check(
            jobs.owner,
            None,
            model=request.model or job.model,
            priority=request.priority or job.priority,
            inputs=edit.input if "input" in edit.model_fields_set else job.input,
        )
        try:
            job, changed = await resources.store.jobs.change(job_id, edit, owner=jobs.owner, by=by)
            break
        except RecordConflict as conflict:
            if conflict.conflict != MEANWHILE or not tries_left:
                raise
    if changed:
        job_changed(job.id, job.status, owner=job.owner, changed=changed, actor=by.actor)
    if request.priority is not None:
        # Also where the record had it already: an earlier request may not have reached Temporal.
        await tolerating_refusal(resources.gate.move(job_workflow_id(job_id), request.priority))
    return await jobs.answer(job)
