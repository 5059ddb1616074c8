"""Jobs: create, list, look, cancel."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.acceptance import new_job
from api.cursors import cursor_after, read_cursor
from api.dependencies import IdempotencyDep, IdInPath, OwnerDep, ResourcesDep, StoreDep, WorkflowLinksDep
from api.errors import Refused, problems
from api.idempotency import HEADER, REPLAYED
from api.schemas.answers import JobAnswer, JobList, Timeline
from api.schemas.jobs import CreateJob, ListJobs
from api.starting import asked, start_jobs
from api.strict_json import StrictRoute
from api.views import WorkflowLinks, event_answer, job_answer
from api.waiting import brief_wait, job_wait
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import FINAL_STATUSES, Billed
from promptmill.contracts.names import job_workflow_id
from promptmill.contracts.store import JobFilter
from promptmill.store import Store
from sql.models import Job

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=StrictRoute)

IDEMPOTENCY_HEADER: dict[str, Any] = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "description": "Makes asking twice asking once, for 24 hours.",
            "schema": {"type": "string", "maxLength": 255},
        }
    ]
}
_CREATE_PROBLEMS = problems(
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_LOOK_PROBLEMS = problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)


@router.post("/create", status_code=HTTPStatus.ACCEPTED, responses=_CREATE_PROBLEMS, openapi_extra=IDEMPOTENCY_HEADER)
async def create_job(
    *,
    request: CreateJob,
    key: IdempotencyDep,
    resources: ResourcesDep,
    owner: OwnerDep,
    workflows: WorkflowLinksDep,
    response: Response,
) -> JobAnswer:
    """Accept a job: it is stored, then started. While Temporal is away it stays `queued` and starts by itself later."""
    wanted = await new_job(request, owner=owner, settings=resources.settings, store=resources.store)
    job, replayed = await resources.store.jobs.accept(wanted, key)
    response.headers["Location"] = f"/api/jobs/{job.id}"
    if replayed:
        response.headers[REPLAYED] = "true"
        return await _answer(resources.store, job, workflows)
    started = await start_jobs(resources, [job]) == 1
    # Nothing is read any more: it is accepted, whatever becomes of Postgres now.
    return job_answer(job, billed=Billed.NO, wait=brief_wait(job.status), workflows=workflows, started=started)


@router.get("", responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE))
async def list_jobs(
    wanted: Annotated[ListJobs, Query()], store: StoreDep, owner: OwnerDep, workflows: WorkflowLinksDep
) -> JobList:
    """List jobs, newest first. A place in the queue is told for a single job only."""
    where = JobFilter(
        statuses=tuple(wanted.status),
        model=wanted.model,
        q=wanted.q,
        created_after=wanted.created_after,
        created_before=wanted.created_before,
        limit=wanted.limit + 1,
        before=read_cursor(wanted.cursor) if wanted.cursor is not None else None,
    )
    found = await store.jobs.list(owner, where)
    page = found[: wanted.limit]
    billed = await store.jobs.billed([job.id for job in page])
    return JobList(
        items=[
            job_answer(job, billed=billed[job.id], wait=brief_wait(job.status), workflows=workflows) for job in page
        ],
        next_cursor=_cursor(page) if len(found) > len(page) else None,
    )


@router.get("/{job_id}", responses=_LOOK_PROBLEMS)
async def get_job(job_id: IdInPath, store: StoreDep, owner: OwnerDep, workflows: WorkflowLinksDep) -> JobAnswer:
    """Tell where a job stands."""
    return await _answer(store, await _find(store, job_id, owner), workflows)


@router.delete(
    "/{job_id}",
    responses={**_LOOK_PROBLEMS, 202: {"model": JobAnswer, "description": "It is being cancelled."}},
    response_description="It has ended.",
)
async def cancel_job(
    job_id: IdInPath, resources: ResourcesDep, owner: OwnerDep, workflows: WorkflowLinksDep, response: Response
) -> JobAnswer:
    """Cancel a job, or tell how it ended. Cancelling twice is cancelling once."""
    store = resources.store
    await _find(store, job_id, owner)
    job, ask_temporal = await store.jobs.request_cancel(job_id, owner=owner)
    if ask_temporal:
        await asked(resources.gate.cancel(job_workflow_id(job_id)))
    if job.status not in FINAL_STATUSES:
        response.status_code = HTTPStatus.ACCEPTED
    return await _answer(store, job, workflows)


@router.get("/{job_id}/events", responses=_LOOK_PROBLEMS)
async def list_job_events(job_id: IdInPath, store: StoreDep, owner: OwnerDep) -> Timeline:
    """Tell everything that happened to a job, in order."""
    await _find(store, job_id, owner)
    return Timeline(items=[event_answer(event) for event in await store.jobs.events(job_id)])


async def _find(store: Store, job_id: UUID, owner: str) -> Job:
    """Return the owner's job; for a prompt job's id say where to look."""
    try:
        return await store.jobs.get(job_id, owner=owner)
    except RecordNotFound:
        pass
    try:
        await store.prompts.get(job_id, owner=owner)
    except RecordNotFound:
        raise Refused("not_found", "There is no such job.") from None
    raise Refused("not_found", f"This is a prompt job: look at /api/prompt/queue/{job_id}.")


async def _answer(store: Store, job: Job, workflows: WorkflowLinks) -> JobAnswer:
    billed = await store.jobs.billed([job.id])
    return job_answer(job, billed=billed[job.id], wait=await job_wait(store, job), workflows=workflows)


def _cursor(page: list[Job]) -> str:
    created_at: datetime = page[-1].created_at
    return cursor_after(created_at, page[-1].id)
