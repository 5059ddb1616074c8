"""Pauses: of the caller's own queue, and, for operators, of a provider."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from temporalio.service import RPCError

from api.access.scopes import needs
from api.dependencies import ByDep, OwnerDep, ResourcesDep, StoreDep
from api.http.errors import Refused, problems
from api.http.strict_json import StrictRoute
from api.schemas.pauses import PauseProvider, Provider, ProviderList, ProviderState, QueueState
from promptmill.api_resources import ApiResources
from promptmill.contracts.access import By, Scope
from promptmill.contracts.errors import RecordNotFound, TemporalUnavailable
from promptmill.temporal.brakes import Brake, read_brake, set_brake
from promptmill.temporal.braking import note_brake
from sql.models import Owner

router = APIRouter(prefix="/api", tags=["pauses"], route_class=StrictRoute)

_AWAY = problems(HTTPStatus.SERVICE_UNAVAILABLE)
_QUEUE_PROBLEMS = problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_WRONG = problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
ProviderInPath = Annotated[Provider, Path(description="Which provider.")]


@router.get("/queue", dependencies=[needs(Scope.JOBS_READ)], responses=_QUEUE_PROBLEMS)
async def show_queue(store: StoreDep, owner: OwnerDep) -> QueueState:
    """Return whether the queue of the caller's owner is paused, by whom, and since when."""
    try:
        return _shown(await store.limits.owner(owner))
    except RecordNotFound:
        raise Refused("unknown_owner") from None


@router.put(
    "/queue/pause",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={**_QUEUE_PROBLEMS, **problems(HTTPStatus.TOO_MANY_REQUESTS)},
)
async def pause_queue(store: StoreDep, owner: OwnerDep, by: ByDep) -> QueueState:
    """Pause the queue of the caller's owner: jobs can be added, and none is submitted until it is resumed. Idempotent.

    What was permitted before may still be submitted, and what WaveSpeed has goes on; prompts are still written.
    Deadlines count meanwhile.
    """
    try:
        return _shown(await store.limits.pause_queue(owner, by=by))
    except RecordNotFound:
        raise Refused("unknown_owner") from None


@router.delete("/queue/pause", dependencies=[needs(Scope.JOBS_WRITE)], responses=_QUEUE_PROBLEMS)
async def resume_queue(store: StoreDep, owner: OwnerDep, by: ByDep) -> QueueState:
    """Resume the queue of the caller's owner: its jobs go on by themselves, within a minute or so. Idempotent.

    The pause of an admin stays.
    """
    try:
        return _shown(await store.limits.resume_queue(owner, by=by))
    except RecordNotFound:
        raise Refused("unknown_owner") from None


@router.get("/providers", dependencies=[needs(Scope.OPERATE)], responses=_AWAY)
async def list_providers(resources: ResourcesDep) -> ProviderList:
    """Return which providers are paused, by whom and why."""
    client, queue = resources.temporal, resources.settings.task_queue
    try:
        return ProviderList(items=[_state(await read_brake(client, queue, provider)) for provider in Provider])
    except (RPCError, RuntimeError):
        raise TemporalUnavailable from None


@router.put(
    "/providers/{provider}/pause",
    dependencies=[needs(Scope.OPERATE)],
    responses={
        **_WRONG,
        **problems(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    },
)
async def pause_provider(
    provider: ProviderInPath, wanted: PauseProvider, resources: ResourcesDep, by: ByDep
) -> ProviderState:
    """Pause a provider, for everybody: nothing more is sent to it. Results that are paid for are still collected.

    It is the brake of `promptmill brake`.
    """
    return await _set(provider, resources, by, on=True, reason=wanted.reason)


@router.delete("/providers/{provider}/pause", dependencies=[needs(Scope.OPERATE)], responses=_WRONG)
async def resume_provider(provider: ProviderInPath, resources: ResourcesDep, by: ByDep) -> ProviderState:
    """Resume a provider: its jobs go on by themselves. Idempotent."""
    return await _set(provider, resources, by, on=False, reason="")


async def _set(provider: Provider, resources: ApiResources, by: By, *, on: bool, reason: str) -> ProviderState:
    client, queue = resources.temporal, resources.settings.task_queue
    try:
        before = await read_brake(client, queue, provider)
        after = await set_brake(client, queue, provider, on=on, reason=reason, by=by)
    except (RPCError, RuntimeError):
        raise TemporalUnavailable from None
    await note_brake(resources.store, by, before, after)
    return _state(after)


def _shown(owner: Owner) -> QueueState:
    return QueueState.built_from(owner, owner=owner.name)


def _state(brake: Brake) -> ProviderState:
    return ProviderState(
        provider=Provider(brake.provider),
        paused=brake.on,
        reason=brake.reason or None,
        by=brake.by or None,
        since=brake.since,
    )
