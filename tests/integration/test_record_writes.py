"""How much a step of a job writes: each row once, and each counter once per statement."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import asyncpg
import pytest

from promptmill.contracts.jobs import JobStatus
from tests.fixtures.record import Record, new_id, new_job, new_prompt_job

UPDATES = "SELECT relname, n_tup_upd FROM pg_stat_xact_user_tables WHERE n_tup_upd > 0"
CALLS = "SELECT funcname, calls FROM pg_stat_xact_user_functions"


@asynccontextmanager
async def writes_of(hand: asyncpg.Connection) -> AsyncIterator[Counter[str]]:
    """Yield what will contain the updated rows of each table and the calls of each function in one transaction."""
    found: Counter[str] = Counter()
    await hand.execute("SET track_functions = 'all'")
    async with hand.transaction():
        before = await _counted(hand)
        yield found
        found.update(await _counted(hand) - before)


async def chunks(hand: asyncpg.Connection, table: str) -> int:
    """How many pieces of long values this session has written apart from a table's rows."""
    query = """SELECT n_tup_ins FROM pg_stat_xact_all_tables
               WHERE relid = (SELECT reltoastrelid FROM pg_class WHERE oid = $1::regclass)"""
    return int(await hand.fetchval(query, table) or 0)


async def _counted(hand: asyncpg.Connection) -> Counter[str]:
    """What the session has counted and not yet reported to the server, possibly from earlier transactions."""
    return Counter(dict(await hand.fetch(UPDATES)) | dict(await hand.fetch(CALLS)))


async def test_each_step_updates_each_row_once(record: Record) -> None:
    """Facts are stored with the resulting status; counters: two rows for each status that changes."""
    hand = record.hand
    prompt_job = new_prompt_job()
    job = new_job(use_ai_prompt=True, prompt_job=prompt_job, prompt=None, prompt_source=None)
    await record.store.jobs.accept(job)
    submission = new_id()
    steps = {
        "begin_job": ("SELECT (begin_job($1)).status", job.id),
        "begin_prompt_attempt": ("SELECT decision FROM begin_prompt_attempt($1, 'grok-4')", prompt_job.id),
        "finish_prompt_job_v2": (
            "SELECT (finish_prompt_job_v2($1, 1, 'a fox', 'grok', 'grok-4', 30, 20, 0.002)).status",
            prompt_job.id,
        ),
        "permit_submission_in_turn": (
            """SELECT permission FROM permit_submission_in_turn(
                   $1, $2, 'token', '{}', 'hash', 'simulated', 'http://127.0.0.1:3901', 'key', 20,
                   'wavespeed-ai/flux-dev', 'a fox', '{"size": "64*64"}', NULL, '[]', NULL, 10, 10)""",
            job.id,
            submission,
        ),
        "settle_submission": (
            "SELECT job_status FROM settle_submission($2, $1, 'accepted', 'p-1', 0.02)",
            job.id,
            submission,
        ),
        "advance_job": (
            """SELECT (advance_job($1, 'completed', p_outputs => '[{"url": "u"}]', p_media_cost_usd => 0.03,
                                   p_media_cost_source => 'billed')).status""",
            job.id,
        ),
    }
    answers, written = [], {}
    for name, (query, *values) in steps.items():
        async with writes_of(hand) as writes:
            answers.append(await hand.fetchval(query, *values))
        tables = ("jobs", "prompt_generation_jobs", "submissions")
        written[name] = tuple(writes[table] for table in tables)

    assert answers == ["prompting", "go", "completed", "post", "generating", "completed"]
    assert written == {
        "begin_job": (1, 1, 0),
        "begin_prompt_attempt": (1, 1, 0),
        "finish_prompt_job_v2": (1, 1, 0),
        "permit_submission_in_turn": (0, 0, 0),
        "settle_submission": (1, 0, 1),
        "advance_job": (1, 0, 0),
    }
    row = await record.store.jobs.get(job.id)
    assert (row.status, row.prompt, row.prediction_id) == ("completed", "a fox", "p-1")
    assert (str(row.media_cost_usd), row.media_cost_source, row.outputs) == ("0.030000", "billed", [{"url": "u"}])
    assert [event.status for event in await record.store.jobs.events(job.id)] == [
        *("queued", "prompting", "prompting", "dispatching", "generating", "completed"),
    ]
    await record.assert_counters_equal_rows()


async def test_a_long_value_is_written_once(record: Record) -> None:
    """Postgres stores it outside the row, and writes it again whenever it is set, even if unchanged."""
    job_id = await record.dispatching()
    long = "".join(new_id().hex for _ in range(500))
    outputs = json.dumps([{"url": long}])
    steps = {
        "prompt": ("advance_job($1, p_prompt => $2)", long),
        "acceptance": ("settle_submission($2, $1, 'accepted', 'p-1', 0.02)", new_id()),
        "outputs": ("advance_job($1, p_outputs => $2)", outputs),
        "cost": ("advance_job($1, p_media_cost_usd => $2, p_media_cost_source => 'billed')", Decimal("0.05")),
        "end": ("advance_job($1, 'completed', p_outputs => $2)", outputs),
    }
    written = {}
    for name, (call, value) in steps.items():
        async with record.hand.transaction():
            before = await chunks(record.hand, "jobs")
            await record.hand.execute(f"SELECT {call}", job_id, value)
            written[name] = await chunks(record.hand, "jobs") > before

    assert written == {"prompt": True, "acceptance": False, "outputs": True, "cost": False, "end": False}
    assert (await record.store.jobs.get(job_id)).status == "completed"


async def test_many_rows_are_added_to_a_counter_at_once(record: Record) -> None:
    """Added one by one, forty thousand took minutes: each addition left a version for the next ones to read."""
    await record.hand.execute(
        """INSERT INTO prompt_generation_jobs (id, owner, operation, deadline_at)
           SELECT gen_random_uuid(), 'local', 'generate', now() FROM generate_series(1, 500)"""
    )
    await record.hand.execute("UPDATE prompt_generation_jobs SET status = 'processing' WHERE id < $1", new_id())

    async with writes_of(record.hand) as writes:
        await record.hand.execute("UPDATE prompt_generation_jobs SET status = 'failed', started_at = now()")

    assert writes["status_counters"] <= 2
    assert writes["queue_minutes"] <= 1
    await record.assert_counters_equal_rows()
    minutes = await record.hand.fetchrow("SELECT sum(started) AS started, sum(failed) AS failed FROM queue_minutes")
    assert tuple(minutes) == (500, 500)


async def test_what_was_rolled_back_is_not_counted(record: Record) -> None:
    job_ids = [await record.accept() for _ in range(3)]
    change = "UPDATE jobs SET status = $1 WHERE id = $2"

    async with record.hand.transaction():
        await record.hand.execute(change, "failed", job_ids[0])
        with pytest.raises(asyncpg.CheckViolationError):
            async with record.hand.transaction():
                await record.hand.execute("UPDATE jobs SET status = 'expired'; UPDATE jobs SET kind = 'none'")
        await record.hand.execute(change, "expired", job_ids[1])

    await record.assert_counters_equal_rows()
    assert (await record.store.operations.counts())["jobs"] == {
        str(status): 1 if status in ("failed", "expired", "queued") else 0 for status in JobStatus
    }
