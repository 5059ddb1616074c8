"""The routes' dependencies, as annotated parameters.

All are `async` although none awaits: FastAPI would run a plain function in a thread, at every request.
"""

from __future__ import annotations

from typing import Annotated, TypedDict
from uuid import UUID

from fastapi import Depends, Path, Request
from pydantic import BeforeValidator

from api.access.door import Door
from api.access.limits import Limits
from api.access.scopes import caller_of
from api.catalogue.prices import Prices
from api.catalogue.reading import Catalogue
from api.http.errors import Refused
from api.http.idempotency import idempotency_key
from api.http.metrics import RequestMetrics
from api.installation.balance import Balance
from api.installation.certificates import Certificates
from api.installation.reconciler import ReconcilerWatch
from api.installation.stopped_queues import StoppedQueues
from api.jobs.reading import Addresses, JobReader, PromptJobReader
from api.jobs.waiting import RecentPace, Waits
from api.live.feed import Feed
from api.uploads.slots import UploadSlots
from api.webhooks.secret import WebhookSecret
from promptmill.api_resources import ApiResources
from promptmill.config.settings import Settings
from promptmill.contracts.access import By, Caller
from promptmill.contracts.store import IdempotencyKey
from promptmill.store import Store
from promptmill.temporal import TemporalGate


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
    balance: Balance
    certificates: Certificates


def addresses_of(resources: ApiResources) -> Addresses:
    """Return where an installation's jobs and workflows are found."""
    return Addresses(resources.settings.temporal_ui_url, resources.temporal.namespace, resources.settings.root_path)


async def _resources(request: Request) -> ApiResources:
    found: ApiResources = request.state.resources
    return found


ResourcesDep = Annotated[ApiResources, Depends(_resources)]


async def _store(resources: ResourcesDep) -> Store:
    return resources.store


async def _gate(resources: ResourcesDep) -> TemporalGate:
    return resources.gate


async def _settings(resources: ResourcesDep) -> Settings:
    return resources.settings


async def _metrics(request: Request) -> RequestMetrics:
    found: RequestMetrics = request.state.metrics
    return found


async def _webhook_secret(request: Request) -> WebhookSecret:
    found: WebhookSecret = request.state.webhook_secret
    return found


async def _feed(request: Request) -> Feed:
    found: Feed = request.state.feed
    return found


async def _reconciler(request: Request) -> ReconcilerWatch:
    found: ReconcilerWatch = request.state.reconciler
    return found


async def _upload_slots(request: Request) -> UploadSlots:
    found: UploadSlots = request.state.upload_slots
    return found


async def _catalogue(request: Request) -> Catalogue:
    found: Catalogue = request.state.catalogue
    return found


async def _certificates(request: Request) -> Certificates:
    found: Certificates = request.state.certificates
    return found


async def _balance(request: Request) -> Balance:
    found: Balance = request.state.balance
    return found


async def _prices(request: Request) -> Prices:
    found: Prices = request.state.prices
    return found


async def _door(request: Request) -> Door:
    found: Door = request.state.door
    return found


async def _limits(request: Request) -> Limits:
    found: Limits = request.state.limits
    return found


def by_of(request: Request, door: Door, caller: Caller) -> By:
    """Return how the audit log names whoever makes a request."""
    address = door.rules.address(request.headers, request.client.host if request.client else None)
    return By(caller.actor, request.scope["request_id"], None if address is None else str(address))


async def _by(request: Request, door: DoorDep, caller: CallerDep) -> By:
    return by_of(request, door, caller)


async def _owner(caller: CallerDep) -> str:
    """Return the owner whose rows the caller may see."""
    return caller.owner


async def _addresses(resources: ResourcesDep) -> Addresses:
    return addresses_of(resources)


async def _waits(request: Request, store: StoreDep) -> Waits:
    return Waits(store, request.state.stopped_queues, request.state.pace)


async def _jobs(store: StoreDep, waits: WaitsDep, addresses: AddressesDep, owner: OwnerDep) -> JobReader:
    return JobReader(store, waits, addresses, owner)


async def _prompt_jobs(store: StoreDep, waits: WaitsDep, addresses: AddressesDep, owner: OwnerDep) -> PromptJobReader:
    return PromptJobReader(store, waits, addresses, owner)


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
TemporalDep = Annotated[TemporalGate, Depends(_gate)]
SettingsDep = Annotated[Settings, Depends(_settings)]
MetricsDep = Annotated[RequestMetrics, Depends(_metrics)]
WebhookSecretDep = Annotated[WebhookSecret, Depends(_webhook_secret)]
FeedDep = Annotated[Feed, Depends(_feed)]
ReconcilerDep = Annotated[ReconcilerWatch, Depends(_reconciler)]
UploadSlotsDep = Annotated[UploadSlots, Depends(_upload_slots)]
CatalogueDep = Annotated[Catalogue, Depends(_catalogue)]
CertificatesDep = Annotated[Certificates, Depends(_certificates)]
BalanceDep = Annotated[Balance, Depends(_balance)]
PricesDep = Annotated[Prices, Depends(_prices)]
DoorDep = Annotated[Door, Depends(_door)]
LimitsDep = Annotated[Limits, Depends(_limits)]
CallerDep = Annotated[Caller, Depends(caller_of)]
ByDep = Annotated[By, Depends(_by)]
OwnerDep = Annotated[str, Depends(_owner)]
AddressesDep = Annotated[Addresses, Depends(_addresses)]
WaitsDep = Annotated[Waits, Depends(_waits)]
JobReaderDep = Annotated[JobReader, Depends(_jobs)]
PromptJobReaderDep = Annotated[PromptJobReader, Depends(_prompt_jobs)]
IdInPath = Annotated[UUID, Path(description="Its id."), BeforeValidator(parse_id)]
IdempotencyDep = Annotated[IdempotencyKey | None, Depends(idempotency_key)]
