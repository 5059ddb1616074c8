"""Tags: an owner's words on jobs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.access.scopes import needs
from api.dependencies import IdInPath, JobReaderDep, OwnerDep, StoreDep
from api.http.cursors import cut
from api.http.errors import WITH_BODY, FieldError, Refused, problems
from api.http.representations import CONDITIONAL, json_answer
from api.http.strict_json import StrictRoute
from api.schemas.jobs import JobAnswer
from api.schemas.tags import ChangeTags, JobTags, ListTags, TagAnswer, TaggedJobs, TagJobs, TagList, Untagged
from promptmill.contracts.access import Scope
from promptmill.store.tags import MOST_TAGS

router = APIRouter(tags=["tags"], route_class=StrictRoute)

_READ: Final = problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_WRITE: Final = problems(*WITH_BODY, HTTPStatus.SERVICE_UNAVAILABLE)


@router.get(
    "/api/tags", dependencies=[needs(Scope.JOBS_READ)], response_model=TagList, responses={**_READ, **CONDITIONAL}
)
async def list_tags(
    wanted: Annotated[ListTags, Query()], request: Request, store: StoreDep, owner: OwnerDep
) -> Response:
    """List the tags that jobs of the caller's owner have, in order, each with its number of jobs."""
    found = await store.tags.list(owner, limit=wanted.limit + 1, after=wanted.after)
    page, last = cut(found, wanted.limit)
    return json_answer(
        request,
        TagList(
            items=[TagAnswer(tag=one.tag, jobs=one.jobs) for one in page],
            next_after=last and last.tag,
        ),
    )


@router.post("/api/tags", dependencies=[needs(Scope.JOBS_WRITE)], responses=_WRITE)
async def tag_jobs(request: TagJobs, store: StoreDep, owner: OwnerDep) -> TaggedJobs:
    """Add tags to many jobs, and remove others. Idempotent. A job that cannot be changed does not stop the others."""
    found = await store.tags.apply(owner, request.job_ids, add=request.add, remove=request.remove)
    return TaggedJobs(
        items=[JobTags(job_id=one.job_id, tags=one.tags) for one in found if one.tags is not None],
        refused=[Untagged(job_id=one.job_id, reason=one.problem) for one in found if one.problem is not None],
    )


@router.patch(
    "/api/jobs/{job_id}/tags",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={**_WRITE, **problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)},
)
async def change_tags(job_id: IdInPath, request: ChangeTags, jobs: JobReaderDep) -> JobAnswer:
    """Add tags to a job, and remove others. Idempotent. They are stored in lower case, with single spaces."""
    job = await jobs.find(job_id)
    [told] = await jobs.store.tags.apply(jobs.owner, [job_id], add=request.add, remove=request.remove)
    if told.problem == "too_many":
        error = FieldError(pointer="/add", message=f"A job has at most {MOST_TAGS} tags.")
        raise Refused("too_many", errors=[error])
    if told.problem is not None:
        raise Refused(told.problem)
    return await jobs.answer(job)
