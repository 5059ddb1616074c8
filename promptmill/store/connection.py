"""Opening one connection to Postgres, with asyncpg."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg

from promptmill.contracts.errors import RecordUnavailable, cut
from promptmill.store.address import Address, Keepalive, parse_address

COMMAND_SECONDS: Final = 15.0
"""Timeout of one statement, which is then cancelled on the server. Enforced here rather than by statement_timeout, so
that there is no session state for a pooler to lose."""

Connect = Callable[[], Awaitable[Any]]
"""Opens an asyncpg connection."""


def connector(database_url: str, *, command_seconds: float | None, role: str = "") -> Connect:
    """Return a factory of connections. Any failure to connect is `RecordUnavailable`: it may be temporary.

    Args:
        database_url: A libpq URL.
        command_seconds: Timeout of one statement; None for no limit.
        role: Suffix of the connection's name in `pg_stat_activity`.

    Raises:
        ConfigurationError: It is not a Postgres URL.
    """
    address = parse_address(database_url)

    async def connect() -> Any:
        try:
            return await _connect(address, command_seconds, address.application_name + role)
        except Exception as error:  # anything: a pooler without a free server connection has its own codes
            raise RecordUnavailable(f"Postgres is unreachable: {cut(str(error)) or type(error).__name__}") from error

    return connect


async def _connect(address: Address, command_seconds: float | None, application: str) -> Any:
    connection = await asyncpg.connect(
        address.dsn,
        timeout=address.connect_seconds,
        command_timeout=command_seconds,
        # A pooler may run each statement on a different server connection, without the statements prepared on another.
        statement_cache_size=0,
        server_settings={"application_name": application, **address.server_settings},
    )
    if address.keepalive is not None:
        # asyncpg exposes its socket nowhere else.
        _keep_alive(connection._transport.get_extra_info("socket"), address.keepalive)  # noqa: SLF001
    return connection


def _keep_alive(sock: Any, keepalive: Keepalive) -> None:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", keepalive.idle_seconds),
        ("TCP_KEEPALIVE", keepalive.idle_seconds),  # the same, on macOS
        ("TCP_KEEPINTVL", keepalive.interval_seconds),
        ("TCP_KEEPCNT", keepalive.count),
        ("TCP_USER_TIMEOUT", keepalive.unanswered_ms),
    ):
        number = getattr(socket, option, None)  # not every platform has all of them
        if number is not None:
            sock.setsockopt(socket.IPPROTO_TCP, number, value)
