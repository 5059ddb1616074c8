"""The connection pool: asyncpg connections, with rules for which of them may still be used.

asyncpg's own pool checks nothing before use, closes what is outdated gracefully, and so waits for a network that may be
gone; none of its hooks can replace a connection that fails a check. Hence this one.

Cost: a direct connection runs a statement in one round trip, prepared under a name. Behind a pooler it is one round
trip too, but Postgres parses and plans the statement each time: measured 1.4 times as long, 2.3 for the largest (with a
transaction around each statement it would be 1.9 to 4.3). Opening a connection takes two extra round trips to find out
which of the two it is; the first use of a statement on a connection takes one extra to prepare it. One that was idle
for `IDLE_SECONDS` takes one extra, to check that it is alive. Nothing is sent when a connection is returned: a
statement is its own transaction, and leaves nothing behind in the session.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from pydantic_core import from_json

from promptmill import metrics
from promptmill.contracts.errors import RecordUnavailable
from promptmill.store.address import CONNECT_SECONDS
from promptmill.store.connection import COMMAND_SECONDS, Connect, connector
from promptmill.store.failures import READ_ONLY, sqlstate

IDLE_SECONDS: Final = 10.0
"""A connection that was idle for longer is checked before use: networks drop connections silently."""

ANSWER_SECONDS: Final = 2.0
"""Timeout of that check, and of closing all connections."""

RECYCLE_SECONDS: Final = 1800
"""Maximum age of a connection: servers, DNS names or types may have changed since it was opened."""

MAX_STATEMENTS: Final = 250
"""Prepared statements kept on one connection; the oldest gives way. The store has about 100, and lists more."""

_NAME_TAKEN: Final = "42P05"
_NAME_UNKNOWN: Final = "26000"
"""A prepared statement already exists, or is missing: a pooler has assigned a different server connection."""

_JSONB_VERSION: Final = b"\x01"
"""The first byte of jsonb in Postgres's binary format."""


@asynccontextmanager
async def open_pool(
    database_url: str, *, pool_size: int, command_seconds: float | None = COMMAND_SECONDS
) -> AsyncIterator[Pool]:
    """Yield a pool; statements that belong together are one function in Postgres.

    It connects on first use, and closes its connections at the end.

    Raises:
        ConfigurationError: It is not a Postgres URL.
    """
    pool = Pool(connector(database_url, command_seconds=command_seconds), pool_size)
    metrics.pool_size.inc(pool_size)
    try:
        yield pool
    finally:
        metrics.pool_size.dec(pool_size)
        await pool.close()


@dataclass(eq=False)
class _Pooled:
    """A connection of the pool.

    Attributes:
        driver: asyncpg's connection.
        through_pooler: Whether each statement may run on another server connection: then none is named.
        idle_since: When it was last returned; None if it never was.
        statements: What is prepared on it, by text.
    """

    driver: Any
    through_pooler: bool
    opened_at: float = field(default_factory=time.monotonic)
    idle_since: float | None = None
    statements: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Pool:
    """Up to `size` connections, the one used last first: few are kept busy instead of many idle.

    Attributes:
        connect: Opens a connection.
        size: Maximum number of connections.
        idle: Connections that are not in use.
        suspected_at: When a statement was last cancelled: connections that were idle then are checked before use.
        behind_pooler: Whether named prepared statements have failed.
    """

    connect: Connect
    size: int
    idle: list[_Pooled] = field(default_factory=list, init=False)
    suspected_at: float = field(default=0.0, init=False)
    behind_pooler: bool = field(default=False, init=False)
    _turns: asyncio.Semaphore = field(init=False)
    _names: Iterator[str] = field(init=False)
    _closing: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _closed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Let nobody in beyond the size: callers wait in the order of their arrival."""
        self._turns = asyncio.Semaphore(self.size)
        self._names = _unique_names()

    async def fetch(self, query: str, arguments: Sequence[Any]) -> Sequence[Any]:
        """Run a statement with `$n` parameters in a transaction of its own, and return its rows.

        Raises:
            RecordUnavailable: No connection could be opened, or none was free for `CONNECT_SECONDS`.
            asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError: As asyncpg raises them.
        """
        await self._take_turn()
        metrics.pool_used.inc()
        try:
            pooled = await self._check_out()
        except BaseException:
            self._give_turn()
            raise
        try:
            rows: Sequence[Any] = await self._run(pooled, query, arguments)
        except Exception as error:
            self._failed(pooled, error)
            self._give_turn()
            raise
        except BaseException:
            # Cancelled: its caller disconnected or timed out, for whatever reason.
            self.suspected_at = time.monotonic()
            self._in_background(self._cancel(pooled))
            raise
        self._check_in(pooled)
        self._give_turn()
        return rows

    async def close(self) -> None:
        """Close all idle connections, gracefully if the network allows it; those in use are when they are returned."""
        self._closed = True
        idle, self.idle = self.idle, []
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.gather(*(_close(pooled) for pooled in idle), *self._closing, return_exceptions=True)
        for pooled in idle:
            pooled.driver.terminate()

    async def _take_turn(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise RecordUnavailable(
                f"All {self.size} connections to Postgres have been in use for {CONNECT_SECONDS:.0f} s."
            ) from None

    def _give_turn(self) -> None:
        metrics.pool_used.dec()
        self._turns.release()

    async def _check_out(self) -> _Pooled:
        """Return a usable connection: a closed one is replaced; if one does not respond, all older ones are."""
        while self.idle:
            pooled = self.idle.pop()
            if pooled.driver.is_closed():
                continue
            now = time.monotonic()
            if pooled.opened_at < now - RECYCLE_SECONDS:
                await _close(pooled)
                continue
            assert pooled.idle_since is not None  # it was returned
            if pooled.idle_since > max(now - IDLE_SECONDS, self.suspected_at) or await _answers(pooled):
                return pooled
            self._discard_idle()
        return await self._open()

    async def _open(self) -> _Pooled:
        driver = await self.connect()
        try:
            await _read_json_as_objects(driver)
            return _Pooled(driver, through_pooler=await _is_through_pooler(driver))
        except BaseException:
            driver.terminate()
            raise

    async def _run(self, pooled: _Pooled, query: str, arguments: Sequence[Any]) -> Any:
        try:
            return await (await self._prepared(pooled, query)).fetch(*arguments)
        except asyncpg.InvalidCachedStatementError:
            # Postgres refuses before it runs a plan for columns that have changed since. As asyncpg itself does:
            pooled.statements.clear()
            return await (await self._prepared(pooled, query)).fetch(*arguments)

    async def _prepared(self, pooled: _Pooled, query: str) -> Any:
        statement = pooled.statements.get(query)
        if statement is None:
            # Without a name, each run sends the text again, in the same round trip.
            named = not (pooled.through_pooler or self.behind_pooler)
            statement = await pooled.driver.prepare(query, name=next(self._names) if named else "")
            if len(pooled.statements) >= MAX_STATEMENTS:
                del pooled.statements[next(iter(pooled.statements))]
            pooled.statements[query] = statement
        return statement

    def _check_in(self, pooled: _Pooled) -> None:
        pooled.idle_since = time.monotonic()
        if self._closed:
            pooled.driver.terminate()
        else:
            self.idle.append(pooled)

    def _failed(self, pooled: _Pooled, error: Exception) -> None:
        """Decide whether a connection that failed, and the older ones with it, may still be used."""
        state = sqlstate(error)
        self.behind_pooler |= state in (_NAME_TAKEN, _NAME_UNKNOWN)
        lost = pooled.driver.is_closed() or _is_lost(error)
        if lost or state in (READ_ONLY, _NAME_TAKEN, _NAME_UNKNOWN):
            pooled.driver.terminate()
            self._discard_idle()
        else:
            self._check_in(pooled)

    def _discard_idle(self) -> None:
        """Abort all idle connections, without waiting for the network."""
        for pooled in self.idle:
            pooled.driver.terminate()
        self.idle.clear()

    async def _cancel(self, pooled: _Pooled) -> None:
        """Close a connection whose statement was given up. asyncpg cancels it on the server first."""
        try:
            await _close(pooled)
        finally:
            self._give_turn()

    def _in_background(self, closing: Awaitable[None]) -> None:
        task = asyncio.ensure_future(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _unique_names() -> Iterator[str]:
    """Name prepared statements as nobody else does.

    Behind a pooler that is not recognized, a name of another process would run that one's statement, with our values.
    """
    process = secrets.token_hex(8)
    return (f"promptmill_{process}_{number}" for number in itertools.count())


async def _close(pooled: _Pooled) -> None:
    """Close a connection gracefully, or abort it if that takes too long."""
    try:
        await pooled.driver.close(timeout=ANSWER_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        pass
    finally:
        pooled.driver.terminate()  # no effect on one that is closed


async def _read_json_as_objects(driver: Any) -> None:
    """Return jsonb as objects; parameters are JSON texts. It sends nothing: the type is built in."""
    await driver.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )


def _encode_jsonb(text: str) -> bytes:
    return _JSONB_VERSION + text.encode()


def _decode_jsonb(value: bytes) -> Any:
    return from_json(value[len(_JSONB_VERSION) :])


async def _is_through_pooler(driver: Any) -> bool:
    """Return whether the server process differs from the one announced when connecting: poolers announce their own."""
    return bool(await driver.fetchval("SELECT pg_backend_pid()") != driver.get_server_pid())


async def _answers(pooled: _Pooled) -> bool:
    """Return whether a connection responds; otherwise it is aborted."""
    alive = False
    try:
        await pooled.driver.execute("SELECT 1", timeout=ANSWER_SECONDS)
        alive = True
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        pass
    finally:
        if not alive:
            pooled.driver.terminate()
    return alive


def _is_lost(error: Exception) -> bool:
    """Return whether the network failed, a statement timed out, or the protocol is out of sync."""
    return isinstance(error, OSError | asyncpg.InternalClientError | asyncpg.PostgresConnectionError)
