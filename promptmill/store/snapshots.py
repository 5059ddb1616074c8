"""The record at one moment: a snapshot that `pg_dump` can share, and what each table holds in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from promptmill.contracts.backups import TableContents
from promptmill.contracts.errors import ConfigurationError
from promptmill.store.connection import connector
from promptmill.store.failures import translated

_ONE_FORM: Final = """
    SET LOCAL timezone = 'UTC';
    SET LOCAL datestyle = 'ISO, MDY';
    SET LOCAL intervalstyle = 'postgres';
    SET LOCAL bytea_output = 'hex';
    SET LOCAL extra_float_digits = 1;
"""
"""How values read as text, whatever the server's or the role's own settings are: hashes are made of that."""

_BEGINNING: Final = """
    SELECT now() AS taken_at, pg_export_snapshot() AS id, current_schema() AS schema_name,
           current_setting('server_version_num')::integer / 10000 AS server_version,
           to_regclass('alembic_version') IS NOT NULL AS migrated
"""
_TABLES: Final = """
    SELECT c.relname AS name, format('%I.%I', n.nspname, c.relname) AS place,
           coalesce(array_agg(a.attname ORDER BY a.attnum) FILTER (WHERE a.atttypid = 'numeric'::regtype), '{}')
               AS amounts,
           coalesce(array_agg(a.attname ORDER BY a.attnum) FILTER (WHERE a.attidentity <> ''), '{}') AS numbered
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    GROUP BY n.nspname, c.relname ORDER BY c.relname
"""


@dataclass(frozen=True)
class Snapshot:
    """The record at one moment, for as long as the connection that holds it is open.

    Attributes:
        id: What `pg_dump --snapshot` takes.
        taken_at: By Postgres' clock.
        schema_name: The schema of Postgres that the record is in.
        server_version: Major version.
        revision: The record's.
    """

    id: str
    taken_at: datetime
    schema_name: str
    server_version: int
    revision: str
    connection: Any

    async def contents(self) -> dict[str, TableContents]:
        """Return what each table holds. It reads every row."""
        with translated():
            return await contents_of(self.connection, self.schema_name)


@asynccontextmanager
async def open_snapshot(database_url: str) -> AsyncIterator[Snapshot]:
    """Take a snapshot, and keep it until the end. Meanwhile Postgres keeps every old version of a row.

    Raises:
        ConfigurationError: The URL is invalid or leads through a transaction pooler, or there is no record.
        RecordUnavailable: Postgres is unavailable.
    """
    connection = await connector(database_url, command_seconds=None, role=" backup")()
    try:
        with translated():
            if await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid():
                raise ConfigurationError(
                    "DATABASE_URL leads through a pooler, and pg_dump needs a session of its own: set "
                    "PROMPTMILL_DATABASE_DIRECT_URL to Postgres' own address."
                )
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await connection.execute(_ONE_FORM)
            begun = dict(await connection.fetchrow(_BEGINNING))
            if not begun.pop("migrated"):
                raise ConfigurationError("This database has no record of Promptmill: check DATABASE_URL.")
            revision = await connection.fetchval("SELECT version_num FROM alembic_version")
        yield Snapshot(**begun, revision=revision, connection=connection)
    finally:
        # It has only read, and whoever broke off may have left a statement running.
        connection.terminate()


async def read_contents(database_url: str, schema_name: str) -> dict[str, TableContents]:
    """Return what each table of a schema holds now.

    Raises:
        RecordUnavailable: Postgres is unavailable.
    """
    connection = await connector(database_url, command_seconds=None, role=" backup")()
    try:
        with translated():
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await connection.execute(_ONE_FORM)
            return await contents_of(connection, schema_name)
    finally:
        connection.terminate()


async def contents_of(connection: Any, schema_name: str) -> dict[str, TableContents]:
    """Return what each table holds, in the transaction that is open."""
    found = {}
    for table in await connection.fetch(_TABLES, schema_name):
        counted, digest, *values = await connection.fetchrow(
            _contents(table["place"], table["amounts"], table["numbered"])
        )
        sums, highest = values[: len(table["amounts"])], values[len(table["amounts"]) :]
        found[table["name"]] = TableContents(
            rows=counted,
            hash=digest,
            amounts=dict(zip(table["amounts"], sums, strict=True)),
            highest=dict(zip(table["numbered"], highest, strict=True)),
        )
    return found


def _contents(place: str, amounts: Sequence[str], numbered: Sequence[str]) -> str:
    """Return the query of what a table holds.

    The hash adds up parts of the rows' MD5s: so their order does not matter, and a row that is there twice does.
    """
    columns = [f"coalesce(sum(whole.{quoted(column)}), 0)::text" for column in amounts]
    columns += [f"coalesce(max(whole.{quoted(column)}), 0)" for column in numbered]
    digest = "('x' || substr(md5(CAST(whole AS text)), 1, 16))::bit(64)::bigint"
    return f"""
        SELECT {", ".join(["count(*)", f"md5(coalesce(sum({digest}), 0)::text)", *columns])}
        FROM {place} AS whole
    """


def quoted(identifier: str) -> str:
    """Return an identifier as SQL writes it."""
    return '"' + identifier.replace('"', '""') + '"'
