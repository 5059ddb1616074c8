"""Assembles the application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.routing import Route

from api.access.door import Door
from api.access.identities import FRESH_SECONDS, Fresh, Identities
from api.access.limits import Limits
from api.agents.door import AgentDoor, open_agents
from api.batches.bodies import TableTurns
from api.batches.looking import Looker
from api.catalogue.prices import open_prices
from api.catalogue.reading import open_catalogue
from api.dependencies import State, addresses_of
from api.http.bodies import BodyRules
from api.http.callers import MCP, CallerRules
from api.http.errors import install_error_handlers
from api.http.guard import Guard
from api.http.metrics import RequestMetrics
from api.http.openapi import document
from api.http.page_policy import page_policy
from api.installation.balance import Balance
from api.installation.certificates import Certificates
from api.installation.reconciler import ReconcilerWatch
from api.installation.stopped_queues import StoppedQueues
from api.installation.uptime import open_uptime
from api.jobs.held import open_held_jobs
from api.jobs.reading import JobReader
from api.jobs.waiting import RecentPace, Waits
from api.live.feed import open_feed
from api.live.reading import LiveReader
from api.live.situation import open_situation_watch
from api.routes import (
    access,
    audit,
    batch_creation,
    batch_plans,
    batches,
    budgets,
    codec,
    collections,
    decisions,
    erasures,
    events,
    health,
    jobs,
    models,
    openai,
    operations,
    outputs,
    pages,
    pauses,
    prompt_queue,
    sessions,
    statistics,
    styles,
    tags,
    templates,
    uploads,
    webhooks,
)
from api.uploads.slots import UploadSlots
from api.webhooks.secret import WebhookSecret
from promptmill.api_resources import open_api_resources
from promptmill.config.settings import Settings
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.tracing import traces
from promptmill.version import installed_version

DESCRIPTION = (
    "An AI prompt and media queue: Grok writes the prompt, WaveSpeed generates the media, Temporal runs the job. "
    "Calls carry an API key, or PROMPTMILL_API_TOKEN, as `Authorization: Bearer …`; on loopback nobody needs one until "
    "the first key is made. An admin acts for another owner with the header `Promptmill-Owner`. "
    "Failures are problem documents (RFC 9457), explained at [/docs/errors]({root}/docs/errors).\n\n"
    "To wait for a job, follow `GET /api/jobs/{{job_id}}/events` as a stream, or poll `GET /api/jobs/{{job_id}}` every "
    "two seconds with the `ETag` of the last answer as `If-None-Match`: while nothing changes, the answer is 304, "
    "without a body. Answers get new fields, and statuses new values: ignore what you do not know. Requests that may "
    "cost money take an `Idempotency-Key`: repeat them with the same key, and after `Retry-After` where there is one."
)

MODULES: Final = (
    events,
    jobs,
    batch_creation,
    batches,
    decisions,
    outputs,
    tags,
    collections,
    templates,
    models,
    batch_plans,
    uploads,
    prompt_queue,
    styles,
    pauses,
    sessions,
    access,
    audit,
    erasures,
    webhooks,
    budgets,
    statistics,
    operations,
    codec,
    openai,
    health,
    pages,
)
"""Those with routes, in the order in which a path is compared with them."""


def create_app(settings: Settings, pids: Sequence[int] = ()) -> Guard:
    """Return the whole application, ready to be served: the routes behind the guard.

    Args:
        settings: The API's.
        pids: Ids of all processes that serve this API, if there are several.
    """
    metrics = RequestMetrics.create(pids)
    app = build_routes(settings, metrics)
    rules = CallerRules.of(settings)
    guard = Guard(app, rules, BodyRules.of(settings), metrics, page_policy(settings), settings.root_path)
    app.router.routes.append(Route(MCP, AgentDoor(guard, on=settings.mcp), methods=["POST"]))
    return guard


def _servers(settings: Settings) -> list[dict[str, str]]:
    """Return where the API is: beside its document, and where PROMPTMILL_PUBLIC_URL says."""
    servers = [{"url": settings.root_path or "/", "description": "Where this document comes from."}]
    if settings.published_url:
        servers.append({"url": settings.published_url, "description": "Its public address."})
    return servers


def build_routes(settings: Settings, metrics: RequestMetrics) -> FastAPI:
    """Return the routes without the guard; the lifespan opens and closes the resources."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        # Before the first client: its interceptors continue the traces.
        with traces(settings.otel_endpoint, "api"):
            async with open_api_resources(settings) as resources:
                secret = WebhookSecret(settings.wavespeed_webhook_secret, resources.account.webhook_secret)
                queues = StoppedQueues.of(resources.temporal, settings.task_queue)
                pace = RecentPace(resources.store)
                waits = Waits(resources.store, queues, pace)
                # Which jobs a subscriber may see is checked when it subscribes.
                reader = JobReader(resources.store, waits, addresses_of(resources), LOCAL_OWNER)
                async with (
                    open_uptime(resources),
                    open_feed(settings, resources.store.operations.notify_listeners, LiveReader(reader)) as feed,
                    open_situation_watch(feed, resources.store, queues),
                    open_catalogue(settings, resources.account) as catalogue,
                    open_prices(resources.account) as prices,
                    open_agents(on=settings.mcp) as agents,
                    open_held_jobs(resources) as held_jobs,
                ):
                    yield State(
                        resources=resources,
                        door=Door(
                            CallerRules.of(settings),
                            Identities(settings, resources.store.access),
                            resources.store.audit,
                        ),
                        limits=Limits(settings.owner_limits, resources.store),
                        metrics=metrics,
                        webhook_secret=secret,
                        stopped_queues=queues,
                        reconciler=ReconcilerWatch.of(resources.temporal, settings),
                        pace=pace,
                        feed=feed,
                        upload_slots=UploadSlots(settings.uploads_at_once),
                        catalogue=catalogue,
                        prices=prices,
                        table_turns=TableTurns(),
                        looker=Looker(resources.heads.read, asks_servers=settings.look_at_files),
                        balance=Balance.of(resources.account),
                        certificates=Certificates.of(settings),
                        # Whoever guesses addresses, which takes no key, asks the record once a second.
                        sharing_secret=Fresh(FRESH_SECONDS),
                        agents=agents,
                        held_jobs=held_jobs,
                    )

    app = FastAPI(
        title="Promptmill",
        version=installed_version(),
        description=DESCRIPTION.format(root=settings.root_path),
        servers=_servers(settings),
        lifespan=lifespan,
        # Not `include_router`, which builds each route once more, on the first request that needs it.
        routes=[route for module in MODULES for route in module.router.routes],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    install_error_handlers(app)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
    return app
