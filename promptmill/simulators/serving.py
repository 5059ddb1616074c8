"""Runs simulators on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from promptmill.simulators.accounts import Timing
from promptmill.simulators.grok.app import create_grok_app
from promptmill.simulators.wavespeed.app import create_wavespeed_app
from promptmill.simulators.wire import CuttableProtocol

LOOPBACK = "127.0.0.1"
JOURNAL = "wavespeed-simulator.jsonl"


@dataclass(frozen=True)
class Simulator:
    """A running simulator."""

    url: str


@dataclass(frozen=True)
class SimulatorUrls:
    """The addresses of both simulators; None for one that is not served."""

    grok: str | None
    wavespeed: str | None


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and signal it even if that failed: nothing must wait indefinitely."""
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the caller: there are two servers in one process."""
        yield


@asynccontextmanager
async def open_simulator(app: ASGIApp, port: int = 0) -> AsyncIterator[Simulator]:
    """Serve a simulator while the context is open.

    Raises:
        OSError: The port is taken.
    """
    # The protocol is named because asyncio disables Nagle's algorithm only if it is: 40 ms per response.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        config = uvicorn.Config(
            app, http=CuttableProtocol, ws="none", log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
        server = _Server(config)
        running = asyncio.create_task(server.serve([listener]))
        await server.ready.wait()
        try:
            yield Simulator(f"http://{LOOPBACK}:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            await running
    finally:
        listener.close()


async def serve_simulators(
    *,
    grok_port: int | None,
    wavespeed_port: int | None,
    grok_timing: Timing | None = None,
    wavespeed_timing: Timing | None = None,
    data_dir: Path | None = None,
    on_ready: Callable[[SimulatorUrls], None] | None = None,
) -> None:
    """Serve the simulators until SIGINT or SIGTERM.

    Args:
        grok_port: Port for Grok's; 0 picks a free one, None serves none.
        wavespeed_port: Port for WaveSpeed's; 0 picks a free one, None serves none.
        grok_timing: How long completions take on a new account; 0.5 to 1.5 s by default.
        wavespeed_timing: How long predictions take on a new account; 1 to 3 s by default.
        data_dir: Folder in which WaveSpeed's predictions are persisted; None keeps them in memory only.
        on_ready: Called once with the addresses.

    Raises:
        OSError: A port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop.set)
    journal = data_dir / JOURNAL if data_dir else None
    async with AsyncExitStack() as stack:

        async def serve(app: ASGIApp, port: int | None) -> str | None:
            return None if port is None else (await stack.enter_async_context(open_simulator(app, port))).url

        grok = create_grok_app(grok_timing or Timing(min_seconds=0.5, max_seconds=1.5))
        wavespeed = create_wavespeed_app(wavespeed_timing or Timing(), journal=journal)
        urls = SimulatorUrls(grok=await serve(grok, grok_port), wavespeed=await serve(wavespeed, wavespeed_port))
        if on_ready:
            on_ready(urls)
        await stop.wait()
