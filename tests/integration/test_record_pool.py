"""The pool's own rules: what a statement costs on the wire, what waits for what, and what happens when types change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from promptmill.contracts.errors import RecordConflict, RecordError, RecordUnavailable
from promptmill.store import open_store, pool
from promptmill.store.database import Database
from promptmill.store.pool import open_pool
from tests.fixtures.record import Record, new_job
from tests.fixtures.relay import Relay, open_relay
from tests.support import eventually

NUMBER = "SELECT :number::int AS number"


@contextmanager
def counted(relay: Relay) -> Iterator[list[bytes]]:
    """What is sent to Postgres within the block, each entry being one round trip."""
    sent: list[bytes] = []

    def seen(data: bytes) -> bool:
        sent.append(data)
        return False

    relay.sees = seen  # type: ignore[method-assign]  # for this block
    yield sent
    del relay.sees


@pytest.mark.parametrize("through_pooler", [False, True], ids=["direct", "pooler"])
async def test_a_statement_is_one_round_trip(
    database_url: str, monkeypatch: pytest.MonkeyPatch, *, through_pooler: bool
) -> None:
    """Even among three of one request: a single statement needs no BEGIN, COMMIT or RESET."""

    async def is_through_pooler(_driver: object) -> bool:
        return through_pooler

    monkeypatch.setattr(pool, "_is_through_pooler", is_through_pooler)
    async with open_relay(database_url) as relay, open_store(relay.url, pool_size=2) as store:
        await store.operations.counts()  # connects, and prepares the statement
        with counted(relay) as sent:
            for _ in range(3):
                await store.operations.counts()

    assert len(sent) == 3
    assert [b"status_counters" in data for data in sent] == [through_pooler] * 3, "prepared by name, or sent each time"


async def test_who_came_first_is_served_first(database_url: str) -> None:
    served: list[int] = []
    async with open_pool(database_url, pool_size=1) as one:
        database = Database(one)

        async def ask(number: int) -> None:
            served.append(await database.value(NUMBER, number=number))

        await asyncio.gather(*(ask(number) for number in range(20)))

    assert served == list(range(20))


async def test_without_a_free_connection_a_statement_is_given_up(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "CONNECT_SECONDS", 0.1)
    async with open_pool(database_url, pool_size=1) as one:
        database = Database(one)
        busy = asyncio.create_task(database.run("SELECT pg_sleep(1)"))
        await asyncio.sleep(0)
        with pytest.raises(RecordUnavailable, match="All 1 connections to Postgres have been in use"):
            await database.value(NUMBER, number=1)
        await busy
        assert await database.value(NUMBER, number=1) == 1


async def test_a_cancelled_statement_ends_on_the_server_and_gives_its_place_back(record: Record) -> None:
    async with open_pool(record.url, pool_size=1) as one:
        database = Database(one)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await database.run("SELECT pg_sleep(600) /* given up */")
        assert await database.value(NUMBER, number=1) == 1

    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%given up%' AND pid <> pg_backend_pid()"

    async def ended() -> bool:
        return bool(await record.hand.fetchval(running) == 0)

    # A server process is listed until it has noticed that its connection is closed; its statement would take longer.
    await eventually(ended, what="nothing runs it")


async def test_a_column_that_changes_its_type_stops_nobody(record: Record) -> None:
    await record.hand.execute("CREATE TABLE changing AS SELECT 1 AS number")
    async with open_pool(record.url, pool_size=1) as one:
        database = Database(one)
        before = await database.value("SELECT number FROM changing")
        await record.hand.execute("ALTER TABLE changing ALTER number TYPE text")
        after = await database.value("SELECT number FROM changing")
    await record.hand.execute("DROP TABLE changing")

    assert (before, after) == (1, "1")


async def test_only_so_many_statements_stay_prepared(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MAX_STATEMENTS", 5)
    async with open_pool(database_url, pool_size=1) as one:
        database = Database(one)
        for number in range(30):
            assert await database.value(f"SELECT {number} AS number") == number
        kept = await database.value("SELECT count(*) FROM pg_prepared_statements")

    assert kept <= 5 + 1  # the one that is closed with the next


async def test_a_connection_that_is_old_is_replaced(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server or a proxy keeps per connection grows; and after a failover the old connections disappear."""
    async with open_store(record.url, pool_size=1) as store:
        database = store.operations.database
        first = await database.value("SELECT pg_backend_pid()")
        kept = await database.value("SELECT pg_backend_pid()")
        monkeypatch.setattr(pool, "RECYCLE_SECONDS", 0.0)
        replaced = await database.value("SELECT pg_backend_pid()")

    assert kept == first
    assert replaced != first


async def test_a_refusal_keeps_the_connection(record: Record) -> None:
    async with open_store(record.url, pool_size=1) as store:
        job, _ = await store.jobs.accept(new_job())
        backend = await store.operations.database.value("SELECT pg_backend_pid()")
        with pytest.raises(RecordConflict):
            await store.jobs.retry(job.id, owner=job.owner, new_id=new_job().id)
        assert await store.operations.database.value("SELECT pg_backend_pid()") == backend


@pytest.mark.parametrize("value", [{"a": [1, None, "ü"]}, [], "text", None])
async def test_json_is_read_as_objects(record: Record, value: Any) -> None:
    found = await record.store.operations.database.value("SELECT CAST(:value AS jsonb)", value=json.dumps(value))

    assert found == value


@pytest.mark.parametrize(("kind", "value"), [("int", 2**40), ("text", "\ud800"), ("jsonb", '"\ud800"'), ("text", 1)])
async def test_a_value_that_cannot_be_sent_is_final(record: Record, kind: str, value: Any) -> None:
    """Not treated as Postgres being unavailable: a workflow would wait forever for it to be stored."""
    database = record.store.operations.database
    with pytest.raises(RecordError) as refused:
        await database.value(f"SELECT CAST(:value AS {kind})", value=value)

    assert type(refused.value) is RecordError
    assert await database.value(NUMBER, number=1) == 1
