"""Where a backup is restored to: a scratch database to try it in, or the record's own schema, which must be empty."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from promptmill.contracts.errors import ConfigurationError
from promptmill.store.address import parse_address
from promptmill.store.connection import connector
from promptmill.store.failures import translated
from promptmill.store.operations import ON, SUBMISSIONS_HELD
from promptmill.store.snapshots import quoted

_LOCK: Final = 1886216566
"""The advisory lock ('pbkv') of whoever uses the scratch database."""

_OBJECTS: Final = """
    SELECT count(*) FROM pg_depend AS d JOIN pg_namespace AS n ON n.oid = d.refobjid
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.deptype = 'n' AND n.nspname = $1
"""
"""What would go with the schema, of whatever kind."""

_CONNECTED: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND starts_with(application_name, $1)
"""

READ_ONLY: Final = "default_transaction_read_only"
"""On for the role's sessions in its database while a record is restored, unless they say otherwise. What is in a backup
must not be acted on before submissions are on hold, neither by a worker that was not stopped, nor once the restore was
killed. No other role has rights on what is restored."""


@asynccontextmanager
async def scratch_database(database_url: str, schema_name: str) -> AsyncIterator[str]:
    """Make a database on the record's server, yield its URL, and drop it, whatever happened.

    It has one name for each record: one that a killed process has left is dropped by the next.

    Raises:
        ConfigurationError: The role may not create databases, or another process does this at the moment.
        RecordUnavailable: Postgres is unavailable.
    """
    connection = await connector(database_url, command_seconds=None, role=" backup")()
    try:
        with translated():
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                raise ConfigurationError("Another backup of this record is being verified: wait for it.")
            name = "promptmill_verify_" + await connection.fetchval(
                "SELECT CAST(oid AS text) FROM pg_database WHERE datname = current_database()"
            )
            await _create(connection, name)
        scratch = _with_database(database_url, name)
        try:
            with translated():
                await _ensure_schema(scratch, schema_name)
            yield scratch
        finally:
            with translated():
                await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        connection.terminate()


async def server_version(database_url: str) -> int:
    """Return the major version of a server.

    Raises:
        RecordUnavailable: Postgres is unavailable.
    """
    connection = await connector(database_url, command_seconds=None)()
    try:
        return int(connection.get_server_version().major)
    finally:
        connection.terminate()


async def make_room(database_url: str, schema_name: str, *, aside: str | None) -> bool:
    """See to it that the schema is there, empty, and `READ_ONLY`; return whether what it held was renamed to `aside`.

    Raises:
        ConfigurationError: It is not empty and there is no `aside`, or somebody uses it.
        RecordUnavailable: Postgres is unavailable.
    """
    async with _restorer(database_url) as connection:
        if used := await connection.fetchval(_CONNECTED, parse_address(database_url).application_name):
            raise ConfigurationError(
                f"{used} connections of Promptmill to this database are open: stop the API and all workers first, "
                "and a pooler in front, which keeps theirs."
            )
        held = await connection.fetchval(_OBJECTS, schema_name)
        if held and aside is None:
            raise ConfigurationError(
                f"The schema {schema_name} of this database is not empty: restore into an empty database, or say "
                "--replace, which moves what is there aside into another schema."
            )
        if held and aside is not None:
            await connection.execute(f"ALTER SCHEMA {quoted(schema_name)} RENAME TO {quoted(aside)}")
        await _create_schema(connection, schema_name)
        await _set_read_only(connection, "SET {} = on")
        return bool(held)


async def hold_restored(database_url: str, schema_name: str, reason: str) -> None:
    """Put what was restored on hold, whatever its revision, and let the role write again: both at once.

    Raises:
        RecordUnavailable: Postgres is unavailable.
    """
    async with _restorer(database_url) as connection:
        await connection.execute(
            f"INSERT INTO {quoted(schema_name)}.switches (name, value, reason) VALUES ($1, $2, $3) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value, reason = excluded.reason, changed_at = now()",
            SUBMISSIONS_HELD,
            ON,
            reason,
        )
        await _set_read_only(connection, "RESET {}")


async def put_back(database_url: str, schema_name: str, *, aside: str | None) -> None:
    """Undo `make_room`, with whatever was restored since: the schema is empty again, or what was moved aside.

    Raises:
        RecordUnavailable: Postgres is unavailable.
    """
    async with _restorer(database_url) as connection:
        await connection.execute(f"DROP SCHEMA {quoted(schema_name)} CASCADE")
        if aside is None:
            await _create_schema(connection, schema_name)
        else:
            await connection.execute(f"ALTER SCHEMA {quoted(aside)} RENAME TO {quoted(schema_name)}")
        await _set_read_only(connection, "RESET {}")


@asynccontextmanager
async def _restorer(database_url: str) -> AsyncIterator[Any]:
    """Yield a connection in a transaction, which may write although others may not."""
    connection = await connector(database_url, command_seconds=None, role=" restore")()
    try:
        with translated():
            await connection.execute(f"SET {READ_ONLY} = off")
            async with connection.transaction():
                yield connection
    finally:
        connection.terminate()


async def _set_read_only(connection: Any, change: str) -> None:
    """Change the setting of the role that logs in, to this database. Every role may do that to itself."""
    database = quoted(await connection.fetchval("SELECT current_database()"))
    await connection.execute(
        f"SET ROLE NONE; ALTER ROLE CURRENT_USER IN DATABASE {database} {change.format(READ_ONLY)}; RESET ROLE"
    )


async def _create(connection: Any, name: str) -> None:
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    except asyncpg.InsufficientPrivilegeError as error:
        role = await connection.fetchval("SELECT current_user")
        raise ConfigurationError(
            f"The role {role} may not create databases, and a backup is verified by restoring it into one: "
            f"`ALTER ROLE {quoted(role)} CREATEDB` as a superuser allows it."
        ) from error


async def _ensure_schema(database_url: str, schema_name: str) -> None:
    connection = await connector(database_url, command_seconds=None, role=" backup")()
    try:
        await _create_schema(connection, schema_name)
    finally:
        connection.terminate()


async def _create_schema(connection: Any, schema_name: str) -> None:
    if not await connection.fetchval("SELECT to_regnamespace($1) IS NULL", quoted(schema_name)):
        return
    await connection.execute(f"CREATE SCHEMA {quoted(schema_name)}")
    if schema_name == "public":  # as a new database has it
        await connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def _with_database(database_url: str, name: str) -> str:
    parts = urlsplit(database_url)
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key not in {"dbname", "database"}]
    return urlunsplit(parts._replace(path=f"/{name}", query=urlencode(kept, quote_via=quote)))
