"""Bringing a database's schema to a revision, up or down, with Alembic.

Migrations may run while the service runs: one migrator at a time (an advisory lock), no waiting for long locks.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from promptmill.contracts.errors import ConfigurationError, RecordUnavailable
from promptmill.store.connection import connector
from promptmill.store.failures import translated

LOCK: Final = 1886219116
"""The advisory lock ('prml') that a migrator holds."""

LOCK_SECONDS: Final = 60.0
"""How long to wait for another migrator."""

_LOCK_PAUSE: Final = 0.2


def newest_revision() -> str:
    """Return the revision that this release's code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # there is a first revision
    return head


async def migrate(database_url: str, revision: str = "head", *, sql_only: bool = False) -> str:
    """Bring the schema up to a revision. Safe to repeat, and to start several times at once.

    Args:
        database_url: A libpq address.
        revision: A revision's number, or `head` for the newest.
        sql_only: Run nothing and return the SQL that would run.

    Returns:
        The revision that the database has now; with `sql_only` the SQL.

    Raises:
        ConfigurationError: The database has a revision that this release does not know, or the address is wrong.
        RecordUnavailable: Postgres is away, or another migration holds the lock for long.
        RecordError: Postgres refused.
    """
    async with _migrator(database_url) as connection:
        if sql_only:
            return await connection.run_sync(_dry_run, revision)
        return await connection.run_sync(_upgrade, revision)


async def downgrade(database_url: str, revision: str) -> str:
    """Bring the schema down to a revision (`base`: nothing left). Refuses where that would drop people's rows.

    A refusal changes nothing: it all happens in one transaction.

    Returns:
        The revision that the database has now, or `base`.

    Raises:
        ConfigurationError, RecordUnavailable, RecordError: As for `migrate`.
    """
    async with _migrator(database_url) as connection:
        return await connection.run_sync(_downgrade, revision)


@asynccontextmanager
async def _migrator(database_url: str) -> AsyncIterator[AsyncConnection]:
    """Give a connection that holds the lock of migrations."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=connector(database_url, command_seconds=None), poolclass=NullPool
    )
    with translated():
        async with engine.connect() as connection:
            await _take_lock(connection)
            await connection.execute(text("SET lock_timeout = '10s'"))
            await connection.commit()
            try:
                yield connection
            except CommandError as error:
                raise ConfigurationError(f"{error} Does the database belong to a newer release?") from error


async def _take_lock(connection: AsyncConnection) -> None:
    """Wait for the lock by asking: a waiting statement would hold back the other's concurrent indexes for ever."""
    give_up = time.monotonic() + LOCK_SECONDS
    while not (await connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK})).scalar_one():
        await connection.commit()
        if time.monotonic() > give_up:
            raise RecordUnavailable("Another migration is running.")
        await asyncio.sleep(_LOCK_PAUSE)


def _config(connection: Connection | None = None, output: io.StringIO | None = None, *, down: bool = False) -> Config:
    """Return Alembic's configuration: the revisions of the package `sql`, wherever that is installed."""
    attributes: dict[str, Any] = {} if connection is None else {"connection": connection, "down": down}
    config = Config(attributes=attributes, output_buffer=output)
    config.set_main_option("script_location", "sql:migrations")
    return config


def _current(connection: Connection) -> str:
    revision = MigrationContext.configure(connection).get_current_revision() or "base"
    connection.commit()
    return revision


def _upgrade(connection: Connection, revision: str) -> str:
    command.upgrade(_config(connection), revision)
    return _current(connection)


def _downgrade(connection: Connection, revision: str) -> str:
    command.downgrade(_config(connection, down=True), revision)
    return _current(connection)


def _dry_run(connection: Connection, revision: str) -> str:
    current = _current(connection)
    if current == newest_revision():
        return f"-- The schema is at revision {current} already.\n"
    output = io.StringIO()
    command.upgrade(_config(output=output), f"{current}:{revision}", sql=True)
    return output.getvalue()
