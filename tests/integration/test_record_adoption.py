"""Predictions assigned to unclear submissions at record level: facts take precedence over inference."""

from __future__ import annotations

import asyncio

import pytest

from promptmill.contracts.errors import RecordConflict
from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.contracts.resolution import Decision, ResolvedBy
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id

INFERENCES = (ResolvedBy.HISTORY, ResolvedBy.PERSON)
FACTS = (ResolvedBy.ANSWER, ResolvedBy.WEBHOOK)


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


async def test_history_says_nothing_of_a_submission_that_a_backup_lost(record: Record) -> None:
    """What was sent is no longer known, so nothing can be compared; a person may know."""
    lost = intent(await record.dispatching(), known_submission_id=new_id())
    permit = await record.store.submissions.permit(lost)
    assert permit.submission_id is not None

    row = await record.store.resolution.adopt(permit.submission_id, "p-1", ResolvedBy.HISTORY)

    assert (row.status, row.prediction_id, row.open_submission) == (JobStatus.SUBMIT_UNKNOWN, None, "unknown")
    row = await record.store.resolution.adopt(permit.submission_id, "p-1", ResolvedBy.PERSON)
    assert (row.status, row.prediction_id) == (JobStatus.GENERATING, "p-1")


async def test_history_does_not_choose_between_two_equal_requests(record: Record) -> None:
    """One prediction and two submissions that may have created it: only a fact or a person can say which one did."""
    first = await record.unclear(request_hash="same")
    second = await record.unclear(request_hash="same")
    unclear = await record.store.resolution.unclear(first.job_id)

    row = await record.store.resolution.adopt(first.submission_id, "p-1", ResolvedBy.HISTORY)

    assert unclear is not None
    assert unclear.others_open
    assert (row.status, row.prediction_id) == (JobStatus.SUBMIT_UNKNOWN, None)
    # abandoned, but it may still be the one
    await record.store.resolution.decide(second.job_id, OWNER, Decision.ABANDON)
    row = await record.store.resolution.adopt(first.submission_id, "p-1", ResolvedBy.HISTORY)
    assert row.status is JobStatus.SUBMIT_UNKNOWN
    row = await record.store.resolution.adopt(first.submission_id, "p-1", ResolvedBy.PERSON)
    assert row.status is JobStatus.GENERATING


async def test_inference_changes_nothing_that_was_settled_meanwhile(record: Record) -> None:
    wish = await record.unclear()
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))

    row = await record.store.resolution.adopt(wish.submission_id, "p-2", ResolvedBy.HISTORY)
    absent = await record.prove_absent(wish.submission_id, resubmit=False)

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
    """Its workflow may be reading that prediction right now, and report another job's media."""
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
    """The workflow may be reading the guessed prediction right now."""
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
    """Two jobs have each other's prediction by inference, and both facts arrive at the same time."""
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
