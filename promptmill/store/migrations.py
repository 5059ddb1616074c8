"""Bringing a database to a release: its tables to a revision, up or down, with Alembic; then its functions.

Migrations may run while the service runs: one migrator at a time (an advisory lock), which gives way as soon as it
has to wait for a table, and tries again.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from promptmill.contracts.errors import ConfigurationError, RecordUnavailable
from promptmill.store.connection import Connect, connector
from promptmill.store.failures import DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE, sqlstate, translated
from promptmill.store.functions import SQL_FOLDER, apply_functions, dry_run, functions_in, functions_to_apply

LOCK: Final = 1886219116
"""The advisory lock ('prml') that a migrator holds."""

TABLE_LOCK_SECONDS: Final = 0.5
"""How long a statement waits for a table: meanwhile whoever comes after it waits too.

Less than Postgres's `deadlock_timeout` (1 s): where the service wants the two tables in another order than a revision,
it is the migrator that gives up, and no statement of the service is broken off.
"""

LOCK_SECONDS: Final = 60.0
"""How long to wait for another migrator, and for how long a revision is tried again."""

_LOCK_PAUSE: Final = 0.2
_TABLE_PAUSE: Final = 1.0
_GAVE_WAY: Final = (LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED)


def newest_revision(folder: Path = SQL_FOLDER) -> str:
    """Return the revision that this release's code needs, or that of the release whose SQL lies in a folder."""
    head = ScriptDirectory.from_config(_config(folder)).get_current_head()
    assert head is not None  # there is a first revision
    return head


def knows_revision(revision: str) -> bool:
    """Return whether this release has a revision: one that it does not know is of a newer release."""
    return any(
        known.revision == revision for known in ScriptDirectory.from_config(_config(SQL_FOLDER)).walk_revisions()
    )


def revisions_after(revision: str) -> list[tuple[str, str]]:
    """Return each later revision of this release with the one before it, oldest first."""
    script = ScriptDirectory.from_config(_config(SQL_FOLDER))
    found = [(known.revision, str(known.down_revision)) for known in script.iterate_revisions("head", revision)]
    return found[::-1]


def script_between(before: str, revision: str, folder: Path = SQL_FOLDER) -> str:
    """Return the SQL that leads from one revision to a later one, wherever it is written. Needs no database."""
    output = io.StringIO()
    command.upgrade(_config(folder, output=output), f"{before}:{revision}", sql=True)
    return output.getvalue()


async def migrate(
    database_url: str, revision: str = "head", *, sql_only: bool = False, folder: Path = SQL_FOLDER
) -> str:
    """Upgrade the schema to a revision. Safe to repeat, also concurrently.

    The functions belong to the newest revision's tables: they are applied only if the schema ends up at that one.

    Args:
        database_url: A libpq address.
        revision: A revision's number, or `head` for the newest.
        sql_only: Run nothing and return the SQL that would run.
        folder: The folder of the release's SQL.

    Returns:
        The revision that the database has now; with `sql_only` the SQL.

    Raises:
        ConfigurationError: The database has a revision that this release does not know, or the URL is invalid.
        RecordUnavailable: Postgres is unavailable, another migration holds the lock for too long, or something else
            a table.
        RecordError: Postgres refused. Where it refused a function, its file is named, and no function was changed.
    """
    async with _migrator(database_url) as connection:
        if sql_only:
            return await connection.run_sync(_dry_run, revision, folder)
        return await _giving_way(connection, _upgrade, revision, folder)


async def downgrade(database_url: str, revision: str, *, folder: Path = SQL_FOLDER) -> str:
    """Downgrade the schema to a revision (`base`: empty). Refuses if that would drop rows.

    A refusal changes nothing: it all happens in one transaction. Down to 0005 or lower the functions are those of that
    revision afterwards. Above it they stay as they are until `migrate` of the release that they shall be of runs.

    Returns:
        The revision that the database has now, or `base`.

    Raises:
        ConfigurationError, RecordUnavailable, RecordError: As for `migrate`.
    """
    async with _migrator(database_url) as connection:
        return await _giving_way(connection, _downgrade, revision, folder)


@asynccontextmanager
async def _migrator(database_url: str) -> AsyncIterator[AsyncConnection]:
    """Yield a connection for migrating, while a second one holds the migration lock.

    No setting or lock outlives a transaction: behind a transaction pooler it would leak to the next client of the
    server connection.
    """
    engine = _engine(connector(database_url, command_seconds=None))
    with translated():
        async with engine.connect() as guard, engine.connect() as connection:
            await _take_lock(guard)
            event.listen(connection.sync_connection, "begin", _wait_briefly)
            try:
                yield connection
            except CommandError as error:
                raise ConfigurationError(f"{error} Does the database belong to a newer release?") from error


async def _giving_way(
    connection: AsyncConnection, run: Callable[[Connection, str, Path], str], revision: str, folder: Path
) -> str:
    """Go to a revision; whenever a table is in use, undo that step, let others pass and go on from there."""
    give_up = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return await connection.run_sync(run, revision, folder)
        except (SQLAlchemyError, asyncpg.PostgresError) as error:
            if sqlstate(error) not in _GAVE_WAY:
                raise
            await connection.rollback()
            if time.monotonic() > give_up:
                raise RecordUnavailable(
                    f"A table was in use for {LOCK_SECONDS:.0f} s, by a backup or a long query: try again after it."
                ) from error
        await asyncio.sleep(_TABLE_PAUSE)


def _engine(connect: Connect) -> AsyncEngine:
    """Return an engine for Alembic, which needs SQLAlchemy; it keeps no connection and names no prepared statement.

    Behind a pooler a name would belong to another server connection.
    """
    engine: AsyncEngine = create_async_engine(
        "postgresql+asyncpg://",
        creator=lambda: engine.dialect.loaded_dbapi.connect(async_creator_fn=connect, prepared_statement_name_func=str),
        poolclass=NullPool,
        isolation_level="READ COMMITTED",
    )
    return engine


def _wait_briefly(connection: Connection) -> None:
    """Limit how long a transaction waits for a lock and so blocks the service. No effect outside a transaction."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{TABLE_LOCK_SECONDS * 1000:.0f}ms'")


async def _take_lock(guard: AsyncConnection) -> None:
    """Take the lock for as long as the guard's transaction stays open and idle.

    An open snapshot blocks concurrent index builds indefinitely, our own and another migrator's. So this polls instead
    of waiting, each time in a new transaction, and ends with a statement that drops the snapshot of the SELECT.
    """
    give_up = time.monotonic() + LOCK_SECONDS
    while not (await guard.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK})).scalar_one():
        await guard.rollback()
        if time.monotonic() > give_up:
            raise RecordUnavailable("Another migration is running.")
        await asyncio.sleep(_LOCK_PAUSE)
    await guard.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _config(
    folder: Path, connection: Connection | None = None, output: io.StringIO | None = None, *, down: bool = False
) -> Config:
    """Return Alembic's configuration for the revisions of a release."""
    attributes: dict[str, Any] = {} if connection is None else {"connection": connection, "down": down}
    config = Config(attributes=attributes, output_buffer=output)
    config.set_main_option("script_location", str(folder / "migrations").replace("%", "%%"))
    return config


def _current(connection: Connection) -> str:
    revision = MigrationContext.configure(connection).get_current_revision() or "base"
    connection.commit()
    return revision


def _upgrade(connection: Connection, revision: str, folder: Path) -> str:
    command.upgrade(_config(folder, connection), revision)
    current = _current(connection)
    if current == newest_revision(folder):
        apply_functions(connection, functions_in(folder))
    return current


def _downgrade(connection: Connection, revision: str, folder: Path) -> str:
    command.downgrade(_config(folder, connection, down=True), revision)
    return _current(connection)


def _dry_run(connection: Connection, revision: str, folder: Path) -> str:
    current = _current(connection)
    functions = functions_to_apply(connection, functions_in(folder))
    return _revisions_script(current, revision, folder) + (
        dry_run(functions) if functions else "-- No function differs from this release's.\n"
    )


def _revisions_script(current: str, revision: str, folder: Path) -> str:
    if current == newest_revision(folder):
        return f"-- The schema is at revision {current} already.\n"
    return script_between(current, revision, folder)
