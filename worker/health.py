"""The worker's own small HTTP server: liveness, readiness, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.client import Client

from promptmill.bounded_connections import BoundedProtocol
from promptmill.browsers import PageGuard
from promptmill.contracts.errors import ConfigurationError
from promptmill.metrics import PROCESS
from promptmill.store import Store
from promptmill.store.health import record_problem
from promptmill.temporal.health import temporal_problem

MAX_CONNECTIONS: Final = 50
"""Connections to these endpoints at once: the files that the worker may open belong to paid work."""

STARTING: Final = "The worker is starting."
DRAINING: Final = "The worker is draining: it finishes what is running and takes nothing new."


@dataclass
class Health:
    """The worker's state.

    Attributes:
        waiting_for: Why it does not poll, in one sentence; None while it does.
        store: The record; None until it is open.
        temporal: The client of Temporal; None until it is connected.
    """

    queues: tuple[str, ...]
    waiting_for: str | None = STARTING
    store: Store | None = None
    temporal: Client | None = None

    async def report(self) -> dict[str, object]:
        """Return the state as JSON, with a sentence for each problem."""
        problems = await self._problems() if self.waiting_for is None else [self.waiting_for]
        return {"ready": not problems, "queues": list(self.queues), "problems": problems}

    async def _problems(self) -> list[str]:
        asked = [] if self.store is None else [record_problem(self.store)]
        asked += [] if self.temporal is None else [temporal_problem(self.temporal)]
        return [problem for problem in await asyncio.gather(*asked) if problem is not None]


@dataclass(frozen=True, eq=False)  # a registry knows its collectors by identity
class _Polling(Collector):
    health: Health

    def collect(self) -> Iterator[Metric]:
        text = "1 while this worker polls its queues, 0 while it starts or drains."
        yield GaugeMetricFamily("promptmill_worker_polling", text, value=self.health.waiting_for is None)


PROBES: Final = frozenset({"/healthz", "/readyz"})


def create_health_app(health: Health, hosts: Sequence[str] = ()) -> PageGuard:
    """Return the three pages; `hosts` are allowed in `Host` besides loopback and names without a dot."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"alive": True})

    async def ready(_: Request) -> Response:
        report = await health.report()
        return JSONResponse(report, status_code=200 if report["ready"] else 503)

    measured = CollectorRegistry()
    for collector in (REGISTRY, PROCESS, _Polling(health)):
        measured.register(collector)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(measured), media_type=CONTENT_TYPE_LATEST)

    pages = Starlette(
        routes=[Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", metrics)],
    )
    return PageGuard(pages, frozenset(host.lower().rstrip(".") for host in hosts), PROBES)


@asynccontextmanager
async def serve_health(health: Health, host: str, port: int, hosts: Sequence[str] = ()) -> AsyncIterator[None]:
    """Serve the endpoints while the block runs; port 0 serves nothing.

    Raises:
        ConfigurationError: The port is taken.
    """
    if port == 0:
        yield
        return
    config = uvicorn.Config(
        create_health_app(health, hosts), host=host, port=port, http=_Protocol, log_config=None, access_log=False
    )
    try:
        socket = config.bind_socket()
    except SystemExit:
        raise ConfigurationError(
            f"Port {port} is in use, so the worker cannot serve its health there: set PROMPTMILL_METRICS_PORT to "
            "another port, or to 0 to disable them."
        ) from None
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


class _Protocol(BoundedProtocol):
    most = MAX_CONNECTIONS


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the worker: its health is served until the drain is over."""
        yield
