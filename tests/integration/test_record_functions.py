"""SQL functions belong to a release, not to a revision: `migrate` applies those whose text has changed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from promptmill.contracts.errors import ConfigurationError, RecordError
from promptmill.contracts.jobs import FINAL_STATUSES, JobStatus
from promptmill.local.postgres import PostgresServer
from promptmill.providers.wavespeed.predictions import RETENTION
from promptmill.store import open_store
from promptmill.store.connection import connector
from promptmill.store.functions import SQL_FOLDER, functions_file
from promptmill.store.migrations import downgrade, migrate, newest_revision
from tests.fixtures.plans import plan_of
from tests.fixtures.postgres import SCHEMA, TEMPLATE, dump
from tests.fixtures.record import Record
from tests.fixtures.session import ROOT

pytestmark = pytest.mark.oldest_postgres

LEASE = (SQL_FOLDER / "functions" / "claim_lease.sql").read_text()
LONGER_LEASE = LEASE.replace("60 seconds", "90 seconds")

GREETING = """\
CREATE OR REPLACE FUNCTION greeting()
    RETURNS SETOF greetings
    LANGUAGE sql
AS $$ SELECT * FROM greetings $$;
"""
NEXT_REVISION = f'''\
"""A table that a function gives rows of; and a function that is needed no more."""

from alembic import op

revision = "9999"
down_revision = "{newest_revision()}"


def upgrade() -> None:
    op.execute("CREATE TABLE greetings (text text)")
    op.execute("DROP FUNCTION IF EXISTS look_pause")


def downgrade() -> None:
    op.execute("DROP FUNCTION greeting")
    op.execute("DROP TABLE greetings")
'''
"""What a revision of a later release may look like."""

FUNCTIONS_OF = "SELECT proname, xmin::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname"


def release(
    folder: Path, functions: Mapping[str, str] | None = None, *, up_to: str = "9999", revision: str | None = None
) -> Path:
    """Return the SQL of another release: ours, with other functions, without the latest revisions, or with one more.

    Args:
        folder: Where to make it; it must not exist.
        functions: Texts by name, added to ours or replacing them; an empty one removes the file.
        up_to: The newest of our revisions that it knows.
        revision: The Python of a revision 9999, after ours.
    """
    shutil.copytree(SQL_FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "migrations" / "versions").iterdir():
        if path.name[:4] > up_to:
            path.unlink()
    for name, script in (functions or {}).items():
        file = folder / "functions" / f"{name}.sql"
        if script:
            file.write_text(script)
        else:
            file.unlink()
    if revision:
        (folder / "migrations" / "versions" / "9999_greetings.py").write_text(revision)
    return folder


async def migrate_as_release_0005(url: str, folder: Path) -> None:
    """What `migrate` does in the release of revision 0005: only revisions; it does not know `applied_functions`."""
    connect = connector(url, command_seconds=None)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)

    def upgrade(connection: Connection) -> None:
        config = Config(attributes={"connection": connection, "down": False})
        config.set_main_option("script_location", os.fspath(folder / "migrations"))
        command.upgrade(config, "head")

    async with engine.connect() as connection:
        await connection.run_sync(upgrade)


async def made(record: Record) -> dict[str, str]:
    """Return every function with the transaction that last created it."""
    return {row["proname"]: row["xmin"] for row in await record.hand.fetch(FUNCTIONS_OF)}


async def test_after_the_schema_file_migrate_applies_nothing(record: Record) -> None:
    before = await made(record)

    assert await migrate(record.url, sql_only=True) == (
        f"-- The schema is at revision {newest_revision()} already.\n-- No function differs from this release's.\n"
    )
    await migrate(record.url)

    assert await made(record) == before


def test_the_list_of_functions_is_what_the_command_prints() -> None:
    assert (SCHEMA.parent / "functions.sql").read_text() == functions_file()


async def test_only_a_function_with_another_text_is_applied(record: Record, tmp_path: Path) -> None:
    before = await made(record)

    await migrate(record.url, folder=release(tmp_path / "next", {"claim_lease": LONGER_LEASE}))

    after = await made(record)
    assert {name for name in after if after[name] != before[name]} == {"claim_lease"}
    assert await record.hand.fetchval("SELECT claim_lease()") == timedelta(seconds=90)
    assert await record.store.operations.differing_functions() == ["claim_lease"]


async def test_a_function_that_was_dropped_by_hand_is_applied_again(record: Record) -> None:
    await record.hand.execute("DROP FUNCTION claim_lease")
    assert await record.store.operations.differing_functions() == ["claim_lease"]

    await migrate(record.url)

    assert await record.hand.fetchval("SELECT claim_lease()") == timedelta(seconds=60)
    assert await record.store.operations.differing_functions() == []


async def test_functions_may_call_each_other_in_any_order(record: Record, tmp_path: Path) -> None:
    one = "CREATE OR REPLACE FUNCTION a_first() RETURNS integer LANGUAGE sql AS $$ SELECT z_last() $$;\n"
    other = "CREATE OR REPLACE FUNCTION z_last() RETURNS integer LANGUAGE sql AS $$ SELECT 7 $$;\n"

    await migrate(record.url, folder=release(tmp_path / "next", {"a_first": one, "z_last": other}))

    assert await record.hand.fetchval("SELECT a_first()") == 7


@pytest.mark.parametrize(
    "broken",
    [
        "CREATE OR REPLACE FUNCTION move_on() RETURNS integer LANGUAGE sql AS $$ SELECT no_such_column FROM jobs $$;",
        "CREATE OR REPLACE FUNCTION move_on() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN 1 END; $$;",
        "CREATE OR REPLACE FUNCTION move_on() RETURN integer;",
    ],
    ids=["column", "body", "statement"],
)
async def test_one_refused_function_leaves_all_as_they_were(record: Record, tmp_path: Path, broken: str) -> None:
    database = await record.hand.fetchval("SELECT current_database()")
    before = dump(record.server, database)
    next_release = release(tmp_path / "next", {"claim_lease": LONGER_LEASE, "move_on": broken})

    with pytest.raises(RecordError, match=r"functions/move_on\.sql could not be applied: .* No function was changed"):
        await migrate(record.url, folder=next_release)

    assert dump(record.server, database) == before


async def test_two_migrators_at_once_apply_the_functions_once(record: Record, tmp_path: Path) -> None:
    next_release = release(tmp_path / "next", {"claim_lease": LONGER_LEASE})

    await asyncio.gather(*(migrate(record.url, folder=next_release) for _ in range(3)))

    applied = await record.hand.fetch("SELECT DISTINCT applied_at FROM applied_functions ORDER BY applied_at")
    assert len(applied) == 2, "that of all, and that of the one that changed"


async def test_dry_run_shows_revisions_and_functions(record: Record, tmp_path: Path) -> None:
    database = await record.hand.fetchval("SELECT current_database()")
    before = dump(record.server, database)
    newer = release(tmp_path / "next", {"greeting": GREETING, "look_pause": ""}, revision=NEXT_REVISION)

    shown = await migrate(record.url, sql_only=True, folder=newer)

    assert re.findall(r"CREATE \w+ (?:\w+ \w+ )?\w+", shown) == [
        "CREATE TABLE greetings",
        "CREATE OR REPLACE FUNCTION greeting",
    ]
    assert "-- Functions whose text differs: greeting." in shown
    assert dump(record.server, database) == before
    file = tmp_path / "dry-run.sql"
    file.write_text(shown)
    record.server.psql(database, "-f", os.fspath(file))
    by_hand = dump(record.server, database)
    assert by_hand != before
    await migrate(record.url, folder=newer)
    assert dump(record.server, database) == by_hand


async def test_down_to_0005_gives_its_functions_back(each_postgres: PostgresServer, bare: str, tmp_path: Path) -> None:
    """Revisions 0001 to 0005 contain the functions of their release; later ones are gone."""
    url = each_postgres.uri(bare)
    release_0005 = release(tmp_path / "0005", up_to="0005")
    await migrate_as_release_0005(url, release_0005)
    before = dump(each_postgres, bare)
    newer = release(tmp_path / "newer", {"greeting": GREETING, "claim_lease": LONGER_LEASE}, revision=NEXT_REVISION)
    await migrate(url, folder=newer)
    with pytest.raises(CommandError, match="9999"):
        await migrate_as_release_0005(url, release_0005)

    assert await downgrade(url, "0005", folder=newer) == "0005"

    assert dump(each_postgres, bare) == before
    await migrate_as_release_0005(url, release_0005)
    assert dump(each_postgres, bare) == before, "its own migrate has nothing to do"
    await migrate(url)
    assert dump(each_postgres, bare) == dump(each_postgres, TEMPLATE)


async def test_an_older_release_of_the_same_revision_puts_its_texts_back(record: Record, tmp_path: Path) -> None:
    """The functions are those of the last release to `migrate`; a newer one's additions stay: its processes may run."""
    extra = "CREATE OR REPLACE FUNCTION extra() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;\n"
    newer = release(tmp_path / "newer", {"claim_lease": LONGER_LEASE, "extra": extra})
    await migrate(record.url, folder=newer)

    await migrate(record.url)

    assert await record.hand.fetchval("SELECT claim_lease()") == timedelta(seconds=60)
    assert await record.hand.fetchval("SELECT extra()") == 1
    assert await record.store.operations.differing_functions() == []
    await migrate(record.url, folder=newer)
    assert await record.hand.fetchval("SELECT claim_lease()") == timedelta(seconds=90)


async def test_a_newer_revision_goes_down_and_the_older_release_puts_its_functions_back(
    record: Record, tmp_path: Path
) -> None:
    database = await record.hand.fetchval("SELECT current_database()")
    functions = {"greeting": GREETING, "claim_lease": LONGER_LEASE, "look_pause": ""}
    newer = release(tmp_path / "newer", functions, revision=NEXT_REVISION)
    await migrate(record.url, folder=newer)
    before = dump(record.server, database)
    with pytest.raises(ConfigurationError, match="9999"):
        await migrate(record.url)
    assert dump(record.server, database) == before, "a refusal changes nothing"
    assert "look_pause" not in await made(record)

    newest = newest_revision()
    assert await downgrade(record.url, newest, folder=newer) == newest
    assert await record.hand.fetchval("SELECT claim_lease()") == timedelta(seconds=90), "its texts are not known here"
    await migrate(record.url)

    assert await record.hand.fetchval("SELECT claim_lease()") == timedelta(seconds=60)
    assert await record.store.operations.differing_functions() == []
    assert set(await made(record)) == {path.stem for path in (SQL_FOLDER / "functions").glob("*.sql")}


async def test_functions_need_the_newest_tables(each_postgres: PostgresServer, bare: str) -> None:
    """Short of the newest revision none is applied: they are written for its tables."""
    await migrate(each_postgres.uri(bare), "0005")

    assert not each_postgres.psql(bare, "-At", "-c", "SELECT to_regproc('is_final')").strip()
    async with open_store(each_postgres.uri(bare)) as store:
        assert await store.operations.schema_revision() == "0005"


async def test_final_statuses_are_those_of_the_contracts(record: Record) -> None:
    final = {status for status in JobStatus if await record.hand.fetchval("SELECT is_final($1)", status)}

    assert final == FINAL_STATUSES


@pytest.mark.parametrize(
    ("index", "statuses"),
    [
        ("jobs_checked_at_idx", FINAL_STATUSES),
        ("jobs_without_outputs_idx", FINAL_STATUSES - {JobStatus.COMPLETED}),
    ],
)
async def test_conditions_of_indexes_spell_the_final_statuses(
    record: Record, index: str, statuses: frozenset[JobStatus]
) -> None:
    """A condition must not call a function that may change: the index would keep the old one's results."""
    condition = await record.hand.fetchval(
        "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = $1::regclass", index
    )
    assert "is_final" not in condition
    assert set(re.findall(r"'(\w+)'", condition)) == statuses


async def test_open_jobs_are_found_by_their_index(record: Record) -> None:
    await record.hand.execute("SET enable_seqscan = off")

    told = await plan_of(
        record.hand,
        """SELECT id FROM jobs WHERE workflow_started_at IS NOT NULL AND NOT is_final(status)
           ORDER BY checked_at NULLS FIRST LIMIT 10""",
    )

    assert "Index Scan using jobs_checked_at_idx" in told
    assert "Filter" not in told, "the condition of the index says it already"
    assert "Sort" not in told


async def test_wavespeed_keeps_predictions_as_long_in_sql_as_in_python(record: Record) -> None:
    assert await record.hand.fetchval("SELECT wavespeed_retention()") == RETENTION


@pytest.mark.parametrize(
    "literal", ["interval '60 seconds'", "interval '15 minutes'", "interval '24 hours'", "'expired', 'terminated'"]
)
def test_what_has_a_function_is_repeated_nowhere(literal: str) -> None:
    """In no function and no statement. The words of CHECK constraints are spelled, as are all statuses together."""
    files = [*(ROOT / "sql" / "functions").glob("*.sql"), *(ROOT / "promptmill" / "store").glob("*.py")]

    repeated = {path.name for path in files if literal in path.read_text()}

    assert len(repeated - {"advance_job.sql"}) == 1
