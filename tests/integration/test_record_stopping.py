"""Stopping at record level: drain, held submissions, and an older backup that was restored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from promptmill.contracts.jobs import Billed, JobChange, JobResult, JobStatus, SubmissionState
from promptmill.contracts.prompts import PromptSource
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.resolution import Decision
from promptmill.contracts.store import GoingOn, Permission
from promptmill.store import job_input
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, new_prompt_job, outcome, written

OUTPUT = {"index": 0, "kind": "image", "url": "u"}


# -- held submissions


async def test_held_submissions_leave_no_intent(record: Record) -> None:
    wish = intent(await record.dispatching())
    await record.store.operations.hold_submissions("an older backup")

    held = await record.store.submissions.permit(wish)

    assert (held.permission, held.reason_code) == (Permission.HOLD, ReasonCode.SUBMISSIONS_HELD)
    assert await record.submissions(wish.job_id) == []
    switch = await record.store.operations.submissions_held()
    assert switch is not None
    assert switch.reason == "an older backup"
    await record.store.operations.release_submissions("compared")
    assert await record.store.operations.submissions_held() is None
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST


async def test_what_was_sent_before_the_hold_is_answered_as_it_is(record: Record) -> None:
    unclear = await record.unclear()
    taken = intent(await record.dispatching())
    await record.store.submissions.permit(taken)
    await record.store.submissions.settle(accepted(taken.job_id, taken.submission_id, "p-1"))
    again = await record.unclear()
    await record.store.resolution.decide(again.job_id, OWNER, Decision.RESUBMIT)
    cancelled = await record.dispatching()
    await record.store.jobs.request_cancel(cancelled, owner=OWNER)
    lost = await record.dispatching()
    await record.store.operations.hold_submissions("an older backup")

    for wish, expected in (
        (intent(unclear.job_id), Permission.UNKNOWN),
        (intent(taken.job_id), Permission.ACCEPTED),
        (intent(again.job_id), Permission.HOLD),
        (intent(cancelled), Permission.STOP),
        (intent(lost, known_submission_id=new_id()), Permission.UNKNOWN),
    ):
        assert (await record.store.submissions.permit(wish)).permission is expected


# -- drain


async def test_drain_is_set_and_cleared(record: Record) -> None:
    operations = record.store.operations
    assert await operations.drain() is None

    await operations.set_drain("an upgrade")

    switch = await operations.drain()
    assert switch is not None
    assert switch.reason == "an upgrade"
    await operations.clear_drain()
    assert await operations.drain() is None


def told(works: Any) -> dict[Any, tuple[str, Billed | None]]:
    return {work.id: (work.status, work.billed) for work in works}


async def test_what_goes_on_tells_what_needs_a_person(record: Record) -> None:
    queued = await record.accept()
    paid = await record.generating()
    sending = intent(await record.dispatching())
    await record.store.submissions.permit(sending)
    unclear = await record.unclear()
    again = await record.unclear()
    await record.store.resolution.decide(again.job_id, OWNER, Decision.RESUBMIT)
    prompt, _ = await record.store.prompts.accept(new_prompt_job())
    ended = await record.generating()
    await record.store.jobs.advance(JobChange(job_id=ended, status=JobStatus.FAILED))
    await record.prompting()  # its prompt job is part of it

    found = await record.store.operations.what_goes_on()

    assert told(found.waiting) == {unclear.job_id: ("submit_unknown", Billed.UNKNOWN)}
    assert len(found.going) == 6
    assert (
        told(found.going).items()
        >= {
            queued: ("queued", Billed.NO),
            paid: ("generating", Billed.YES),
            sending.job_id: ("dispatching", Billed.UNKNOWN),
            again.job_id: ("submit_unknown", Billed.UNKNOWN),
            prompt.id: ("queued", None),
        }.items()
    )
    assert [len(works) for works in works_of(await record.store.operations.what_goes_on(2))] == [2, 1]


def works_of(found: GoingOn) -> tuple[Any, Any]:
    return found.going, found.waiting


@pytest.mark.parametrize("by", ["the switch", "a pause"])
async def test_while_submissions_are_held_the_next_ones_wait_for_a_person(record: Record, by: str) -> None:
    dispatching = await record.dispatching()
    paid = await record.generating()
    sending = intent(await record.dispatching())
    await record.store.submissions.permit(sending)
    if by == "a pause":
        await record.store.limits.pause(OWNER, "costs are looked into")
    else:
        await record.store.operations.hold_submissions("an older backup")

    found = await record.store.operations.what_goes_on()

    assert set(told(found.waiting)) == {dispatching}
    assert set(told(found.going)) == {paid, sending.job_id}


async def test_behind_a_brake_waits_what_has_not_been_handed_over(record: Record) -> None:
    queued, dispatching, paid = await record.accept(), await record.dispatching(), await record.generating()
    sending = intent(await record.dispatching())
    await record.store.submissions.permit(sending)
    lone, _ = await record.store.prompts.accept(new_prompt_job())
    (writing, _), (retried, _) = await record.prompting(), await record.prompting()
    started = "UPDATE prompt_generation_jobs SET status = 'processing', next_attempt_at = $2 WHERE job_id = $1"
    await record.hand.execute(started, writing, None)
    await record.hand.execute(started, retried, datetime(2030, 1, 1, tzinfo=UTC))
    goes_on = record.store.operations.what_goes_on

    assert set(told((await goes_on(braked=["wavespeed"])).waiting)) == {dispatching}
    assert set(told((await goes_on(braked=["grok"])).waiting)) == {retried, lone.id}
    both = await goes_on(braked=["grok", "wavespeed"])
    assert set(told(both.going)) == {queued, writing, paid, sending.job_id}


# -- an older backup


async def test_highest_submission_only_grows(record: Record) -> None:
    operations = record.store.operations
    assert await operations.highest_submission() == 0
    job_ids = [await record.generating() for _ in range(3)]
    assert await operations.highest_submission() == 3

    for job_id in job_ids:
        await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.EXPIRED))
        await record.shift(job_id, "completed_at", 90_000)
    await record.store.upkeep.delete_expired(1)

    assert await record.hand.fetchval("SELECT count(*) FROM submissions") == 0
    assert await operations.highest_submission() == 3
    await record.generating()
    assert await operations.highest_submission() == 4


async def test_numbers_go_on_above_what_a_backup_lost(record: Record) -> None:
    await record.generating()
    await record.store.operations.release_submissions(at_least=40)
    assert await record.store.operations.highest_submission() == 40

    await record.generating()

    assert await record.store.operations.highest_submission() == 41
    await record.store.operations.release_submissions(at_least=5)  # never back
    await record.generating()
    assert await record.store.operations.highest_submission() == 42


async def test_refused_permission_uses_no_number_up(record: Record) -> None:
    """A number that no submission has would look like one that a backup lost."""
    wish = intent(await record.dispatching())
    await record.store.operations.hold_submissions("")
    await record.store.submissions.permit(wish)

    assert await record.store.operations.highest_submission() == 0


async def lose(record: Record, job_id: Any) -> None:
    """Take a job out of the record, as an older backup does."""
    await record.hand.execute("DELETE FROM jobs WHERE id = $1", job_id)


async def test_lost_job_comes_back_with_what_was_paid(record: Record) -> None:
    asked = {
        "metadata": {"order": "7"},
        "callback_url": "https://a.example/done",
        "ref_urls": ("https://a.example/1.png",),
        "priority": 9,
        "deadline_seconds": 1800,
    }
    job_id = await record.generating("p-1", **asked)
    change = {"job_id": job_id, "status": "completed", "outputs": [OUTPUT], "media_cost_usd": "0.04"}
    row = await record.store.jobs.advance(JobChange.model_validate(change))
    was = await record.store.jobs.get(job_id)
    result = JobResult(**row.model_dump(include=set(JobResult.model_fields)))
    await lose(record, job_id)

    assert await record.store.operations.restore_row(job_input(was), result)

    job = await record.store.jobs.get(job_id)
    same = set(type(job).model_fields) - {
        "warnings", "claimed_at", "checked_at", "updated_at", "workflow_started_at", "dispatched_at", "completed_at",
    }  # fmt: skip
    assert {name: getattr(job, name) for name in same} == {name: getattr(was, name) for name in same}
    assert job.completed_at is not None
    assert await record.submissions(job_id) == [("accepted", "p-1")]
    assert (await record.store.jobs.billed([job_id]))[job_id] is Billed.YES
    assert [event.detail for event in await record.store.jobs.events(job_id)] == [{"restored": True}]
    # what exists is not touched
    assert not await record.store.operations.restore_row(job_input(was), None)
    assert await record.store.jobs.get(job_id) == job
    await record.assert_counters_equal_rows()


async def test_submission_itself_takes_the_place_of_the_restored_stand_in(record: Record) -> None:
    job_id = await record.generating("p-1")
    was = await record.store.jobs.get(job_id)
    result = JobResult(job_id=job_id, status=JobStatus.EXPIRED, prediction_id="p-1", prompt_source=PromptSource.CALLER)
    await lose(record, job_id)
    await record.store.operations.restore_row(job_input(was), result)
    known = new_id()

    settled = await record.store.submissions.settle(accepted(job_id, known, "p-1"))

    assert (settled.state, settled.job_status) == ("accepted", "expired")
    assert [(row.id, row.state) for row in await record.store.submissions.of_job(job_id)] == [(known, "accepted")]


async def test_lost_job_that_runs_comes_back_open_and_follows_its_submission(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    was = await record.store.jobs.get(job_id)
    await lose(record, job_id)

    assert await record.store.operations.restore_row(job_input(was))

    job = await record.store.jobs.get(job_id)
    prompt = await record.store.prompts.get(prompt_job_id)
    assert (job.status, job.prompt_status, job.prompt_job_id) == ("queued", "pending", prompt_job_id)
    assert job.workflow_started_at is not None  # nobody starts another
    assert (prompt.status, prompt.job_id, prompt.instructions) == ("queued", job_id, was.instructions)
    settled = await record.store.submissions.settle(accepted(job_id, new_id(), "p-1"))
    assert settled.job_status == "generating"
    statuses = [event.status for event in await record.store.jobs.events(job_id)]
    assert statuses == ["queued", "dispatching", "generating"]


async def test_lost_job_with_an_unclear_submission_waits_for_it(record: Record) -> None:
    job_id = await record.dispatching()
    was = await record.store.jobs.get(job_id)
    await lose(record, job_id)
    await record.store.operations.restore_row(job_input(was))

    permit = await record.store.submissions.permit(intent(job_id, known_submission_id=new_id()))

    assert permit.permission is Permission.UNKNOWN
    assert (await record.store.jobs.get(job_id)).status == "submit_unknown"


@pytest.mark.parametrize(
    ("source", "status", "prompt_status"),
    [
        (PromptSource.GROK, JobStatus.COMPLETED, "completed"),
        (None, JobStatus.CANCELLED, "cancelled"),
        (None, JobStatus.FAILED, "failed"),
        (PromptSource.TEMPLATE, JobStatus.COMPLETED, "failed"),
    ],
)
async def test_lost_prompt_job_comes_back_as_it_ended(
    record: Record, source: PromptSource | None, status: JobStatus, prompt_status: str
) -> None:
    job_id, prompt_job_id = await record.prompting()
    was = await record.store.jobs.get(job_id)
    await lose(record, job_id)
    result = JobResult(
        job_id=job_id,
        status=status,
        prompt="a red fox",
        prompt_source=source,
        prompt_cost_usd="0.002",
        outputs=(OUTPUT,),
    )

    await record.store.operations.restore_row(job_input(was), result)

    job = await record.store.jobs.get(job_id)
    prompt = await record.store.prompts.get(prompt_job_id)
    assert (job.status, job.prompt_status, job.prompt, str(job.prompt_cost_usd)) == (
        status,
        prompt_status,
        "a red fox",
        "0.002000",
    )
    assert (prompt.status, prompt.generated_prompt) == (prompt_status, "a red fox" if source == "grok" else None)


async def test_lost_job_whose_finished_prompt_job_is_lost_too_comes_back(record: Record) -> None:
    row, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.prompts.begin_attempt(row.id, "grok-4")
    await record.store.prompts.finish(written(row.id, 1))
    first = await record.accept()
    job_id = await record.dispatching(prompt_job_id=row.id, prompt_source="grok")
    was = (await record.store.jobs.get(job_id)).model_copy(update={"retry_of": first})
    asked = job_input(was)
    for lost in (job_id, first):
        await lose(record, lost)
    await record.hand.execute("DELETE FROM prompt_generation_jobs WHERE id = $1", row.id)

    assert await record.store.operations.restore_row(asked)

    job = await record.store.jobs.get(job_id)
    assert (job.prompt_job_id, job.retry_of, job.prompt, job.prompt_status) == (None, None, "a fox", "completed")


async def test_unclear_outcome_of_a_queued_job_is_unclear(record: Record) -> None:
    """The steps to it went unrecorded: an older backup was restored."""
    job_id = await record.accept()
    wish = intent(job_id)

    settled = await record.store.submissions.settle(outcome(wish, SubmissionState.UNKNOWN))

    assert (settled.state, settled.job_status) == ("unknown", "submit_unknown")
    statuses = [event.status for event in await record.store.jobs.events(job_id)]
    assert statuses == ["queued", "dispatching", "submit_unknown"]
