"""Serves the API in this process, until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from types import FrameType
from typing import Final, cast

import uvicorn

from api.app import create_app
from api.dependencies import State
from api.http.connections import bounded_protocol
from promptmill.config.settings import Settings

GRACE_SECONDS: Final = 10
"""Grace period for running requests after SIGTERM; none takes longer unless it waits for a reconciler pass or uploads
an image over a slow connection."""


class Server(uvicorn.Server):
    """A server that ends live streams before it waits for its connections: they would never end on their own."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn's signature
        """Stop at the first signal, and end at once at the second."""
        if self.should_exit:
            # Nothing else: the signal may have interrupted anything, a line of the log among others.
            os._exit(128 + sig)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, letting running requests finish."""
        state = cast("State", self.lifespan.state)
        state["feed"].close()
        await super().shutdown(sockets)


def serve(server: Server, listening: socket.socket) -> int:
    """Serve until SIGTERM or Ctrl-C, and return the exit code."""
    # For a signal before uvicorn handles them itself, and after.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    server.run(sockets=[listening])
    return 0 if server.started else 1


def server_config(settings: Settings, pids: Sequence[int] = ()) -> uvicorn.Config:
    """Return uvicorn's configuration.

    Args:
        settings: The API's.
        pids: Ids of all processes that serve this API, if there are several.
    """
    return uvicorn.Config(
        create_app(settings, pids),
        loop="auto",  # uvloop wherever it is installed
        http=bounded_protocol(settings.max_connections),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # the guard writes one line per request
        server_header=False,
        # No address or scheme reported by a proxy is trusted.
        proxy_headers=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
