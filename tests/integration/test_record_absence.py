"""Unclear submissions that WaveSpeed's history proves never to have arrived, at record level."""

from __future__ import annotations

import pytest

from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import Billed, JobStatus, SubmissionState
from promptmill.contracts.store import Permission
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, outcome


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


async def test_proved_absence_ends_the_job_and_is_not_billed(record: Record) -> None:
    wish = await record.unclear()

    row = await record.prove_absent(wish.submission_id, resubmit=False)

    assert (row.status, row.reason_code, row.open_submission) == (JobStatus.FAILED, "submission_absent", None)
    assert (await record.store.jobs.billed([wish.job_id]))[wish.job_id] is Billed.NO
    (stored,) = await record.store.submissions.of_job(wish.job_id)
    assert (stored.state, stored.resolved_by) == ("rejected", "absence")


@pytest.mark.parametrize("resubmit", [False, True])
async def test_a_reading_that_is_older_than_a_candidate_proves_nothing(record: Record, resubmit: bool) -> None:  # noqa: FBT001
    """The worker with the proof has read twice, then stalled; meanwhile another worker read, and saw one."""
    wish = await record.unclear()
    resolution = record.store.resolution
    await resolution.note_absent(wish.submission_id)
    await resolution.note_present(wish.submission_id)
    await resolution.note_candidates(wish.submission_id, ["p-1"])

    row = await resolution.prove_absent(wish.submission_id, resubmit=resubmit)

    assert (row.status, row.open_submission) == (JobStatus.SUBMIT_UNKNOWN, SubmissionState.UNKNOWN)
    assert await record.submissions(wish.job_id) == [("unknown", None)]


async def test_proved_absence_may_lead_to_a_new_submission(record: Record) -> None:
    wish = await record.unclear()

    row = await record.prove_absent(wish.submission_id, resubmit=True)
    permit = await record.store.submissions.permit(intent(wish.job_id))

    assert (row.status, row.open_submission) == (JobStatus.SUBMIT_UNKNOWN, None)
    assert permit.permission is Permission.POST
    assert await record.submissions(wish.job_id) == [("rejected", None), ("intended", None)]
    statuses = [event.status for event in await record.store.jobs.events(wish.job_id)]
    assert statuses[-3:] == ["submit_unknown", "submit_unknown", "dispatching"]


async def test_second_absence_of_a_job_is_told_as_well(record: Record) -> None:
    wish = await record.unclear()
    await record.prove_absent(wish.submission_id, resubmit=True)
    second = intent(wish.job_id)
    await record.store.submissions.permit(second)
    await record.store.submissions.settle(outcome(second, SubmissionState.UNKNOWN))

    await record.prove_absent(second.submission_id, resubmit=True)

    told = [event.detail.get("resolvedBy") for event in await record.store.jobs.events(wish.job_id)]
    assert told.count("absence") == 2


async def test_prediction_that_comes_after_its_absence_was_proved_is_kept(record: Record) -> None:
    """WaveSpeed's history was wrong: the prediction is charged anyway."""
    failed = await record.unclear()
    await record.prove_absent(failed.submission_id, resubmit=False)
    again = await record.unclear()
    await record.prove_absent(again.submission_id, resubmit=True)
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

    row = await record.prove_absent(wish.submission_id, resubmit=False)

    assert (row.status, row.open_submission) == (JobStatus.CANCELLING, None)
