"""The network to Postgres silently drops what we send, or a pooler in between has no server."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from promptmill.contracts.errors import RecordUnavailable
from promptmill.store import connection as connections
from promptmill.store import open_store, pool
from promptmill.store.database import Database
from promptmill.store.pool import open_pool
from tests.fixtures.mill import Mill
from tests.fixtures.record import Record
from tests.fixtures.relay import open_relay
from tests.support import eventually

SIZE = 9
PID = "SELECT pg_backend_pid()"


async def fill(database: Database) -> set[int]:
    """Make every connection of the pool, and return the server's processes."""
    answers = await asyncio.gather(*(database.value(f"{PID} FROM pg_sleep(0.2)") for _ in range(SIZE)))
    assert len(set(answers)) == SIZE
    return set(answers)


def noted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    """Return a list that gets the result of each call of one of the pool's own functions."""
    original, results = getattr(pool, name), []

    async def call(pooled: Any) -> Any:
        results.append(await original(pooled))
        return results[-1]

    monkeypatch.setattr(pool, name, call)
    return results


async def test_of_connections_that_died_silently_one_statement_pays_and_none_fails(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.0)  # as if they had been idle for long
    asked = noted(monkeypatch, "_answers")
    async with open_relay(database_url) as relay, open_store(relay.url, pool_size=SIZE) as store:
        database = store.operations.database
        before = await fill(database)
        relay.fall_silent()
        asked.clear()
        assert await database.value(PID) not in before
        assert not before & await fill(database)

    assert [alive for alive in asked if not alive] == [False], "somebody else waited too"


async def test_a_statement_whose_time_ran_out_takes_the_older_connections_with_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, closed = noted(monkeypatch, "_answers"), noted(monkeypatch, "_close")
    async with (
        open_relay(database_url) as relay,
        # Enough for those that are not silent, on a machine that stands still for a while.
        open_pool(relay.url, pool_size=SIZE, command_seconds=3) as opened,
    ):
        database = Database(opened)
        before = await fill(database)
        relay.fall_silent()
        with pytest.raises(RecordUnavailable):
            await database.value(PID)
        assert not before & await fill(database)
        assert asked == closed == [], "one waited; nobody waited for a check or a close"


async def test_a_statement_that_was_given_up_has_the_others_tried_first(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker gives up a statement before its timeout here."""
    monkeypatch.setattr(pool, "ANSWER_SECONDS", 0.5)
    async with open_relay(database_url) as relay, open_store(relay.url, pool_size=SIZE) as store:
        database = store.operations.database
        before = await fill(database)
        relay.fall_silent()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await database.value(PID)
        assert not before & await fill(database)


async def test_a_cancelled_statement_leaves_a_healthy_pool_as_it_is(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "ANSWER_SECONDS", 60)  # healthy, but perhaps slow
    async with open_store(record.url, pool_size=SIZE) as store:
        database = store.operations.database
        before = await fill(database)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await database.value("SELECT pg_sleep(30)")
        after = await fill(database)

    assert len(before & after) == SIZE - 1


async def test_closing_does_not_wait_for_a_network_that_is_gone(database_url: str) -> None:
    """All are given up at once: one after another, it would take longer than this limit."""
    async with (
        open_relay(database_url) as relay,
        asyncio.timeout(None) as limit,
        open_store(relay.url, pool_size=SIZE) as store,
    ):
        await fill(store.operations.database)
        relay.fall_silent()
        limit.reschedule(asyncio.get_running_loop().time() + pool.ANSWER_SECONDS * (SIZE - 1))


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", (1, 20, 5, 3, 10_000)), ("&keepalives_idle=7&keepalives_count=2&tcp_user_timeout=4000", (1, 7, 5, 2, 4000))],
)
async def test_keepalives_are_on_and_as_the_address_says(
    database_url: str, given: str, expected: tuple[int, ...]
) -> None:
    async with open_relay(database_url) as relay:
        connection = await connections.connector(relay.url + given, command_seconds=None)()
        sock = connection._transport.get_extra_info("socket")
        found = (
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            *(
                sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, option))
                for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
            ),
        )
        await connection.close()

    assert found == expected


async def test_keepalives_can_be_switched_off(database_url: str) -> None:
    async with open_relay(database_url) as relay:
        connection = await connections.connector(f"{relay.url}&keepalives=0", command_seconds=None)()
        sock = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0
        await connection.close()


@pytest.mark.parametrize(
    "refusal",
    [("XX000", "no more connections allowed"), ("42501", "not you")],
)
async def test_a_pooler_without_a_server_ends_no_job(idle_mill: Mill, refusal: tuple[str, str], settings: Any) -> None:
    """Three jobs run; one is billed. Nothing but time passes."""
    async with (
        open_relay(settings.require_database_url()) as relay,
        idle_mill.changed(database_url=relay.secret_url) as mill,
        mill.worker(),
    ):
        await mill.wavespeed.set_timing(min_seconds=2, max_seconds=3)
        jobs = [await mill.create(), await mill.create(use_ai_prompt=True), await mill.create()]
        await mill.wavespeed.asked("submit")
        relay.refuse_with(*refusal)
        with pytest.raises(RecordUnavailable):
            await mill.store.operations.ping()
        await asyncio.sleep(2)
        relay.fatal = None
        await eventually(lambda: _pings(mill), what="Postgres is back")
        for job_id in jobs:
            await mill.reaches(job_id, "completed")
        assert len(await mill.wavespeed.charges()) == len(jobs)


async def _pings(mill: Mill) -> bool:
    await mill.store.operations.ping()
    return True
