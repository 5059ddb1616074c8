"""Assembles the application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.catalogue.prices import open_prices
from api.catalogue.reading import open_catalogue
from api.dependencies import State, workflow_links
from api.http.bodies import BodyRules
from api.http.callers import CallerRules
from api.http.errors import install_error_handlers
from api.http.guard import Guard
from api.http.metrics import RequestMetrics
from api.http.openapi import document
from api.http.page_policy import page_policy
from api.installation.reconciler import ReconcilerWatch
from api.installation.report import installed_version
from api.installation.stopped_queues import StoppedQueues
from api.jobs.reading import JobReader
from api.jobs.waiting import RecentPace, Waits
from api.live.feed import open_feed
from api.live.reading import LiveReader
from api.routes import decisions, events, health, jobs, models, operations, pages, prompt_queue, uploads, webhooks
from api.uploads.slots import UploadSlots
from api.webhooks.secret import WebhookSecret
from promptmill.api_resources import open_api_resources
from promptmill.config.settings import Settings
from promptmill.contracts.names import LOCAL_OWNER

DESCRIPTION = (
    "An AI prompt and media queue: Grok writes the prompt, WaveSpeed generates the media, Temporal runs the job. "
    "Failures are problem documents (RFC 9457), explained at [/docs/errors](/docs/errors)."
)


def create_app(settings: Settings) -> Guard:
    """Return the whole application, ready to be served: the routes behind the guard."""
    metrics = RequestMetrics.create()
    app = build_routes(settings, metrics)
    return Guard(app, CallerRules.of(settings), BodyRules.of(settings), metrics, page_policy(settings))


def build_routes(settings: Settings, metrics: RequestMetrics) -> FastAPI:
    """Return the routes without the guard; the lifespan opens and closes the resources."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        async with open_api_resources(settings) as resources:
            secret = WebhookSecret(settings.wavespeed_webhook_secret, resources.account.webhook_secret)
            queues = StoppedQueues.of(resources.temporal, settings.task_queue)
            pace = RecentPace(resources.store)
            waits = Waits(resources.store, queues, pace)
            # Which jobs a subscriber may see is checked when it subscribes.
            reader = JobReader(resources.store, waits, workflow_links(resources), LOCAL_OWNER)
            async with (
                open_feed(settings, resources.store.operations.notify_listeners, LiveReader(reader)) as feed,
                open_catalogue(settings, resources.account) as catalogue,
                open_prices(resources.account) as prices,
            ):
                yield State(
                    resources=resources,
                    metrics=metrics,
                    webhook_secret=secret,
                    stopped_queues=queues,
                    reconciler=ReconcilerWatch.of(resources.temporal, settings),
                    pace=pace,
                    feed=feed,
                    upload_slots=UploadSlots(settings.uploads_at_once),
                    catalogue=catalogue,
                    prices=prices,
                )

    app = FastAPI(
        title="Promptmill",
        version=installed_version(),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for module in (events, jobs, decisions, models, uploads, prompt_queue, webhooks, operations, health, pages):
        app.include_router(module.router)
    install_error_handlers(app)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
    return app
