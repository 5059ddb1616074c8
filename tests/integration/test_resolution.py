"""What became of a submission without a clear response: how that is determined, and when it cannot be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

from promptmill.contracts.jobs import Billed, JobSnapshot, JobStatus, SubmissionState
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.resolution import Decision
from promptmill.contracts.store import SubmissionOutcome
from tests.fixtures.mill import IMAGE_MODEL, Mill
from tests.fixtures.unclear import (
    KNOWN_MODEL,
    PROOF,
    details,
    look,
    make_submissions_older,
    open_proving_mill,
    submission_of,
)
from tests.support import eventually

PROMPT = "A red fox in the snow"

RECORD_TEN_MINUTES_BEHIND = """
    CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql
        RETURN pg_catalog.clock_timestamp() - interval '10 minutes';
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$;
"""
"""A clock that differs from this machine's, for connections opened from now on."""


@pytest.fixture
async def proving(idle_mill: Mill) -> AsyncIterator[Mill]:
    async with open_proving_mill(idle_mill) as mill:
        yield mill


@pytest.mark.parametrize(
    ("kind", "fault"),
    [("cut", {"after": True}), ("status", {"status": 502, "after": True}), ("no_id", {}), ("hold", {"after": True})],
)
async def test_the_history_finds_what_was_made(mill: Mill, kind: str, fault: dict[str, Any]) -> None:
    await mill.wavespeed.order("submit", kind, **fault)

    job_id = await mill.create()
    if kind == "hold":
        await mill.wavespeed.asked("submit")
        await mill.wavespeed.release("cut")

    row = await mill.reaches(job_id, "completed")
    [charge] = await mill.wavespeed.charges()
    assert row.prediction_id == charge["id"]
    submission = await submission_of(mill, job_id)
    assert (submission.state, submission.resolved_by) == ("accepted", "history")
    statuses = [status for status, _ in await mill.events(job_id)]
    assert statuses[-4:] == ["submit_unknown", "submit_unknown", "generating", "completed"], (
        "the candidate, then the rest"
    )
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES
    assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.COMPLETED


async def test_it_is_found_when_the_history_shows_it_later(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("submit", "hidden", seconds=1)

    job_id = await mill.create()

    await mill.reaches(job_id, "submit_unknown")
    await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_history_that_cannot_be_read_changes_nothing(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "html", status=502, times=2)

    job_id = await mill.create()
    await mill.wavespeed.asked("history")
    seen = await look(mill, job_id)

    assert isinstance(seen, ApplicationError)
    assert "502" in seen.message
    assert (await submission_of(mill, job_id)).absent_since is None
    await mill.reaches(job_id, "completed")


async def test_what_was_never_made_is_proved_absent_and_not_billed(proving: Mill) -> None:
    await proving.wavespeed.order("submit", "cut")

    job_id = await proving.create()

    row = await proving.reaches(job_id, "failed")
    assert row.reason_code == "submission_absent"
    assert (await proving.store.jobs.billed([job_id]))[job_id] is Billed.NO
    submission = await submission_of(proving, job_id)
    assert (submission.state, submission.resolved_by) == ("rejected", "absence")
    assert len(await details(proving, job_id, "absentSince")) == 1
    window = [request["body"]["created_after"] for request in await proving.wavespeed.requests("history")]
    assert len(window) >= 4, "the window twice, and each time the list was seen to work"
    assert window[0] == window[2], "the window is fixed"
    assert len(await proving.wavespeed.charges()) == 1
    assert await proving.closes(proving.handle(job_id)) is WorkflowExecutionStatus.FAILED


async def test_absence_is_not_believed_before_the_post_could_have_ended(idle_mill: Mill) -> None:
    async with idle_mill.changed(**PROOF) as mill, mill.worker():
        known = await mill.create(prompt="Another")
        await mill.reaches(known, "completed")
        await mill.wavespeed.order("submit", "cut")
        job_id = await mill.create()
        await mill.reaches(job_id, "submit_unknown")

        seen = [await look(mill, job_id) for _ in range(2)]

        assert ["not list it yet" in str(one) for one in seen] == [True, True]
        assert (await submission_of(mill, job_id)).absent_since is None


async def test_a_worker_whose_clock_is_ahead_of_the_records_believes_no_absence_too_early(idle_mill: Mill) -> None:
    await idle_mill.sql(RECORD_TEN_MINUTES_BEHIND)
    async with idle_mill.changed(**PROOF) as mill, mill.worker():
        known = await mill.create(prompt="Another", generate_timeout_seconds=3600)
        await mill.reaches(known, "completed")
        await mill.wavespeed.order("submit", "cut")
        job_id = await mill.create()
        await mill.reaches(job_id, "submit_unknown")

        seen = [await look(mill, job_id) for _ in range(2)]

        assert ["not list it yet" in str(one) for one in seen] == [True, True]
        assert (await submission_of(mill, job_id)).absent_since is None


async def test_what_was_never_made_is_submitted_again_where_that_is_switched_on(idle_mill: Mill) -> None:
    async with open_proving_mill(idle_mill, resubmit_when_absent=True) as mill:
        await mill.wavespeed.order("submit", "cut")
        job_id = await mill.create()
        row = await mill.reaches(job_id, "completed")

    states = [(found.state, found.resolved_by) for found in await idle_mill.store.submissions.of_job(job_id)]
    assert states == [("rejected", "absence"), ("accepted", None)]
    [_, charge] = await idle_mill.wavespeed.charges()
    assert row.prediction_id == charge["id"], "one charge for each job"


async def test_a_list_that_does_not_show_what_we_know_proves_nothing(proving: Mill) -> None:
    await proving.wavespeed.order("submit", "cut", after=True)
    await proving.wavespeed.order("history", "hidden", times=1000)
    job_id = await proving.create()
    await eventually(lambda: details(proving, job_id, "obstacle"))

    for _ in range(2):
        assert isinstance(await look(proving, job_id), ApplicationError)

    assert (await proving.job(job_id)).status == "submit_unknown"
    assert (await submission_of(proving, job_id)).absent_since is None
    assert len(await details(proving, job_id, "obstacle")) == 1, "it is told once"
    await proving.wavespeed.clear()
    settled = await look(proving, job_id)
    assert isinstance(settled, JobSnapshot)
    assert settled.status is JobStatus.GENERATING


async def test_without_any_prediction_that_we_know_absence_cannot_be_proved(idle_mill: Mill) -> None:
    await make_submissions_older(idle_mill)
    async with idle_mill.changed(**PROOF) as mill, mill.worker():
        await mill.wavespeed.order("submit", "cut")
        job_id = await mill.create()

        [why] = await eventually(lambda: details(mill, job_id, "obstacle"))

        assert "proves nothing" in why
        assert isinstance(await look(mill, job_id), ApplicationError)
        assert (await mill.job(job_id)).status == "submit_unknown"


async def test_a_prediction_that_another_job_has_is_never_adopted(proving: Mill) -> None:
    """Identical in everything, yet not ours: ours was never created."""
    first = await proving.create(prompt=PROMPT, input={"seed": 7})
    theirs = (await proving.reaches(first, "completed")).prediction_id
    await proving.wavespeed.order("submit", "cut")

    second = await proving.create(prompt=PROMPT, input={"seed": 7})

    row = await proving.reaches(second, "failed")
    assert (row.reason_code, row.prediction_id) == ("submission_absent", None)
    assert (await proving.job(first)).prediction_id == theirs


async def test_two_equal_submissions_stay_unclear_until_a_person_decides(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "hold", after=True, times=2)
    jobs = [await mill.create(prompt=PROMPT, input={"seed": 7}) for _ in range(2)]
    await mill.wavespeed.asked("submit", 2)
    await mill.wavespeed.release("cut")
    made = {charge["id"] for charge in await mill.wavespeed.charges()}

    for job_id in jobs:
        await mill.reaches(job_id, "submit_unknown")
        await eventually(lambda job_id=job_id: _candidates(mill, job_id, made))  # type: ignore[misc]  # bound at once
        assert isinstance(await look(mill, job_id), ApplicationError)

    mine = min(made)
    await mill.decide(jobs[0], Decision.ADOPT, mine)
    assert (await mill.reaches(jobs[0], "completed")).prediction_id == mine
    assert isinstance(await look(mill, jobs[1]), JobSnapshot), "only one is left, and nobody else can have made it"
    assert (await mill.job(jobs[1])).prediction_id == max(made)


async def test_a_prediction_that_fits_two_unclear_submissions_is_neither_ones(mill: Mill) -> None:
    """WaveSpeed fills in defaults: the second's prediction looks like the first's request."""
    await mill.wavespeed.order("history", "hidden", times=1000)
    await mill.wavespeed.order("submit", "cut")
    never_made = await mill.create(prompt=PROMPT, model=KNOWN_MODEL, input={})
    await mill.reaches(never_made, "submit_unknown")
    await mill.wavespeed.order("submit", "cut", after=True)
    made = await mill.create(prompt=PROMPT, model=KNOWN_MODEL, input={"size": "2048*2048"})
    await mill.reaches(made, "submit_unknown")
    await mill.wavespeed.clear()

    seen = [await look(mill, job_id) for job_id in (never_made, made)]

    assert ["A person must decide" in str(one) for one in seen] == [True, True]
    assert (await submission_of(mill, never_made)).candidates == (await submission_of(mill, made)).candidates


async def test_a_prediction_that_one_without_a_request_may_have_made_is_left_to_a_person(mill: Mill) -> None:
    """The request of the other unclear submission was erased, or lost: it may have been the same."""
    await mill.wavespeed.order("history", "hidden", times=1000)
    await mill.wavespeed.order("submit", "cut", after=True)
    made = await mill.create(prompt=PROMPT, input={"seed": 7})
    await mill.reaches(made, "submit_unknown")
    await mill.wavespeed.order("submit", "cut")
    never_made = await mill.create(prompt=PROMPT, input={"seed": 7})
    await mill.reaches(never_made, "submit_unknown")
    await mill.sql(f"UPDATE submissions SET request = '{{}}', request_hash = '' WHERE job_id = '{made}'")
    await mill.wavespeed.clear()

    assert "A person must decide" in str(await look(mill, never_made))
    assert (await submission_of(mill, never_made)).prediction_id is None


async def test_a_candidate_of_which_wavespeed_tells_no_inputs_keeps_it_unclear(
    proving: Mill, wavespeed_http: httpx.AsyncClient
) -> None:
    await proving.wavespeed.order("history", "without_inputs", times=1000)
    made = await wavespeed_http.post(f"/api/v3/{IMAGE_MODEL}", json={"prompt": "Made on the website"})
    stranger = made.json()["data"]["id"]
    await proving.wavespeed.order("submit", "cut")

    job_id = await proving.create()

    await eventually(lambda: _candidates(proving, job_id, {stranger}))
    for _ in range(2):
        assert isinstance(await look(proving, job_id), ApplicationError)
    assert (await submission_of(proving, job_id)).absent_since is None
    await proving.wavespeed.clear()
    assert isinstance(await look(proving, job_id), ApplicationError)
    assert (await submission_of(proving, job_id)).absent_since, "its inputs show now that it is another's"


async def test_a_candidate_that_vanished_from_the_history_is_not_forgotten(proving: Mill) -> None:
    await proving.wavespeed.order("submit", "cut", after=True)
    await proving.wavespeed.order("history", "without_inputs", times=1)
    job_id = await proving.create()
    await proving.wavespeed.asked("submit", 2)
    [charge] = (await proving.wavespeed.charges())[1:]
    await eventually(lambda: _candidates(proving, job_id, {charge["id"]}))

    await proving.wavespeed.order("history", "hidden", times=2)
    seen = [await look(proving, job_id) for _ in range(2)]

    assert ["listed it before" in str(one) for one in seen] == [True, True]
    assert (await submission_of(proving, job_id)).absent_since is None


async def test_a_sender_that_comes_back_and_says_that_nothing_was_sent_leads_to_a_new_submission(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut")
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    submission = await submission_of(mill, job_id)

    nothing_sent = SubmissionOutcome(
        submission_id=submission.id,
        job_id=job_id,
        state=SubmissionState.REJECTED,
        reason_code=ReasonCode.WAVESPEED_UNREACHABLE,
        error="It woke too late.",
    )
    await mill.store.submissions.settle(nothing_sent)

    await mill.reaches(job_id, "completed")
    assert [found.state for found in await mill.store.submissions.of_job(job_id)] == ["rejected", "accepted"]
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_worker_with_another_key_judges_nothing(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.wavespeed.asked("history")
    async with mill.changed(wavespeed_api_key=SecretStr("another-account")) as other:
        seen = await look(other, job_id)

    assert isinstance(seen, ApplicationError)
    assert "different key" in seen.message


async def test_a_submission_older_than_the_history_is_left_to_a_person(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut")
    job_id = await mill.create()
    await mill.wavespeed.asked("history")
    await mill.sql("UPDATE submissions SET intended_at = now() - interval '8 days'")
    asked = len(await mill.wavespeed.requests("history"))

    seen = await look(mill, job_id)

    assert isinstance(seen, ApplicationError)
    assert "older" in seen.message
    assert seen.next_retry_delay is not None
    assert seen.next_retry_delay.total_seconds() == 6 * 3600
    assert len(await mill.wavespeed.requests("history")) == asked


async def _candidates(mill: Mill, job_id: UUID, expected: set[str]) -> bool:
    return set((await submission_of(mill, job_id)).candidates) == expected
