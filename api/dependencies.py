"""The routes' dependencies, as annotated parameters.

All are `async` although none awaits: FastAPI would run a plain function in a thread, at every request.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypedDict
from uuid import UUID

from fastapi import Depends, Path, Request
from pydantic import BeforeValidator

from api.access.door import ACTING_FOR, Door
from api.access.identities import Fresh
from api.access.limits import Limits
from api.access.scopes import caller_of
from api.agents.door import Agents
from api.batches.bodies import TableTurns
from api.batches.checking import Checker
from api.batches.looking import Looker
from api.batches.planning import Planner
from api.catalogue.prices import Prices
from api.catalogue.reading import Catalogue
from api.http.callers import CallerRules
from api.http.errors import Refused
from api.http.idempotency import idempotency_key
from api.http.metrics import RequestMetrics
from api.installation.balance import Balance
from api.installation.certificates import Certificates
from api.installation.reconciler import ReconcilerWatch
from api.installation.stopped_queues import StoppedQueues
from api.jobs.held import HeldJobs
from api.jobs.reading import Addresses, JobReader, PromptJobReader
from api.jobs.waiting import RecentPace, Waits
from api.live.feed import Feed
from api.outputs.sharing import Sharing, new_secret
from api.uploads.slots import UploadSlots
from api.webhooks.secret import WebhookSecret
from promptmill.addresses import is_loopback_url
from promptmill.api_resources import ApiResources
from promptmill.config.settings import Settings
from promptmill.contracts.access import By, Caller, Scope
from promptmill.contracts.errors import NotStored
from promptmill.contracts.store import IdempotencyKey
from promptmill.outputs.storage import OutputStorage
from promptmill.store import Store
from promptmill.store.outputs import SHARING_KEY


class State(TypedDict):
    """What the application's lifespan opens; requests reach it as `request.state`."""

    resources: ApiResources
    door: Door
    limits: Limits
    metrics: RequestMetrics
    webhook_secret: WebhookSecret
    stopped_queues: StoppedQueues
    reconciler: ReconcilerWatch
    pace: RecentPace
    feed: Feed
    upload_slots: UploadSlots
    catalogue: Catalogue
    prices: Prices
    table_turns: TableTurns
    looker: Looker
    balance: Balance
    certificates: Certificates
    sharing_secret: Fresh[str]
    agents: Agents | None
    held_jobs: HeldJobs


def addresses_of(resources: ApiResources) -> Addresses:
    """Return where an installation's jobs and workflows are found."""
    settings = resources.settings
    return Addresses(
        settings.temporal_ui_url,
        resources.temporal.namespace,
        settings.root_path,
        serves_outputs=resources.storage is not None,
    )


def _opened(name: str) -> Callable[[Request], Coroutine[Any, Any, Any]]:
    """Return the dependency on what the lifespan opened under a name of `State`."""

    async def find(request: Request) -> Any:
        return getattr(request.state, name)

    return find


ResourcesDep = Annotated[ApiResources, Depends(_opened("resources"))]


async def _store(resources: ResourcesDep) -> Store:
    return resources.store


async def _settings(resources: ResourcesDep) -> Settings:
    return resources.settings


async def _storage(resources: ResourcesDep) -> OutputStorage:
    if resources.storage is None:
        raise NotStored("Outputs are not stored here: PROMPTMILL_OUTPUTS is not set.")
    return resources.storage


async def _sharing(request: Request, store: StoreDep) -> Sharing:
    secret: Fresh[str] = request.state.sharing_secret
    return Sharing(await secret.get(SHARING_KEY, lambda: store.outputs.sharing_secret(new_secret())))


def own_url(request: Request, rules: CallerRules, settings: Settings) -> str:
    """Return where a caller finds this API: where it called it, for others may find only webhooks at the public URL.

    Whoever calls it on this machine is given the public URL, if there is one: it opens elsewhere, too.
    """
    called = rules.called_at(request.scope["scheme"], request.headers, request.client and request.client.host)
    if settings.published_url is not None and is_loopback_url(called):
        return settings.published_url.rstrip("/")
    return f"{called}{settings.root_path}"


def by_of(request: Request, door: Door, caller: Caller) -> By:
    """Return how the audit log names whoever makes a request."""
    address = door.rules.address(request.headers, request.client.host if request.client else None)
    return By(caller.actor, request.scope["request_id"], None if address is None else str(address))


async def _by(request: Request, door: DoorDep, caller: CallerDep) -> By:
    return by_of(request, door, caller)


async def _own_url(request: Request, door: DoorDep, settings: SettingsDep) -> str:
    return own_url(request, door.rules, settings)


async def _owner(caller: CallerDep) -> str:
    """Return the owner whose rows the caller may see."""
    return caller.owner


async def _viewed_owner(request: Request, caller: CallerDep) -> str | None:
    """Return the owner whose outputs the caller may look at; None: anybody's.

    A browser sends no header with an image, so the page of an admin who acts for an owner cannot name that owner.
    """
    return None if caller.may(Scope.ADMIN) and ACTING_FOR not in request.headers else caller.owner


async def _addresses(resources: ResourcesDep) -> Addresses:
    return addresses_of(resources)


async def _waits(request: Request, store: StoreDep) -> Waits:
    return Waits(store, request.state.stopped_queues, request.state.pace)


async def _jobs(store: StoreDep, waits: WaitsDep, addresses: AddressesDep, owner: OwnerDep) -> JobReader:
    return JobReader(store, waits, addresses, owner)


async def _prompt_jobs(store: StoreDep, waits: WaitsDep, addresses: AddressesDep, owner: OwnerDep) -> PromptJobReader:
    return PromptJobReader(store, waits, addresses, owner)


async def _checker(
    request: Request, resources: ResourcesDep, catalogue: CatalogueDep, limits: LimitsDep, caller: CallerDep
) -> Checker:
    settings, looker = resources.settings, request.state.looker
    return Checker(caller.owner, caller.key_id, settings, resources.store, catalogue, limits, looker)


async def _planner(
    request: Request, resources: ResourcesDep, prices: PricesDep, caller: CallerDep, checker: CheckerDep
) -> Planner:
    return Planner(caller, checker, resources, prices, request.state.pace)


def parse_id(text: str) -> UUID:
    """Parse an id in a path.

    Raises:
    Refused: `not_found`: the text is not an id.
    """
    try:
        found = UUID(text)
    except ValueError:
        raise Refused("not_found", "Nothing exists under this id.") from None
    if str(found) != text.lower():
        raise Refused("not_found", "Nothing exists under this id.")
    return found


StoreDep = Annotated[Store, Depends(_store)]
SettingsDep = Annotated[Settings, Depends(_settings)]
MetricsDep = Annotated[RequestMetrics, Depends(_opened("metrics"))]
WebhookSecretDep = Annotated[WebhookSecret, Depends(_opened("webhook_secret"))]
FeedDep = Annotated[Feed, Depends(_opened("feed"))]
ReconcilerDep = Annotated[ReconcilerWatch, Depends(_opened("reconciler"))]
UploadSlotsDep = Annotated[UploadSlots, Depends(_opened("upload_slots"))]
StorageDep = Annotated[OutputStorage, Depends(_storage)]
SharingDep = Annotated[Sharing, Depends(_sharing)]
CatalogueDep = Annotated[Catalogue, Depends(_opened("catalogue"))]
CertificatesDep = Annotated[Certificates, Depends(_opened("certificates"))]
HeldJobsDep = Annotated[HeldJobs, Depends(_opened("held_jobs"))]
BalanceDep = Annotated[Balance, Depends(_opened("balance"))]
PricesDep = Annotated[Prices, Depends(_opened("prices"))]
DoorDep = Annotated[Door, Depends(_opened("door"))]
LimitsDep = Annotated[Limits, Depends(_opened("limits"))]
CallerDep = Annotated[Caller, Depends(caller_of)]
ByDep = Annotated[By, Depends(_by)]
OwnUrlDep = Annotated[str, Depends(_own_url)]
OwnerDep = Annotated[str, Depends(_owner)]
ViewedOwnerDep = Annotated[str | None, Depends(_viewed_owner)]
AddressesDep = Annotated[Addresses, Depends(_addresses)]
WaitsDep = Annotated[Waits, Depends(_waits)]
JobReaderDep = Annotated[JobReader, Depends(_jobs)]
PromptJobReaderDep = Annotated[PromptJobReader, Depends(_prompt_jobs)]
CheckerDep = Annotated[Checker, Depends(_checker)]
PlannerDep = Annotated[Planner, Depends(_planner)]
IdInPath = Annotated[UUID, Path(description="Its id."), BeforeValidator(parse_id)]
IdempotencyDep = Annotated[IdempotencyKey | None, Depends(idempotency_key)]
