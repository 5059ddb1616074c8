"""Unclear submissions at record level: the history, absence, a person. Facts go before inference."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from promptmill.contracts.errors import IdempotencyMismatch, RecordConflict, RecordError, RecordNotFound
from promptmill.contracts.jobs import Billed, JobChange, JobStatus, SubmissionState
from promptmill.contracts.resolution import Decision, ResolvedBy
from promptmill.contracts.store import IdempotencyKey, Permission, SubmissionIntent
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, outcome

KEY = IdempotencyKey(key="resolve-7", request_hash="abc")
INFERENCES = (ResolvedBy.HISTORY, ResolvedBy.PERSON)
FACTS = (ResolvedBy.ANSWER, ResolvedBy.WEBHOOK)


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
    """Otherwise the history would be searched where nothing was sent."""
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


@pytest.mark.parametrize("by", INFERENCES)
async def test_adopted_prediction_moves_its_job(record: Record, by: ResolvedBy) -> None:
    wish = await record.unclear()

    row = await record.store.resolution.adopt(wish.submission_id, "p-1", by)

    assert (row.status, row.prediction_id, row.open_submission) == (JobStatus.GENERATING, "p-1", "accepted")
    assert row.dispatched_at is not None
    (stored,) = await record.store.submissions.of_job(wish.job_id)
    assert (stored.resolved_by, stored.resolved_at is not None) == (by, True)
    last = await record.last_event(wish.job_id)
    assert (last.status, last.detail["resolvedBy"], last.detail["predictionId"]) == ("generating", by, "p-1")
    assert await record.store.resolution.owned(["p-1", "p-2"]) == {"p-1"}


@pytest.mark.parametrize("by", INFERENCES)
async def test_inference_never_takes_a_prediction_that_another_submission_has(record: Record, by: ResolvedBy) -> None:
    await record.generating("p-1")
    wish = await record.unclear()

    with pytest.raises(RecordConflict, match="Prediction p-1 belongs to another submission") as refusal:
        await record.store.resolution.adopt(wish.submission_id, "p-1", by)

    assert refusal.value.conflict == "prediction_owned"
    assert await record.submissions(wish.job_id) == [("unknown", None)]


async def test_history_does_not_choose_between_two_equal_requests(record: Record) -> None:
    """One prediction and two submissions that can have made it: which one did, only a fact or a person can say."""
    first = await record.unclear(request_hash="same")
    second = await record.unclear(request_hash="same")
    unclear = await record.store.resolution.unclear(first.job_id)

    row = await record.store.resolution.adopt(first.submission_id, "p-1", ResolvedBy.HISTORY)

    assert unclear is not None
    assert unclear.others_open
    assert (row.status, row.prediction_id) == (JobStatus.SUBMIT_UNKNOWN, None)
    # given up, it may be the one all the same
    await record.store.resolution.decide(second.job_id, OWNER, Decision.ABANDON)
    row = await record.store.resolution.adopt(first.submission_id, "p-1", ResolvedBy.HISTORY)
    assert row.status is JobStatus.SUBMIT_UNKNOWN
    row = await record.store.resolution.adopt(first.submission_id, "p-1", ResolvedBy.PERSON)
    assert row.status is JobStatus.GENERATING


async def test_inference_changes_nothing_that_was_settled_meanwhile(record: Record) -> None:
    wish = await record.unclear()
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))

    row = await record.store.resolution.adopt(wish.submission_id, "p-2", ResolvedBy.HISTORY)
    absent = await record.store.resolution.prove_absent(wish.submission_id, resubmit=False)

    assert row.prediction_id == absent.prediction_id == "p-1"
    assert await record.submissions(wish.job_id) == [("accepted", "p-1")]


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("inference", INFERENCES)
async def test_fact_takes_a_prediction_that_was_only_inferred(
    record: Record, fact: ResolvedBy, inference: ResolvedBy
) -> None:
    wrong, right = await record.unclear(), await record.unclear()
    await record.store.resolution.adopt(wrong.submission_id, "p-1", inference)

    row = await record.store.resolution.adopt(right.submission_id, "p-1", fact)

    assert (row.status, row.prediction_id) == (JobStatus.GENERATING, "p-1")
    loser = await record.store.jobs.begin(wrong.job_id)
    assert (loser.status, loser.prediction_id, loser.dispatched_at, loser.open_submission) == (
        JobStatus.SUBMIT_UNKNOWN,
        None,
        None,
        SubmissionState.UNKNOWN,
    )
    last = await record.last_event(wrong.job_id)
    assert (last.status, last.reason_code) == ("submit_unknown", "submit_unclear")
    # and it can be resolved again
    row = await record.store.resolution.adopt(wrong.submission_id, "p-2", ResolvedBy.HISTORY)
    assert row.prediction_id == "p-2"


async def test_job_that_ended_with_a_wrongly_inferred_prediction_keeps_its_status(record: Record) -> None:
    wrong, right = await record.unclear(), await record.unclear()
    await record.store.resolution.adopt(wrong.submission_id, "p-1", ResolvedBy.HISTORY)
    await record.store.jobs.advance(JobChange(job_id=wrong.job_id, status=JobStatus.EXPIRED))

    await record.store.submissions.settle(accepted(right.job_id, right.submission_id, "p-1"))

    job = await record.store.jobs.get(wrong.job_id)
    assert (job.status, job.prediction_id) == ("expired", None)
    assert await record.submissions(wrong.job_id) == [("unknown", None)]
    assert (await record.last_event(wrong.job_id)).detail["submissionState"] == "unknown"


async def test_report_about_a_prediction_that_was_taken_back_is_none_about_the_job(record: Record) -> None:
    """Its workflow may be reading that prediction at this moment, and come with another job's media."""
    wrong, right = await record.unclear(), await record.unclear()
    await record.store.resolution.adopt(wrong.submission_id, "p-1", ResolvedBy.HISTORY)
    await record.store.submissions.settle(accepted(right.job_id, right.submission_id, "p-1"))

    row = await record.store.jobs.advance(
        JobChange.model_validate(
            {
                "job_id": wrong.job_id,
                "status": "completed",
                "prediction_id": "p-1",
                "outputs": [{"index": 0, "kind": "image", "url": "u"}],
            }
        )
    )

    assert (row.status, row.prediction_id, row.outputs) == (JobStatus.SUBMIT_UNKNOWN, None, ())


async def test_fact_replaces_what_was_inferred_for_the_same_submission(record: Record) -> None:
    wish = await record.unclear()
    await record.store.resolution.adopt(wish.submission_id, "guess", ResolvedBy.PERSON)

    settled = await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "fact"))

    assert (settled.state, settled.prediction_id) == ("accepted", "fact")
    (row,) = await record.store.submissions.of_job(wish.job_id)
    assert (row.prediction_id, row.resolved_by, row.candidates) == ("fact", "answer", ["guess"])
    assert (await record.store.jobs.get(wish.job_id)).prediction_id == "fact"


async def test_media_of_a_guess_is_not_taken_once_a_fact_is_known(record: Record) -> None:
    """The workflow may be reading the guessed prediction at this moment."""
    wish = await record.unclear()
    await record.store.resolution.adopt(wish.submission_id, "guess", ResolvedBy.PERSON)
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "fact"))
    media = {"job_id": wish.job_id, "status": "completed", "outputs": [{"index": 0, "kind": "image", "url": "u"}]}

    row = await record.store.jobs.advance(JobChange.model_validate(media | {"prediction_id": "guess"}))
    assert (row.status, row.prediction_id, row.outputs) == (JobStatus.GENERATING, "fact", ())

    row = await record.store.jobs.advance(JobChange.model_validate(media | {"prediction_id": "fact"}))
    assert (row.status, row.prediction_id, len(row.outputs)) == (JobStatus.COMPLETED, "fact", 1)


async def test_two_facts_about_one_prediction_are_left_to_a_person(record: Record) -> None:
    await record.generating("p-1")
    wish = await record.unclear()
    job_id = await record.dispatching()
    other = intent(job_id)
    await record.store.submissions.permit(other)

    settled = await record.store.submissions.settle(accepted(job_id, other.submission_id, "p-1"))
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))

    assert (settled.state, settled.job_status) == ("unknown", "submit_unknown")
    assert await record.submissions(wish.job_id) == [("unknown", None)]


async def test_second_prediction_of_one_post_is_known(record: Record) -> None:
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))

    settled = await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-2"))

    assert settled.prediction_id == "p-1"
    (row,) = await record.store.submissions.of_job(wish.job_id)
    assert row.candidates == ["p-2"]
    assert (await record.last_event(wish.job_id)).detail["candidates"] == ["p-2"]


async def test_crossing_claims_do_not_wait_for_each_other(record: Record) -> None:
    """Two jobs have each other's prediction by inference, and both facts come at the same time."""
    for n in range(15):
        first, second = await record.unclear(), await record.unclear()
        await record.store.resolution.adopt(first.submission_id, f"b-{n}", ResolvedBy.HISTORY)
        await record.store.resolution.adopt(second.submission_id, f"a-{n}", ResolvedBy.HISTORY)

        await asyncio.gather(
            record.store.submissions.settle(accepted(first.job_id, first.submission_id, f"a-{n}")),
            record.store.submissions.settle(accepted(second.job_id, second.submission_id, f"b-{n}")),
        )

        assert await record.submissions(first.job_id) == [("accepted", f"a-{n}")]
        assert await record.submissions(second.job_id) == [("accepted", f"b-{n}")]


async def test_one_prediction_is_adopted_once_however_many_want_it(record: Record) -> None:
    for n in range(10):
        wishes = [await record.unclear() for _ in range(4)]

        answers = await asyncio.gather(
            *(record.store.resolution.adopt(w.submission_id, f"p-{n}", ResolvedBy.HISTORY) for w in wishes),
            return_exceptions=True,
        )

        refused = [answer for answer in answers if isinstance(answer, RecordConflict)]
        assert (len(answers), len(refused)) == (4, 3), answers


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


async def test_absence_counts_from_when_it_was_first_seen(record: Record) -> None:
    wish = await record.unclear()
    resolution = record.store.resolution

    first = await resolution.note_absent(wish.submission_id)
    again = await resolution.note_absent(wish.submission_id)

    assert first == again
    told = [event.detail for event in await record.store.jobs.events(wish.job_id) if "absentSince" in event.detail]
    assert len(told) == 1
    await resolution.note_present(wish.submission_id)
    assert await resolution.note_absent(wish.submission_id) > first
    with pytest.raises(RecordNotFound):
        await resolution.note_absent(new_id())


async def test_obstacle_is_told_once_for_each_reason(record: Record) -> None:
    wish = await record.unclear()

    for why in ("no list", "no list", "another key", "no list"):
        await record.store.resolution.note_obstacle(wish.submission_id, why)

    told = [event.detail.get("obstacle") for event in await record.store.jobs.events(wish.job_id)]
    assert [why for why in told if why] == ["no list", "another key"]


async def test_proved_absence_ends_the_job_and_is_not_billed(record: Record) -> None:
    wish = await record.unclear()

    row = await record.store.resolution.prove_absent(wish.submission_id, resubmit=False)

    assert (row.status, row.reason_code, row.open_submission) == (JobStatus.FAILED, "submission_absent", None)
    assert (await record.store.jobs.billed([wish.job_id]))[wish.job_id] is Billed.NO
    (stored,) = await record.store.submissions.of_job(wish.job_id)
    assert (stored.state, stored.resolved_by) == ("rejected", "absence")


async def test_proved_absence_may_lead_to_a_new_submission(record: Record) -> None:
    wish = await record.unclear()

    row = await record.store.resolution.prove_absent(wish.submission_id, resubmit=True)
    permit = await record.store.submissions.permit(intent(wish.job_id))

    assert (row.status, row.open_submission) == (JobStatus.SUBMIT_UNKNOWN, None)
    assert permit.permission is Permission.POST
    assert await record.submissions(wish.job_id) == [("rejected", None), ("intended", None)]
    statuses = [event.status for event in await record.store.jobs.events(wish.job_id)]
    assert statuses[-3:] == ["submit_unknown", "submit_unknown", "dispatching"]


async def test_second_absence_of_a_job_is_told_as_well(record: Record) -> None:
    wish = await record.unclear()
    await record.store.resolution.prove_absent(wish.submission_id, resubmit=True)
    second = intent(wish.job_id)
    await record.store.submissions.permit(second)
    await record.store.submissions.settle(outcome(second, SubmissionState.UNKNOWN))

    await record.store.resolution.prove_absent(second.submission_id, resubmit=True)

    told = [event.detail.get("resolvedBy") for event in await record.store.jobs.events(wish.job_id)]
    assert told.count("absence") == 2


async def test_prediction_that_comes_after_its_absence_was_proved_is_kept(record: Record) -> None:
    """WaveSpeed's history was wrong: it is paid all the same."""
    failed = await record.unclear()
    await record.store.resolution.prove_absent(failed.submission_id, resubmit=False)
    again = await record.unclear()
    await record.store.resolution.prove_absent(again.submission_id, resubmit=True)
    second = intent(again.job_id)
    await record.store.submissions.permit(second)

    await record.store.submissions.settle(accepted(failed.job_id, failed.submission_id, "p-1"))
    await record.store.submissions.settle(accepted(again.job_id, again.submission_id, "p-2"))

    assert await record.submissions(failed.job_id) == [("accepted", "p-1")]
    assert (await record.store.jobs.get(failed.job_id)).status == "failed"
    assert await record.submissions(again.job_id) == [("superseded", "p-2"), ("intended", None)]
    assert (await record.store.jobs.billed([again.job_id]))[again.job_id] is Billed.YES


async def test_absence_does_not_end_a_job_that_is_being_cancelled(record: Record) -> None:
    wish = await record.unclear()
    await record.store.jobs.request_cancel(wish.job_id, owner=OWNER)

    row = await record.store.resolution.prove_absent(wish.submission_id, resubmit=False)

    assert (row.status, row.open_submission) == (JobStatus.CANCELLING, None)


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


# -- a person


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
    # what was given up may still learn its prediction
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
    with pytest.raises(RecordConflict):  # there is nothing any more that could adopt it
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


# -- jobs that have ended


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
    turn = record.store.resolution.turn_stale_intents
    assert await turn() == 0

    await record.hand.execute("UPDATE submissions SET post_before = post_before - interval '16 minutes'")

    assert (await turn(), await turn()) == (1, 0)
    assert await record.submissions(wish.job_id) == [("unknown", None)]
    assert await record.submissions(running.job_id) == [("intended", None)]
    assert (await record.last_event(wish.job_id)).detail["submissionState"] == "unknown"
