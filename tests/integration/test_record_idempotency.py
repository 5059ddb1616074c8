"""Accepting under an Idempotency-Key."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from promptmill.contracts.errors import IdempotencyBusy, IdempotencyMismatch, RecordError
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.store import IdempotencyKey
from tests.fixtures.record import Record, new_job, new_prompt_job

KEY = IdempotencyKey(key="order-7", request_hash="abc")


async def test_same_key_gives_the_job_of_the_first_time_as_it_is_now(record: Record) -> None:
    first, fresh = await record.store.jobs.accept(new_job(), KEY)
    await record.store.jobs.begin(first.id)

    again, replayed = await record.store.jobs.accept(new_job(), KEY)

    assert (fresh, replayed) == (False, True)
    assert (again.id, again.status) == (first.id, JobStatus.DISPATCHING)
    assert await record.hand.fetchval("SELECT count(*) FROM jobs") == 1


async def test_same_key_for_prompt_jobs(record: Record) -> None:
    first, _ = await record.store.prompts.accept(new_prompt_job(), KEY)

    again, replayed = await record.store.prompts.accept(new_prompt_job(), KEY)

    assert (again.id, replayed) == (first.id, True)


async def test_many_at_once_make_one_job(record: Record) -> None:
    answers = await asyncio.gather(*(record.store.jobs.accept(new_job(), KEY) for _ in range(8)))

    assert len({job.id for job, _ in answers}) == 1
    assert sorted(replayed for _, replayed in answers) == [False] + [True] * 7
    await record.assert_counters_equal_rows()


async def test_same_key_with_another_request_is_refused(record: Record) -> None:
    await record.store.jobs.accept(new_job(), KEY)
    other = KEY.model_copy(update={"request_hash": "def"})

    with pytest.raises(IdempotencyMismatch):
        await record.store.jobs.accept(new_job(), other)
    with pytest.raises(IdempotencyMismatch):
        await record.store.prompts.accept(new_prompt_job(), other)
    assert await record.hand.fetchval("SELECT count(*) FROM jobs") == 1


async def test_keys_of_other_owners_are_other_keys(record: Record) -> None:
    first, _ = await record.store.jobs.accept(new_job(), KEY)
    second, replayed = await record.store.jobs.accept(new_job(owner="somebody"), KEY)

    assert first.id != second.id
    assert not replayed


async def test_key_is_free_again_after_a_day(record: Record) -> None:
    first, _ = await record.store.jobs.accept(new_job(), KEY)
    await record.hand.execute("UPDATE idempotency_keys SET created_at = created_at - interval '24 hours 1 second'")

    second, replayed = await record.store.jobs.accept(new_job(), KEY.model_copy(update={"request_hash": "def"}))

    assert second.id != first.id
    assert not replayed


async def test_key_that_is_held_for_long_is_busy(record: Record) -> None:
    """The first request is still being accepted: the second gets an error instead of waiting."""
    slow = await asyncpg.connect(record.url)
    transaction = slow.transaction()
    await transaction.start()
    query = "SELECT FROM accept_job($1, $2, $3)"
    await slow.execute(query, new_job().model_dump_json(), KEY.key, KEY.request_hash)

    with pytest.raises(IdempotencyBusy):
        await record.store.jobs.accept(new_job(), KEY)

    await transaction.commit()
    await slow.close()
    _, replayed = await record.store.jobs.accept(new_job(), KEY)
    assert replayed


async def test_nothing_is_stored_when_one_part_fails(record: Record) -> None:
    taken = new_prompt_job()
    await record.store.prompts.accept(taken)

    with pytest.raises(RecordError):
        await record.store.jobs.accept(new_job(use_ai_prompt=True, prompt_job=taken), KEY)

    for table in ("jobs", "job_events", "idempotency_keys"):
        assert await record.hand.fetchval(f"SELECT count(*) FROM {table}") == 0
    await record.assert_counters_equal_rows()
