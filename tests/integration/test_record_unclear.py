"""What the record knows of unclear submissions, and when it has them checked again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.contracts.resolution import ResolvedBy
from promptmill.contracts.store import SubmissionIntent
from tests.fixtures.record import Record, intent, new_id, outcome


async def test_unclear_submission_tells_what_its_prediction_can_be_recognised_by(record: Record) -> None:
    wish = await record.unclear(request={"prompt": "a fox", "seed": 9})

    unclear = await record.store.resolution.unclear(wish.job_id)

    assert unclear is not None
    assert (unclear.submission_id, unclear.job_id, unclear.model) == (
        wish.submission_id,
        wish.job_id,
        "wavespeed-ai/flux-dev",
    )
    assert (unclear.request, unclear.provider_base) == ({"prompt": "a fox", "seed": 9}, wish.provider_base)
    assert unclear.sent_until - unclear.sent_from == pytest.approx(timedelta(seconds=20), abs=timedelta(seconds=1))
    assert not unclear.others_open
    assert await record.store.resolution.unclear(await record.generating()) is None


async def test_times_of_a_row_that_is_used_again_are_those_of_its_last_post(record: Record) -> None:
    """Otherwise the history would be searched although nothing was sent."""
    job_id = await record.dispatching()
    refused = intent(job_id)
    await record.store.submissions.permit(refused)
    await record.store.submissions.settle(outcome(refused, SubmissionState.REJECTED))
    await record.hand.execute("UPDATE submissions SET created_at = created_at - interval '1 hour', intended_at = now()")
    again = intent(job_id)
    await record.store.submissions.permit(again)
    await record.store.submissions.settle(outcome(again, SubmissionState.UNKNOWN))

    (row,) = await record.store.submissions.of_job(job_id)
    unclear = await record.store.resolution.unclear(job_id)

    assert unclear is not None
    assert (unclear.sent_from - row.created_at).total_seconds() > 3500


async def test_candidates_are_kept_until_they_turn_out_to_be_anothers(record: Record) -> None:
    wish = await record.unclear()
    events = len(await record.store.jobs.events(wish.job_id))
    note = record.store.resolution.note_candidates

    await note(wish.submission_id, ["p-2", "p-1"])
    await note(wish.submission_id, ["p-1"])  # the history hides the other for a while
    await note(wish.submission_id, [])

    unclear = await record.store.resolution.unclear(wish.job_id)
    assert unclear is not None
    assert unclear.candidates == ("p-1", "p-2")
    assert len(await record.store.jobs.events(wish.job_id)) == events + 1
    await record.generating("p-2")
    await note(wish.submission_id, ["p-1"])
    unclear = await record.store.resolution.unclear(wish.job_id)
    assert unclear is not None
    assert unclear.candidates == ("p-1",)
    assert (await record.last_event(wish.job_id)).detail["candidates"] == ["p-1"]
    with pytest.raises(RecordNotFound):
        await note(new_id(), ["p-1"])


async def test_obstacle_is_told_once_for_each_reason(record: Record) -> None:
    wish = await record.unclear()

    for why in ("no list", "no list", "another key", "no list"):
        await record.store.resolution.note_obstacle(wish.submission_id, why)

    told = [event.detail.get("obstacle") for event in await record.store.jobs.events(wish.job_id)]
    assert [why for why in told if why] == ["no list", "another key"]


async def test_known_prediction_is_the_newest_that_a_fact_tells(record: Record) -> None:
    wish = await record.unclear()
    known = record.store.resolution.known_prediction
    base, fingerprint = wish.provider_base, wish.key_fingerprint
    assert await known(base, fingerprint, other_than_job=wish.job_id) is None
    await record.generating("old")
    newest = await record.generating("new")
    guessed = await record.unclear()
    await record.store.resolution.adopt(guessed.submission_id, "guess", ResolvedBy.PERSON)

    found = await known(base, fingerprint, other_than_job=wish.job_id)

    assert found is not None
    assert found[:2] == ("new", "wavespeed-ai/flux-dev")
    found = await known(base, fingerprint, other_than_job=newest)
    assert found is not None
    assert found[0] == "old"
    assert await known(base, "another key", other_than_job=wish.job_id) is None
    await record.hand.execute("UPDATE submissions SET outcome_at = outcome_at - interval '7 days'")
    assert await known(base, fingerprint, other_than_job=wish.job_id) is None


async def ended_unclear(record: Record) -> SubmissionIntent:
    wish = await record.unclear()
    await record.store.jobs.advance(JobChange(job_id=wish.job_id, status=JobStatus.TERMINATED))
    return wish


async def test_unclear_submissions_of_ended_jobs_come_ever_more_rarely(record: Record) -> None:
    ended = await ended_unclear(record)
    await record.unclear()  # its workflow looks
    look = record.store.resolution.unclear_of_ended_jobs

    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        assert [unclear.submission_id for unclear in await look(10)] == [ended.submission_id]
        assert await look(10) == []
        shift = "UPDATE submissions SET looked_at = looked_at - $1 * interval '1 second' WHERE id = $2"
        await record.hand.execute(shift, minutes * 60 - 3, ended.submission_id)
        assert await look(10) == [], f"sooner than after {minutes} min"
        await record.hand.execute(shift, 3, ended.submission_id)
    await record.hand.execute("UPDATE submissions SET post_before = now() - interval '8 days', looked_at = NULL")
    assert await look(10) == []


async def test_limit_gives_those_first_that_waited_longest(record: Record) -> None:
    first, second = [(await ended_unclear(record)).submission_id for _ in range(2)]
    look = record.store.resolution.unclear_of_ended_jobs

    found = [unclear.submission_id for _ in range(2) for unclear in await look(1)]

    assert found == [first, second]


async def test_intent_of_an_ended_job_becomes_unknown_when_its_sender_must_be_dead(record: Record) -> None:
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)
    await record.store.jobs.advance(JobChange(job_id=wish.job_id, status=JobStatus.TERMINATED))
    running = intent(await record.dispatching())
    await record.store.submissions.permit(running)
    turn = record.store.resolution.mark_stale_intents_unknown
    assert await turn() == 0

    await record.hand.execute("UPDATE submissions SET post_before = post_before - interval '16 minutes'")

    assert (await turn(), await turn()) == (1, 0)
    assert await record.submissions(wish.job_id) == [("unknown", None)]
    assert await record.submissions(running.job_id) == [("intended", None)]
    assert (await record.last_event(wish.job_id)).detail["submissionState"] == "unknown"
