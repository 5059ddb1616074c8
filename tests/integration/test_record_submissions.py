"""The paid submission at record level: permission and intent, the response, and what a new attempt finds."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import Billed, JobChange, JobStatus, ProviderMode, SubmissionState
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.resolution import Decision, ResolvedBy
from promptmill.contracts.store import Permission, SubmissionIntent, SubmissionOutcome
from tests.fixtures.record import Record, accepted, intent, new_id

pytestmark = pytest.mark.oldest_postgres


def outcome(wish: SubmissionIntent, state: SubmissionState, **fields: object) -> SubmissionOutcome:
    return SubmissionOutcome.model_validate(
        {"submission_id": wish.submission_id, "job_id": wish.job_id, "state": state} | fields
    )


async def billed(record: Record, job_id: UUID) -> Billed:
    return (await record.store.jobs.billed([job_id]))[job_id]


async def states(record: Record, job_id: UUID) -> list[str]:
    return [row.state for row in await record.store.submissions.of_job(job_id)]


async def test_permission_writes_the_intent(record: Record) -> None:
    job_id = await record.dispatching()
    assert await billed(record, job_id) is Billed.NO
    wish = intent(job_id)

    permit = await record.store.submissions.permit(wish)

    assert (permit.permission, permit.submission_id, permit.request) == (
        Permission.POST,
        wish.submission_id,
        wish.request,
    )
    (row,) = await record.store.submissions.of_job(job_id)
    assert (row.state, row.callback_token, row.provider_base) == ("intended", wish.callback_token, wish.provider_base)
    assert 19 < (row.post_before - row.created_at).total_seconds() < 21
    assert await billed(record, job_id) is Billed.UNKNOWN


async def test_permission_is_refused_with_its_reason(record: Record) -> None:
    late = await record.dispatching()
    await record.shift(late, "deadline_at", 4000)
    cancelling = await record.dispatching()
    await record.store.jobs.request_cancel(cancelling, owner="local")
    ended = await record.dispatching()
    await record.store.jobs.advance(
        JobChange(job_id=ended, status=JobStatus.FAILED, reason_code=ReasonCode.WORKFLOW_FAILED)
    )
    demo = await record.dispatching()
    for job_id, reason, wish in (
        (late, ReasonCode.DEADLINE_PASSED, intent(late)),
        (cancelling, ReasonCode.CANCEL_REQUESTED, intent(cancelling)),
        (ended, ReasonCode.WORKFLOW_FAILED, intent(ended)),
        (demo, ReasonCode.PROVIDER_MODE_CHANGED, intent(demo, provider_mode=ProviderMode.REAL)),
    ):
        permit = await record.store.submissions.permit(wish)
        assert (permit.permission, permit.reason_code) == (Permission.STOP, reason)
        assert await states(record, job_id) == []
    with pytest.raises(RecordNotFound):
        await record.store.submissions.permit(intent(new_id()))


async def test_two_attempts_at_once_get_one_permission(record: Record) -> None:
    for _ in range(10):
        job_id = await record.dispatching()

        permits = await asyncio.gather(*(record.store.submissions.permit(intent(job_id)) for _ in range(4)))

        assert sorted(p.permission for p in permits) == ["post", "unknown", "unknown", "unknown"]
        assert await states(record, job_id) == ["unknown"]


async def test_repeating_the_same_question_gives_the_same_permission(record: Record) -> None:
    """The response may have been lost in transit; nobody else knows the token."""
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)

    again = await record.store.submissions.permit(wish)

    assert (again.permission, again.submission_id) == (Permission.POST, wish.submission_id)
    assert await states(record, wish.job_id) == ["intended"]


async def test_repeated_question_is_answered_by_what_is_true_now(record: Record) -> None:
    """The asking worker has sent nothing: after a cancel it must not, and nothing is billed."""
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)
    await record.store.jobs.request_cancel(wish.job_id, owner="local")

    again = await record.store.submissions.permit(wish)

    assert (again.permission, again.reason_code) == (Permission.STOP, ReasonCode.CANCEL_REQUESTED)
    assert await states(record, wish.job_id) == ["rejected"]
    assert await billed(record, wish.job_id) is Billed.NO


@pytest.mark.parametrize("settled_by", [ResolvedBy.PERSON, ResolvedBy.ABSENCE])
async def test_question_repeated_after_its_submission_was_settled_permits_nothing(
    record: Record, settled_by: ResolvedBy
) -> None:
    """Its first response was lost and its sender stalled: meanwhile the submission was abandoned, to be made again."""
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)
    await record.store.submissions.permit(intent(wish.job_id))  # the next attempt makes it unknown
    if settled_by is ResolvedBy.PERSON:
        await record.store.resolution.decide(wish.job_id, "local", Decision.RESUBMIT)
    else:
        await record.prove_absent(wish.submission_id, resubmit=True)
    before = await record.submissions(wish.job_id)

    again = await record.store.submissions.permit(wish)

    # the response after which a workflow reads the row and continues from there
    assert (again.permission, again.submission_id) == (Permission.UNKNOWN, wish.submission_id)
    assert await record.submissions(wish.job_id) == before
    snapshot = await record.store.jobs.begin(wish.job_id)
    assert (snapshot.status, snapshot.open_submission) == ("submit_unknown", None)
    following = intent(wish.job_id)
    assert (await record.store.submissions.permit(following)).permission is Permission.POST
    # a temporary refusal does not give its row to the id that already has one
    await record.store.submissions.settle(outcome(following, SubmissionState.REJECTED))
    assert (await record.store.submissions.permit(wish)).permission is Permission.UNKNOWN
    assert await states(record, wish.job_id) == [before[0][0], "rejected"]


async def test_attempt_that_finds_an_intent_does_not_post(record: Record) -> None:
    """The earlier one may be dead or frozen."""
    job_id = await record.dispatching()
    first = intent(job_id)
    await record.store.submissions.permit(first)

    permit = await record.store.submissions.permit(intent(job_id))

    assert (permit.permission, permit.submission_id) == (Permission.UNKNOWN, first.submission_id)
    assert await record.status(job_id) == "submit_unknown"
    last = (await record.store.jobs.events(job_id))[-1]
    assert (last.status, last.reason_code) == ("submit_unknown", "submit_unclear")
    again = await record.store.submissions.permit(intent(job_id))
    assert (again.permission, again.submission_id) == (Permission.UNKNOWN, first.submission_id)


async def test_snapshot_tells_the_open_submission(record: Record) -> None:
    job_id = await record.dispatching()
    wish = intent(job_id)
    assert (await record.store.jobs.begin(job_id)).open_submission is None
    await record.store.submissions.permit(wish)
    assert (await record.store.jobs.begin(job_id)).open_submission == "intended"
    await record.store.submissions.settle(outcome(wish, SubmissionState.UNKNOWN))
    assert (await record.store.jobs.begin(job_id)).open_submission == "unknown"

    await record.store.submissions.settle(accepted(job_id, wish.submission_id))

    after = await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))
    assert (after.open_submission, after.dispatched_at is None) == ("accepted", False)


async def test_attempt_that_finds_an_acceptance_returns_it(record: Record) -> None:
    job_id = await record.generating("p-1")

    permit = await record.store.submissions.permit(intent(job_id))

    assert (permit.permission, permit.prediction_id) == (Permission.ACCEPTED, "p-1")
    assert permit.accepted_at is not None


async def test_submission_that_the_record_lost_is_unknown(record: Record) -> None:
    """The heartbeat names it, Postgres does not have it: an older backup was restored."""
    job_id = await record.dispatching()
    lost = new_id()

    permit = await record.store.submissions.permit(intent(job_id, known_submission_id=lost))

    assert (permit.permission, permit.submission_id) == (Permission.UNKNOWN, lost)
    assert await record.status(job_id) == "submit_unknown"
    assert "backup" in (permit.error or "")


async def test_answer_with_an_id_is_accepted(record: Record) -> None:
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)

    settled = await record.store.submissions.settle(
        accepted(wish.job_id, wish.submission_id, "p-1", media_cost_usd="0.04")
    )

    job = await record.store.jobs.get(wish.job_id)
    assert (settled.state, settled.job_status) == ("accepted", "generating")
    assert settled.accepted_at is not None
    assert settled.prediction_id == "p-1"
    assert (job.prediction_id, str(job.media_cost_usd), job.media_cost_source) == ("p-1", "0.040000", "quoted")
    assert job.dispatched_at is not None
    assert await billed(record, wish.job_id) is Billed.YES
    told = len(await record.store.jobs.events(wish.job_id))
    again = await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))
    assert again == settled
    assert len(await record.store.jobs.events(wish.job_id)) == told


async def test_rate_limit_uses_the_row_again_and_tells_it_once(record: Record) -> None:
    job_id = await record.dispatching()
    for _ in range(5):
        wish = intent(job_id)
        permit = await record.store.submissions.permit(wish)
        assert (permit.permission, permit.submission_id) == (Permission.POST, wish.submission_id)
        settled = await record.store.submissions.settle(
            outcome(wish, SubmissionState.REJECTED, reason_code="wavespeed_rate_limited", error="slow down")
        )
        assert settled.job_status == "dispatching"
    (row,) = await record.store.submissions.of_job(job_id)
    assert (row.state, row.repeats, row.id) == ("rejected", 4, wish.submission_id)
    reasons = [event.reason_code for event in await record.store.jobs.events(job_id)]
    assert reasons.count("wavespeed_rate_limited") == 1
    assert await billed(record, job_id) is Billed.NO


async def test_late_report_of_an_earlier_attempt_does_not_free_the_next_one(record: Record) -> None:
    """Otherwise a third attempt could post while the second one is in flight."""
    job_id = await record.dispatching()
    first, second = intent(job_id), intent(job_id)
    refused = outcome(first, SubmissionState.REJECTED, reason_code="wavespeed_rate_limited")
    await record.store.submissions.permit(first)
    await record.store.submissions.settle(refused)
    await record.store.submissions.permit(second.model_copy(update={"known_submission_id": first.submission_id}))

    late = await record.store.submissions.settle(refused)

    assert late.job_status == "dispatching"
    assert await states(record, job_id) == ["intended"]
    third = await record.store.submissions.permit(intent(job_id, known_submission_id=first.submission_id))
    assert (third.permission, third.submission_id) == (Permission.UNKNOWN, second.submission_id)


async def test_refusal_for_good_fails_the_job(record: Record) -> None:
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)

    settled = await record.store.submissions.settle(
        outcome(wish, SubmissionState.REJECTED, reason_code="wavespeed_bad_input", error="no such size", final=True)
    )

    job = await record.store.jobs.get(wish.job_id)
    assert settled.job_status == "failed"
    assert (job.reason_code, job.error) == ("wavespeed_bad_input", "no such size")
    assert await billed(record, wish.job_id) is Billed.NO


async def test_unclear_answer_is_unknown_until_the_sender_knows_better(record: Record) -> None:
    for answer, status in (("accepted", "generating"), ("rejected", "failed")):
        wish = intent(await record.dispatching())
        await record.store.submissions.permit(wish)
        unclear = await record.store.submissions.settle(
            outcome(wish, SubmissionState.UNKNOWN, reason_code="submit_unclear", error="timeout")
        )
        assert unclear.job_status == "submit_unknown"
        assert await billed(record, wish.job_id) is Billed.UNKNOWN

        better = (
            accepted(wish.job_id, wish.submission_id)
            if answer == "accepted"
            else outcome(wish, SubmissionState.REJECTED, final=True, reason_code="wavespeed_bad_input")
        )
        settled = await record.store.submissions.settle(better)

        assert (settled.state, settled.job_status) == (answer, status)


async def test_nothing_known_becomes_less_known(record: Record) -> None:
    for end in (SubmissionState.ACCEPTED, SubmissionState.REJECTED):
        wish = intent(await record.dispatching())
        await record.store.submissions.permit(wish)
        known = accepted(wish.job_id, wish.submission_id) if end == "accepted" else outcome(wish, end)
        await record.store.submissions.settle(known)

        late = await record.store.submissions.settle(outcome(wish, SubmissionState.UNKNOWN))

        assert late.state == end
        assert late.job_status != "submit_unknown"


async def test_acceptance_after_a_cancel_is_a_fact(record: Record) -> None:
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)
    await record.store.jobs.request_cancel(wish.job_id, owner="local")

    settled = await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))

    job = await record.store.jobs.get(wish.job_id)
    assert (settled.state, settled.job_status, job.prediction_id) == ("accepted", "cancelling", "p-1")
    ended = await record.store.jobs.advance(JobChange(job_id=wish.job_id, status=JobStatus.CANCELLED))
    assert ended.status is JobStatus.CANCELLED
    assert await billed(record, wish.job_id) is Billed.YES


async def test_acceptance_of_a_submission_that_the_record_lost_is_a_fact(record: Record) -> None:
    job_id = await record.dispatching()

    settled = await record.store.submissions.settle(accepted(job_id, new_id(), "p-lost"))

    assert (settled.state, settled.job_status) == ("accepted", "generating")
    assert await billed(record, job_id) is Billed.YES


async def test_second_payment_is_kept_beside_the_first(record: Record) -> None:
    """It must not happen. If it does, the record says so."""
    job_id = await record.generating("p-1")

    settled = await record.store.submissions.settle(accepted(job_id, new_id(), "p-2"))

    assert settled.state == "superseded"
    assert [row.prediction_id for row in await record.store.submissions.of_job(job_id)] == ["p-1", "p-2"]
    assert (await record.store.jobs.get(job_id)).prediction_id == "p-1"


async def test_prediction_of_another_submission_is_not_believed(record: Record) -> None:
    await record.generating("p-1")
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)

    settled = await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))

    assert (settled.state, settled.job_status) == ("unknown", "submit_unknown")
    (row,) = await record.store.submissions.of_job(wish.job_id)
    assert row.candidates == ["p-1"]


async def test_way_back_from_unknown_is_a_new_submission(record: Record) -> None:
    job_id = await record.dispatching()
    first = intent(job_id)
    await record.store.submissions.permit(first)
    await record.store.submissions.settle(outcome(first, SubmissionState.UNKNOWN))
    back = await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.DISPATCHING))
    assert back.status is JobStatus.SUBMIT_UNKNOWN
    await record.hand.execute("UPDATE submissions SET state = 'superseded' WHERE job_id = $1", job_id)

    permit = await record.store.submissions.permit(intent(job_id))

    assert permit.permission is Permission.POST
    assert await record.status(job_id) == "dispatching"
    assert await states(record, job_id) == ["superseded", "intended"]


async def test_submission_numbers_only_grow(record: Record) -> None:
    numbers = []
    for _ in range(3):
        (row,) = await record.store.submissions.of_job(await record.generating())
        numbers.append(row.number)
    assert numbers == sorted(set(numbers))


async def test_a_storm_of_refusals_does_not_grow_the_row(record: Record) -> None:
    job_id = await record.dispatching()
    wishes = [intent(job_id) for _ in range(103)]
    for wish in wishes:
        assert (await record.store.submissions.permit(wish)).permission is Permission.POST
        await record.store.submissions.settle(outcome(wish, SubmissionState.REJECTED))

    (row,) = await record.store.submissions.of_job(job_id)
    assert row.repeats == 102
    assert row.earlier_ids == [wish.submission_id for wish in wishes[2:102]], "the last hundred are known"


async def test_a_known_prediction_was_billed_though_its_submission_is_lost(record: Record) -> None:
    """An older backup was restored while the workflow went on."""
    job_id = await record.dispatching()

    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.COMPLETED, prediction_id="p-1"))

    assert await record.status(job_id) == "completed"
    assert await billed(record, job_id) is Billed.YES


OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("model", {"model": "google/veo3.1-fast"}),
    ("prompt", {"prompt": "something else"}),
    ("input", {"input": {"size": "64*64", "num_images": 999}}),
    ("input", {"input": {}}),
    ("targetUrl", {"target_url": "https://example.com/a.png"}),
    ("refUrls", {"ref_urls": ("https://example.com/a.png",)}),
]


@pytest.mark.parametrize(("what", "other"), OTHERS)
async def test_only_what_the_row_asks_for_is_permitted(what: str, other: dict[str, Any], record: Record) -> None:
    """Anyone who can reach Temporal could make a worker pay for something else."""
    job_id = await record.dispatching()
    for _ in range(2):  # however often it is asked, it is reported once
        permit = await record.store.submissions.permit(intent(job_id, **other))

        assert (permit.permission, permit.reason_code) == (Permission.STOP, ReasonCode.REQUEST_MISMATCH)
        assert permit.error is not None
        assert what in permit.error
    assert await record.submissions(job_id) == []
    mismatches = [e for e in await record.store.jobs.events(job_id) if e.reason_code == ReasonCode.REQUEST_MISMATCH]
    assert [event.detail for event in mismatches] == [{"differs": [what]}]
    # The job itself continues: its own worker asks for what the row says.
    assert (await record.store.submissions.permit(intent(job_id))).permission is Permission.POST


async def test_a_trace_of_an_earlier_attempt_counts_more_than_what_is_asked_for_now(record: Record) -> None:
    """A permission that may be used up is never replaced by a refusal: the job would fail beside a paid prediction."""
    wish = await record.unclear()

    permit = await record.store.submissions.permit(intent(wish.job_id, prompt="something else"))

    assert permit.permission is Permission.UNKNOWN
    assert permit.submission_id == wish.submission_id


async def test_numbers_in_the_input_survive_the_way_through_temporal(record: Record) -> None:
    given = {"a": 1.10, "b": 1e22, "c": 2**60 + 1, "d": 0.1 + 0.2, "e": -0.0, "f": 1e308, "g": [1.0, True, None, "é"]}
    job_id = await record.dispatching(input=given)
    row = await record.store.jobs.get(job_id)
    travelled = json.loads(json.dumps(row.input))

    assert (await record.store.submissions.permit(intent(job_id, input=travelled))).permission is Permission.POST


async def test_a_worker_of_the_release_before_is_permitted_as_before(record: Record) -> None:
    job_id = await record.dispatching()

    answer = await record.hand.fetchrow(
        "SELECT * FROM permit_submission($1, $2, 'token', '{}', 'hash', 'simulated', 'base', 'print', 20)",
        job_id,
        new_id(),
    )

    assert answer["permission"] == "post"
