"""Assembles the application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from api.access.door import Door
from api.access.identities import Identities
from api.access.limits import Limits
from api.catalogue.prices import open_prices
from api.catalogue.reading import open_catalogue
from api.dependencies import State, addresses_of
from api.http.bodies import BodyRules
from api.http.callers import CallerRules
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
from api.jobs.reading import JobReader
from api.jobs.waiting import RecentPace, Waits
from api.live.feed import open_feed
from api.live.reading import LiveReader
from api.routes import (
    access,
    audit,
    budgets,
    codec,
    decisions,
    erasures,
    events,
    health,
    jobs,
    models,
    operations,
    pages,
    prompt_queue,
    sessions,
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
    "Failures are problem documents (RFC 9457), explained at [/docs/errors]({root}/docs/errors)."
)

MODULES: Final = (
    events,
    jobs,
    decisions,
    models,
    uploads,
    prompt_queue,
    sessions,
    access,
    audit,
    erasures,
    webhooks,
    budgets,
    operations,
    codec,
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
    return Guard(app, rules, BodyRules.of(settings), metrics, page_policy(settings), settings.root_path)


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
                    open_catalogue(settings, resources.account) as catalogue,
                    open_prices(resources.account) as prices,
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
                        balance=Balance.of(resources.account),
                        certificates=Certificates.of(settings),
                    )

    app = FastAPI(
        title="Promptmill",
        version=installed_version(),
        description=DESCRIPTION.format(root=settings.root_path),
        servers=[{"url": settings.root_path}] if settings.root_path else None,
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
