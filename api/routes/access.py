"""Owners and their API keys, for admins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator

from api.access.scopes import needs
from api.dependencies import ByDep, CallerDep, DoorDep, LimitsDep, SettingsDep, StoreDep
from api.http.errors import WITH_BODY, Refused, invalid, problems
from api.http.strict_json import StrictRoute
from api.schemas.access import (
    ChangeLimits,
    CreatedKey,
    CreateKey,
    KeyAnswer,
    KeyList,
    LimitsAnswer,
    NewOwner,
    OwnerAnswer,
    OwnerList,
    OwnerName,
    PauseOwner,
    RevokedKey,
)
from promptmill.api_keys import is_key_id
from promptmill.contracts.access import Scope
from promptmill.contracts.errors import RecordNotFound
from promptmill.store.limits import own_limits
from sql.models import Owner

router = APIRouter(prefix="/api", tags=["access"], route_class=StrictRoute, dependencies=[needs(Scope.ADMIN)])

_AWAY: Final = problems(HTTPStatus.SERVICE_UNAVAILABLE)
_CREATE_PROBLEMS: Final = problems(HTTPStatus.FORBIDDEN, *WITH_BODY, HTTPStatus.SERVICE_UNAVAILABLE)

_OWNER_PROBLEMS: Final = problems(HTTPStatus.NOT_FOUND, *WITH_BODY, HTTPStatus.SERVICE_UNAVAILABLE)
OwnerInPath = Annotated[str, Path(description="The owner.")]


@contextmanager
def _known_owner() -> Iterator[None]:
    """Refuse with `unknown_owner` what the record does not find."""
    try:
        yield
    except RecordNotFound:
        raise Refused("unknown_owner") from None


def _shown(owner: Owner) -> OwnerAnswer:
    return OwnerAnswer.built_from(owner, limits=LimitsAnswer.built_from(own_limits(owner)))


def _key_id(text: str) -> str:
    """Return a key's id.

    Raises:
        Refused: `not_found`: the text is none.
    """
    if not is_key_id(text):
        raise Refused("not_found", "There is no such key.")
    return text


@router.get("/owners", responses=_AWAY)
async def list_owners(store: StoreDep, settings: SettingsDep) -> OwnerList:
    """List all owners by name, with their limits."""
    return OwnerList(
        items=[_shown(owner) for owner in await store.access.owners()],
        limits=LimitsAnswer.built_from(settings.owner_limits),
    )


@router.post("/owners", status_code=HTTPStatus.CREATED, responses={**_CREATE_PROBLEMS, **problems(HTTPStatus.CONFLICT)})
async def create_owner(wanted: NewOwner, store: StoreDep, by: ByDep) -> OwnerAnswer:
    """Create an owner: a team whose jobs no other owner sees."""
    return _shown(await store.access.add_owner(wanted.name, by=by))


@router.patch("/owners/{owner}", responses=_OWNER_PROBLEMS)
async def change_limits(
    owner: OwnerInPath, wanted: ChangeLimits, store: StoreDep, limits: LimitsDep, by: ByDep
) -> OwnerAnswer:
    """Change limits of an owner. They hold for what it asks for from here on; what is open stays."""
    with _known_owner():
        changed = await store.limits.set(owner, wanted.model_dump(exclude_unset=True), by=by)
    limits.forget(owner)
    return _shown(changed)


@router.put("/owners/{owner}/pause", responses=_OWNER_PROBLEMS)
async def pause_owner(owner: OwnerInPath, wanted: PauseOwner, store: StoreDep, by: ByDep) -> OwnerAnswer:
    """Pause an owner: it gets no new jobs, and its jobs that wait for their submission wait on, unpaid. Idempotent.

    What was permitted before may still be submitted; prompts of accepted jobs are still written.
    """
    with _known_owner():
        return _shown(await store.limits.pause(owner, wanted.reason, by=by))


@router.delete("/owners/{owner}/pause", responses={**problems(HTTPStatus.NOT_FOUND), **_AWAY})
async def resume_owner(owner: OwnerInPath, store: StoreDep, by: ByDep) -> OwnerAnswer:
    """Resume an owner: its jobs go on by themselves, within a minute or so. Idempotent."""
    with _known_owner():
        return _shown(await store.limits.resume(owner, by=by))


@router.get("/keys", responses={**problems(HTTPStatus.UNPROCESSABLE_ENTITY), **_AWAY})
async def list_keys(
    store: StoreDep, owner: Annotated[OwnerName | None, Query(description="Only this owner's.")] = None
) -> KeyList:
    """List the API keys, including revoked and expired ones."""
    return KeyList(items=[KeyAnswer.built_from(key) for key in await store.access.keys(owner)])


@router.post("/keys", status_code=HTTPStatus.CREATED, responses=_CREATE_PROBLEMS)
async def create_key(
    *, wanted: CreateKey, caller: CallerDep, by: ByDep, store: StoreDep, door: DoorDep, settings: SettingsDep
) -> CreatedKey:
    """Make a key, which is shown in this answer only. It never allows more than its maker may do.

    On loopback, where nobody has to sign in at first, the first key ends that.
    """
    excess = wanted.allowed - caller.scopes
    if excess:
        raise Refused(
            "scope_missing",
            f"A key allows at most what its maker may do, and you lack {', '.join(sorted(excess))}.",
        )
    owner = wanted.owner or caller.owner
    try:
        made = await store.access.create_key(
            owner=owner,
            name=wanted.name,
            scopes=wanted.allowed,
            expires_at=wanted.expires_at,
            by=by,
        )
    except RecordNotFound:
        raise invalid("/owner", f"There is no owner {owner}: create it first (`POST /api/owners`).") from None
    door.identities.expect_key()
    warnings = await store.access.warnings(token_set=bool(settings.api_tokens), first=made.first)
    return CreatedKey.built_from(made.row, key=made.text, warnings=warnings)


@router.delete("/keys/{key_id}", responses={**problems(HTTPStatus.NOT_FOUND), **_AWAY})
async def revoke_key(
    key_id: Annotated[str, Path(description="The 8 characters after `pm_`."), AfterValidator(_key_id)],
    by: ByDep,
    store: StoreDep,
    door: DoorDep,
    settings: SettingsDep,
) -> RevokedKey:
    """Revoke a key, and with it its sessions. Idempotent; there is no way back. It may be the key of this very call.

    The last admin's key can be revoked, too, because it may have leaked; `warnings` says what to do then.
    """
    try:
        revoked = await store.access.revoke(key_id, by=by)
    except RecordNotFound:
        raise Refused("not_found", "There is no such key.") from None
    door.identities.forget(key_id)
    warnings = await store.access.warnings(token_set=bool(settings.api_tokens))
    return RevokedKey.built_from(revoked, warnings=warnings)
