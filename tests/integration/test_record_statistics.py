"""Counters, statistics and positions, without counting rows."""

from __future__ import annotations

from uuid import UUID

import pytest

from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.store import JobFilter, PromptEnd, PromptFailure
from tests.fixtures.record import Record, new_prompt_job, written

PROMPTS = "prompt_generation_jobs"


async def waiting(record: Record, **fields: object) -> UUID:
    """A stand-alone prompt job in Grok's queue."""
    row, _ = await record.store.prompts.accept(new_prompt_job(**fields))
    await record.store.prompts.begin(row.id)
    return row.id


async def test_statistics_of_an_empty_queue(record: Record) -> None:
    told = await record.store.prompts.statistics("local")

    assert {name: told[name] for name in told if name.startswith("total_")} == dict.fromkeys(
        ("total_queued", "total_processing", "total_completed", "total_failed", "total_cancelled"), 0
    )
    assert told["processed_per_minute"] == 0
    unknown = ("avg_wait_time_seconds", "avg_processing_seconds", "oldest_queued_seconds", "error_rate", "retry_rate")
    assert all(told[name] is None for name in (*unknown, "retry_success_rate"))
    assert told["jobs"] == {str(status): 0 for status in JobStatus}


async def test_statistics_of_the_last_hour(record: Record) -> None:
    quick, retried, refused, cancelled, queued = [await waiting(record) for _ in range(5)]
    await record.shift(quick, "enqueued_at", 10, PROMPTS)
    await record.shift(retried, "enqueued_at", 20, PROMPTS)
    await record.shift(refused, "enqueued_at", 30, PROMPTS)
    await record.shift(queued, "enqueued_at", 100, PROMPTS)
    for prompt_job_id in (quick, retried, refused):
        await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    for prompt_job_id in (quick, retried):
        await record.shift(prompt_job_id, "started_at", 4, PROMPTS)
    await record.store.prompts.record_failure(
        PromptFailure(prompt_job_id=retried, attempt_no=1, reason_code="grok_unavailable", error="503", delay_seconds=0)
    )
    await record.store.prompts.begin_attempt(retried, "grok-4")
    await record.store.prompts.finish(written(quick, 1))
    await record.store.prompts.finish(written(retried, 2))
    await record.store.prompts.finish(PromptEnd(prompt_job_id=refused, attempt_no=1, reason_code="grok_refused"))
    await record.hand.execute("SELECT update_prompt_job_status($1, 'cancelled')", cancelled)

    told = await record.store.prompts.statistics("local")

    assert [told[f"total_{word}"] for word in ("queued", "processing", "completed", "failed", "cancelled")] == [
        1,
        0,
        2,
        1,
        1,
    ]
    assert told["avg_wait_time_seconds"] == pytest.approx(20, abs=2)
    assert told["avg_processing_seconds"] == pytest.approx(4, abs=2)
    assert told["oldest_queued_seconds"] == pytest.approx(100, abs=2)
    assert told["processed_per_minute"] == 3
    assert told["error_rate"] == pytest.approx(1 / 3)
    assert told["retry_rate"] == pytest.approx(1 / 3)
    assert told["retry_success_rate"] == 1


async def test_statistics_forget_after_an_hour(record: Record) -> None:
    prompt_job_id = await waiting(record)
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.prompts.finish(written(prompt_job_id, 1))
    await record.hand.execute("UPDATE queue_minutes SET minute = minute - interval '61 minutes'")

    told = await record.store.prompts.statistics("local")

    assert (told["total_completed"], told["error_rate"], told["processed_per_minute"]) == (1, None, 0)


async def test_statistics_are_of_one_owner(record: Record) -> None:
    mine, theirs = await waiting(record, owner="one"), await waiting(record, owner="two")
    await record.accept(owner="two")
    for prompt_job_id in (mine, theirs):
        await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.prompts.finish(written(mine, 1))

    one, two, all_, none = [await record.store.prompts.statistics(owner) for owner in ("one", "two", None, "three")]

    totals = ("total_processing", "total_completed")
    assert [[told[name] for name in totals] for told in (one, two, all_, none)] == [[0, 1], [1, 0], [1, 1], [0, 0]]
    # A minute may have passed since the first of them.
    assert [round(told["processed_per_minute"]) for told in (one, two, all_)] == [1, 0, 1]
    assert [told["jobs"]["queued"] for told in (one, two, all_)] == [0, 1, 1]
    assert await record.hand.fetchval("SELECT total_completed FROM get_prompt_queue_stats()") == 1


async def test_statistics_count_no_rows(record: Record) -> None:
    """They report the counters, whatever the table contains."""
    await waiting(record)
    await record.hand.execute("UPDATE status_counters SET n = 1000000 WHERE status = 'queued'")

    assert (await record.store.prompts.statistics("local"))["total_queued"] == 1_000_000


async def test_counters_follow_edits_by_hand(record: Record) -> None:
    job_ids = [await record.accept() for _ in range(6)]
    await record.prompting()
    await record.set_status(job_ids[0], "failed")
    await record.hand.execute("UPDATE jobs SET status = 'terminated' WHERE id = ANY ($1)", job_ids[1:4])
    await record.hand.execute("UPDATE jobs SET priority = 9")
    await record.hand.execute("DELETE FROM jobs WHERE id = $1", job_ids[4])
    await record.assert_counters_equal_rows()

    await record.hand.execute("DELETE FROM jobs WHERE use_ai_prompt")
    await record.assert_counters_equal_rows()
    assert await record.hand.fetchval("SELECT count(*) FROM prompt_generation_jobs") == 0

    await record.hand.execute("TRUNCATE jobs, prompt_generation_jobs CASCADE")
    await record.assert_counters_equal_rows()


async def test_place_is_by_priority_then_turns_then_age(record: Record) -> None:
    first = [await waiting(record, owner="one") for _ in range(3)]
    other = await waiting(record, owner="two")
    urgent = await waiting(record, owner="one", priority=9)

    places = [await record.store.prompts.queue_position(row_id) for row_id in (urgent, first[0], other, *first[1:])]

    assert places == [(n, 5) for n in range(1, 6)]


async def test_place_leaves_out_what_does_not_wait(record: Record) -> None:
    unstarted, _ = await record.store.prompts.accept(new_prompt_job())
    asked, backing_off, due, me = [await waiting(record) for _ in range(4)]
    for row_id in (asked, backing_off, due):
        await record.store.prompts.begin_attempt(row_id, "grok-4")
    for row_id, delay in ((backing_off, 60.0), (due, 0.0)):
        await record.store.prompts.record_failure(
            PromptFailure(
                prompt_job_id=row_id, attempt_no=1, reason_code="grok_unavailable", error="503", delay_seconds=delay
            )
        )

    assert await record.store.prompts.queue_position(me) == (1, 2)
    assert await record.store.prompts.queue_position(due) == (2, 2)  # a retry goes to the back
    for row_id in (unstarted.id, asked, backing_off):
        assert await record.store.prompts.queue_position(row_id) is None


async def test_prompt_of_a_job_waits_too(record: Record) -> None:
    _, prompt_job_id = await record.prompting()

    assert await record.store.prompts.queue_position(prompt_job_id) == (1, 1)


async def test_places_of_jobs_at_wavespeed(record: Record) -> None:
    first = [await record.dispatching(owner="one") for _ in range(2)]
    other = await record.dispatching(owner="two")
    urgent = await record.dispatching(owner="two", priority=10)
    waits_not = await record.generating()

    places = [await record.store.jobs.queue_position(job_id) for job_id in (urgent, first[0], other, first[1])]

    assert places == [(n, 4) for n in range(1, 5)]
    assert await record.store.jobs.queue_position(waits_not) is None


async def test_places_stop_at_a_thousand(record: Record) -> None:
    me = await waiting(record, priority=1)
    await record.hand.execute(
        """INSERT INTO prompt_generation_jobs (id, owner, operation, priority, deadline_at, workflow_started_at)
           SELECT gen_random_uuid(), 'local', 'generate', 5, now(), now() FROM generate_series(1, 1500)"""
    )

    assert await record.store.prompts.queue_position(me) == (1000, 1000)


async def test_open_predictions_are_counted(record: Record) -> None:
    for _ in range(3):
        await record.generating()
    await record.dispatching()

    assert await record.store.operations.open_predictions() == 3


async def test_list_filters_and_goes_on_from_a_keyset(record: Record) -> None:
    job_ids = [await record.accept(prompt=f"fox {n} 100%", metadata={"order": f"A_{n}"}) for n in range(5)]
    other = await record.accept(model="a/video", owner="local", prompt="a hare")
    await record.accept(owner="somebody")
    await record.set_status(job_ids[0], "failed")
    jobs = record.store.jobs

    async def found(**where: object) -> list[UUID]:
        return [job.id for job in await jobs.list("local", JobFilter.model_validate(where))]

    newest_first = [other, *reversed(job_ids)]
    assert await found() == newest_first
    assert await found(statuses=["failed", "completed"]) == [job_ids[0]]
    assert await found(models=["a/video"]) == [other]
    assert await found(q="HARE") == [other]
    assert await found(q="100%") == list(reversed(job_ids))
    assert await found(q="A_3") == [job_ids[3]]
    assert await found(q="A%3") == []
    assert await found(q=str(job_ids[2])) == [job_ids[2]]
    last = await jobs.get(job_ids[2])
    assert await found(before=(last.created_at, last.id), limit=1) == [job_ids[1]]
    assert await found(created_after=last.created_at) == [other, job_ids[4], job_ids[3]]
    assert await found(created_before=last.created_at) == [job_ids[1], job_ids[0]]
