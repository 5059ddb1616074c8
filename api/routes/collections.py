"""Collections: named, ordered sets of outputs."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.access.scopes import needs
from api.dependencies import IdInPath, OwnerDep, StorageDep, StoreDep
from api.http.cursors import cursor_after, cut, entry_number, read_cursor
from api.http.errors import WITH_BODY, problems
from api.http.representations import CONDITIONAL, json_answer
from api.http.strict_json import StrictRoute
from api.outputs.archive import ZIP, archive_answer, something_stored
from api.schemas.collections import (
    ChangeCollection,
    CollectedOutput,
    CollectedOutputs,
    CollectionAnswer,
    CollectionList,
    CollectionName,
    ListCollections,
    ListOutputs,
    MoveInCollection,
    OutputInCollection,
)
from promptmill.contracts.access import Scope
from promptmill.store.collections import Counted, OutputPlace

COLLECTIONS: Final = "/api/collections"

router = APIRouter(tags=["collections"], route_class=StrictRoute)

_READ: Final = problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_ONE: Final = problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_WRITE: Final = problems(HTTPStatus.CONFLICT, *WITH_BODY, HTTPStatus.SERVICE_UNAVAILABLE)


@router.get(
    COLLECTIONS,
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=CollectionList,
    responses={**_READ, **CONDITIONAL},
)
async def list_collections(
    wanted: Annotated[ListCollections, Query()], request: Request, store: StoreDep, owner: OwnerDep
) -> Response:
    """List the collections of the caller's owner, those changed last first."""
    found = await store.collections.list(
        owner,
        q=wanted.q,
        limit=wanted.limit + 1,
        before=read_cursor(wanted.cursor, UUID),
    )
    page, last = cut(found, wanted.limit)
    return json_answer(
        request,
        CollectionList(
            items=[_shown(one) for one in page], next_cursor=last and cursor_after(last.changed_at, last.id)
        ),
    )


@router.post(COLLECTIONS, dependencies=[needs(Scope.JOBS_WRITE)], status_code=HTTPStatus.CREATED, responses=_WRITE)
async def create_collection(request: CollectionName, store: StoreDep, owner: OwnerDep) -> CollectionAnswer:
    """Make an empty collection."""
    return _shown(await store.collections.create(owner, request.name))


@router.get(
    f"{COLLECTIONS}/{{collection_id}}",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=CollectionAnswer,
    responses={**_ONE, **CONDITIONAL},
)
async def get_collection(collection_id: IdInPath, request: Request, store: StoreDep, owner: OwnerDep) -> Response:
    """Return a collection: its name, and how many outputs it has."""
    return json_answer(request, _shown(await store.collections.get(collection_id, owner=owner)))


@router.patch(f"{COLLECTIONS}/{{collection_id}}", dependencies=[needs(Scope.JOBS_WRITE)], responses={**_WRITE, **_ONE})
async def change_collection(
    collection_id: IdInPath, request: ChangeCollection, store: StoreDep, owner: OwnerDep
) -> CollectionAnswer:
    """Rename a collection, take outputs out of it, and add others at its end. Idempotent."""
    await store.collections.update(
        collection_id, owner=owner, name=request.name, add=_places(request.add), remove=_places(request.remove)
    )
    return _shown(await store.collections.get(collection_id, owner=owner))


@router.delete(
    f"{COLLECTIONS}/{{collection_id}}",
    dependencies=[needs(Scope.JOBS_WRITE)],
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ONE,
)
async def delete_collection(collection_id: IdInPath, store: StoreDep, owner: OwnerDep) -> None:
    """Delete a collection. Its jobs and their outputs stay."""
    await store.collections.delete(collection_id, owner=owner)


@router.get(
    f"{COLLECTIONS}/{{collection_id}}/outputs",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=CollectedOutputs,
    responses={**_ONE, **CONDITIONAL},
)
async def list_collection_outputs(
    *,
    collection_id: IdInPath,
    wanted: Annotated[ListOutputs, Query()],
    request: Request,
    store: StoreDep,
    owner: OwnerDep,
) -> Response:
    """List the outputs of a collection, in its order."""
    await store.collections.get(collection_id, owner=owner)
    _, after = read_cursor(wanted.cursor, entry_number) or (None, 0)
    found = await store.collections.outputs(collection_id, owner=owner, limit=wanted.limit + 1, after=after)
    page, last = cut(found, wanted.limit)
    return json_answer(
        request,
        CollectedOutputs(
            items=[CollectedOutput.built_from(one) for one in page],
            next_cursor=last and cursor_after(last.added_at, last.position),
        ),
    )


@router.post(
    f"{COLLECTIONS}/{{collection_id}}/order",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={**_WRITE, **_ONE},
)
async def move_in_collection(
    collection_id: IdInPath, request: MoveInCollection, store: StoreDep, owner: OwnerDep
) -> CollectionAnswer:
    """Move outputs of a collection before another one, or to its end. Idempotent."""
    [before] = _places([request.before]) if request.before else [None]
    await store.collections.move(collection_id, _places(request.outputs), before, owner=owner)
    return _shown(await store.collections.get(collection_id, owner=owner))


@router.get(
    f"{COLLECTIONS}/{{collection_id}}/archive",
    dependencies=[needs(Scope.JOBS_READ)],
    responses={**_ONE, **ZIP},
)
async def get_archive_of_collection(
    collection_id: IdInPath, store: StoreDep, owner: OwnerDep, storage: StorageDep
) -> Response:
    """Return the stored outputs of a collection as one zip, in its order, each with its recipe as JSON."""
    await store.collections.get(collection_id, owner=owner)
    outputs = something_stored(await store.collections.stored(collection_id, owner=owner))
    return archive_answer(storage, outputs, f"promptmill-{collection_id}")


def _places(outputs: Sequence[OutputInCollection]) -> list[OutputPlace]:
    return [OutputPlace(one.job_id, one.index) for one in outputs]


def _shown(collection: Counted) -> CollectionAnswer:
    return CollectionAnswer.built_from(collection, collection_id=collection.id)
