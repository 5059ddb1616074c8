"""`python -m api`: serves the API until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import socket
import sys
from types import FrameType
from typing import Final, cast

import structlog
import uvicorn

from api.app import create_app
from api.dependencies import State
from api.http.connections import bounded_protocol, open_files
from promptmill.addresses import is_loopback_host
from promptmill.config.advice import start_warnings
from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.hard_exit import hard_exit
from promptmill.open_files import allow_open_files
from promptmill.store.address import left_out_problem, parse_address
from promptmill.telemetry import configure_logging
from promptmill.temporal.connection import connect_config
from promptmill.temporal.runtime import log_by_default

GRACE_SECONDS: Final = 10
"""Grace period for running requests after SIGTERM; none takes longer unless it waits for a reconciler pass or uploads
an image over a slow connection."""

WRONG_SETTINGS: Final = 2
"""Exit code if the configuration prevents the process from starting."""


def main() -> int:
    """Serve, and return the exit code."""
    try:
        settings = load_settings()
        check_settings(settings)
        allow_open_files(open_files(settings), "PROMPTMILL_MAX_CONNECTIONS", settings.max_connections)
        listening = listen(settings.host, settings.port)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    configure_logging(settings, "api")
    log_by_default()
    if ignored := left_out_problem(settings.require_database_url()):
        structlog.get_logger(__name__).warning("url_parameters_ignored", problem=ignored)
    host, port = listening.getsockname()[:2]
    log = structlog.get_logger(__name__)
    for warning in start_warnings(settings):
        log.warning("unsafe_setting", problem=warning)
    log.info("listening", address=f"http://{f'[{host}]' if ':' in host else host}:{port}")
    server = Server(server_config(settings))

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # For a signal before uvicorn handles them, and for the one that it re-raises when it has stopped.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.run(sockets=[listening])
    return 0 if server.started else 1


def check_settings(settings: Settings) -> None:
    """Check that this configuration may be served.

    Raises:
    ConfigurationError: A setting is missing, or the API would be open to anyone.
    """
    for address in (settings.require_database_url(), settings.require_direct_database_url()):
        parse_address(address)
    connect_config(settings)
    if not is_loopback_host(settings.host) and settings.api_token is None:
        raise ConfigurationError(
            f"PROMPTMILL_HOST is {settings.host}, which other machines can reach: set PROMPTMILL_API_TOKEN to a secret "
            "that every call must carry, or listen on 127.0.0.1."
        )


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 picks a free one.

    Raises:
    ConfigurationError: The address cannot be bound.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        raise ConfigurationError(
            f"The API cannot listen on {host} port {port} ({error.strerror or error}): "
            "stop the process that uses it, or set PROMPTMILL_PORT to another port."
        ) from None


class Server(uvicorn.Server):
    """A server that ends live streams before it waits for its connections: they would never end on their own."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, letting running requests finish."""
        state = cast("State", self.lifespan.state)
        state["feed"].close()
        await super().shutdown(sockets)


def server_config(settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration."""
    return uvicorn.Config(
        create_app(settings),
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


if __name__ == "__main__":
    hard_exit(main())
