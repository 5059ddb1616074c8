"""What the record says of the objectives, and when it was up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promptmill.contracts.access import BY_ITSELF
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.objectives import Ended, Share, Throughput
from promptmill.contracts.reasons import ReasonCode
from promptmill.store import objectives
from tests.fixtures.plans import plan_of
from tests.fixtures.record import Record, new_prompt_job

DAY = timedelta(days=1)


async def test_jobs_are_measured_by_their_ends_and_waits(record: Record) -> None:
    for _ in range(2):
        job_id = await record.generating()
        await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.COMPLETED, outputs=()))
    expired = await record.dispatching()
    await record.store.jobs.advance(
        JobChange(job_id=expired, status=JobStatus.EXPIRED, reason_code=ReasonCode.DEADLINE_PASSED)
    )
    unclear = (await record.unclear()).job_id
    waiting, unstarted = await record.dispatching(), await record.accept()
    # accepted at 0, submitted at 20 s, accepted by WaveSpeed at 30 s, ended at 60 s of a minute that has passed
    minute = "date_trunc('minute', now()) - interval '10 minutes'"
    await record.hand.execute(
        f"UPDATE jobs SET created_at = {minute}, dispatched_at = CASE WHEN dispatched_at IS NOT NULL"
        f" THEN {minute} + interval '30 s' END, completed_at = CASE WHEN completed_at IS NOT NULL"
        f" THEN {minute} + interval '60 s' END WHERE id <> $1",
        waiting,
    )
    await record.hand.execute(
        f"UPDATE submissions SET intended_at = {minute} + interval '20 s' WHERE job_id = $1", unclear
    )
    await record.hand.execute("UPDATE jobs SET created_at = now() - interval '1 h' WHERE id = $1", waiting)
    store = record.store.objectives

    ended = await store.ended(DAY)
    assert sorted(ended, key=lambda each: each.status) == [
        Ended(status="completed", reason_code=None, jobs=2, waited_seconds=60),
        Ended(status="expired", reason_code="deadline_passed", jobs=1, waited_seconds=60),
    ]
    open_jobs = await store.waiting()
    assert open_jobs.jobs == len({waiting, unstarted}), "the unclear one has been submitted"
    assert open_jobs.waited_seconds >= 3600 + 540
    # In the minute in which two were completed, two had come earlier and waited through it.
    assert await store.throughput(DAY) == Throughput(best=2, best_waiting=2, waiting_minutes=1)
    assert await store.ended(timedelta(minutes=5)) == []


async def test_retries_ratings_and_restored_backups_are_counted(record: Record) -> None:
    for attempts, status, rating in (
        (2, "completed", 1),
        (3, "failed", -1),
        (1, "failed", None),
        (2, "cancelled", None),
    ):
        prompt_job, _ = await record.store.prompts.accept(new_prompt_job())
        await record.hand.execute(
            "UPDATE prompt_generation_jobs SET attempt_no = $2, status = $3, rating = $4, completed_at = now()"
            " WHERE id = $1",
            prompt_job.id,
            attempts,
            status,
            rating,
        )
    for retried in (True, False):
        job_id = await record.generating()
        await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.COMPLETED, outputs=()))
        await record.hand.execute("UPDATE jobs SET kept = $2 WHERE id = $1", job_id, retried)
        if retried:
            await record.hand.execute("UPDATE jobs SET retry_of = id WHERE id = $1", job_id)
    await record.store.operations.hold_submissions("an older backup", by=BY_ITSELF)
    await record.store.operations.release_submissions("checked", at_least=0, by=BY_ITSELF)
    store = record.store.objectives

    assert await store.retries(DAY) == Share(good=2, all=3)
    assert await store.ratings(DAY) == Share(good=2, all=4)
    assert await store.backups_restored(DAY) == 1


INDEXES = {
    objectives.ENDED: {"jobs_completed_at_idx", "submissions_job_id_idx"},
    objectives.WAITING: {"jobs_checked_at_idx", "jobs_claim_idx"},
    objectives.THROUGHPUT: {"jobs_completed_at_idx", "jobs_checked_at_idx", "jobs_claim_idx"},
    objectives.RATINGS: {"prompt_generation_jobs_rated_idx", "jobs_kept_idx"},
}


async def test_the_window_is_found_by_indexes(record: Record) -> None:
    await record.hand.execute("SET enable_seqscan = off")

    for query, indexes in INDEXES.items():
        told = await plan_of(record.hand, query.replace(":window", "$$1 day$$"))
        assert {index for index in indexes if index in told} == indexes
        assert "Seq Scan on jobs" not in told


async def test_uptime_counts_from_the_first_note_and_gaps_are_outages(record: Record) -> None:
    store = record.store.uptime
    assert await store.read(DAY) is None

    await store.note()
    await store.note()
    first = await store.read(DAY)
    assert first is not None
    assert first.seconds < 70
    assert first.up_seconds <= first.seconds

    # Up for all of 30 minutes but two times ten seconds, then for none of the 30 minutes since; and long ago.
    await record.hand.execute("DELETE FROM up_minutes")
    await record.hand.execute(
        "INSERT INTO up_minutes SELECT date_trunc('minute', now()) - n * interval '1 minute',"
        " CASE n WHEN 60 THEN 62 WHEN 40 THEN 47 ELSE 63 END FROM generate_series(31, 60) AS n"
    )
    found = await store.read(DAY)
    assert found is not None
    assert found.up_seconds == 1800 - 20
    assert 3590 <= found.seconds < 3720, "the first ten seconds are before the first note"
    inside = await store.read(timedelta(minutes=45))
    assert inside is not None
    assert inside.seconds == pytest.approx(2700)
    assert inside.up_seconds in {15 * 60 - 10, 14 * 60 - 10}, "the minute may have changed"

    await record.hand.execute("UPDATE up_minutes SET minute = minute - interval '91 days'")
    await store.note()
    assert await record.hand.fetchval("SELECT count(*) FROM up_minutes") == 1
