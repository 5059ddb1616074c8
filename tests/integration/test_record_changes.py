"""A job that waits is changed in the record: until a submission is permitted, and never beside one."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from promptmill.contracts.audit import Action, AuditFilter
from promptmill.contracts.errors import RecordConflict, RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus, MediaRequest, ProviderMode, SubmissionState
from promptmill.contracts.prompts import PromptSource
from promptmill.contracts.store import JobEdit, Permission, SubmissionOutcome
from tests.fixtures.record import Record, intent, intent_of_row, new_id, written

pytestmark = pytest.mark.oldest_postgres

EDITS: list[tuple[str, dict[str, Any]]] = [
    ("model", {"model": "google/nano-banana"}),
    ("input", {"input": {"size": "128*128"}}),
    ("targetUrl", {"target_url": "https://example.com/a.png"}),
    ("refUrls", {"ref_urls": ("https://example.com/a.png",)}),
    ("prompt", {"prompt": "a badger"}),
]


@pytest.mark.parametrize(("what", "edit"), EDITS)
async def test_the_request_of_before_is_not_permitted_and_that_of_the_row_is(
    what: str, edit: dict[str, Any], record: Record
) -> None:
    job_id = await record.dispatching()
    before = intent(job_id)

    _, changed = await record.store.jobs.change(job_id, JobEdit(**edit), owner="local")

    assert changed == [what]
    assert (await record.last_event(job_id)).detail == {"changed": [what]}, "names, no words"
    permit = await record.store.submissions.permit(before)
    assert (permit.permission, permit.submission_id) == (Permission.CHANGED, None)
    assert await record.submissions(job_id) == []
    asked = MediaRequest.built_from(
        before, known_submission=None, provider_mode=ProviderMode.SIMULATED, ref_urls=before.ref_urls
    )
    now = await record.store.submissions.as_recorded(asked)
    row = await intent_of_row(record.store, job_id)
    assert (now.model, now.prompt, now.input) == (row.model, row.prompt, row.input)
    assert (now.target_url, now.ref_urls) == (row.target_url, row.ref_urls)
    assert (await record.store.submissions.permit(row)).permission is Permission.POST


@pytest.mark.parametrize(("what", "edit"), [*EDITS, ("priority", {"priority": 9})])
async def test_a_worker_that_does_not_say_what_it_asks_for_sends_nothing_of_before(
    what: str, edit: dict[str, Any], record: Record
) -> None:
    job_id = await record.dispatching()
    await record.store.jobs.change(job_id, JobEdit(**edit), owner="local")

    answer = await record.hand.fetchrow(
        "SELECT * FROM permit_submission($1, $2, 'token', '{}', 'hash', 'simulated', 'base', 'print', 20)",
        job_id,
        new_id(),
    )

    expected = ("post", None) if what == "priority" else ("hold", "submissions_held")
    assert (answer["permission"], answer["reason_code"]) == expected


async def test_what_no_caller_has_changed_is_still_a_mismatch(record: Record) -> None:
    """A change of the prompt is no licence for another model."""
    job_id = await record.dispatching()
    await record.store.jobs.change(job_id, JobEdit(prompt="a badger"), owner="local")

    for other in ({"model": "google/veo3.1-fast"}, {"model": "google/veo3.1-fast", "prompt": "a badger"}):
        assert (await record.store.submissions.permit(intent(job_id, **other))).permission is Permission.STOP


@pytest.mark.parametrize("state", ["intended", "unknown", "accepted"])
async def test_nothing_is_changed_beside_a_submission(state: str, record: Record) -> None:
    job_id = await record.dispatching()
    wish = intent(job_id)
    await record.store.submissions.permit(wish)
    if state != "intended":
        await record.store.submissions.settle(
            SubmissionOutcome(
                job_id=job_id,
                submission_id=wish.submission_id,
                state=SubmissionState(state),
                prediction_id="p-1" if state == "accepted" else None,
            )
        )

    with pytest.raises(RecordConflict) as refused:
        await record.store.jobs.change(job_id, JobEdit(prompt="a badger"), owner="local")

    assert refused.value.conflict == "not_waiting"
    assert (await record.store.jobs.get(job_id)).prompt == "a fox"


async def test_after_a_temporary_refusal_it_may_be_changed_and_is_submitted_anew(record: Record) -> None:
    job_id = await record.dispatching()
    wish = intent(job_id)
    await record.store.submissions.permit(wish)
    refused = SubmissionOutcome(job_id=job_id, submission_id=wish.submission_id, state=SubmissionState.REJECTED)
    await record.store.submissions.settle(refused)

    await record.store.jobs.change(job_id, JobEdit(prompt="a badger"), owner="local")

    assert (await record.store.submissions.permit(intent(job_id))).permission is Permission.CHANGED
    assert (
        await record.store.submissions.permit(await intent_of_row(record.store, job_id))
    ).permission is Permission.POST


async def test_ended_cancelled_and_other_peoples_jobs_are_not_changed(record: Record) -> None:
    cancelling = await record.dispatching()
    await record.store.jobs.request_cancel(cancelling, owner="local")
    ended = await record.dispatching()
    await record.store.jobs.advance(JobChange(job_id=ended, status=JobStatus.FAILED))
    unclear = (await record.unclear()).job_id
    for job_id in (cancelling, ended, unclear):
        with pytest.raises(RecordConflict, match="can no longer be changed"):
            await record.store.jobs.change(job_id, JobEdit(priority=9), owner="local")
    with pytest.raises(RecordNotFound):
        await record.store.jobs.change(await record.dispatching(), JobEdit(priority=9), owner="somebody")


async def test_what_was_checked_with_the_row_of_before_changes_nothing(record: Record) -> None:
    job_id = await record.dispatching()
    seen_at = (await record.store.jobs.get(job_id)).updated_at
    await record.store.jobs.change(job_id, JobEdit(model="google/nano-banana", seen_at=seen_at), owner="local")
    edit = {"input": {"size": "128*128"}}

    with pytest.raises(RecordConflict) as refused:
        await record.store.jobs.change(job_id, JobEdit(**edit, seen_at=seen_at), owner="local")

    assert refused.value.conflict == "changed_meanwhile"
    seen_at = (await record.store.jobs.get(job_id)).updated_at
    assert (await record.store.jobs.change(job_id, JobEdit(**edit, seen_at=seen_at), owner="local"))[1] == ["input"]


async def test_a_permission_and_a_change_at_once_never_pay_for_something_else(record: Record) -> None:
    for _ in range(10):
        job_id = await record.dispatching()

        permit, change = await asyncio.gather(
            record.store.submissions.permit(intent(job_id)),
            record.store.jobs.change(job_id, JobEdit(prompt="a badger"), owner="local"),
            return_exceptions=True,
        )

        assert not isinstance(permit, BaseException)
        if permit.permission is Permission.POST:
            assert isinstance(change, RecordConflict)
            assert (await record.store.jobs.get(job_id)).prompt == "a fox"
        else:
            assert permit.permission is Permission.CHANGED
            assert (await record.store.jobs.get(job_id)).prompt == "a badger"


async def test_grok_s_prompt_can_be_edited_once_it_is_written_and_stays(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    with pytest.raises(RecordConflict) as refused:
        await record.store.jobs.change(job_id, JobEdit(prompt="a badger"), owner="local")
    assert refused.value.conflict == "prompt_pending"
    await record.store.jobs.change(job_id, JobEdit(priority=9), owner="local")
    assert (await record.store.prompts.get(prompt_job_id)).priority == 9, "Grok is asked sooner, too"
    attempt = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.prompts.finish(written(prompt_job_id, attempt.attempt_no))

    job, changed = await record.store.jobs.change(job_id, JobEdit(prompt="a badger"), owner="local")

    assert (changed, job.prompt, job.prompt_source) == (["prompt"], "a badger", "edited")
    late = JobChange(
        job_id=job_id, status=JobStatus.DISPATCHING, prompt="template", prompt_source=PromptSource.TEMPLATE
    )
    await record.store.jobs.advance(late)  # a report whose answer was lost is repeated
    job = await record.store.jobs.get(job_id)
    assert (job.prompt, job.prompt_source) == ("a badger", "edited")


async def test_changing_nothing_leaves_no_trace_and_a_change_is_audited_once(record: Record) -> None:
    job_id = await record.dispatching()
    events = len(await record.store.jobs.events(job_id))
    edit = JobEdit(prompt="a fox", priority=5, max_price_usd=None)

    assert (await record.store.jobs.change(job_id, edit, owner="local"))[1] == []
    assert len(await record.store.jobs.events(job_id)) == events
    job, _ = await record.store.jobs.change(job_id, JobEdit(max_price_usd=Decimal("0.05")), owner="local")
    await record.store.jobs.change(job_id, JobEdit(max_price_usd=Decimal("0.05")), owner="local")

    assert job.max_price_usd == Decimal("0.05")
    [entry] = await record.store.audit.list(AuditFilter(action=Action.JOB_CHANGE, target=f"job:{job_id}"))
    assert entry.after == {"changed": ["maxPriceUsd"]}
    permit = await record.store.submissions.permit(intent(job_id, price_usd=Decimal("0.06")))
    assert permit.permission is Permission.STOP


async def test_a_retry_keeps_the_prompt_that_a_person_wrote_over_groks(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    attempt = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.prompts.finish(written(prompt_job_id, attempt.attempt_no))
    await record.store.jobs.change(job_id, JobEdit(prompt="a badger"), owner="local")
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))

    again, _ = await record.store.jobs.retry(job_id, owner="local", new_id=new_id())

    assert (again.prompt, again.prompt_source, again.use_ai_prompt) == ("a badger", "edited", False)
    assert (again.prompt_job_id, again.prompt_status) == (None, "not_requested")
    assert (await record.store.jobs.begin(again.id)).status is JobStatus.DISPATCHING


async def test_a_retry_asks_for_a_prompt_for_the_model_that_the_job_was_changed_to(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    attempt = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.prompts.finish(written(prompt_job_id, attempt.attempt_no))
    await record.store.jobs.change(job_id, JobEdit(model="vendor/another"), owner="local")
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))

    again, _ = await record.store.jobs.retry(job_id, owner="local", new_id=new_id())

    assert again.prompt_job_id is not None
    assert (await record.store.prompts.get(again.prompt_job_id)).target_model == again.model == "vendor/another"
