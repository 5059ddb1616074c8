"""The state machines of `sql/functions/transition_allowed.sql`, compared with the chart in the architecture."""

from __future__ import annotations

import asyncpg
import pytest

from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import FINAL_STATUSES, JobChange, JobStatus
from promptmill.contracts.prompts import PromptChange, PromptJobStatus, PromptStatus
from tests.fixtures.record import Record, new_id, new_prompt_job

OPEN = [status for status in JobStatus if not status.final]
ENDS = FINAL_STATUSES - {JobStatus.COMPLETED}

# Written from the chart, not from the code.
ALLOWED: dict[str, set[str]] = {
    JobStatus.QUEUED: {"prompting", "dispatching", "cancelling", "cancelled", "expired", "failed", "terminated"},
    JobStatus.PROMPTING: {"dispatching", "cancelling", "expired", "failed", "terminated"},
    JobStatus.DISPATCHING: {"submit_unknown", "generating", "cancelling", "expired", "failed", "terminated"},
    JobStatus.SUBMIT_UNKNOWN: {"dispatching", "generating", "cancelling", "failed", "terminated"},
    JobStatus.GENERATING: {"completed", "submit_unknown", "cancelling", "expired", "failed", "terminated"},
    JobStatus.CANCELLING: {"completed", "cancelled", "expired", "failed", "terminated"},
}
ALLOWED_PROMPT: dict[str, set[str]] = {
    PromptJobStatus.QUEUED: {"processing", "failed", "cancelled"},
    PromptJobStatus.PROCESSING: {"completed", "failed", "cancelled"},
}


async def test_table_of_transitions_is_the_chart(record: Record) -> None:
    for table, statuses, allowed in (
        ("jobs", JobStatus, ALLOWED),
        ("prompt_generation_jobs", PromptJobStatus, ALLOWED_PROMPT),
    ):
        for start in statuses:
            reached = {
                str(end)
                for end in statuses
                if await record.hand.fetchval("SELECT transition_allowed($1, $2, $3)", table, start, end)
            }
            assert reached == allowed.get(start, set()), f"{table} from {start}"


@pytest.mark.parametrize("start", JobStatus)
async def test_report_moves_a_job_only_as_the_chart_says(record: Record, start: JobStatus) -> None:
    for wished in JobStatus:
        job_id = await record.accept()
        await record.set_status(job_id, start)

        after = await record.store.jobs.advance(JobChange(job_id=job_id, status=wished))

        taken = wished in ALLOWED.get(start, set())
        if wished is JobStatus.CANCELLED and start in OPEN:
            taken = True  # by way of cancelling
        if wished is JobStatus.SUBMIT_UNKNOWN or (
            start is JobStatus.SUBMIT_UNKNOWN and wished is JobStatus.DISPATCHING
        ):
            taken = False  # only with the submission, in one transaction
        assert after.status is (wished if taken else start), f"{start} to {wished}"
        events = await record.store.jobs.events(job_id, after=1)
        assert bool(events) is (taken and wished is not start)
        if events:
            assert events[-1].status == wished


async def test_cancel_that_only_temporal_knew_goes_through_cancelling(record: Record) -> None:
    job_id = await record.generating()

    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.CANCELLED))

    statuses = [event.status for event in await record.store.jobs.events(job_id)]
    assert statuses[-2:] == ["cancelling", "cancelled"]


async def test_completion_with_a_known_prediction_takes_the_steps_that_went_unrecorded(record: Record) -> None:
    job_id = await record.accept()

    after = await record.store.jobs.advance(
        JobChange(job_id=job_id, status=JobStatus.COMPLETED, prediction_id="p-restored")
    )

    assert after.status is JobStatus.COMPLETED
    statuses = [event.status for event in await record.store.jobs.events(job_id)]
    assert statuses == ["queued", "dispatching", "generating", "completed"]


@pytest.mark.parametrize("start", PromptJobStatus)
async def test_report_moves_a_prompt_job_only_as_the_chart_says(record: Record, start: PromptJobStatus) -> None:
    for wished in PromptJobStatus:
        row, _ = await record.store.prompts.accept(new_prompt_job())
        await record.set_status(row.id, start, "prompt_generation_jobs")
        query = "SELECT status FROM update_prompt_job_status($1, $2, 'a fox')"

        after = await record.hand.fetchval(query, row.id, wished)

        assert after == (wished if wished in ALLOWED_PROMPT.get(start, set()) else start), f"{start} to {wished}"


async def test_final_job_ends_its_open_prompt_job(record: Record) -> None:
    for end in FINAL_STATUSES:
        job_id, prompt_job_id = await record.prompting()
        await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.CANCELLING))

        after = await record.store.jobs.advance(
            JobChange(job_id=job_id, status=end, reason_code="workflow_terminated", error="gone")
        )

        prompt_job = await record.store.prompts.get(prompt_job_id)
        expected = "cancelled" if end is JobStatus.CANCELLED else "failed"
        assert (prompt_job.status, prompt_job.reason_code) == (expected, "workflow_terminated")
        assert after.prompt_status == expected
    await record.assert_counters_equal_rows()


async def test_job_follows_its_prompt_job(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()

    await record.store.prompts.change(
        PromptChange(prompt_job_id=prompt_job_id, status=PromptJobStatus.FAILED, reason_code="grok_refused")
    )

    job = await record.store.jobs.get(job_id)
    assert (job.status, job.prompt_status) == ("prompting", PromptStatus.FAILED)
    last = (await record.store.jobs.events(job_id))[-1]
    assert (last.status, last.reason_code, last.detail["promptStatus"]) == ("prompting", "grok_refused", "failed")


async def test_facts_are_stored_after_the_end_and_the_status_stays(record: Record) -> None:
    """Media that arrives after a job has ended is paid for: it is attached."""
    for end in ENDS:
        job_id = await record.generating()
        await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.CANCELLING))
        await record.store.jobs.advance(JobChange(job_id=job_id, status=end))

        late = await record.store.jobs.advance(
            JobChange.model_validate(
                {"job_id": job_id, "status": "completed", "outputs": [{"index": 0, "kind": "image", "url": "u"}]}
            )
        )

        assert late.status is end
        assert [output.url for output in late.outputs] == ["u"]
        last = (await record.store.jobs.events(job_id))[-1]
        assert (last.status, last.detail["facts"]) == (end, ["outputs"])


async def test_repeated_report_adds_no_event(record: Record) -> None:
    job_id = await record.generating()
    change = JobChange(job_id=job_id, status=JobStatus.FAILED, error="no", media_cost_usd="0.5")
    await record.store.jobs.advance(change)
    told = len(await record.store.jobs.events(job_id))

    await record.store.jobs.advance(change)

    assert len(await record.store.jobs.events(job_id)) == told


async def test_billed_cost_is_not_undone_by_a_quote(record: Record) -> None:
    job_id = await record.generating()
    await record.store.jobs.advance(JobChange(job_id=job_id, media_cost_usd="0.04", media_cost_source="billed"))

    await record.store.jobs.advance(JobChange(job_id=job_id, media_cost_usd="0.05", media_cost_source="quoted"))

    job = await record.store.jobs.get(job_id)
    assert (str(job.media_cost_usd), job.media_cost_source) == ("0.040000", "billed")


async def test_unknown_ids_and_statuses_are_refused(record: Record) -> None:
    with pytest.raises(RecordNotFound):
        await record.store.jobs.advance(JobChange(job_id=new_id(), status=JobStatus.FAILED))
    with pytest.raises(RecordNotFound):
        await record.store.prompts.change(PromptChange(prompt_job_id=new_id(), status=PromptJobStatus.FAILED))
    job_id = await record.accept()
    row, _ = await record.store.prompts.accept(new_prompt_job())
    for query, row_id in (
        ("SELECT advance_job($1, 'done')", job_id),
        ("SELECT update_prompt_job_status($1, 'done')", row.id),
        ("SELECT update_prompt_job_status($1, 'completed')", row.id),
    ):
        with pytest.raises(asyncpg.PostgresError, match=r"no job status|no prompt job status|has no prompt") as refusal:
            await record.hand.execute(query, row_id)
        assert refusal.value.sqlstate == "PM422"


async def test_begin_leaves_jobs_that_must_not_go_on(record: Record) -> None:
    late = await record.accept()
    await record.shift(late, "deadline_at", 4000)
    cancelled = await record.accept()
    await record.store.jobs.request_cancel(cancelled, owner="local")

    assert (await record.store.jobs.begin(late)).status is JobStatus.QUEUED
    assert (await record.store.jobs.begin(cancelled)).status is JobStatus.CANCELLED
    assert (await record.store.jobs.get(late)).workflow_started_at is not None


async def test_every_event_is_notified(record: Record) -> None:
    heard: list[str] = []
    await record.hand.add_listener("promptmill_events", lambda *told: heard.append(told[3]))
    job_id = await record.dispatching()
    await record.hand.execute("SELECT 1")  # notifications arrive with the next response

    assert [f'"sequence" : {n}' in text and str(job_id) in text for n, text in enumerate(heard, 1)] == [True, True]
