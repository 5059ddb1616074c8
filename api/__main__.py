"""`python -m api`: serves the API until SIGTERM or Ctrl-C."""

from __future__ import annotations

import socket
import sys
from typing import Final

import structlog

from api.http.connections import open_files
from api.processes import supervise
from api.serving import Server, serve, server_config
from promptmill.addresses import is_loopback_host
from promptmill.config.advice import start_warnings
from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.hard_exit import hard_exit
from promptmill.open_files import allow_open_files
from promptmill.store.address import left_out_problem, parse_address
from promptmill.telemetry import configure_logging
from promptmill.temporal.connection import connect_config
from promptmill.temporal.runtime import open_api_runtime
from promptmill.tracing import check_tracing

WRONG_SETTINGS: Final = 2
"""Exit code if the configuration prevents the process from starting."""


def main() -> int:
    """Serve, and return the exit code."""
    try:
        settings = load_settings()
        check_settings(settings)
        allow_open_files(open_files(settings), "PROMPTMILL_MAX_CONNECTIONS", settings.max_connections)
        listening = listen(settings.host, settings.port)
        configure_logging(settings, "api")
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    if ignored := left_out_problem(settings.require_database_urls()):
        structlog.get_logger(__name__).warning("url_parameters_ignored", problem=ignored)
    host, port = listening.getsockname()[:2]
    log = structlog.get_logger(__name__)
    for warning in start_warnings(settings):
        log.warning("unsafe_setting", problem=warning)
    log.info("listening", address=f"http://{f'[{host}]' if ':' in host else host}:{port}")
    if settings.api_processes > 1:
        return supervise(settings, listening)
    try:
        open_api_runtime(settings)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    return serve(Server(server_config(settings)), listening)


def check_settings(settings: Settings) -> None:
    """Check that this configuration may be served.

    Raises:
    ConfigurationError: A setting is missing, or the API would be open to anyone.
    """
    for address in (settings.require_database_url(), settings.require_direct_database_url()):
        parse_address(address)
    connect_config(settings)
    check_tracing(settings.otel_endpoint)
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


if __name__ == "__main__":
    hard_exit(main())
