"""Connections to Postgres: SQLAlchemy's asyncio engine over asyncpg, which parses the URL itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from promptmill.contracts.errors import ConfigurationError

CONNECT_SECONDS: Final = 5.0
"""Timeout for opening a connection, or waiting for a free one."""

COMMAND_SECONDS: Final = 15.0
"""How long one statement may take; it is cancelled at the server then. Counted here and not set as
statement_timeout, so that a pooler between us and Postgres has no session state to lose."""

LIBPQ_ONLY: Final = frozenset(
    {"connect_timeout", "channel_binding", "gssencmode", "keepalives", "keepalives_idle", "keepalives_interval"}
)
"""URL parameters that libpq knows but asyncpg would send to the server as settings, which it rejects."""


def driver_address(database_url: str) -> str:
    """Return a libpq URL in the form that asyncpg accepts.

    Raises:
        ConfigurationError: It is not a Postgres URL.
    """
    parts = urlsplit(database_url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ConfigurationError("DATABASE_URL must begin with postgresql://, as libpq writes it.")
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in LIBPQ_ONLY]
    return urlunsplit(parts._replace(query=urlencode(query)))


def connector(
    database_url: str, *, command_seconds: float | None, application: str = "promptmill"
) -> Callable[[], Awaitable[Any]]:
    """Return a factory of connections; `application` is their name in `pg_stat_activity`.

    Raises:
        ConfigurationError: It is not a Postgres URL.
    """
    address = driver_address(database_url)

    async def connect() -> Any:
        return await asyncpg.connect(
            address,
            timeout=CONNECT_SECONDS,
            command_timeout=command_seconds,
            server_settings={"application_name": application},
        )

    return connect


def create_engine(database_url: str, *, pool_size: int, command_seconds: float = COMMAND_SECONDS) -> AsyncEngine:
    """Return an engine in autocommit mode: what belongs together is one function in Postgres.

    It does not connect yet. A connection that the server has closed is noticed when it is taken from the pool, without
    asking the server (asyncpg has seen the end of the stream), so a restarted Postgres heals by itself.

    Raises:
        ConfigurationError: It is not a Postgres URL.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connector(database_url, command_seconds=command_seconds),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        isolation_level="AUTOCOMMIT",
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """Make the pool replace a connection that is already closed."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError
