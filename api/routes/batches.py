"""Batches: tables of rows made with one template, within a budget."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.access.door import ACTING_FOR
from api.access.scopes import needs
from api.batches.reading import (
    batch_answers,
    read_row_cursor,
    retried_answer,
    row_answers,
    row_cursor,
)
from api.batches.results import csv_of, jsonl_of
from api.batches.waking import wake
from api.clock import now
from api.dependencies import (
    AddressesDep,
    ByDep,
    CallerDep,
    HeldJobsDep,
    IdInPath,
    LimitsDep,
    OwnerDep,
    ResourcesDep,
    StorageDep,
    StoreDep,
)
from api.http.bodies import BATCHES
from api.http.cursors import cursor_after, cut, read_cursor
from api.http.errors import problems
from api.http.representations import CONDITIONAL, CSV, json_answer
from api.http.strict_json import StrictRoute
from api.jobs.starting import tolerating_refusal
from api.outputs.archive import ZIP, archive_answer, something_stored
from api.schemas.batch_runs import (
    BatchAnswer,
    BatchList,
    CancelBatch,
    ChangeBatch,
    ListBatches,
    ListRows,
    RetriedBatch,
    RowList,
)
from api.schemas.fields import WrittenFlag
from promptmill.api_resources import ApiResources
from promptmill.contracts.access import By, Scope
from promptmill.contracts.batches import BatchEdit, BatchFilter, RowFilter
from promptmill.contracts.budgets import HeldBy
from promptmill.contracts.names import job_workflow_id
from promptmill.job_lines import job_changed
from sql.models import Batch

router = APIRouter(prefix=BATCHES, tags=["batches"], route_class=StrictRoute)

JSONL: Final = "application/jsonl"
CANCELLED_AT_ONCE: Final = 100
"""Open jobs of a batch that are read at a time to be cancelled."""

_READ: Final = problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_ONE: Final = problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_ACT: Final = {**_ONE, **problems(HTTPStatus.CONFLICT)}
_WRITE: Final = {
    **_ACT,
    **problems(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
}
_KEEP: Final = CancelBatch()
_FIRST: Final = UUID(int=0)


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Return how a route that answers with a table declares it in the OpenAPI document."""
    return {200: {"description": "The table.", "content": {media_type: {"schema": {"type": "string"}}}}}


@router.get(
    "",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=BatchList,
    responses={**_READ, **CONDITIONAL},
)
async def list_batches(
    wanted: Annotated[ListBatches, Query()], request: Request, store: StoreDep, owner: OwnerDep
) -> Response:
    """List batches, newest first."""
    where = BatchFilter(
        states=tuple(wanted.state),
        limit=wanted.limit + 1,
        before=read_cursor(wanted.cursor, UUID),
    )
    found = await store.batches.list(owner, where)
    page, last = cut(found, wanted.limit)
    return json_answer(
        request,
        BatchList(items=await batch_answers(store, page), next_cursor=last and cursor_after(last.created_at, last.id)),
    )


@router.get(
    "/{batch_id}",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=BatchAnswer,
    responses={**_ONE, **CONDITIONAL},
)
async def get_batch(batch_id: IdInPath, request: Request, store: StoreDep, owner: OwnerDep) -> Response:
    """Return a batch: its state, its rows by state, and its money."""
    [answer] = await batch_answers(store, [await store.batches.get(batch_id, owner=owner)])
    return json_answer(request, answer)


@router.patch(
    "/{batch_id}", dependencies=[needs(Scope.JOBS_WRITE)], responses={**_WRITE, **problems(HTTPStatus.FORBIDDEN)}
)
async def change_batch(
    *,
    batch_id: IdInPath,
    request: ChangeBatch,
    resources: ResourcesDep,
    limits: LimitsDep,
    held: HeldJobsDep,
    owner: OwnerDep,
    by: ByDep,
) -> BatchAnswer:
    """Change the budget, `maxOpen`, the priority, `stopAfterFailures` or the name of a batch, also while it runs.

    A batch that its budget has paused goes on if the new one has room, and so do the jobs that it held. Idempotent.
    """
    if request.priority is not None:
        await limits.check_priority(owner, None, request.priority)
    change = BatchEdit.model_validate(request.model_dump(exclude_unset=True))
    batch, changed = await resources.store.batches.change(batch_id, change, owner=owner, by=by)
    if "max_cost_usd" in changed:
        held.wake(HeldBy(batch.owner, batch_id=batch.id))
    return await _acted(resources, batch, changed=bool(changed))


@router.post("/{batch_id}/pause", dependencies=[needs(Scope.JOBS_WRITE)], responses=_ACT)
async def pause_batch(
    batch_id: IdInPath, request: Request, resources: ResourcesDep, owner: OwnerDep, by: ByDep
) -> BatchAnswer:
    """Pause a batch: no row of it is made into a job, and none of its open jobs is submitted. Idempotent.

    What was submitted goes on. The pause of an admin who acts for the owner is lifted by an admin alone.
    """
    by_admin = ACTING_FOR in request.headers
    return await _acted(resources, await resources.store.batches.pause(batch_id, owner=owner, by_admin=by_admin, by=by))


@router.post("/{batch_id}/resume", dependencies=[needs(Scope.JOBS_WRITE)], responses=_ACT)
async def resume_batch(
    batch_id: IdInPath, resources: ResourcesDep, held: HeldJobsDep, caller: CallerDep, by: ByDep
) -> BatchAnswer:
    """Resume a paused batch; earlier failures do not pause it again. Idempotent."""
    by_admin = caller.may(Scope.ADMIN)
    batch = await resources.store.batches.resume(batch_id, owner=caller.owner, by_admin=by_admin, by=by)
    held.wake(HeldBy(batch.owner, batch_id=batch.id))
    return await _acted(resources, batch)


@router.post(
    "/{batch_id}/cancel",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses=_WRITE,
)
async def cancel_batch(
    *, batch_id: IdInPath, request: CancelBatch = _KEEP, resources: ResourcesDep, owner: OwnerDep, by: ByDep
) -> BatchAnswer:
    """Cancel the waiting rows of a batch: they are skipped. Its open jobs go on, or are cancelled too. Idempotent."""
    batch, _ = await resources.store.batches.cancel(batch_id, owner=owner, by=by)
    if request.open_jobs == "cancel":
        await _cancel_open(resources, batch, by)
    return await _acted(resources, batch)


@router.post("/{batch_id}/retry-failed", dependencies=[needs(Scope.JOBS_WRITE)], responses=_ACT)
async def retry_failed_rows(batch_id: IdInPath, resources: ResourcesDep, owner: OwnerDep, by: ByDep) -> RetriedBatch:
    """Retry all failed rows of a batch, within its budget.

    A row whose submission is unclear, or whose paid media may still arrive, is never retried. A batch that had ended
    runs again.
    """
    batch, retried = await resources.store.batches.retry_failed(batch_id, owner=owner, by=by)
    await wake(resources, batch)
    return await retried_answer(resources.store, batch, retried)


@router.get(
    "/{batch_id}/rows",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=RowList,
    responses={**_ONE, **CONDITIONAL},
)
async def list_batch_rows(
    *,
    batch_id: IdInPath,
    wanted: Annotated[ListRows, Query()],
    request: Request,
    store: StoreDep,
    addresses: AddressesDep,
    owner: OwnerDep,
) -> Response:
    """List the rows of a batch by their number, each with what has become of it."""
    await store.batches.get(batch_id, owner=owner)
    where = RowFilter(
        states=tuple(wanted.state),
        limit=wanted.limit + 1,
        after=read_row_cursor(wanted.cursor) if wanted.cursor is not None else None,
    )
    found = await store.batches.rows(batch_id, where)
    page, last = cut(found, wanted.limit)
    return json_answer(
        request,
        RowList(
            items=await row_answers(store, addresses, page), next_cursor=last and row_cursor(last.number, last.key)
        ),
    )


@router.get(
    "/{batch_id}/results.csv",
    dependencies=[needs(Scope.JOBS_READ)],
    response_class=Response,
    responses={**_ONE, **_file(CSV)},
)
async def get_results_csv(batch_id: IdInPath, store: StoreDep, owner: OwnerDep) -> Response:
    """Return the rows with their results as CSV: `input.…` are the columns as they were given.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    batch = await store.batches.get(batch_id, owner=owner)
    return StreamingResponse(csv_of(store, batch.id), headers=_saved(batch, "csv"), media_type=CSV)


@router.get(
    "/{batch_id}/results.jsonl",
    dependencies=[needs(Scope.JOBS_READ)],
    response_class=Response,
    responses={**_ONE, **_file(JSONL)},
)
async def get_results_jsonl(batch_id: IdInPath, store: StoreDep, addresses: AddressesDep, owner: OwnerDep) -> Response:
    """Return the rows with their results, one JSON object a line, as the list of rows has them."""
    batch = await store.batches.get(batch_id, owner=owner)
    return StreamingResponse(jsonl_of(store, addresses, batch.id), headers=_saved(batch, "jsonl"), media_type=JSONL)


@router.get(
    "/{batch_id}/archive",
    dependencies=[needs(Scope.JOBS_READ)],
    response_class=Response,
    responses={**_ONE, **problems(HTTPStatus.CONFLICT), **ZIP},
)
async def get_archive_of_batch(
    *,
    batch_id: IdInPath,
    store: StoreDep,
    owner: OwnerDep,
    storage: StorageDep,
    liked: Annotated[WrittenFlag, Query(description="Whether to take only what is liked.")] = False,
) -> Response:
    """Return the stored outputs of a batch's rows as one zip, each with its recipe as JSON."""
    await store.batches.get(batch_id, owner=owner)
    outputs = await store.batches.stored_outputs(batch_id, liked_only=liked)
    return archive_answer(storage, something_stored(outputs), f"promptmill-batch-{now():%Y-%m-%d-%H%M%S}")


async def _acted(resources: ApiResources, batch: Batch, *, changed: bool = True) -> BatchAnswer:
    """Return a batch after a change, of which its workflow is told."""
    if changed:
        await wake(resources, batch)
    [answer] = await batch_answers(resources.store, [batch])
    return answer


async def _cancel_open(resources: ApiResources, batch: Batch, by: By) -> None:
    """Cancel a batch's open jobs one by one, as `DELETE /api/jobs/{jobId}` does."""
    after = _FIRST
    while ids := await resources.store.batches.open_jobs(batch.id, after=after, limit=CANCELLED_AT_ONCE):
        for job_id in ids:
            job, ask_temporal = await resources.store.jobs.request_cancel(job_id, owner=batch.owner, by=by)
            if ask_temporal:
                job_changed(job.id, job.status, owner=job.owner, reason_code=job.reason_code)
                await tolerating_refusal(resources.gate.cancel(job_workflow_id(job_id)))
        after = ids[-1]


def _saved(batch: Batch, ending: str) -> dict[str, str]:
    name = f"promptmill-batch-{batch.id}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
