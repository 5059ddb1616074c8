"""Everything through a real PgBouncer in transaction mode, where each statement may run on another connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from promptmill.config.settings import Settings
from promptmill.contracts.errors import RecordUnavailable
from promptmill.local.postgres import PostgresServer
from promptmill.store import open_store, pool
from promptmill.store.database import Database
from promptmill.store.migrations import migrate, newest_revision
from promptmill.store.pool import open_pool
from tests.fixtures.api import open_api
from tests.fixtures.pgbouncer import Pooler
from tests.fixtures.record import new_job
from tests.integration import test_cancel, test_story, test_submission
from tests.support import eventually

LIST = "/api/jobs/events"
SETTING = "PROMPTMILL_DATABASE_DIRECT_URL"

# -- the core of the suite: its database is the one below

test_grok_writes_and_wavespeed_makes = test_story.test_grok_writes_the_prompt_and_wavespeed_makes_the_picture_once
test_every_stage_leaves_an_event = test_story.test_every_stage_leaves_an_event
test_the_cost_is_what_wavespeed_quotes = test_story.test_the_cost_is_what_wavespeed_quotes
test_an_unclear_answer_is_never_repeated = test_submission.test_an_unclear_answer_is_never_repeated
test_the_intent_stands_before_the_post = test_submission.test_the_intent_stands_before_the_post
test_cancel_while_grok_is_asked = test_cancel.test_cancel_while_grok_is_asked
test_cancel_during_the_post = test_cancel.test_cancel_during_the_post_brings_the_prediction_home
test_cancel_while_wavespeed_makes_it = test_cancel.test_cancel_while_wavespeed_makes_it


@pytest.fixture
def database_url(database_url: str, pgbouncer: Pooler) -> str:
    """The URL, through the pooler, of a fresh database with the schema."""
    return pgbouncer.uri(database_url)


async def test_many_statements_at_once_all_succeed(database_url: str) -> None:
    async with open_store(database_url, pool_size=10) as store:
        ids = [(await store.jobs.accept(new_job()))[0].id for _ in range(10)]

        async def read(job_id: UUID) -> UUID:
            await store.operations.counts()
            await store.operations.ping()
            return (await store.jobs.get(job_id)).id

        assert await asyncio.gather(*(read(job_id) for job_id in ids * 10)) == ids * 10


async def test_a_direct_connection_keeps_its_statements(postgres_server: PostgresServer, database_url: str) -> None:
    address = postgres_server.uri(urlsplit(database_url).path.lstrip("/"))
    async with open_store(address, pool_size=1) as store:
        for _ in range(3):
            await store.operations.counts()
        database = store.operations.database
        kept = await database.mappings(
            "SELECT statement, generic_plans + custom_plans AS runs FROM pg_prepared_statements"
        )

    assert [row["runs"] for row in kept if "status_counters" in row["statement"]] == [3]


async def test_a_pooler_that_is_not_recognized_is_once_its_names_fail(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no(_connection: object) -> bool:
        return False

    monkeypatch.setattr(pool, "_is_through_pooler", no)
    async with open_store(database_url, pool_size=10) as store:

        async def all_succeed() -> bool:
            try:
                await asyncio.gather(*(store.operations.counts() for _ in range(50)))
            except RecordUnavailable:
                return False
            return True

        await eventually(all_succeed, what="statements without names")
        assert await all_succeed()


async def test_nobody_runs_the_statement_of_another_process_before_that(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API and worker share server connections: a name there must not belong to another statement."""

    async def no(_connection: object) -> bool:
        return False

    monkeypatch.setattr(pool, "_is_through_pooler", no)
    answers: dict[str, set[str]] = {"api": set(), "worker": set()}

    async def ask(database: Database, process: str) -> None:
        with suppress(RecordUnavailable):
            answers[process].add(await database.value(f"SELECT '{process}' FROM pg_sleep(0.01)"))

    for _ in range(10):
        async with open_pool(database_url, pool_size=3) as one, open_pool(database_url, pool_size=3) as other:
            api, worker = Database(one), Database(other)
            await asyncio.gather(*(ask(*each) for each in [(api, "api"), (worker, "worker")] * 20))

    assert answers == {"api": {"api"}, "worker": {"worker"}}


async def test_migrations_leave_nothing_behind(empty_database_url: str, pgbouncer: Pooler) -> None:
    url = pgbouncer.uri(empty_database_url)
    found = await asyncio.gather(*(migrate(url) for _ in range(3)))

    assert list(found) == [newest_revision()] * 3
    direct = await asyncpg.connect(empty_database_url)
    assert await direct.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    await direct.close()
    through = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(3)]
    for connection in through:
        transaction = connection.transaction()
        await transaction.start()  # so that each holds a server connection of its own
    for connection in through:
        assert await connection.fetchval("SHOW lock_timeout") == "0"
        await connection.close()


async def test_streams_say_that_they_hear_nothing_and_what_to_set(lonely_settings: Settings) -> None:
    async with open_api(lonely_settings) as client:
        refused = await client.get(LIST)
        at_once = await client.get(LIST)
        ready, report = (await client.get("/readyz")).json(), (await client.get("/api/init")).json()
        created = await client.post("/api/jobs/create", json={"model": "wavespeed-ai/flux-dev", "prompt": "A fox"})

    assert (refused.status_code, refused.json()["code"]) == (503, "record_unavailable")
    assert SETTING in at_once.json()["detail"]
    assert any(SETTING in note for note in ready["notes"])
    assert not any("Postgres" in problem for problem in ready["problems"])
    assert any(SETTING in problem for problem in report["problems"])
    assert created.status_code == 202, "everything else works"


async def test_streams_use_the_direct_address(
    lonely_settings: Settings, database_url: str, postgres_server: PostgresServer
) -> None:
    address = SecretStr(postgres_server.uri(urlsplit(database_url).path.lstrip("/")))
    async with open_api(lonely_settings.model_copy(update={"database_direct_url": address})) as client:
        async with client.stream("GET", LIST) as answer:
            first = await anext(line async for line in answer.aiter_lines() if line.startswith("event:"))
        ready = (await client.get("/readyz")).json()

    assert (answer.status_code, first) == (httpx.codes.OK, "event: resync")
    assert not any(SETTING in note for note in ready["notes"])
