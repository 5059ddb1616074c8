"""How one connection to Postgres is made."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg

from promptmill.contracts.errors import RecordUnavailable, cut
from promptmill.store.address import Address, Keepalive, parse_address

COMMAND_SECONDS: Final = 15.0
"""How long one statement may take; it is cancelled at the server then. Counted here and not set as
statement_timeout, so that a pooler between us and Postgres has no session state to lose."""

Connect = Callable[[], Awaitable[Any]]
"""Makes a connection of asyncpg."""


def connector(database_url: str, *, command_seconds: float | None, role: str = "") -> Connect:
    """Return what makes one connection. Every failure to make it is `RecordUnavailable`: whatever it is, it may pass.

    Args:
        database_url: A libpq address.
        command_seconds: How long one statement may take; None sets no limit.
        role: What is added to the connection's name in `pg_stat_activity`.

    Raises:
        ConfigurationError: It is not a Postgres address.
    """
    address = parse_address(database_url)

    async def connect() -> Any:
        try:
            return await _connect(address, command_seconds, address.application_name + role)
        except Exception as error:  # a password that is being changed, a pooler without room, a standby, a typing error
            raise RecordUnavailable(f"Postgres cannot be reached: {cut(str(error)) or type(error).__name__}") from error

    return connect


async def _connect(address: Address, command_seconds: float | None, application: str) -> Any:
    connection = await asyncpg.connect(
        address.dsn,
        timeout=address.connect_seconds,
        command_timeout=command_seconds,
        # A pooler may run each statement on another connection of the server, where a prepared one is unknown.
        statement_cache_size=0,
        server_settings={"application_name": application, **address.server_settings},
    )
    if address.keepalive is not None:
        # asyncpg shows its socket nowhere else.
        _keep_alive(connection._transport.get_extra_info("socket"), address.keepalive)  # noqa: SLF001
    return connection


def _keep_alive(sock: Any, keepalive: Keepalive) -> None:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", keepalive.idle_seconds),
        ("TCP_KEEPALIVE", keepalive.idle_seconds),  # the same, at macOS
        ("TCP_KEEPINTVL", keepalive.interval_seconds),
        ("TCP_KEEPCNT", keepalive.count),
        ("TCP_USER_TIMEOUT", keepalive.unanswered_ms),
    ):
        number = getattr(socket, option, None)  # not every system has each
        if number is not None:
            sock.setsockopt(socket.IPPROTO_TCP, number, value)
