"""`promptmill migrate`: brings the database's schema to a revision."""

from __future__ import annotations

import asyncio

from promptmill.store.migrations import downgrade, migrate


def apply_schema(database_url: str) -> str:
    """Bring the schema to this release's revision, apply its functions, and return the revision. Safe to repeat.

    Raises:
        ConfigurationError: The address is wrong, or the database belongs to a newer release.
        RecordError: Postgres is away or refused.
    """
    return asyncio.run(migrate(database_url))


def schema_sql(database_url: str) -> str:
    """Return the SQL that `apply_schema` would run.

    Raises:
        ConfigurationError: The address is wrong, or the database belongs to a newer release.
        RecordError: Postgres is away or refused.
    """
    return asyncio.run(migrate(database_url, sql_only=True))


def take_schema_down(database_url: str, revision: str) -> str:
    """Bring the schema down to an older revision (`base`: nothing left), and return it. Refuses to drop rows.

    Raises:
        ConfigurationError: There is no such revision, or the address is wrong.
        RecordError: Postgres is away or refused.
    """
    return asyncio.run(downgrade(database_url, revision))
