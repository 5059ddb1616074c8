"""When results are read: claimed once, at the rate of all workers together, and kept until the workflow was told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.contracts.resolution import ResolvedBy
from promptmill.store import open_store
from promptmill.store.readings import CHANNEL, Claim, Plan
from tests.fixtures.record import Record, accepted, intent_of_row, new_id, outcome
from tests.support import eventually

FAST = 1000.0


async def take(record: Record, limit: int = 100, per_second: float = FAST) -> list[Claim]:
    return await record.store.readings.take(limit, per_second=per_second, lease_seconds=60)


async def plan_all(record: Record, *, ago: float = 0) -> None:
    """Make every reading due, since some seconds."""
    await record.hand.execute(
        "UPDATE readings SET due_at = clock_timestamp() - $1::interval, prompted = false", timedelta(seconds=ago)
    )


async def due_in(record: Record, job_id: UUID) -> float:
    query = "SELECT extract(epoch FROM due_at - clock_timestamp()) FROM readings WHERE job_id = $1"
    return float(await record.hand.fetchval(query, job_id))


async def webhook(record: Record, job_id: UUID, event_id: str | None = None) -> bool:
    """Receive a webhook; return whether the API has to signal it."""
    (row,) = await record.store.submissions.of_job(job_id)
    received = await record.store.inbox.receive(
        event_id=event_id or new_id().hex,
        job_id=job_id,
        token=row.callback_token,
        body={"id": row.prediction_id},
    )
    return received.workflow_open


async def test_an_accepted_prediction_is_to_be_planned_and_read(record: Record) -> None:
    job_id = await record.generating("p-1")

    agenda = await record.store.readings.agenda()
    (new,) = await record.store.readings.unplanned(10)
    assert (agenda.unplanned, agenda.due_in, new.job_id) == (True, None, job_id)
    assert 0 <= new.waited < 30
    assert await take(record) == []

    await record.store.readings.plan([Plan(job_id, None, 0)])
    (claim,) = await take(record)

    assert (claim.job_id, claim.prediction_id, claim.model, claim.kind) == (job_id, "p-1", new.model, new.kind)
    assert (claim.looks, claim.prompted, claim.waits) == (1, False, True)
    job = await record.store.jobs.get(job_id)
    assert claim.accepted_at == job.dispatched_at


async def test_a_claim_is_exclusive_until_its_lease_ends(record: Record) -> None:
    job_ids = {await record.generating() for _ in range(40)}
    await plan_all(record)

    async with open_store(record.url) as other:
        batches = await asyncio.gather(
            *(
                store.readings.take(7, per_second=FAST, lease_seconds=60)
                for _ in range(6)
                for store in (record.store, other)
            )
        )

    claimed = [claim.job_id for batch in batches for claim in batch]
    assert len(claimed) == len(job_ids)
    assert set(claimed) == job_ids
    assert await take(record) == []
    await record.hand.execute("UPDATE readings SET due_at = due_at - interval '60 seconds'")
    assert {claim.looks for claim in await take(record)} == {2}


async def test_what_is_due_longest_is_read_first(record: Record) -> None:
    job_ids = [await record.generating() for _ in range(3)]
    for place, job_id in enumerate(job_ids):
        await record.hand.execute(
            "UPDATE readings SET due_at = clock_timestamp() - $2::interval WHERE job_id = $1",
            job_id,
            timedelta(seconds=10 * (place + 1)),
        )

    (first,) = await take(record, 1)

    assert first.job_id == job_ids[2]


async def test_two_workers_together_keep_to_the_rate(record: Record) -> None:
    for _ in range(12):
        await record.generating()
    await plan_all(record)
    await record.hand.execute("UPDATE reading_rate SET next_at = clock_timestamp() - interval '1 hour'")

    async with open_store(record.url) as other:
        batches = await asyncio.gather(
            *(store.readings.take(12, per_second=0.05, lease_seconds=60) for store in (record.store, other))
        )

    assert sum(map(len, batches)) == 1
    assert await take(record, per_second=0.05) == []
    await record.hand.execute("UPDATE reading_rate SET next_at = next_at - interval '20 seconds'")
    assert len(await take(record, per_second=0.05)) == 1


async def test_a_burst_is_a_second_at_most(record: Record) -> None:
    for _ in range(12):
        await record.generating()
    await plan_all(record)
    await record.hand.execute("UPDATE reading_rate SET next_at = clock_timestamp() - interval '1 hour'")

    assert len(await take(record, per_second=5)) == 6  # a second's, and the one whose turn it is


async def test_a_clock_that_was_ahead_stops_nobody(record: Record) -> None:
    await record.generating()
    await plan_all(record)
    await record.hand.execute("UPDATE reading_rate SET next_at = clock_timestamp() + interval '1 day'")

    assert len(await take(record, per_second=1)) == 1


async def test_nothing_is_written_while_nothing_is_due(record: Record) -> None:
    job_id = await record.generating()
    await record.store.readings.plan([Plan(job_id, None, 60)])
    before = await record.hand.fetchval("SELECT pg_current_xact_id()::text::bigint")

    assert await take(record) == []

    assert await record.hand.fetchval("SELECT pg_current_xact_id()::text::bigint") == before + 1


async def test_a_webhook_makes_it_due_beside_the_rate_and_wakes_the_workers(record: Record) -> None:
    job_id = await record.generating()
    await record.store.readings.plan([Plan(job_id, None, 600)])
    await record.hand.execute("UPDATE reading_rate SET next_at = clock_timestamp() + interval '1 second'")
    woken = asyncio.Event()
    listening = await asyncpg.connect(record.url)
    try:
        await listening.add_listener(CHANNEL, lambda *_: woken.set())

        to_signal = await webhook(record, job_id)

        await eventually(woken.is_set)
    finally:
        await listening.close()
    (claim,) = await take(record, per_second=1)
    assert (to_signal, claim.job_id, claim.prompted) == (False, job_id, True)
    assert await record.store.inbox.unprocessed(10) == []


async def test_a_webhook_during_a_reading_is_not_lost(record: Record) -> None:
    """What the reader found may be older than the webhook: it must not put the next look off."""
    job_id = await record.generating()
    await plan_all(record)
    (claim,) = await take(record)

    await webhook(record, job_id)
    await record.store.readings.plan([Plan(job_id, claim.leased_until, 600)])

    (again,) = await take(record)
    assert (again.job_id, again.prompted) == (job_id, True)


async def test_a_webhook_of_an_unclear_submission_is_signalled_and_read(record: Record) -> None:
    """Its workflow waits for that signal, and its time for generating begins."""
    wish = await record.unclear()

    received = await record.store.inbox.receive(
        event_id="e-1", job_id=wish.job_id, token=wish.callback_token, body={"id": "p-1"}
    )

    assert received.workflow_open
    (claim,) = await take(record)
    assert (claim.prediction_id, claim.prompted) == ("p-1", True)


async def test_an_adopted_prediction_is_read(record: Record) -> None:
    wish = await record.unclear()

    await record.store.resolution.adopt(wish.submission_id, "p-1", ResolvedBy.HISTORY)

    (new,) = await record.store.readings.unplanned(10)
    assert new.job_id == wish.job_id


async def test_a_prediction_that_was_anothers_is_not_read_but_told(record: Record) -> None:
    mistaken = await record.unclear()
    await record.store.resolution.adopt(mistaken.submission_id, "p-1", ResolvedBy.HISTORY)
    await record.store.readings.plan([Plan(mistaken.job_id, None, 600)])

    right = await record.generating("p-1")

    claims = {claim.job_id: claim for claim in await take(record)}
    assert not claims[mistaken.job_id].waits
    (new,) = await record.store.readings.unplanned(10)
    assert new.job_id == right


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.EXPIRED])
async def test_an_ended_job_is_told_and_costs_no_turn(record: Record, status: JobStatus) -> None:
    ended, running = await record.generating("p-1"), await record.generating("p-2")
    await record.store.jobs.advance(JobChange(job_id=ended, status=status, prediction_id="p-1"))
    await plan_all(record)
    await record.hand.execute("UPDATE readings SET due_at = due_at - interval '1 second' WHERE job_id = $1", ended)
    await record.hand.execute("UPDATE reading_rate SET next_at = clock_timestamp()")

    (first,) = await take(record, per_second=0.1)
    (second,) = await take(record, per_second=0.1)

    assert (first.job_id, first.waits) == (ended, False)
    assert (second.job_id, second.waits) == (running, True)


async def test_a_reading_that_was_told_is_removed_unless_it_is_about_another_prediction(record: Record) -> None:
    told, moved = await record.generating("p-1"), await record.generating("p-2")

    await record.store.readings.end([(told, "p-1"), (moved, "p-0")])

    assert [new.job_id for new in await record.store.readings.unplanned(10)] == [moved]


async def test_a_job_that_was_cancelled_meanwhile_is_not_read(record: Record) -> None:
    """Its workflow ends it; what comes later is late media."""
    job_id = await record.dispatching()
    permit = await record.store.submissions.permit(await intent_of_row(record.store, job_id))
    assert permit.submission_id is not None
    await record.store.jobs.request_cancel(job_id, owner="local")

    await record.store.submissions.settle(accepted(job_id, permit.submission_id, "p-1"))

    assert (await record.store.readings.backlog()).open == 0


async def test_a_refused_submission_is_not_read(record: Record) -> None:
    wish = await intent_of_row(record.store, await record.dispatching())
    await record.store.submissions.permit(wish)

    await record.store.submissions.settle(outcome(wish, SubmissionState.REJECTED, final=True))

    assert (await record.store.readings.backlog()).open == 0


async def test_two_plans_of_the_same_readings_do_not_wait_for_each_other(record: Record) -> None:
    job_ids = [await record.generating() for _ in range(20)]

    async with open_store(record.url) as other:
        await asyncio.gather(
            *(
                store.readings.plan([Plan(job_id, None, 60) for job_id in order])
                for _ in range(5)
                for store, order in ((record.store, job_ids), (other, job_ids[::-1]))
            )
        )

    assert not (await record.store.readings.agenda()).unplanned
    for job_id in job_ids:
        assert 30 < await due_in(record, job_id) <= 60


async def test_the_backlog_says_how_late_it_is(record: Record) -> None:
    assert await record.store.readings.backlog() == (0, 0)
    job_id = await record.generating()
    await record.store.readings.plan([Plan(job_id, None, 60)])
    assert await record.store.readings.backlog() == (1, 0)

    await plan_all(record, ago=90)

    backlog = await record.store.readings.backlog()
    assert backlog.open == 1
    assert 90 <= backlog.late_seconds < 120


async def test_claims_use_the_index_however_many_are_open(record: Record) -> None:
    await record.generating()
    await record.hand.execute("ALTER TABLE readings DROP CONSTRAINT readings_job_id_fkey")
    await record.hand.execute(
        """INSERT INTO readings (job_id, prediction_id, accepted_at, due_at)
           SELECT gen_random_uuid(), 'p', now(), now() + n * interval '1 second'
           FROM generate_series(-50, 20000) AS n"""
    )
    await record.hand.execute("ANALYZE readings")

    for query in (
        "SELECT job_id FROM readings WHERE NOT prompted AND due_at <= now() ORDER BY due_at LIMIT 9 FOR UPDATE",
        "SELECT min(due_at) FROM readings",
        "SELECT * FROM readings WHERE due_at IS NULL LIMIT 500",
        "SELECT job_id FROM readings WHERE prompted AND due_at <= now() ORDER BY due_at LIMIT 9 FOR UPDATE",
    ):
        lines = [row[0] for row in await record.hand.fetch(f"EXPLAIN {query}")]
        assert any("Index" in line and "readings_" in line for line in lines), lines
        assert not any("Seq Scan" in line for line in lines), lines


async def test_a_claim_reads_only_what_it_claims(record: Record) -> None:
    """It holds the rate of all workers meanwhile."""
    await record.generating()
    columns = await record.hand.fetchval(
        """SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
           WHERE attrelid = 'jobs'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
             AND attname <> 'id'"""
    )
    await record.hand.execute(
        f"""ALTER TABLE jobs DISABLE TRIGGER USER;
            INSERT INTO jobs (id, {columns}) SELECT gen_random_uuid(), {columns} FROM jobs, generate_series(1, 20000);
            INSERT INTO readings (job_id, prediction_id, accepted_at)
                SELECT id, 'p', now() FROM jobs WHERE id NOT IN (SELECT job_id FROM readings);
            UPDATE readings SET due_at = now() - random() * interval '1 hour';
            ANALYZE jobs, readings"""
    )

    async def scanned() -> dict[str, int]:
        """Rows that were read without an index; also those of earlier transactions, until Postgres adds them up."""
        return dict(
            await record.hand.fetch(
                "SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables WHERE relname IN ('jobs', 'readings')"
            )
        )

    for _ in range(8):  # Postgres may change the plan after five
        async with record.hand.transaction():
            before = await scanned()
            assert len(await record.hand.fetch("SELECT * FROM take_readings(32, 1000, 60)")) == 32
            assert await scanned() == before


async def test_a_repeated_webhook_causes_no_second_read(record: Record) -> None:
    """Reads that webhooks cause are beside the rate: whoever has recorded one must not cause any number."""
    job_id = await record.generating()
    await webhook(record, job_id, "event-1")
    (claim,) = await take(record)
    assert claim.prompted

    await webhook(record, job_id, "event-1")

    assert await take(record) == []
    assert await due_in(record, job_id) > 30
