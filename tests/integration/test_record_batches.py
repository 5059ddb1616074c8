"""Batches at record level: each row becomes one job, and nobody feeds more than may be open."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from promptmill.contracts.access import By
from promptmill.contracts.batches import BatchState, NewRow, PauseReason, RowFilter
from promptmill.contracts.errors import IntakeStopped, RecordConflict, RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.store import Permission
from promptmill.store import batches, job_input, open_store
from promptmill.store.consistency import BATCHES
from tests.fixtures.batches import fed, new_batch, new_row, running
from tests.fixtures.plans import fill, plan_of
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, outcome

PERSON = By("a person", "request", None)


async def end(
    record: Record, job_id: UUID, status: JobStatus = JobStatus.COMPLETED, reason: ReasonCode | None = None
) -> None:
    """End a job that waits or was accepted."""
    if status is JobStatus.COMPLETED:
        wish = intent(job_id, price_usd=Decimal("0.03"), request_hash=new_id().hex)
        assert (await record.store.submissions.permit(wish)).permission is Permission.POST
        await record.store.submissions.settle(accepted(job_id, wish.submission_id, media_cost_usd=Decimal("0.03")))
    ended = await record.store.jobs.advance(JobChange(job_id=job_id, status=status, reason_code=reason))
    assert ended.status is status


async def jobs_of(record: Record, batch_id: UUID) -> list[tuple[str, UUID]]:
    rows = await record.hand.fetch("SELECT row_key, id FROM jobs WHERE batch_id = $1 ORDER BY row_key", batch_id)
    return [(row[0], row[1]) for row in rows]


@pytest.mark.oldest_postgres
async def test_each_row_becomes_one_job_and_never_more_are_open_than_may_be(record: Record) -> None:
    batch_id = await running(record.store, 5, max_open=2)
    first = await record.store.batches.feed(batch_id, at_once=100)
    assert (len(first.jobs), first.more) == (2, False)
    assert (await record.store.batches.feed(batch_id, at_once=100)).jobs == (), "two are open"

    for job_id in first.jobs:
        await record.store.jobs.begin(job_id)
        await end(record, job_id)
    one = await record.store.batches.feed(batch_id, at_once=1)
    assert (len(one.jobs), one.more) == (1, True)
    for _ in range(3):
        for _, job_id in await jobs_of(record, batch_id):
            if await record.status(job_id) == JobStatus.QUEUED:
                await record.store.jobs.begin(job_id)
                await end(record, job_id)
        last = await record.store.batches.feed(batch_id, at_once=100)

    assert (last.batch.state, last.batch.completed_at is None) == (BatchState.DONE, False)
    assert [key for key, _ in await jobs_of(record, batch_id)] == ["1", "2", "3", "4", "5"]
    assert (await record.store.batches.counts([batch_id]))[batch_id] == {"completed": 5}
    assert (last.batch.reserved_usd, last.batch.spent_usd) == (Decimal(0), Decimal("0.15"))


async def test_many_who_feed_at_once_give_each_row_one_job(record: Record) -> None:
    batch_id = await running(record.store, 12, max_open=7)
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(record.url)) for _ in range(4)]
        found = await asyncio.gather(*(store.batches.feed(batch_id, at_once=3) for store in stores))
    jobs = [job_id for each in found for job_id in each.jobs]
    assert len(jobs) == len(set(jobs)) == 7
    assert len(await jobs_of(record, batch_id)) == 7


async def test_the_same_rows_sent_again_add_what_is_new_and_nothing_twice(record: Record) -> None:
    batch, created = await record.store.batches.create(new_batch(key="summer"))
    assert created
    rows = [new_row(1, "a"), new_row(2, "b")]
    assert await record.store.batches.add(batch.id, rows) == 2
    assert (await record.store.batches.feed(batch.id, at_once=9)).jobs == (), "not all rows are stored yet"
    await record.store.batches.open(batch.id)
    await fed(record.store, batch.id)

    again, created = await record.store.batches.create(new_batch(key="summer", max_cost_usd=Decimal(50)))
    assert (again.id, created, again.max_cost_usd) == (batch.id, False, Decimal(1))
    assert await record.store.batches.add(batch.id, [new_row(1, "a"), new_row(2, "b"), new_row(3, "c")]) == 1
    assert len(await fed(record.store, batch.id)) == 1
    other = [new_row(1, "a", prompt="an owl")]
    assert await record.store.batches.differing(batch.id, other) == [(1, "a")]
    with pytest.raises(RecordConflict, match="Line 1: the batch has a row with the key a") as refused:
        await record.store.batches.add(batch.id, other)
    assert refused.value.conflict == "row_differs"


async def test_a_faulty_row_gives_way_to_one_that_can_be_made(record: Record) -> None:
    batch, _ = await record.store.batches.create(new_batch(key="k"))
    faulty = NewRow(key="line 1", number=1, given={}, faults=({"line": 1, "message": "no prompt"},))
    await record.store.batches.add(batch.id, [faulty])
    await record.store.batches.open(batch.id)
    assert (await record.store.batches.feed(batch.id, at_once=9)).batch.state == BatchState.DONE
    await record.store.batches.add(batch.id, [new_row(1)])
    assert (await record.store.batches.open(batch.id)).state == BatchState.RUNNING
    assert len(await fed(record.store, batch.id)) == 1
    assert (await record.store.batches.counts([batch.id]))[batch.id] == {"open": 1}


async def test_a_job_that_is_there_already_is_the_rows(record: Record) -> None:
    """As after a restored backup whose rows wait although their jobs were restored."""
    batch, _ = await record.store.batches.create(new_batch())
    row = new_row(1)
    await record.store.batches.add(batch.id, [row])
    await record.store.batches.open(batch.id)
    assert row.job_id is not None
    await record.accept(id=row.job_id)
    await record.hand.execute("UPDATE jobs SET batch_id = $1, row_key = '1'", batch.id)

    assert (await record.store.batches.feed(batch.id, at_once=9)).jobs == ()
    assert (await record.store.batches.counts([batch.id]))[batch.id] == {"open": 1}


async def test_a_row_that_a_restored_backup_has_lost_gets_its_restored_job(record: Record) -> None:
    """The row was added, or approved, after the backup; its table is sent again."""
    batch, _ = await record.store.batches.create(new_batch())
    await record.store.batches.add(batch.id, [new_row(1, "kept")])
    await record.store.batches.open(batch.id)
    [kept] = await fed(record.store, batch.id)
    later = [new_row(2, "asked"), new_row(3, "written", use_ai_prompt=True, instructions="An owl")]
    await record.store.batches.add(batch.id, later)
    lost = await fed(record.store, batch.id)
    given = [job_input(await record.store.jobs.get(job_id)) for job_id in lost]
    await record.hand.execute("DELETE FROM batch_rows WHERE key <> 'kept'")
    await record.hand.execute("DELETE FROM jobs WHERE id <> $1", kept)
    for one in given:
        assert await record.store.operations.restore_row(one)

    again = [new_row(2, "asked"), new_row(3, "written", use_ai_prompt=True, instructions="An owl"), new_row(4, "new")]
    assert await record.store.batches.add(batch.id, [new_row(1, "kept"), *again]) == 3
    [new] = await fed(record.store, batch.id)
    rows = await record.store.batches.rows(batch.id, RowFilter())
    assert [(row.key, row.job_id) for row in rows] == [
        ("kept", kept), ("asked", lost[0]), ("written", lost[1]), ("new", new)
    ]  # fmt: skip


async def test_a_lost_row_that_asks_for_something_else_is_made(record: Record) -> None:
    batch, _ = await record.store.batches.create(new_batch())
    await record.store.batches.add(batch.id, [new_row(1, "fox")])
    await record.store.batches.open(batch.id)
    await fed(record.store, batch.id)
    await record.hand.execute("DELETE FROM batch_rows")
    await record.store.batches.add(batch.id, [new_row(1, "fox", prompt="an owl")])
    assert len(await fed(record.store, batch.id)) == 1


async def test_a_row_gets_the_restored_job_that_repeated_its_own(record: Record) -> None:
    batch_id = await running(record.store, 1)
    [failed] = await fed(record.store, batch_id)
    await end(record, failed, JobStatus.FAILED)
    await record.store.batches.retry_failed(batch_id, owner=OWNER)
    [again] = await fed(record.store, batch_id)
    given = job_input(await record.store.jobs.get(again))
    await record.hand.execute("UPDATE batch_rows SET job_id = $1", failed)
    await record.hand.execute("DELETE FROM jobs WHERE id = $1", again)
    assert await record.store.operations.restore_row(given)
    [row] = await record.store.batches.rows(batch_id, RowFilter())
    assert row.job_id == again


async def test_what_failed_is_tried_again_and_never_what_is_unclear(record: Record) -> None:
    batch_id = await running(record.store, 4)
    done, failed, unclear, terminated = await fed(record.store, batch_id)
    await end(record, done)
    await end(record, failed, JobStatus.FAILED)
    for job_id in (unclear, terminated):
        wish = intent(job_id, price_usd=Decimal("0.03"), request_hash=new_id().hex)
        await record.store.submissions.permit(wish)
        await record.store.submissions.settle(outcome(wish, SubmissionState.UNKNOWN))
    await end(record, terminated, JobStatus.TERMINATED)
    assert (await record.store.batches.counts([batch_id]))[batch_id] == {"completed": 1, "failed": 2, "unclear": 1}

    batch, retried = await record.store.batches.retry_failed(batch_id, owner=OWNER, by=PERSON)
    assert (retried, batch.state) == (1, BatchState.RUNNING)
    [again] = await fed(record.store, batch_id)
    assert (await record.store.jobs.get(again)).retry_of == failed
    assert (await record.store.batches.retry_failed(batch_id, owner=OWNER))[1] == 0
    await end(record, again)
    rows = await record.store.batches.rows(batch_id, RowFilter())
    assert [(row.number, row.state) for row in rows] == [
        (1, "completed"),
        (2, "completed"),
        (3, "unclear"),
        (4, "failed"),
    ]
    assert rows[1].job_id == again


async def test_a_retry_of_one_job_is_its_rows_and_a_batch_that_had_ended_goes_on(record: Record) -> None:
    batch_id = await running(record.store, 1)
    [failed] = await fed(record.store, batch_id)
    await end(record, failed, JobStatus.FAILED)
    assert (await record.store.batches.feed(batch_id, at_once=9)).batch.state == BatchState.DONE_WITH_FAILURES

    again, _ = await record.store.jobs.retry(failed, owner=OWNER, new_id=new_id())
    assert (again.batch_id, again.row_key) == (batch_id, "1")
    batch = await record.store.batches.get(batch_id)
    assert (batch.state, batch.completed_at) == (BatchState.RUNNING, None)
    assert [due.id for due in await record.store.batches.claim_due(9)] == [batch_id], "its workflow is started again"
    await record.store.jobs.begin(again.id)
    await end(record, again.id)
    assert (await record.store.batches.feed(batch_id, at_once=9)).batch.state == BatchState.DONE


async def test_failures_stop_it_and_resuming_forgives_them(record: Record) -> None:
    batch_id = await running(record.store, 6, max_open=2, stop_after_failures=2)
    for job_id in await fed(record.store, batch_id):
        await end(record, job_id, JobStatus.FAILED)
    paused = (await record.store.batches.feed(batch_id, at_once=9)).batch
    assert (paused.state, paused.pause_reason, paused.problem) == ("paused", "failures", "2 of its jobs have failed")
    await record.store.batches.resume(batch_id, owner=OWNER, by_admin=False)
    [failed, good] = await fed(record.store, batch_id)
    await end(record, failed, JobStatus.FAILED)
    await end(record, good)
    assert len(await fed(record.store, batch_id)) == 2, "one failure since"


async def test_a_failure_that_every_row_would_have_stops_it_at_once(record: Record) -> None:
    batch_id = await running(record.store, 6, max_open=2)

    async def fail(job_id: UUID, reason: ReasonCode) -> None:
        await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED, reason_code=reason))

    first, second = await fed(record.store, batch_id)
    await fail(first, ReasonCode.WAVESPEED_BAD_INPUT)
    assert len(await fed(record.store, batch_id)) == 1, "another row may be better"
    await fail(second, ReasonCode.WAVESPEED_UNKNOWN_MODEL)
    stopped = (await record.store.batches.feed(batch_id, at_once=9)).batch
    assert (stopped.state, stopped.pause_reason) == ("paused", "failures")
    assert stopped.problem == "row 2 has failed as every other would (wavespeed_unknown_model)"

    await record.store.batches.resume(batch_id, owner=OWNER, by_admin=False)
    [killed] = await fed(record.store, batch_id)
    await end(record, killed, JobStatus.TERMINATED)
    [third] = await fed(record.store, batch_id)  # what was forgiven does not stop it again
    await record.store.batches.retry_failed(batch_id, owner=OWNER, by=PERSON)
    await fail(third, ReasonCode.WAVESPEED_UNKNOWN_MODEL)
    assert (await record.store.batches.feed(batch_id, at_once=9)).batch.pause_reason == "failures"


async def test_what_was_forgiven_and_is_made_good_excuses_no_other_failure(record: Record) -> None:
    batch_id = await running(record.store, 6, max_open=2, stop_after_failures=2)
    forgiven = await fed(record.store, batch_id)
    for job_id in forgiven:
        await end(record, job_id, JobStatus.FAILED)
    await record.store.batches.feed(batch_id, at_once=9)
    await record.store.batches.resume(batch_id, owner=OWNER, by_admin=False)
    again = [(await record.store.jobs.retry(each, owner=OWNER, new_id=new_id()))[0].id for each in forgiven]
    assert await fed(record.store, batch_id) == ()
    for job_id in again:
        await record.store.jobs.begin(job_id)
        await end(record, job_id)
    for job_id in await fed(record.store, batch_id):
        await end(record, job_id, JobStatus.FAILED)
    assert (await record.store.batches.feed(batch_id, at_once=9)).batch.pause_reason == "failures"


async def test_a_pause_holds_what_is_open_and_only_an_admin_lifts_an_admins(record: Record) -> None:
    batch_id = await running(record.store, 3, max_open=1)
    [job_id] = await fed(record.store, batch_id)
    await record.store.batches.pause(batch_id, owner=OWNER, by_admin=False, by=PERSON)
    held = await record.store.submissions.permit(intent(job_id))
    assert (held.permission, held.reason_code) == (Permission.HOLD, ReasonCode.OWNER_PAUSED)
    assert held.error == "its batch is paused by a person"

    batch = await record.store.batches.pause(batch_id, owner=OWNER, by_admin=True, by=PERSON)
    assert batch.pause_reason == PauseReason.ADMIN
    with pytest.raises(RecordConflict, match="only an admin can resume it") as refused:
        await record.store.batches.resume(batch_id, owner=OWNER, by_admin=False)
    assert refused.value.conflict == "batch_paused"
    assert (await record.store.batches.feed(batch_id, at_once=9)).jobs == ()
    await record.store.batches.resume(batch_id, owner=OWNER, by_admin=True, by=PERSON)
    assert (await record.store.submissions.permit(intent(job_id, price_usd=0))).permission is Permission.POST
    told = await record.hand.fetch("SELECT action FROM audit_log ORDER BY id")
    assert [row[0] for row in told] == ["batch.create", "batch.pause", "batch.pause", "batch.resume"]


async def test_cancelling_skips_what_waits_and_ends_once_nothing_is_open(record: Record) -> None:
    batch_id = await running(record.store, 3, max_open=1)
    [job_id] = await fed(record.store, batch_id)
    batch, skipped = await record.store.batches.cancel(batch_id, owner=OWNER, by=PERSON)
    assert (batch.state, batch.completed_at, skipped) == (BatchState.CANCELLED, None, 2)
    await end(record, job_id)
    ended = (await record.store.batches.feed(batch_id, at_once=9)).batch
    assert (ended.state, ended.completed_at is None) == (BatchState.CANCELLED, False)
    assert (await record.store.batches.counts([batch_id]))[batch_id] == {"completed": 1, "skipped": 2}
    for act in (record.store.batches.pause, record.store.batches.resume):
        with pytest.raises(RecordConflict, match="cancelled"):
            await act(batch_id, owner=OWNER, by_admin=True)
    with pytest.raises(RecordNotFound):
        await record.store.batches.cancel(batch_id, owner="another")


async def test_what_refuses_new_work_is_waited_for_and_said(record: Record) -> None:
    batch_id = await running(record.store, 3)
    assert len((await record.store.batches.feed(batch_id, at_once=9, most=1)).jobs) == 1
    waits = await record.store.batches.feed(batch_id, at_once=9, most=1)
    assert (waits.jobs, waits.more, waits.batch.state) == ((), False, BatchState.RUNNING)
    assert waits.batch.problem == "local has 1 open jobs, of at most 1"
    await record.store.operations.set_drain("an upgrade")
    assert (await record.store.batches.feed(batch_id, at_once=9)).batch.problem == "an operator has stopped intake"
    with pytest.raises(IntakeStopped):
        await record.store.batches.create(new_batch())


async def test_a_row_whose_prompt_job_was_deleted_while_it_waited_is_made_all_the_same(record: Record) -> None:
    """Its prompt is its own; a batch that cannot be fed would wait for ever."""
    batch_id = await running(record.store, 2, of_job={"prompt_job_id": new_id()})
    jobs = await fed(record.store, batch_id)
    assert [(await record.store.jobs.get(job_id)).prompt_job_id for job_id in jobs] == [None, None]


async def many_batches(record: Record) -> UUID:
    """Store batches, some with 360 rows of which a quarter wait and the others have jobs; return one of these.

    Their owner has twice as many other jobs: reading all of an owner's is no way to find a batch's.
    """
    await fill(record.hand, 12_000)
    await record.hand.execute(
        "INSERT INTO batches (id, owner, template, max_cost_usd, max_open, priority, created_at) "
        "SELECT gen_random_uuid(), $1, '{}', 1, 1, 5, now() - n * interval '1 s' FROM generate_series(1, 4000) AS n",
        OWNER,
    )
    await record.hand.execute(
        """WITH placed AS (
               SELECT j.id AS job_id, row_number() OVER () AS n FROM jobs AS j LIMIT 4000
           ), numbered AS (SELECT id, row_number() OVER () AS n FROM batches
           ), moved AS (
               UPDATE jobs AS j SET batch_id = b.id, completed_at = CASE WHEN p.n % 4 > 0 THEN now() END
               FROM placed AS p JOIN numbered AS b ON b.n = p.n % 11 + 1 WHERE j.id = p.job_id
           )
           INSERT INTO batch_rows (batch_id, key, number, given, content_hash, state, job_id)
           SELECT b.id, p.n::text, p.n, '{}', '', CASE WHEN p.n % 4 > 0 THEN 'submitted' ELSE 'waiting' END, p.job_id
           FROM placed AS p JOIN numbered AS b ON b.n = p.n % 11 + 1"""
    )
    batch_id: UUID = await record.hand.fetchval("SELECT batch_id FROM batch_rows LIMIT 1")
    return batch_id


@pytest.mark.parametrize(
    ("query", "index"), [(batches.LIST, "batches_created_at_idx"), (batches.ROWS, "batch_rows_number_idx")]
)
async def test_pages_are_ranges_of_an_index(query: str, index: str, record: Record) -> None:
    values = {
        "owner": "'local'",
        "states": "'{}'",
        "before_at": "now()",
        "before_id": "gen_random_uuid()",
        "id": "(SELECT id FROM batches LIMIT 1)",
        "after_number": "5",
        "after_key": "'5'",
        "limit": "50",
    }
    asked = re.sub(r"(?<![:\w]):(\w+)", lambda found: values[found[1]], query)
    await many_batches(record)
    plan = await plan_of(record.hand, asked)
    assert index in plan
    assert "Sort" not in plan


async def test_an_erased_job_leaves_no_word_in_its_row_and_is_not_made_again(record: Record) -> None:
    batch, _ = await record.store.batches.create(new_batch(key="k"))
    await record.store.batches.add(batch.id, [new_row(1, "a-word")])
    await record.store.batches.open(batch.id)
    [job_id] = await fed(record.store, batch.id)
    await end(record, job_id)
    await record.store.batches.feed(batch.id, at_once=9)
    await record.store.erasures.erase_job(job_id, owner=OWNER)

    row = await record.hand.fetchrow("SELECT * FROM batch_rows")
    assert (row["given"], row["request"], row["content_hash"]) == ("{}", None, "")
    assert "a-word" not in row["key"]
    assert (await record.store.jobs.get(job_id)).row_key is None
    assert await record.store.batches.add(batch.id, [new_row(1, "a-word")]) == 0
    assert (await record.store.batches.counts([batch.id]))[batch.id] == {"completed": 1}


async def test_erasing_an_owner_empties_its_batches_once_they_have_ended(record: Record) -> None:
    ended = await running(record.store, 1, key="ended", name="a name")
    going = await running(record.store, 1, name="another")
    await record.store.batches.cancel(ended, owner=OWNER)
    await record.store.batches.feed(ended, at_once=1)
    await record.hand.execute("INSERT INTO owners (name) VALUES ('local') ON CONFLICT DO NOTHING")
    await record.store.erasures.erase_owner(OWNER)
    for _ in range(2):
        [erasure] = await record.store.erasures.owners()
        await record.store.erasures.erase_page(erasure)

    told = await record.hand.fetch("SELECT id, name, template FROM batches")
    assert {row["id"]: (row["name"], row["template"] == "{}") for row in told} == {
        ended: (None, True),
        going: ("another", False),
    }
    kept = await record.hand.fetch("SELECT batch_id FROM batch_rows WHERE request IS NOT NULL")
    assert [row[0] for row in kept] == [going]
    assert await record.hand.fetchval("SELECT count(*) FROM owner_erasures") == 1, "it comes again for what goes on"


async def test_an_export_has_its_batches_with_their_rows(record: Record) -> None:
    await running(record.store, 2, name="of an export")
    lines = [json.loads(line) async for page in record.store.export.pages(OWNER) for line in page.splitlines()]
    kinds = [line["kind"] for line in lines]
    assert (kinds.count("batch"), kinds.count("batchRow")) == (1, 2)
    assert lines[-1]["lines"] == len(lines) - 1


async def test_what_a_batch_has_spent_is_compared_with_its_jobs(record: Record) -> None:
    batch_id = await running(record.store, 2)
    first, second = await fed(record.store, batch_id)
    await end(record, first)
    await record.store.submissions.permit(intent(second, price_usd=Decimal("0.03"), request_hash=new_id().hex))

    async def findings() -> tuple[str, ...]:
        return (await record.store.consistency.check(BATCHES, unclear_after=timedelta(days=1))).shown

    assert await findings() == ()
    await record.hand.execute("UPDATE batches SET spent_usd = spent_usd + 1")
    assert "1.030000 spent, by its jobs" in (await findings())[0]
    await record.hand.execute("UPDATE batches SET spent_usd = spent_usd - 1, max_cost_usd = 0.05")
    assert (await findings())[0].endswith("0.060000 of 0.050000")


async def test_one_whose_rows_were_never_all_stored_is_deleted_after_a_day(record: Record) -> None:
    old, _ = await record.store.batches.create(new_batch())
    new, _ = await record.store.batches.create(new_batch())
    await record.store.batches.add(old.id, [new_row(1)])
    await record.shift(old.id, "changed_at", 90_000, "batches")
    await record.shift(new.id, "created_at", 90_000, "batches")  # as of one that was approved late

    await record.store.upkeep.delete_expired(0)

    assert [row[0] for row in await record.hand.fetch("SELECT id FROM batches")] == [new.id]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT * FROM batch_rows WHERE batch_id = '{id}' AND state = 'waiting' ORDER BY number, key LIMIT 25",
            "batch_rows_waiting_idx",
        ),
        ("SELECT count(*) FROM jobs WHERE batch_id = '{id}' AND completed_at IS NULL", "jobs_batch_open_idx"),
        (
            "SELECT * FROM jobs WHERE batch_id = '{id}' AND owner = 'local' ORDER BY created_at DESC, id DESC LIMIT 50",
            "jobs_batch_id_idx",
        ),
    ],
)
async def test_what_is_asked_for_at_each_feeding_is_a_range_of_an_index(query: str, index: str, record: Record) -> None:
    batch_id = await many_batches(record)
    plan = await plan_of(record.hand, query.format(id=batch_id))
    assert index in plan
    assert "Sort" not in plan
