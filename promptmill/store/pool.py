"""The connection pool: SQLAlchemy's over asyncpg, with rules for which connections may still be used.

Cost: a direct connection runs a statement in one round trip, prepared under a name. Behind a pooler it is one round
trip too, but Postgres parses and plans the statement each time: measured 1.4 times as long, 2.3 for the largest (with a
transaction around each statement it would be 1.9 to 4.3). Opening a connection takes two extra round trips to find out
which of the two it is. One that was idle for `IDLE_SECONDS` takes one extra, to check that it is alive.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakSet

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from promptmill.store.address import CONNECT_SECONDS
from promptmill.store.connection import COMMAND_SECONDS, Connect, connector
from promptmill.store.failures import READ_ONLY, driver_error, sqlstate

IDLE_SECONDS: Final = 10.0
"""A connection that was idle for longer is checked before use: networks drop connections silently."""

ANSWER_SECONDS: Final = 2.0
"""Timeout of that check, and of closing all connections."""

RECYCLE_SECONDS: Final = 1800
"""Maximum age of a connection: servers, DNS names or types may have changed since it was opened."""

_NAME_TAKEN: Final = "42P05"
_NAME_UNKNOWN: Final = "26000"
"""A prepared statement already exists, or is missing: a pooler has assigned a different server connection."""


@asynccontextmanager
async def open_engine(
    database_url: str, *, pool_size: int, command_seconds: float | None = COMMAND_SECONDS
) -> AsyncIterator[AsyncEngine]:
    """Yield an engine in autocommit mode: statements that belong together are one function in Postgres.

    It connects on first use, and closes its connections at the end.

    Raises:
        ConfigurationError: It is not a Postgres URL.
    """
    connect = connector(database_url, command_seconds=command_seconds)
    pool = _Pool(connect)
    engine: AsyncEngine = create_async_engine(
        "postgresql+asyncpg://",
        creator=lambda: _adapted(engine, pool),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_recycle=RECYCLE_SECONDS,
        pool_use_lifo=True,  # keeps few connections busy instead of many idle
        isolation_level="AUTOCOMMIT",
    )
    event.listen(engine.sync_engine, "checkin", pool.checked_in)
    event.listen(engine.sync_engine, "checkout", pool.check_out)
    event.listen(engine.sync_engine, "handle_error", pool.failed)
    try:
        yield engine
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await engine.dispose()  # gracefully, one by one
        pool.discard_idle()


def _adapted(engine: AsyncEngine, pool: _Pool) -> Any:
    """Open a connection wrapped for SQLAlchemy's dialect, with our names for prepared statements."""
    made = _NewConnection(pool)
    return engine.dialect.loaded_dbapi.connect(
        async_creator_fn=made.connect, prepared_statement_name_func=made.statement_name
    )


@dataclass(eq=False)
class _Pool:
    """What is known about the pool's connections.

    Attributes:
        idle: asyncpg connections that are not in use.
        suspected_at: When a statement was last cancelled: connections that were idle then are checked before use.
        behind_pooler: Whether named prepared statements have failed.
    """

    connect: Connect
    idle: WeakSet[Any] = field(default_factory=WeakSet)
    suspected_at: float = 0.0
    behind_pooler: bool = False

    def checked_in(self, dbapi_connection: Any, record: Any) -> None:
        """Record that a connection is now idle."""
        if dbapi_connection is not None:
            record.info["idle_since"] = time.monotonic()
            self.idle.add(dbapi_connection.driver_connection)

    def check_out(self, dbapi_connection: Any, record: Any, _proxy: Any) -> None:
        """Have the pool replace a connection that is closed, or all older ones if this one does not respond."""
        connection = dbapi_connection.driver_connection
        self.idle.discard(connection)
        if connection.is_closed():
            raise DisconnectionError
        idle_since = record.info.get("idle_since")
        if idle_since is None:  # new
            return
        trusted_from = max(time.monotonic() - IDLE_SECONDS, self.suspected_at)
        if idle_since <= trusted_from and not _answers(dbapi_connection):
            connection.terminate()
            self.discard_idle()
            raise InvalidatePoolError

    def failed(self, context: ExceptionContext) -> None:
        """Decide whether a connection that failed, and the older ones with it, may still be used."""
        error = driver_error(context.original_exception)
        if not isinstance(error, Exception):
            # Cancelled: its caller disconnected or timed out, for whatever reason.
            self.suspected_at = time.monotonic()
            return
        state = sqlstate(error)
        self.behind_pooler |= state in (_NAME_TAKEN, _NAME_UNKNOWN)
        if context.is_disconnect or _is_lost(error) or state in (READ_ONLY, _NAME_TAKEN, _NAME_UNKNOWN):
            context.is_disconnect = True
            if context.connection is not None and not context.connection.invalidated:
                # Immediately: SQLAlchemy would close it gracefully and wait for a network that may be down.
                connection = context.connection.connection.driver_connection
                assert connection is not None
                connection.terminate()
            self.discard_idle()

    def discard_idle(self) -> None:
        """Abort all idle connections, without waiting for the network."""
        for connection in tuple(self.idle):
            connection.terminate()
        self.idle.clear()


@dataclass(eq=False)
class _NewConnection:
    """A connection and how its prepared statements are named."""

    pool: _Pool
    through_pooler: bool = False
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def connect(self) -> Any:
        connection = await self.pool.connect()
        try:
            self.through_pooler = await _is_through_pooler(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def statement_name(self) -> str:
        """Return a name for a prepared statement, or an empty one: then each run sends the text."""
        return "" if self.through_pooler or self.pool.behind_pooler else f"promptmill_{next(self.numbers)}"


async def _is_through_pooler(connection: Any) -> bool:
    """Return whether the server process differs from the one announced when connecting: poolers announce their own."""
    return bool(await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid())


def _answers(dbapi_connection: Any) -> bool:
    try:
        dbapi_connection.run_async(lambda connection: connection.execute("SELECT 1", timeout=ANSWER_SECONDS))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        return False
    return True


def _is_lost(error: Exception) -> bool:
    """Return whether the network failed, a statement timed out, or the protocol is out of sync."""
    return isinstance(error, OSError | asyncpg.InternalClientError | asyncpg.PostgresConnectionError)
