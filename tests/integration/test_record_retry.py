"""Retrying a job at record level: a new one with the same request, never alongside one that may be billed."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from promptmill.contracts.errors import (
    AiPromptsOff,
    IdempotencyMismatch,
    IntakeStopped,
    RecordConflict,
    RecordNotFound,
)
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.resolution import Decision
from promptmill.contracts.store import IdempotencyKey
from promptmill.store.operations import AI_PROMPTS, OFF, ON
from sql.models import Job
from tests.fixtures.record import OWNER, Record, intent, new_id, new_prompt_job, written
from tests.support import eventually

KEY = IdempotencyKey(key="retry-7", request_hash="abc")


async def retry(record: Record, job_id: UUID, **fields: object) -> tuple[Job, bool]:
    asked: dict[str, Any] = {"owner": OWNER, "new_id": new_id()} | fields
    return await record.store.jobs.retry(job_id, **asked)


async def conflict(record: Record, job_id: UUID, **fields: object) -> str:
    with pytest.raises(RecordConflict) as refusal:
        await retry(record, job_id, **fields)
    return refusal.value.conflict


async def end(record: Record, job_id: UUID, status: JobStatus = JobStatus.FAILED, **fields: object) -> None:
    change = {"job_id": job_id, "status": status} | fields
    assert (await record.store.jobs.advance(JobChange.model_validate(change))).status is status


async def test_retry_is_the_same_request_with_a_fresh_deadline(record: Record) -> None:
    asked = {
        "input": {"size": "64*64", "seed": 4},
        "priority": 8,
        "metadata": {"order": "7"},
        "callback_url": "https://a.example/done",
        "ref_urls": ("https://a.example/1.png",),
        "warnings": ("w",),
        "deadline_seconds": 1800,
    }
    job_id = await record.accept(**asked)
    await end(record, job_id, error="no", reason_code="workflow_failed")
    await record.shift(job_id, "created_at", 9000)
    await record.shift(job_id, "deadline_at", 9000)
    old = await record.store.jobs.get(job_id)
    events = len(await record.store.jobs.events(job_id))

    job, replayed = await retry(record, job_id)

    same = set(Job.model_fields) - {
        "id", "retry_of", "status", "reason_code", "error", "deadline_at", "claimed_at", "created_at", "updated_at",
        "completed_at",
    }  # fmt: skip
    assert {name: getattr(job, name) for name in same} == {name: getattr(old, name) for name in same}
    assert (job.retry_of, job.status, job.error, replayed) == (job_id, "queued", None, False)
    assert (job.deadline_at - job.created_at).total_seconds() == 1800
    # the old one is left unchanged
    assert await record.store.jobs.get(job_id) == old
    assert len(await record.store.jobs.events(job_id)) == events
    assert [event.status for event in await record.store.jobs.events(job.id)] == ["queued"]
    await record.assert_counters_equal_rows()


async def test_retry_of_a_job_whose_prompt_grok_wrote_has_grok_write_another(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting(original_prompt="mine", deadline_seconds=1800)
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.prompts.finish(written(prompt_job_id, 1))
    await end(record, job_id)

    job, _ = await retry(record, job_id)

    assert job.prompt_job_id not in (None, prompt_job_id)
    assert (job.prompt, job.prompt_source, job.prompt_status, job.original_prompt) == (None, None, "pending", "mine")
    prompt = await record.store.prompts.get(job.prompt_job_id)
    old = await record.store.prompts.get(prompt_job_id)
    assert (prompt.job_id, prompt.status, prompt.generated_prompt, prompt.attempt_no) == (job.id, "queued", None, 0)
    assert (prompt.instructions, prompt.max_retries) == (old.instructions, old.max_retries)
    assert prompt.deadline_at == job.deadline_at
    assert (await record.store.jobs.begin(job.id)).status is JobStatus.PROMPTING


async def test_retry_uses_the_same_finished_prompt_job(record: Record) -> None:
    row, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.prompts.begin_attempt(row.id, "grok-4")
    await record.store.prompts.finish(written(row.id, 1))
    job_id = await record.accept(prompt_job_id=row.id, prompt="a red fox", prompt_source="grok", original_prompt=None)
    await end(record, job_id)

    job, _ = await retry(record, job_id)

    assert (job.prompt_job_id, job.prompt, job.prompt_source, job.prompt_status) == (
        row.id,
        "a red fox",
        "grok",
        PromptJobStatus.COMPLETED,
    )


async def test_open_job_is_not_retried(record: Record) -> None:
    assert await conflict(record, await record.generating(), force=True) == "job_open"
    with pytest.raises(RecordNotFound):
        await retry(record, await record.accept(), owner="somebody")


async def test_switches_refuse_a_retry_in_the_same_statement(record: Record) -> None:
    """Only a retry that would ask Grok needs its prompts; what is refused stores nothing and uses up no key."""
    operations = record.store.operations
    plain, (asking, _) = await record.accept(), await record.prompting()
    for job_id in (plain, asking):
        await end(record, job_id)

    await operations.set_switch(AI_PROMPTS, OFF, "a review")
    with pytest.raises(AiPromptsOff, match="a review"):
        await retry(record, asking, idempotency=KEY)
    with pytest.raises(RecordNotFound):
        await retry(record, asking, owner="somebody")
    allowed, _ = await retry(record, plain)
    await operations.set_switch(AI_PROMPTS, ON)
    await operations.set_drain("an upgrade")
    for job_id in (allowed.id, asking, new_id()):
        with pytest.raises(IntakeStopped, match="an upgrade"):
            await retry(record, job_id)
    await operations.clear_drain()

    _, replayed = await retry(record, asking, idempotency=KEY)
    assert not replayed


async def test_one_retry_at_a_time_along_the_whole_chain(record: Record) -> None:
    first = await record.accept()
    await end(record, first)
    second, _ = await retry(record, first)
    assert await conflict(record, first) == "retry_open"
    await end(record, second.id)
    third, _ = await retry(record, second.id)

    assert await conflict(record, first, force=True) == "retry_open"
    assert await conflict(record, second.id) == "retry_open"
    await end(record, third.id)
    fourth, _ = await retry(record, first)
    assert fourth.retry_of == first


async def test_retries_of_one_chain_wait_for_each_other(record: Record) -> None:
    first = await record.accept()
    await end(record, first)
    second, _ = await retry(record, first)
    await end(record, second.id)
    transaction = record.hand.transaction()
    await transaction.start()
    await record.hand.execute("SELECT FROM retry_job($1, $2, $3, $4)", second.id, OWNER, new_id(), new_id())

    other = asyncio.create_task(retry(record, first))
    await eventually(lambda: waits_for_a_lock(record, other))
    await transaction.commit()

    with pytest.raises(RecordConflict) as refusal:
        await other
    assert refusal.value.conflict == "retry_open"
    assert await record.hand.fetchval("SELECT count(*) FROM jobs") == 3


async def waits_for_a_lock(record: Record, other: asyncio.Task[object]) -> bool:
    return other.done() or bool(await record.hand.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))


async def test_what_may_be_billed_is_not_retried_unless_forced(record: Record) -> None:
    wish = await record.unclear()
    await end(record, wish.job_id)
    intended = intent(await record.dispatching())
    await record.store.submissions.permit(intended)
    await end(record, intended.job_id, JobStatus.TERMINATED)
    paid = await record.generating()
    await end(record, paid, JobStatus.EXPIRED)
    for job_id in (wish.job_id, intended.job_id, paid):
        assert await conflict(record, job_id, force=False) == "may_be_billed"

        job, _ = await retry(record, job_id, force=True)

        old, new = await record.last_event(job_id), await record.last_event(job.id)
        assert old.detail == {"retriedBy": str(job.id), "forced": True}
        assert new.detail == {"retryOf": str(job_id), "forced": True}
        await end(record, job.id)
        # and so for the whole chain
        assert await conflict(record, job.id) == "may_be_billed"


async def test_what_is_settled_is_retried_without_force(record: Record) -> None:
    absent = await record.unclear()
    await record.prove_absent(absent.submission_id, resubmit=False)
    abandoned = await record.unclear()
    await record.store.resolution.decide(abandoned.job_id, OWNER, Decision.ABANDON)
    completed = await record.generating()
    await end(record, completed, JobStatus.COMPLETED, outputs=[{"index": 0, "kind": "image", "url": "u"}])
    failed = await record.generating()
    await end(record, failed, reason_code=ReasonCode.GENERATION_FAILED)
    late = await record.generating()
    await end(record, late, JobStatus.EXPIRED)
    await record.store.jobs.advance(
        JobChange.model_validate({"job_id": late, "outputs": [{"index": 0, "kind": "image", "url": "u"}]})
    )
    given_up = await record.generating()
    await end(record, given_up, JobStatus.EXPIRED)
    (row,) = await record.store.submissions.of_job(given_up)
    await record.store.upkeep.note_late_look(row.id, ended=True)

    for job_id in (absent.job_id, abandoned.job_id, completed, failed, late, given_up):
        job, _ = await retry(record, job_id)
        assert job.retry_of == job_id


async def test_retry_is_accepted_once_for_each_key(record: Record) -> None:
    job_id = await record.accept()
    await end(record, job_id)

    answers = await asyncio.gather(*(retry(record, job_id, idempotency=KEY) for _ in range(4)))
    await record.store.jobs.begin(answers[0][0].id)
    again, replayed = await retry(record, job_id, idempotency=KEY)

    assert len({job.id for job, _ in answers}) == 1
    assert sorted(replayed for _, replayed in answers) == [False, True, True, True]
    assert (again.id, again.status, replayed) == (answers[0][0].id, "dispatching", True)
    with pytest.raises(IdempotencyMismatch):
        await retry(record, job_id, idempotency=KEY.model_copy(update={"request_hash": "def"}))


async def test_refused_retry_does_not_use_up_its_key(record: Record) -> None:
    job_id = await record.accept()
    assert await conflict(record, job_id, idempotency=KEY) == "job_open"
    await end(record, job_id)

    _, replayed = await retry(record, job_id, idempotency=KEY)

    assert not replayed


async def test_retry_behind_others_for_too_long_is_a_conflict(record: Record) -> None:
    """The last of many concurrent ones may wait longer than the record allows, which is not a failure of Postgres."""
    job_id = await record.accept()
    await end(record, job_id)
    async with record.hand.transaction():
        await record.hand.execute("SELECT FROM jobs WHERE id = $1 FOR UPDATE", job_id)

        assert await conflict(record, job_id, force=True) == "retry_open"


async def test_what_is_deleted_while_it_is_waited_for_is_not_found(record: Record) -> None:
    """As the retention deletes it."""
    job_id = await record.accept()
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))

    async with record.hand.transaction():
        await record.hand.execute("DELETE FROM jobs WHERE id = $1", job_id)
        calls = (
            asyncio.create_task(retry(record, job_id, idempotency=KEY)),
            asyncio.create_task(record.store.resolution.decide(job_id, OWNER, Decision.ABANDON)),
        )

        async def all_wait() -> bool:
            found: int = await record.hand.fetchval("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            return found == len(calls)

        await eventually(all_wait)
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(result) for result in results] == [RecordNotFound] * len(calls)
    assert await record.hand.fetchval("SELECT count(*) FROM idempotency_keys") == 0


async def test_a_repeated_retry_whose_job_is_gone_has_no_row(record: Record) -> None:
    job_id = await record.accept()
    async with record.hand.transaction():
        await record.hand.execute(
            "INSERT INTO idempotency_keys (owner, key, request_hash, job_id) VALUES ($1, 'k', 'h', $2)", OWNER, new_id()
        )
        query = "SELECT * FROM retry_job_v3($1, $2, $3, NULL, false, 'k', 'h')"
        assert await record.hand.fetch(query, job_id, OWNER, new_id()) == []
        await record.hand.execute("DELETE FROM idempotency_keys")
