"""Stored outputs: files, what shows them fast, archives, and addresses to share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from api.access.scopes import needs
from api.clock import now
from api.dependencies import (
    ByDep,
    IdInPath,
    OwnerDep,
    OwnUrlDep,
    ResourcesDep,
    SharingDep,
    StorageDep,
    StoreDep,
    ViewedOwnerDep,
)
from api.http.callers import SHARED_FOLDER
from api.http.errors import problems
from api.http.strict_json import StrictRoute
from api.outputs.archive import ZIP, archive_answer, something_stored
from api.outputs.files import DAY, FILE, file_answer
from api.outputs.sharing import Shared
from api.schemas.fields import WrittenFlag
from api.schemas.outputs import ArchiveJobs, SharedOutput, ShareOutput, Shown
from promptmill.contracts.access import Scope
from promptmill.contracts.audit import Action
from promptmill.contracts.errors import NotStored
from promptmill.contracts.outputs import Rendering, StoredState
from promptmill.outputs.naming import RENDERINGS, rendering_path
from sql.models import StoredOutput

router = APIRouter(tags=["outputs"], route_class=StrictRoute)

IndexInPath = Annotated[int, Path(ge=0, le=9999, description="Its place among the outputs, from 0.")]

ShownInPath = Annotated[Shown, Path(description="The `file` itself, or what was made to show it fast.")]

_PROBLEMS: Final = problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_DEFAULT: Final = ShareOutput()


@router.get("/api/jobs/{job_id}/archive", dependencies=[needs(Scope.JOBS_READ)], responses={**_PROBLEMS, **ZIP})
async def get_job_archive(job_id: IdInPath, store: StoreDep, owner: OwnerDep, storage: StorageDep) -> Response:
    """Return a job's stored outputs as one zip, each with its recipe as JSON."""
    return archive_answer(storage, await _stored(store, [job_id], owner), f"promptmill-{job_id}")


@router.get("/api/outputs/archive", dependencies=[needs(Scope.JOBS_READ)], responses={**_PROBLEMS, **ZIP})
async def get_archive_of_jobs(
    wanted: Annotated[ArchiveJobs, Query()], store: StoreDep, owner: OwnerDep, storage: StorageDep
) -> Response:
    """Return the stored outputs of several jobs as one zip, each with its recipe as JSON.

    What is not stored is named in `not-stored.txt`.
    """
    outputs = await _stored(store, wanted.job_id, owner)
    return archive_answer(storage, outputs, f"promptmill-{now():%Y-%m-%d-%H%M%S}")


@router.get(
    "/api/jobs/{job_id}/outputs/{index}/{shown}",
    dependencies=[needs(Scope.JOBS_READ)],
    responses={**_PROBLEMS, **problems(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE), **FILE},
)
async def get_output(
    *,
    job_id: IdInPath,
    index: IndexInPath,
    shown: ShownInPath,
    request: Request,
    store: StoreDep,
    owner: ViewedOwnerDep,
    storage: StorageDep,
    download: Annotated[
        WrittenFlag, Query(description="Whether to save it under its name instead of showing it.")
    ] = False,
) -> Response:
    """Return our own copy of an output: the `file` itself, or what shows it fast. `Range` is honoured.

    An admin who names no owner sees every owner's, because a browser cannot send that header for an image.
    """
    output = await store.outputs.get(job_id, index, owner=owner)
    return await _file(request, storage, output, shown, download=download)


@router.post(
    "/api/jobs/{job_id}/outputs/{index}/share",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={
        **_PROBLEMS,
        **problems(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    },
)
async def share_output(
    *,
    job_id: IdInPath,
    index: IndexInPath,
    request: ShareOutput = _DEFAULT,
    resources: ResourcesDep,
    sharing: SharingDep,
    own_url: OwnUrlDep,
    owner: OwnerDep,
    by: ByDep,
) -> SharedOutput:
    """Return an address at which anyone can open this output, until it ends. Erasing the job ends it, too."""
    output = await resources.store.outputs.get(job_id, index, owner=owner)
    path = _path(output)
    shared = Shared(job_id, index, now() + timedelta(hours=request.hours))
    await resources.store.audit.note(
        by,
        Action.OUTPUT_SHARE,
        owner=owner,
        target=f"job:{job_id}",
        after={"index": index, "expiresAt": shared.expires_at.isoformat()},
    )
    place = f"{SHARED_FOLDER}{sharing.token(shared)}/{PurePosixPath(path).name}"
    return SharedOutput(url=f"{own_url}{place}", expires_at=shared.expires_at)


@router.get(
    f"{SHARED_FOLDER}{{token}}/{{name}}",
    responses={
        **_PROBLEMS,
        **problems(HTTPStatus.GONE, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
        **FILE,
    },
)
async def open_shared(
    *,
    token: Annotated[str, Path(max_length=200, description="As `share` returned it.")],
    name: Annotated[str, Path(max_length=300, description="For people only; any name will do.")],
    request: Request,
    store: StoreDep,
    sharing: SharingDep,
    storage: StorageDep,
) -> Response:
    """Open a shared output. The name is for people: the token alone decides which one it is."""
    del name
    at = now()
    shared = sharing.read(token, at)
    output = await store.outputs.get(shared.job_id, shared.index)
    return await _file(request, storage, output, Shown.FILE, shared_for=shared.expires_at - at)


async def _stored(store: StoreDep, ids: Sequence[UUID], owner: str) -> Sequence[StoredOutput]:
    """Return the outputs of an owner's jobs.

    Raises:
        NotStored: Nothing of them is stored.
    """
    return something_stored(await store.outputs.of_owner(ids, owner=owner))


def _path(output: StoredOutput) -> str:
    """Return where an output is stored.

    Raises:
        NotStored: It is not.
    """
    if output.state != StoredState.STORED or output.path is None:
        raise NotStored(output.problem or f"This output is not stored ({output.state}).")
    return output.path


async def _file(
    request: Request,
    storage: StorageDep,
    output: StoredOutput,
    shown: Shown,
    *,
    download: bool = False,
    shared_for: timedelta | None = None,
) -> Response:
    path = _path(output)
    name = PurePosixPath(path).name
    tag = output.sha256 or name
    if shown is Shown.FILE:
        media_type = output.content_type or "application/octet-stream"
        return await file_answer(
            request,
            storage,
            path,
            media_type,
            tag=tag,
            name=name,
            download=name if download else None,
            kept_for=DAY if shared_for is None else min(DAY, shared_for),
            open_to_all=shared_for is not None,
        )
    rendering = Rendering(shown)
    if rendering not in output.renderings:
        raise NotStored(f"There is no {rendering} of this output.")
    ending, media_type = RENDERINGS[rendering]
    name = f"{PurePosixPath(path).stem}{ending}"
    return await file_answer(
        request,
        storage,
        rendering_path(path, rendering),
        media_type,
        tag=f"{tag}-{rendering}",
        name=name,
        download=name if download else None,
    )
