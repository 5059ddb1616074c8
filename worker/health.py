"""The worker's own small HTTP server: liveness, readiness, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from promptmill.browsers import PageGuard
from promptmill.contracts.errors import ConfigurationError
from promptmill.store import Store
from promptmill.store.health import record_problem


@dataclass
class Health:
    """The worker's state.

    Attributes:
        ready: Set once it polls and cleared when it drains.
        store: The record; None until it is open.
    """

    queues: tuple[str, ...]
    ready: bool = field(default=False)
    store: Store | None = field(default=None)

    async def report(self) -> dict[str, object]:
        """Return the state as JSON, with a sentence for each problem."""
        problem = None if self.store is None else await record_problem(self.store)
        return {
            "ready": self.ready and problem is None,
            "queues": list(self.queues),
            "problems": [] if problem is None else [problem],
        }


PROBES: Final = frozenset({"/healthz", "/readyz"})


def create_health_app(health: Health, hosts: Sequence[str] = ()) -> PageGuard:
    """Return the three pages; `hosts` are names beside loopback and plain ones that may ask for the numbers."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"alive": True})

    async def ready(_: Request) -> Response:
        report = await health.report()
        return JSONResponse(report, status_code=200 if report["ready"] else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

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
    config = uvicorn.Config(create_health_app(health, hosts), host=host, port=port, log_config=None, access_log=False)
    try:
        socket = config.bind_socket()
    except SystemExit:
        raise ConfigurationError(
            f"Port {port} is in use, so the worker cannot serve its health there: set PROMPTMILL_METRICS_PORT to "
            "another port, or to 0 to disable them."
        ) from None
    server = uvicorn.Server(config)
    task = asyncio.create_task(_serve(server, socket))
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def _serve(server: uvicorn.Server, socket: object) -> None:
    # The worker handles signals itself; uvicorn would install its own handlers.
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    await server.serve(sockets=[socket])  # type: ignore[list-item]
