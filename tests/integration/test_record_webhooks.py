"""Webhooks at record level: what a token proves is recorded at once, whenever it arrives, and each delivery once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.contracts.resolution import Decision, ResolvedBy
from promptmill.contracts.store import Permission, Received, SubmissionIntent
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, outcome


async def receive(record: Record, wish: SubmissionIntent, prediction: str | None = "p-1", **fields: object) -> Received:
    asked: dict[str, Any] = {
        "event_id": new_id().hex,
        "job_id": wish.job_id,
        "token": wish.callback_token,
        "body": {"id": prediction, "status": "completed", "outputs": ["https://x.example/1.png"]},
    }
    return await record.store.inbox.receive(**(asked | fields))


async def intended(record: Record) -> SubmissionIntent:
    wish = intent(await record.dispatching())
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST
    return wish


async def read_by_its_workflow(record: Record) -> SubmissionIntent:
    """Return an accepted submission without a reading, as the previous release has them: webhooks are signalled."""
    wish = await intended(record)
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))
    await record.hand.execute("DELETE FROM readings")
    return wish


async def deliveries(record: Record) -> int:
    return int(await record.hand.fetchval("SELECT count(*) FROM webhook_deliveries"))


async def test_webhook_before_the_answer_is_what_the_sender_learns(record: Record) -> None:
    wish = await intended(record)

    received = await receive(record, wish)
    unclear = await record.store.submissions.settle(outcome(wish, SubmissionState.UNKNOWN))

    assert (received.new, received.token_ok, received.job_known, received.workflow_open) == (True, True, True, False)
    assert received.prediction_id == "p-1"
    assert (unclear.state, unclear.prediction_id, unclear.job_status) == ("accepted", "p-1", "generating")
    assert unclear.accepted_at is not None
    (row,) = await record.store.submissions.of_job(wish.job_id)
    assert (row.state, row.resolved_by) == ("accepted", "webhook")
    assert [event.status for event in await record.store.jobs.events(wish.job_id)] == [
        "queued",
        "dispatching",
        "generating",
    ]


async def test_answer_after_the_webhook_brings_its_price(record: Record) -> None:
    wish = await intended(record)
    await receive(record, wish)

    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1", media_cost_usd="0.04"))

    job = await record.store.jobs.get(wish.job_id)
    assert (str(job.media_cost_usd), job.media_cost_source, job.status) == ("0.040000", "quoted", "generating")


@pytest.mark.parametrize("outcome_state", [SubmissionState.REJECTED, SubmissionState.UNKNOWN])
async def test_refusal_after_the_webhook_changes_nothing(record: Record, outcome_state: SubmissionState) -> None:
    wish = await intended(record)
    await receive(record, wish)

    settled = await record.store.submissions.settle(outcome(wish, outcome_state, final=True))

    assert (settled.state, settled.job_status) == ("accepted", "generating")


async def test_webhook_resolves_what_was_unclear(record: Record) -> None:
    wish = await record.unclear()

    await receive(record, wish)

    job = await record.store.jobs.get(wish.job_id)
    assert (job.status, job.prediction_id) == ("generating", "p-1")
    assert (await record.last_event(wish.job_id)).detail["resolvedBy"] == "webhook"


@pytest.mark.parametrize("end", [JobStatus.CANCELLED, JobStatus.FAILED, JobStatus.TERMINATED])
async def test_webhook_after_the_end_is_kept_and_the_status_stays(record: Record, end: JobStatus) -> None:
    wish = await record.unclear()
    await record.store.jobs.advance(JobChange(job_id=wish.job_id, status=end))

    received = await receive(record, wish)

    assert (received.new, received.token_ok, received.workflow_open) == (True, True, False)
    job = await record.store.jobs.get(wish.job_id)
    assert (job.status, job.prediction_id) == (end, "p-1")
    assert [late.prediction_id for late in await record.store.upkeep.late_predictions(10, 7)] == ["p-1"]


async def test_webhook_of_a_submission_that_was_given_up_is_kept(record: Record) -> None:
    wish = await record.unclear()
    await record.store.resolution.decide(wish.job_id, OWNER, Decision.RESUBMIT)
    second = intent(wish.job_id)
    await record.store.submissions.permit(second)

    await receive(record, wish, "first")
    await receive(record, second, "second")

    assert await record.submissions(wish.job_id) == [("superseded", "first"), ("accepted", "second")]
    assert (await record.store.jobs.get(wish.job_id)).prediction_id == "second"


async def test_webhook_whose_absence_was_proved_is_kept(record: Record) -> None:
    wish = await record.unclear()
    await record.prove_absent(wish.submission_id, resubmit=False)

    await receive(record, wish)

    assert await record.submissions(wish.job_id) == [("accepted", "p-1")]


async def test_webhook_takes_its_prediction_from_who_inferred_it(record: Record) -> None:
    wrong, right = await record.unclear(), await record.unclear()
    await record.store.resolution.adopt(wrong.submission_id, "p-1", ResolvedBy.HISTORY)

    await receive(record, right)

    assert await record.submissions(right.job_id) == [("accepted", "p-1")]
    assert await record.submissions(wrong.job_id) == [("unknown", None)]
    assert (await record.store.jobs.get(wrong.job_id)).status == "submit_unknown"


async def test_doubled_webhook_is_taken_once(record: Record) -> None:
    wish = await record.unclear()

    answers = await asyncio.gather(*(receive(record, wish, event_id="event-1") for _ in range(6)))

    assert sorted(answer.new for answer in answers) == [False] * 5 + [True]
    assert all(answer.token_ok and answer.prediction_id == "p-1" for answer in answers)
    assert await deliveries(record) == 1
    assert (await record.store.jobs.get(wish.job_id)).status == "generating"


@pytest.mark.parametrize("token", ["", "forged"])
async def test_forged_token_leaves_nothing(record: Record, token: str) -> None:
    wish = await record.unclear()
    before = len(await record.store.jobs.events(wish.job_id))

    received = await receive(record, wish, token=token)

    assert (received.new, received.token_ok, received.job_known, received.prediction_id) == (False, False, True, None)
    assert await deliveries(record) == 0
    assert await record.submissions(wish.job_id) == [("unknown", None)]
    assert len(await record.store.jobs.events(wish.job_id)) == before


async def test_token_of_another_job_is_a_forged_one(record: Record) -> None:
    mine, other = await record.unclear(), await record.unclear()

    received = await receive(record, mine, job_id=other.job_id)

    assert not received.token_ok
    assert await record.submissions(other.job_id) == [("unknown", None)]


async def test_row_without_a_token_is_found_by_none(record: Record) -> None:
    """A submission that a backup lost has no token in the record: an empty one must not match."""
    job_id = await record.dispatching()
    wish = intent(job_id, known_submission_id=new_id())
    assert (await record.store.submissions.permit(wish)).permission is Permission.UNKNOWN

    received = await receive(record, wish, token="")

    assert not received.token_ok
    assert await record.submissions(job_id) == [("unknown", None)]


async def test_webhook_of_an_unknown_job_is_kept(record: Record) -> None:
    wish = intent(new_id())

    received = await receive(record, wish)

    assert (received.new, received.token_ok, received.job_known, received.workflow_open) == (True, False, False, False)
    assert await deliveries(record) == 1


async def test_webhook_without_a_prediction_settles_nothing(record: Record) -> None:
    wish = await record.unclear()

    received = await receive(record, wish, None)

    assert (received.new, received.token_ok, received.prediction_id) == (True, True, None)
    assert await record.submissions(wish.job_id) == [("unknown", None)]


async def test_inbox_gives_what_is_left_to_do(record: Record) -> None:
    wish = await read_by_its_workflow(record)
    for event in ("e-1", "e-2", "e-3"):
        await receive(record, wish, event_id=event)

    waiting = await record.store.inbox.unprocessed(2)
    await record.store.inbox.processed([waiting[0].event_id])

    assert [(item.event_id, item.job_id, item.prediction_id) for item in waiting] == [
        ("e-1", wish.job_id, "p-1"),
        ("e-2", wish.job_id, "p-1"),
    ]
    assert [item.event_id for item in await record.store.inbox.unprocessed(10)] == ["e-2", "e-3"]
    # a repeated delivery is not undone
    await receive(record, wish, event_id="e-1")
    assert [item.event_id for item in await record.store.inbox.unprocessed(10)] == ["e-2", "e-3"]


async def test_webhook_and_answer_at_once_make_one_acceptance(record: Record) -> None:
    for n in range(15):
        wish = await intended(record)

        await asyncio.gather(
            receive(record, wish, f"p-{n}"),
            record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, f"p-{n}")),
            record.store.submissions.settle(outcome(wish, SubmissionState.UNKNOWN)),
            record.store.submissions.permit(intent(wish.job_id)),
        )

        assert await record.submissions(wish.job_id) == [("accepted", f"p-{n}")]
        assert await status(record, wish.job_id) == "generating"


async def status(record: Record, job_id: UUID) -> str:
    return (await record.store.jobs.get(job_id)).status


async def test_old_deliveries_are_deleted(record: Record) -> None:
    wish = await read_by_its_workflow(record)
    for event in ("done", "new", "forgotten"):
        await receive(record, wish, event_id=event)
    await record.store.inbox.processed(["done"])
    await record.hand.execute(
        """UPDATE webhook_deliveries SET processed_at = processed_at - interval '8 days',
           received_at = received_at - CASE event_id WHEN 'forgotten' THEN interval '31 days' ELSE '20 days' END"""
    )

    await record.store.upkeep.delete_expired(0)

    assert [item.event_id for item in await record.store.inbox.unprocessed(10)] == ["new"]
    assert await deliveries(record) == 1
