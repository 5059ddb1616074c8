"""The reconciler's part of the record: claims, cancels, comparison, restarts, deletion."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.names import job_workflow_id, prompt_workflow_id
from promptmill.contracts.reconciliation import DeletedRows
from promptmill.contracts.resolution import Decision
from promptmill.contracts.store import AttemptDecision, IdempotencyKey, Permission
from promptmill.store import open_store
from tests.fixtures.record import Record, intent, new_job, new_prompt_job

PROMPTS = "prompt_generation_jobs"


async def free(record: Record, table: str = "jobs") -> None:
    """Expire all claims of a table."""
    await record.hand.execute(f"UPDATE {table} SET claimed_at = claimed_at - interval '61 seconds'")


async def test_two_relays_at_once_never_get_the_same_row(record: Record) -> None:
    wanted = {await record.accept() for _ in range(40)}
    prompts = {(await record.store.prompts.accept(new_prompt_job()))[0].id for _ in range(40)}
    await free(record)
    await free(record, PROMPTS)

    async with open_store(record.url) as other:
        jobs = await asyncio.gather(
            *(store.upkeep.claim_stranded_jobs(7) for _ in range(6) for store in (record.store, other))
        )
        prompt_jobs = await asyncio.gather(
            *(store.upkeep.claim_prompt_jobs(7) for _ in range(6) for store in (record.store, other))
        )

    for claimed, expected in ((jobs, wanted), (prompt_jobs, prompts)):
        ids = [row.id for batch in claimed for row in batch]
        assert len(ids) == len(set(ids))
        assert set(ids) == expected


async def test_claim_is_free_again_after_a_minute(record: Record) -> None:
    job_id = await record.accept()
    row, _ = await record.store.prompts.accept(new_prompt_job())
    assert await record.store.upkeep.claim_stranded_jobs(10) == []  # its acceptor is starting it
    assert await record.store.upkeep.claim_prompt_jobs(10) == []

    for _ in range(2):
        await record.shift(job_id, "claimed_at", 61)
        await record.shift(row.id, "claimed_at", 61, PROMPTS)
        assert [job.id for job in await record.store.upkeep.claim_stranded_jobs(10)] == [job_id]
        assert [prompt.id for prompt in await record.store.upkeep.claim_prompt_jobs(10)] == [row.id]
        await record.shift(job_id, "claimed_at", 58)
        await record.shift(row.id, "claimed_at", 58, PROMPTS)
        assert await record.store.upkeep.claim_stranded_jobs(10) == []
        assert await record.store.upkeep.claim_prompt_jobs(10) == []


async def test_released_claim_is_free_again_at_once(record: Record) -> None:
    job_id = await record.accept()
    row, _ = await record.store.prompts.accept(new_prompt_job())

    await record.store.upkeep.release_claims(job_ids=[job_id], prompt_job_ids=[row.id])

    assert [job.id for job in await record.store.upkeep.claim_stranded_jobs(10)] == [job_id]
    assert [prompt.id for prompt in await record.store.upkeep.claim_prompt_jobs(10)] == [row.id]


async def test_claims_go_by_priority_then_age(record: Record) -> None:
    low, first, second, high = [await record.accept(priority=p) for p in (1, 5, 5, 10)]
    await free(record)

    assert [job.id for job in await record.store.upkeep.claim_stranded_jobs(3)] == [high, first, second]
    assert [job.id for job in await record.store.upkeep.claim_stranded_jobs(3)] == [low]


async def test_claim_ends_what_is_past_its_deadline(record: Record) -> None:
    job_id = await record.accept()
    row, _ = await record.store.prompts.accept(new_prompt_job())
    for table, row_id in (("jobs", job_id), (PROMPTS, row.id)):
        await free(record, table)
        await record.shift(row_id, "deadline_at", 4000, table)

    assert await record.store.upkeep.claim_stranded_jobs(10) == []
    assert await record.store.upkeep.claim_prompt_jobs(10) == []

    job, prompt_job = await record.store.jobs.get(job_id), await record.store.prompts.get(row.id)
    assert (job.status, job.reason_code) == ("expired", "deadline_passed")
    assert (prompt_job.status, prompt_job.reason_code) == ("failed", "deadline_passed")


async def test_prompt_job_of_a_job_is_never_claimed(record: Record) -> None:
    await record.accept(use_ai_prompt=True, prompt_job=new_prompt_job())
    await free(record)
    await record.hand.execute(f"UPDATE {PROMPTS} SET claimed_at = NULL")

    assert await record.store.upkeep.claim_prompt_jobs(10) == []
    assert len(await record.store.upkeep.claim_stranded_jobs(10)) == 1


async def test_started_rows_are_not_claimed(record: Record) -> None:
    job_id = await record.accept()
    row, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.upkeep.mark_started(job_ids=[job_id], prompt_job_ids=[row.id])
    await free(record)
    await free(record, PROMPTS)

    assert await record.store.upkeep.claim_stranded_jobs(10) == []
    assert await record.store.upkeep.claim_prompt_jobs(10) == []


async def test_cancel_without_a_workflow_ends_at_once(record: Record) -> None:
    """Temporal is asked anyway: a start is marked after the workflow exists, and the mark may be lost."""
    prompt_job = new_prompt_job()
    job_id = await record.accept(use_ai_prompt=True, prompt_job=prompt_job)

    job, ask = await record.store.jobs.request_cancel(job_id, owner="local")

    assert (job.status, job.prompt_status, ask) == ("cancelled", "cancelled", True)
    assert (await record.store.prompts.get(prompt_job.id)).status == "cancelled"
    await record.shift(job_id, "claimed_at", 61)
    job, ask = await record.store.jobs.request_cancel(job_id, owner="local")
    assert (job.status, ask) == ("cancelled", True)


async def test_cancel_of_a_running_job_asks_temporal(record: Record) -> None:
    job_id = await record.generating()

    job, ask = await record.store.jobs.request_cancel(job_id, owner="local")

    assert (job.status, job.reason_code, ask) == ("cancelling", "cancel_requested", True)
    asked_at = job.cancel_requested_at
    job, ask = await record.store.jobs.request_cancel(job_id, owner="local")
    assert (job.cancel_requested_at, ask) == (asked_at, True)


async def test_cancel_of_an_ended_job_changes_nothing(record: Record) -> None:
    job_id = await record.generating()
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.COMPLETED))

    job, ask = await record.store.jobs.request_cancel(job_id, owner="local")

    assert (job.status, job.cancel_requested_at, ask) == ("completed", None, False)


async def test_cancel_is_for_the_owner_alone(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    with pytest.raises(RecordNotFound):
        await record.store.jobs.request_cancel(job_id, owner="somebody")
    with pytest.raises(RecordNotFound):
        await record.store.prompts.request_cancel(prompt_job_id, owner="somebody")
    with pytest.raises(RecordNotFound):
        await record.store.jobs.get(job_id, owner="somebody")
    with pytest.raises(RecordNotFound):
        await record.store.prompts.get(prompt_job_id, owner="somebody")


async def test_cancel_of_a_prompt_job_takes_its_job_with_it(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()

    row, cancelled_job, ask = await record.store.prompts.request_cancel(prompt_job_id, owner="local")

    assert (row.status, cancelled_job, ask) == ("queued", job_id, True)
    assert await record.status(job_id) == "cancelling"


async def test_cancel_of_a_prompt_job_alone(record: Record) -> None:
    waiting, _ = await record.store.prompts.accept(new_prompt_job())
    running, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.prompts.begin(running.id)

    ended, _, _ = await record.store.prompts.request_cancel(waiting.id, owner="local")
    asked, job_id, ask = await record.store.prompts.request_cancel(running.id, owner="local")

    assert ended.status == "cancelled"
    assert (asked.status, asked.cancel_requested_at is None, job_id, ask) == ("queued", False, None, True)


async def test_cancels_are_sent_again_after_a_while(record: Record) -> None:
    job_id = await record.generating()
    row, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.prompts.begin(row.id)
    await record.store.jobs.request_cancel(job_id, owner="local")
    await record.store.prompts.request_cancel(row.id, owner="local")
    assert await record.store.upkeep.cancels_to_send(10, 50) == []

    await record.shift(job_id, "cancel_requested_at", 12)
    await record.shift(row.id, "cancel_requested_at", 11, PROMPTS)

    found = await record.store.upkeep.cancels_to_send(10, 50)
    assert [open_row.workflow_id for open_row in found] == [job_workflow_id(job_id), prompt_workflow_id(row.id)]
    assert [open_row.cancel_requested for open_row in found] == [True, True]
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.CANCELLED))
    assert [open_row.id for open_row in await record.store.upkeep.cancels_to_send(10, 50)] == [row.id]


async def test_open_rows_come_in_turn_and_named_ones_first(record: Record) -> None:
    job_ids = [await record.dispatching() for _ in range(3)]
    row, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.prompts.begin(row.id)
    ended = await record.dispatching()
    await record.store.jobs.advance(JobChange(job_id=ended, status=JobStatus.FAILED))
    waiting = await record.accept()

    first = {found.id for found in await record.store.upkeep.open_rows(limit=2)}
    rest = {found.id for found in await record.store.upkeep.open_rows(limit=2)}
    named = {found.id for found in await record.store.upkeep.open_rows(limit=2, ids=[job_ids[2], ended, waiting])}

    assert first | rest == {*job_ids, row.id}
    assert len(first) == len(rest) == 2
    assert named == {job_ids[2]} | first, "however many are named, those compared longest ago have their turn"
    tables = {found.id: found.table for found in await record.store.upkeep.open_rows(limit=10)}
    assert tables == {**dict.fromkeys(job_ids, "jobs"), row.id: PROMPTS}


async def test_missing_is_counted_from_the_first_time(record: Record) -> None:
    job_id = await record.dispatching()
    (row,) = await record.store.upkeep.open_rows(limit=1)
    assert await record.store.upkeep.note_missing(row, missing=False) is None

    first = await record.store.upkeep.note_missing(row, missing=True)
    await record.shift(job_id, "missing_since", 70)
    second = await record.store.upkeep.note_missing(row, missing=True)

    assert first is not None
    assert second is not None
    assert first < 60
    assert second >= 70
    assert await record.store.upkeep.note_missing(row, missing=False) is None
    third = await record.store.upkeep.note_missing(row, missing=True)
    assert third is not None
    assert third < 60


async def test_restart_is_for_rows_that_asked_nobody(record: Record) -> None:
    untouched, asked = await record.dispatching(), await record.dispatching()
    await record.store.submissions.permit(intent(asked))
    prompt, _ = await record.store.prompts.accept(new_prompt_job())
    begun, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.prompts.begin(prompt.id)
    await record.store.prompts.begin(begun.id)
    await record.store.prompts.begin_attempt(begun.id, "grok-4")
    rows = await record.store.upkeep.open_rows(limit=10)

    told = {row.id: await record.store.upkeep.asked_provider(row) for row in rows}
    for row in rows:
        await record.store.upkeep.restart(row)

    assert told == {untouched: False, asked: True, prompt.id: False, begun.id: True}
    assert [job.id for job in await record.store.upkeep.claim_stranded_jobs(10)] == [untouched]
    assert [row.id for row in await record.store.upkeep.claim_prompt_jobs(10)] == [prompt.id]
    assert (await record.store.jobs.begin(untouched)).status is JobStatus.DISPATCHING


async def test_restart_of_a_cancelled_row_ends_it(record: Record) -> None:
    job_id = await record.dispatching()
    await record.store.jobs.request_cancel(job_id, owner="local")
    (row,) = await record.store.upkeep.open_rows(limit=1)

    await record.store.upkeep.restart(row)

    assert await record.status(job_id) == "cancelled"


async def test_old_rows_are_deleted_and_nothing_that_may_be_paid(record: Record) -> None:
    old, young, unclear = await record.generating(), await record.generating(), await record.dispatching()
    _, old_prompt = await record.prompting()
    alone, _ = await record.store.prompts.accept(new_prompt_job(), IdempotencyKey(key="k", request_hash="h"))
    await record.store.submissions.permit(intent(unclear))
    for job_id in (old, young, unclear):
        await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))
    await record.store.prompts.request_cancel(alone.id, owner="local")
    given_up = (await record.unclear()).job_id
    await record.store.resolution.decide(given_up, "local", Decision.ABANDON)
    for job_id in (old, unclear, given_up):
        await record.shift(job_id, "completed_at", 86400 * 8)
    await record.shift(alone.id, "completed_at", 86400 * 8, PROMPTS)
    await record.hand.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    await record.hand.execute(
        """INSERT INTO webhook_deliveries (provider, event_id, job_id, body, processed_at)
           SELECT 'wavespeed', n::text, gen_random_uuid(), '{}', now() - n * interval '1 day'
           FROM generate_series(1, 10) AS n"""
    )
    await record.hand.execute(
        "INSERT INTO queue_minutes (minute, owner, slot) VALUES (now() - interval '3 days', 'local', 0)"
    )

    upkeep = record.store.upkeep
    longer = DeletedRows(idempotency_keys=1, queue_minutes=1)
    assert await upkeep.expired(0, 400, webhook_days=11) == longer
    assert await upkeep.expired(0, 400, webhook_days=11, key_days=2) == DeletedRows(queue_minutes=1)
    assert (await upkeep.expired(0, 400, webhook_days=0, key_days=0)).webhooks == 10, "a day at least"
    assert await upkeep.delete_expired(0, webhook_days=9.5, key_days=2) == DeletedRows(webhooks=1, queue_minutes=1)
    await record.hand.execute(
        "INSERT INTO queue_minutes (minute, owner, slot) VALUES (now() - interval '3 days', 'local', 0)"
    )
    told = DeletedRows(jobs=1, prompt_jobs=1, webhooks=3, idempotency_keys=1, queue_minutes=1)
    assert await record.store.upkeep.expired(7, 400) == told
    assert await record.store.upkeep.delete_expired(0) == DeletedRows(webhooks=3, idempotency_keys=1, queue_minutes=1)
    assert await record.store.upkeep.delete_expired(7) == DeletedRows(jobs=1, prompt_jobs=1)
    assert await record.store.upkeep.expired(7, 400) == DeletedRows()
    assert await record.hand.fetchval("SELECT delete_expired_records(7)") == 0, "as the release before calls it"

    assert {row["id"] for row in await record.hand.fetch("SELECT id FROM jobs")} >= {young, unclear, given_up}
    await record.hand.execute("UPDATE submissions SET post_before = now() - interval '8 days'")
    assert await record.store.upkeep.expired(7, 400) == DeletedRows(jobs=1), "WaveSpeed's history has ended"
    for job_id in (old, alone.id):
        with pytest.raises(RecordNotFound):
            await record.store.jobs.get(job_id)
    assert (await record.store.prompts.get(old_prompt)).status == "queued"
    await record.assert_counters_equal_rows()


async def test_watermark_and_switches_are_kept(record: Record) -> None:
    assert await record.store.upkeep.watermark() is None
    now = datetime.now(UTC)  # noqa: TID251  # a test, not a workflow

    await record.store.upkeep.set_watermark(now)
    await record.store.operations.set_switch("drain", "on", "an upgrade")
    await record.store.operations.set_switch("drain", "off", None)

    assert await record.store.upkeep.watermark() == now
    drain = (await record.store.operations.switches())["drain"]
    assert (drain.value, drain.reason) == ("off", None)


async def test_job_and_its_prompt_job_name_each_other(record: Record) -> None:
    prompt_job = new_prompt_job()
    job, _ = await record.store.jobs.accept(new_job(use_ai_prompt=True, prompt_job=prompt_job))

    assert (job.prompt_job_id, job.prompt_status) == (prompt_job.id, "pending")
    assert (await record.store.prompts.get(prompt_job.id)).job_id == job.id
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await record.hand.execute("UPDATE jobs SET prompt_job_id = gen_random_uuid() WHERE id = $1", job.id)


@pytest.mark.parametrize("asked", ["grok", "wavespeed"])
async def test_a_restarted_workflow_that_asks_a_provider_is_known_to_run(record: Record, asked: str) -> None:
    """The mark of its second start may be lost too, and its row does not change as it did in the first run."""
    if asked == "grok":
        job_id, prompt_job_id = await record.prompting()
    else:
        job_id = await record.dispatching()
    await record.store.upkeep.restart((await record.store.upkeep.open_rows(limit=1))[0])
    assert (await record.store.jobs.get(job_id)).workflow_started_at is None

    if asked == "grok":
        assert (await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")).decision is AttemptDecision.GO
    else:
        assert (await record.store.submissions.permit(intent(job_id))).permission is Permission.POST

    assert (await record.store.jobs.get(job_id)).workflow_started_at is not None
    await free(record)
    assert await record.store.upkeep.claim_stranded_jobs(10) == []
    job, ask = await record.store.jobs.request_cancel(job_id, owner="local")
    assert (job.status, ask) == ("cancelling", True), "what was sent, or written, is still reported"
