"""What a person decides about an unclear submission, at record level."""

from __future__ import annotations

import asyncio

import pytest

from promptmill.contracts.errors import IdempotencyMismatch, RecordConflict, RecordError, RecordNotFound
from promptmill.contracts.jobs import Billed
from promptmill.contracts.resolution import Decision
from promptmill.contracts.store import IdempotencyKey, Permission
from tests.fixtures.record import OWNER, Record, accepted, intent

KEY = IdempotencyKey(key="resolve-7", request_hash="abc")


async def test_person_adopts_and_the_deadline_begins_anew(record: Record) -> None:
    wish = await record.unclear()
    await record.shift(wish.job_id, "deadline_at", 9000)

    job, replayed = await record.store.resolution.decide(wish.job_id, OWNER, Decision.ADOPT, "p-1")

    assert (job.status, job.prediction_id, replayed) == ("generating", "p-1", False)
    assert 3590 < (job.deadline_at - job.updated_at).total_seconds() <= 3601


async def test_person_has_it_submitted_again(record: Record) -> None:
    wish = await record.unclear()
    await record.shift(wish.job_id, "deadline_at", 9000)

    job, _ = await record.store.resolution.decide(wish.job_id, OWNER, Decision.RESUBMIT)
    last = await record.last_event(wish.job_id)
    permit = await record.store.submissions.permit(intent(wish.job_id))

    assert (job.status, job.deadline_at > job.updated_at) == ("submit_unknown", True)
    assert (last.detail["decision"], last.detail["submissionState"]) == ("resubmit", "superseded")
    assert permit.permission is Permission.POST
    # an abandoned one may still learn its prediction
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))
    assert await record.submissions(wish.job_id) == [("superseded", "p-1"), ("intended", None)]


async def test_person_abandons_and_what_was_given_up_may_be_billed(record: Record) -> None:
    wish = await record.unclear()

    job, _ = await record.store.resolution.decide(wish.job_id, OWNER, Decision.ABANDON)

    assert (job.status, job.reason_code) == ("failed", "submission_abandoned")
    assert await record.submissions(wish.job_id) == [("superseded", None)]
    assert (await record.store.jobs.billed([wish.job_id]))[wish.job_id] is Billed.UNKNOWN
    assert (await record.last_event(wish.job_id)).detail["decision"] == "abandon"
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))
    assert (await record.store.jobs.get(wish.job_id)).prediction_id == "p-1"
    assert (await record.store.jobs.billed([wish.job_id]))[wish.job_id] is Billed.YES


async def test_decision_is_taken_in_submit_unknown_alone(record: Record) -> None:
    for job_id in (await record.dispatching(), await record.generating(), await record.accept()):
        for decision in Decision:
            with pytest.raises(RecordConflict, match="Nothing is to be decided") as refusal:
                await record.store.resolution.decide(job_id, OWNER, decision, "p-9")
            assert refusal.value.conflict == "not_unclear"
    wish = await record.unclear()
    with pytest.raises(RecordNotFound):
        await record.store.resolution.decide(wish.job_id, "somebody", Decision.ABANDON)
    with pytest.raises(RecordError, match="no decision"):
        await record.store.resolution.decide(wish.job_id, OWNER, Decision.ADOPT)
    await record.store.resolution.decide(wish.job_id, OWNER, Decision.RESUBMIT)
    with pytest.raises(RecordConflict):  # nothing is left that could adopt it
        await record.store.resolution.decide(wish.job_id, OWNER, Decision.ADOPT, "p-9")


async def test_person_cannot_adopt_what_another_submission_has(record: Record) -> None:
    await record.generating("p-1")
    wish = await record.unclear()
    before = await record.store.jobs.get(wish.job_id)

    with pytest.raises(RecordConflict) as refusal:
        await record.store.resolution.decide(wish.job_id, OWNER, Decision.ADOPT, "p-1", KEY)

    assert refusal.value.conflict == "prediction_owned"
    after = await record.store.jobs.get(wish.job_id)
    assert (after.status, after.deadline_at) == ("submit_unknown", before.deadline_at)
    # a refused decision does not use up its key
    job, replayed = await record.store.resolution.decide(wish.job_id, OWNER, Decision.ABANDON, None, KEY)
    assert (job.status, replayed) == ("failed", False)


async def test_decision_is_taken_once_for_each_key(record: Record) -> None:
    wish = await record.unclear()
    decide = record.store.resolution.decide

    answers = await asyncio.gather(*(decide(wish.job_id, OWNER, Decision.RESUBMIT, None, KEY) for _ in range(4)))
    await record.store.submissions.permit(intent(wish.job_id))
    job, replayed = await decide(wish.job_id, OWNER, Decision.RESUBMIT, None, KEY)

    assert sorted(replayed for _, replayed in answers) == [False, True, True, True]
    assert (job.status, replayed) == ("dispatching", True)
    with pytest.raises(IdempotencyMismatch):
        await decide(wish.job_id, OWNER, Decision.ABANDON, None, KEY.model_copy(update={"request_hash": "def"}))
