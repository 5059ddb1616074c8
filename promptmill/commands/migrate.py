"""`promptmill migrate`: migrates the database's schema to a revision."""

from __future__ import annotations

import asyncio

from promptmill.store.migrations import downgrade, migrate


def apply_schema(database_url: str) -> str:
    """Bring the schema to this release's revision, apply its functions, and return the revision. Safe to repeat.

    Raises:
        ConfigurationError: The URL is invalid, or the database belongs to a newer release.
        RecordError: Postgres is unavailable or refused.
    """
    return asyncio.run(migrate(database_url))


def schema_sql(database_url: str) -> str:
    """Return the SQL that `apply_schema` would run.

    Raises:
        ConfigurationError: The URL is invalid, or the database belongs to a newer release.
        RecordError: Postgres is unavailable or refused.
    """
    return asyncio.run(migrate(database_url, sql_only=True))


def take_schema_down(database_url: str, revision: str) -> str:
    """Downgrade the schema to an older revision (`base`: empty), and return it. Refuses to drop rows.

    Raises:
        ConfigurationError: There is no such revision, or the URL is invalid.
        RecordError: Postgres is unavailable or refused.
    """
    return asyncio.run(downgrade(database_url, revision))
