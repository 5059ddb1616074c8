"""Schema, migrations, classes and contracts agree, on both versions of Postgres."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import Dialect, inspect, make_url
from sqlmodel import SQLModel

import sql.models
from promptmill.contracts import jobs, prompts
from promptmill.contracts.errors import ConfigurationError, RecordError
from promptmill.local.postgres import PostgresServer
from promptmill.store import open_store
from promptmill.store.migrations import downgrade, migrate, newest_revision
from tests.fixtures.postgres import SCHEMA, dump
from tests.fixtures.record import Record, new_job, new_prompt_job
from tests.fixtures.session import ROOT
from tests.support import eventually

pytestmark = pytest.mark.oldest_postgres

FUNCTIONS = sorted(path.stem for path in (ROOT / "sql" / "functions").glob("*.sql"))
TABLES: list[type[SQLModel]] = [
    model for model in vars(sql.models).values() if isinstance(model, type) and hasattr(model, "__table__")
]


async def test_migrations_make_the_schema(each_postgres: PostgresServer, bare: str) -> None:
    assert await migrate(each_postgres.uri(bare)) == newest_revision()

    assert dump(each_postgres, bare) == dump(each_postgres, "promptmill_template")


async def test_dry_run_is_what_would_run(each_postgres: PostgresServer, bare: str, tmp_path: Path) -> None:
    file = tmp_path / "dry-run.sql"
    file.write_text(await migrate(each_postgres.uri(bare), sql_only=True))
    before = dump(each_postgres, bare)
    assert "jobs" not in "\n".join(before)

    each_postgres.psql(bare, "-f", os.fspath(file))

    assert dump(each_postgres, bare) == dump(each_postgres, "promptmill_template")
    assert "already" in await migrate(each_postgres.uri(bare), sql_only=True)


async def test_schema_file_needs_nothing_but_psql_and_migrate_goes_on_from_it(
    each_postgres: PostgresServer, bare: str
) -> None:
    each_postgres.psql(bare, "-f", os.fspath(SCHEMA))

    assert await migrate(each_postgres.uri(bare)) == newest_revision()
    async with open_store(each_postgres.uri(bare)) as store:
        assert await store.operations.schema_revision() == newest_revision()


async def test_down_and_up_again(each_postgres: PostgresServer, bare: str) -> None:
    url = each_postgres.uri(bare)
    await migrate(url)

    assert await downgrade(url, "base") == "base"

    left = [line for line in dump(each_postgres, bare) if line.startswith("CREATE ")]
    assert left == ["CREATE TABLE public.alembic_version ("]
    await migrate(url)
    assert dump(each_postgres, bare) == dump(each_postgres, "promptmill_template")


async def test_down_refuses_to_drop_jobs(record: Record) -> None:
    job_id = await record.accept()

    with pytest.raises(RecordError, match="there are jobs"):
        await downgrade(record.url, "base")

    assert (await record.store.jobs.get(job_id)).status == "queued"
    assert await record.store.operations.schema_revision() == newest_revision()


async def test_down_refuses_to_drop_what_people_said_of_results(record: Record) -> None:
    """A refusal leaves everything unchanged, including what the revisions above the refusing one created."""
    job_id = await record.accept()
    await record.hand.execute("UPDATE jobs SET kept = false")
    database = await record.hand.fetchval("SELECT current_database()")
    before = dump(record.server, database)

    with pytest.raises(RecordError, match="people have judged results"):
        await downgrade(record.url, "0001")

    assert dump(record.server, database) == before
    await record.hand.execute("UPDATE jobs SET kept = NULL")
    assert await downgrade(record.url, "0001") == "0001"
    await migrate(record.url)
    assert (await record.store.jobs.get(job_id)).kept is None


async def test_down_refuses_to_drop_owners_and_keys(record: Record) -> None:
    await record.hand.execute("INSERT INTO owners (name) VALUES ('team-a')")

    with pytest.raises(RecordError, match="There are API keys or owners"):
        await downgrade(record.url, "0009")


async def test_ratings_of_prompts_outlive_a_way_down_and_up(record: Record) -> None:
    prompt_job, _ = await record.store.prompts.accept(new_prompt_job())
    await record.hand.execute("UPDATE prompt_generation_jobs SET rating = -1, rating_reason = 'dull'")

    await downgrade(record.url, "0001")
    await migrate(record.url)

    row = await record.store.prompts.get(prompt_job.id)
    assert (row.rating, row.rating_reason) == (-1, "dull")


async def test_who_is_connected_goes_on_while_the_schema_grows(record: Record) -> None:
    """The code of the last release names its columns; what its connections have prepared must stay valid."""
    await downgrade(record.url, "0001")
    accept = await record.hand.prepare("SELECT (a.job).status, a.replayed FROM accept_job($1) AS a")
    cancel = await record.hand.prepare("SELECT (c.job).status FROM request_job_cancel($1, 'local') AS c")
    seen = []
    for _ in range(2):
        wanted = new_job()
        seen.append(await accept.fetchval(wanted.model_dump_json()))
        seen.append(await cancel.fetchval(wanted.id))
        await migrate(record.url)

    assert seen == ["queued", "cancelled"] * 2
    assert await record.store.operations.schema_revision() == newest_revision()


async def test_a_migration_lets_others_pass_while_a_table_is_in_use(record: Record) -> None:
    """As by pg_dump: otherwise everybody would wait behind the migrator, which waits behind the backup."""
    await downgrade(record.url, "0015")
    reader, backup = await asyncpg.connect(record.url), await asyncpg.connect(record.url)
    in_use = backup.transaction()
    await in_use.start()
    await backup.execute("LOCK TABLE jobs IN ACCESS SHARE MODE")

    migrating = asyncio.create_task(migrate(record.url))
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'jobs'::regclass"
    await eventually(lambda: record.hand.fetchval(waits), what="the migrator waits for the table")
    assert await reader.fetchval("SELECT count(*) FROM jobs") == 0
    assert not migrating.done(), "it tries again"
    await in_use.rollback()

    assert await migrating == newest_revision()
    await asyncio.gather(reader.close(), backup.close())


async def test_a_broken_off_index_is_made_anew(each_postgres: PostgresServer, bare: str) -> None:
    await migrate(each_postgres.uri(bare), "0002")
    each_postgres.psql(bare, "-c", "CREATE INDEX jobs_kept_idx ON jobs (kept)")

    await migrate(each_postgres.uri(bare))

    assert dump(each_postgres, bare) == dump(each_postgres, "promptmill_template")


async def test_two_migrators_at_once_are_one(each_postgres: PostgresServer, bare: str) -> None:
    url = each_postgres.uri(bare)

    assert await asyncio.gather(*(migrate(url) for _ in range(3))) == [newest_revision()] * 3


async def test_database_of_a_newer_release_is_left_alone(record: Record) -> None:
    await record.hand.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigurationError, match="9999"):
        await migrate(record.url)


async def test_new_database_has_no_revision(each_postgres: PostgresServer, bare: str) -> None:
    async with open_store(each_postgres.uri(bare)) as store:
        assert await store.operations.schema_revision() is None


async def test_contracts_have_the_words_of_the_check_constraints(record: Record) -> None:
    words: dict[tuple[str, str], Iterable[StrEnum]] = {
        ("jobs", "status"): jobs.JobStatus,
        ("jobs", "prompt_status"): prompts.PromptStatus,
        ("jobs", "prompt_source"): prompts.PromptSource,
        ("jobs", "kind"): jobs.MediaKind,
        ("jobs", "operation"): set(prompts.Operation) - {prompts.Operation.DESCRIBE},
        ("jobs", "on_prompt_failure"): prompts.OnPromptFailure,
        ("jobs", "provider_mode"): jobs.ProviderMode,
        ("jobs", "media_cost_source"): jobs.CostSource,
        ("prompt_generation_jobs", "status"): prompts.PromptJobStatus,
        ("prompt_generation_jobs", "operation"): prompts.Operation,
        ("prompt_generation_jobs", "prompt_source"): prompts.PromptSource,
        ("prompt_generation_jobs", "length"): prompts.PromptLength,
        ("submissions", "state"): jobs.SubmissionState,
    }
    live = {
        (table, column): await record.hand.fetchval(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", f"{table}_{column}_check"
        )
        for table, column in words
    }

    assert {name: set(re.findall(r"'(\w+)'", told)) for name, told in live.items()} == {
        name: set(enumeration) for name, enumeration in words.items()
    }


async def test_classes_have_the_columns_of_the_tables(record: Record) -> None:
    live = await record.hand.fetch(
        """SELECT attrelid::regclass::text AS table, attname AS name, format_type(atttypid, atttypmod) AS type,
               NOT attnotnull AS nullable
           FROM pg_attribute WHERE attrelid = ANY ($1::text[]::regclass[]) AND attnum > 0 AND NOT attisdropped
           ORDER BY attnum""",
        [model.__tablename__ for model in TABLES],
    )
    dialect = asyncpg_dialect()
    assert TABLES
    for model in TABLES:
        written = [(c.name, type_name(c.type.compile(dialect)), bool(c.nullable)) for c in inspect(model).columns]
        columns = [row for row in live if row["table"] == model.__tablename__]
        assert written == [(row["name"], row["type"].replace(",", ", "), row["nullable"]) for row in columns]


def asyncpg_dialect() -> Dialect:
    return make_url("postgresql+asyncpg://").get_dialect()()


def type_name(told: str) -> str:
    """A type as Postgres itself writes it."""
    lower = told.lower()
    return {"varchar": "text", "float": "double precision"}.get(lower, lower)


async def test_every_table_has_a_class(record: Record) -> None:
    live = await record.hand.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")

    assert {row["tablename"] for row in live} == {model.__tablename__ for model in TABLES} | {"alembic_version"}


async def test_every_function_has_its_file_and_header(record: Record) -> None:
    live = await record.hand.fetch("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
    assert sorted(row["proname"] for row in live) == FUNCTIONS

    for name in FUNCTIONS:
        text = (ROOT / "sql" / "functions" / f"{name}.sql").read_text()
        assert text.startswith(f"-- {name}("), name
        assert text.count("CREATE OR REPLACE FUNCTION") == 1, name
        assert ("Raises PM" in text.partition("CREATE")[0]) or "ERRCODE" not in text, (
            f"{name} does not say what it raises"
        )


async def test_every_function_is_called(record: Record) -> None:
    """By the store, a trigger, another function or, if it has a successor, by the previous release."""
    store = "\n".join(path.read_text() for path in (ROOT / "promptmill" / "store").glob("*.py"))
    schema = SCHEMA.read_text()
    for name in FUNCTIONS:
        if f"{name}_v2" in FUNCTIONS:
            continue
        others = "\n".join((ROOT / "sql" / "functions" / f"{o}.sql").read_text() for o in FUNCTIONS if o != name)
        assert f" {name}(" in store + others or f"FUNCTION {name}()" in schema or f"={name}(" in others, name


async def test_everything_of_a_request_is_stored(record: Record) -> None:
    """A workflow's input is built only from the row, whoever starts it."""
    wanted = new_job(
        instructions="i",
        target_url="https://a.example/t.png",
        ref_urls=("https://a.example/1.png",),
        callback_url="https://a.example/done",
        metadata={"order": "7"},
        warnings=("w",),
        original_prompt="mine",
        priority=9,
    )
    job, _ = await record.store.jobs.accept(wanted)

    stored = {name: getattr(job, name, None) for name in wanted.model_dump() if name != "metadata"}
    assert stored["ref_urls"] == list(wanted.ref_urls)
    assert job.caller_metadata == wanted.metadata
    assert job.warnings == ["w"]
    asked = wanted.model_dump(exclude={"metadata", "ref_urls", "warnings", "prompt_job", "deadline_seconds"})
    assert {name: stored[name] for name in asked} == asked
    assert (job.deadline_at - job.created_at).total_seconds() == wanted.deadline_seconds


async def test_hand_written_row_must_keep_the_words(record: Record) -> None:
    job_id = await record.accept()
    with pytest.raises(asyncpg.CheckViolationError):
        await record.set_status(job_id, "done")
