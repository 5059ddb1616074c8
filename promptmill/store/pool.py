"""The pool of connections: SQLAlchemy's over asyncpg, told which connections may no longer be believed.

What it costs: a direct connection runs each statement in one round trip, by its name once it is prepared. Through a
pooler it is one round trip too, but Postgres reads and plans the statement each time. A new connection costs two round
trips more, for finding out which of the two it is; one that was idle for `IDLE_SECONDS` costs one, to find out whether
it still lives.
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
"""A connection that was idle for longer is asked for a sign of life before it is used: networks drop silently."""

ANSWER_SECONDS: Final = 2.0
"""How long that sign of life, and the closing of all connections, may take."""

RECYCLE_SECONDS: Final = 1800
"""The age at which a connection is made anew: it may have been made before servers, names or types changed."""

_NAME_TAKEN: Final = "42P05"
_NAME_UNKNOWN: Final = "26000"
"""A prepared statement is there already, or is not: a pooler gave us another connection of the server."""


@asynccontextmanager
async def open_engine(
    database_url: str, *, pool_size: int, command_seconds: float | None = COMMAND_SECONDS
) -> AsyncIterator[AsyncEngine]:
    """Give an engine whose statements each commit by themselves: what belongs together is one function in Postgres.

    It does not connect before it is asked something, and closes its connections at the end.

    Raises:
        ConfigurationError: It is not a Postgres address.
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
        pool_use_lifo=True,  # few connections that are used, instead of many that are idle
        isolation_level="AUTOCOMMIT",
    )
    event.listen(engine.sync_engine, "checkin", pool.take_back)
    event.listen(engine.sync_engine, "checkout", pool.give_out)
    event.listen(engine.sync_engine, "handle_error", pool.judge)
    try:
        yield engine
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await engine.dispose()  # in order, one by one
        pool.throw_away()


def _adapted(engine: AsyncEngine, pool: _Pool) -> Any:
    """Make a connection as SQLAlchemy's dialect wants it, with our names for its statements."""
    made = _NewConnection(pool)
    return engine.dialect.loaded_dbapi.connect(
        async_creator_fn=made.connect, prepared_statement_name_func=made.statement_name
    )


@dataclass(eq=False)
class _Pool:
    """What is known of the pool's connections.

    Attributes:
        idle: The driver's connections that nobody uses.
        suspected_at: When a statement was given up last: what was idle then is tried before it is used.
        behind_pooler: Whether the names of prepared statements have failed.
    """

    connect: Connect
    idle: WeakSet[Any] = field(default_factory=WeakSet)
    suspected_at: float = 0.0
    behind_pooler: bool = False

    def take_back(self, dbapi_connection: Any, record: Any) -> None:
        """Note that a connection is idle from now on."""
        if dbapi_connection is not None:
            record.info["idle_since"] = time.monotonic()
            self.idle.add(dbapi_connection.driver_connection)

    def give_out(self, dbapi_connection: Any, record: Any, _proxy: Any) -> None:
        """Make the pool replace a connection that is closed or does not answer; then those that are older, too."""
        connection = dbapi_connection.driver_connection
        self.idle.discard(connection)
        if connection.is_closed():
            raise DisconnectionError
        idle_since = record.info.get("idle_since")
        if idle_since is None:  # it is new
            return
        trusted_from = max(time.monotonic() - IDLE_SECONDS, self.suspected_at)
        if idle_since <= trusted_from and not _answers(dbapi_connection):
            connection.terminate()
            self.throw_away()
            raise InvalidatePoolError

    def judge(self, context: ExceptionContext) -> None:
        """Say whether the connection that failed, and with it the older ones, are to be used again."""
        error = driver_error(context.original_exception)
        if not isinstance(error, Exception):
            # Cancelled: its caller went away or lost patience, for whatever reason.
            self.suspected_at = time.monotonic()
            return
        state = sqlstate(error)
        self.behind_pooler |= state in (_NAME_TAKEN, _NAME_UNKNOWN)
        if context.is_disconnect or _is_lost(error) or state in (READ_ONLY, _NAME_TAKEN, _NAME_UNKNOWN):
            context.is_disconnect = True
            if context.connection is not None and not context.connection.invalidated:
                # At once: SQLAlchemy would close it in order, and wait for a network that may be gone.
                connection = context.connection.connection.driver_connection
                assert connection is not None
                connection.terminate()
            self.throw_away()

    def throw_away(self) -> None:
        """Close all idle connections, without waiting for the network."""
        for connection in tuple(self.idle):
            connection.terminate()
        self.idle.clear()


@dataclass(eq=False)
class _NewConnection:
    """A connection and how its statements are named. Known before the first of them is prepared."""

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
        """Return a name under which the server keeps a statement, or none: then each run sends its text again."""
        return "" if self.through_pooler or self.pool.behind_pooler else f"promptmill_{next(self.numbers)}"


async def _is_through_pooler(connection: Any) -> bool:
    """Whether the server's process is another than the one that greeted us: a pooler greets by itself."""
    return bool(await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid())


def _answers(dbapi_connection: Any) -> bool:
    try:
        dbapi_connection.run_async(lambda connection: connection.execute("SELECT 1", timeout=ANSWER_SECONDS))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        return False
    return True


def _is_lost(error: Exception) -> bool:
    """Whether the network failed, a statement's time ran out, or the driver lost the thread."""
    return isinstance(error, OSError | asyncpg.InternalClientError | asyncpg.PostgresConnectionError)
