"""Privacy: erasing a job or everything of an owner, and an owner's data as a whole."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response
from starlette.responses import StreamingResponse

from api.access.scopes import needs
from api.dependencies import ByDep, IdInPath, JobReaderDep, StoreDep
from api.http.errors import Refused, invalid, problems
from api.http.strict_json import StrictRoute
from api.schemas.access import OwnerName
from api.schemas.erasures import EraseOwner, OwnerErasureAnswer
from api.schemas.jobs import JobAnswer
from promptmill.contracts.access import Scope
from promptmill.contracts.errors import RecordNotFound

router = APIRouter(prefix="/api", tags=["privacy"], route_class=StrictRoute)

LINES: Final = "application/x-ndjson"

_ERASE_PROBLEMS: Final = problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE)
_OWNER_PROBLEMS: Final = problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_EXPORT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "JSON lines with `kind` and `data`: job, promptJob, submission, event, webhook, storedOutput, "
        "spending. The last has the kind `end` and the number of `lines` before it: without it, the export was broken "
        "off.",
        "content": {LINES: {"schema": {"type": "string"}}},
    },
    **_OWNER_PROBLEMS,
}
OwnerInPath = Annotated[OwnerName, Path(description="Whose.")]


@router.post(
    "/jobs/{job_id}/erase",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={**_ERASE_PROBLEMS, 202: {"model": JobAnswer, "description": "It is being deleted elsewhere."}},
    response_description="Nothing of it is left.",
)
async def erase_job(job_id: IdInPath, jobs: JobReaderDep, by: ByDep, response: Response) -> JobAnswer:
    """Erase an ended job: prompt, instructions, inputs, addresses, metadata, outputs, error texts. For good.

    Here they are gone by the time this answers. Temporal's history of its workflow and WaveSpeed's prediction follow:
    `erasedAt` says when. The job itself stays, with its status, times and costs. Its retries are jobs of their own.
    Idempotent.
    """
    await jobs.find(job_id)
    job = await jobs.store.erasures.erase_job(job_id, owner=jobs.owner, by=by)
    if job.erased_at is None:
        response.status_code = HTTPStatus.ACCEPTED
    return await jobs.answer(job)


@router.post(
    "/owners/{owner}/erase",
    dependencies=[needs(Scope.ADMIN)],
    status_code=HTTPStatus.ACCEPTED,
    responses={
        **_OWNER_PROBLEMS,
        **problems(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    },
)
async def erase_owner(owner: OwnerInPath, request: EraseOwner, store: StoreDep, by: ByDep) -> OwnerErasureAnswer:
    """Erase every job and prompt job of an owner that was accepted until now. There is no way back.

    It begins with the reconciler's next pass. Those that are open, or whose submission is unclear, follow when they
    have ended and are settled. What is accepted later stays; keys, budgets, spending and the audit log do, too.
    """
    if request.confirm != owner:
        raise invalid("/confirm", f"Must be the owner's name once more: {owner}. Nothing was erased.")
    try:
        found = await store.erasures.erase_owner(owner, accepted_until=request.accepted_until, by=by)
    except RecordNotFound:
        raise Refused("unknown_owner") from None
    return OwnerErasureAnswer.built_from(found)


@router.get(
    "/owners/{owner}/export",
    dependencies=[needs(Scope.ADMIN)],
    response_class=StreamingResponse,
    responses=_EXPORT,
)
async def export_owner(owner: OwnerInPath, store: StoreDep, by: ByDep) -> Response:
    """Stream everything that the record holds of an owner, as JSON lines."""
    try:
        await store.export.begin(owner, by=by)
    except RecordNotFound:
        raise Refused("unknown_owner") from None
    headers = {"Content-Disposition": f'attachment; filename="{owner}.jsonl"'}
    return StreamingResponse(store.export.pages(owner), media_type=LINES, headers=headers)
