"""A cancel at every stage ends as `cancelled` in the record and Cancelled in Temporal, and nothing paid is lost."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment

from promptmill.contracts.jobs import FINAL_STATUSES, Billed, JobChange, JobStatus, MediaRequest
from promptmill.contracts.names import wavespeed_queue
from promptmill.contracts.reasons import ReasonCode
from promptmill.local.temporal import TemporalServer
from promptmill.store.jobs import job_input
from promptmill.store.prompts import prompt_request
from tests.fixtures.api import open_api
from tests.fixtures.mill import PATIENCE, Mill, new_prompt_job
from tests.local_servers import temporal_cli
from tests.support import eventually
from worker.build import build_activities


async def _cancelled(mill: Mill, job_id: UUID, by: str = "cancel_requested") -> None:
    row = await mill.reaches(job_id, "cancelled")
    assert row.reason_code == by
    assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.CANCELED


async def test_a_job_without_workflow_is_cancelled_at_once(mill: Mill) -> None:
    job_id = await mill.accept()

    await mill.cancel_row(job_id)

    row = await mill.job(job_id)
    assert (row.status, row.reason_code) == ("cancelled", "cancel_requested")
    await mill.start(job_id)
    assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.COMPLETED
    assert await mill.wavespeed.requests("submit") == []


async def test_cancel_while_it_waits_for_a_worker(idle_mill: Mill) -> None:
    job_id = await idle_mill.create()
    await idle_mill.cancel(job_id)
    assert (await idle_mill.job(job_id)).status == "cancelling"

    async with idle_mill.worker():
        await _cancelled(idle_mill, job_id)

    assert await idle_mill.wavespeed.requests("submit") == []


async def test_cancel_while_grok_is_asked(mill: Mill) -> None:
    await mill.grok.order("chat", "hold")
    job_id = await mill.create(use_ai_prompt=True)
    await mill.grok.asked("chat")

    await mill.cancel(job_id)

    await _cancelled(mill, job_id)
    row = await mill.job(job_id)
    assert row.prompt_status == "cancelled"
    assert row.prompt_job_id is not None
    assert (await mill.prompt_job(row.prompt_job_id)).status == "cancelled"
    assert await mill.wavespeed.requests("submit") == []


async def test_cancel_between_two_questions_to_grok(mill: Mill) -> None:
    await mill.grok.order("chat", "status", status=503, retry_after="60")
    job_id = await mill.create(use_ai_prompt=True)
    prompt_job_id = (await mill.job(job_id)).prompt_job_id
    assert prompt_job_id is not None

    async def backs_off() -> bool:
        return (await mill.prompt_job(prompt_job_id)).next_attempt_at is not None

    await eventually(backs_off)
    await mill.cancel(job_id)

    await _cancelled(mill, job_id)
    assert len(await mill.grok.requests("chat")) == 1


async def test_cancel_in_a_stopped_queue(mill: Mill, brake: object) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "dispatching")

    await mill.cancel(job_id)

    await _cancelled(mill, job_id)
    assert await mill.wavespeed.requests("submit") == []


async def test_cancel_between_two_submissions(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "status", status=429, retry_after="60")
    job_id = await mill.create()
    await mill.wavespeed.asked("submit")
    await eventually(lambda: _states(mill, job_id, "rejected"))

    await mill.cancel(job_id)

    await _cancelled(mill, job_id)
    assert await mill.wavespeed.charges() == []
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.NO


async def test_cancel_during_the_post_brings_the_prediction_home(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "hold", after=True)
    job_id = await mill.create()
    await mill.wavespeed.asked("submit")
    await mill.cancel(job_id)
    # The cancel has reached the worker, and the POST is still in flight.
    await eventually(lambda: _pending_cancel(mill, job_id))

    await mill.wavespeed.release()

    await _cancelled(mill, job_id)
    row = await mill.job(job_id)
    [charge] = await mill.wavespeed.charges()
    assert row.prediction_id == charge["id"]
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES


async def test_cancel_while_wavespeed_makes_it(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")
    await mill.wavespeed.asked("result", 2)

    await mill.cancel(job_id)

    await _cancelled(mill, job_id)
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES


async def test_cancel_while_the_submission_is_unclear(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")

    await mill.cancel(job_id)

    await _cancelled(mill, job_id)
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.UNKNOWN


async def test_cancel_by_temporal_alone_reaches_the_record_as_an_operators(
    mill: Mill, temporal_server: TemporalServer
) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")

    await asyncio.to_thread(temporal_cli, temporal_server, "workflow", "cancel", "--workflow-id", f"job-{job_id}")

    await _cancelled(mill, job_id, by="workflow_cancelled")
    assert (await mill.events(job_id))[-2:] == [
        ("cancelling", "workflow_cancelled"),
        ("cancelled", "workflow_cancelled"),
    ]
    async with open_api(mill.settings) as api:
        told = (await api.get(f"/api/jobs/{job_id}")).json()
    assert told["statusText"].startswith("Cancelled. An operator cancelled the workflow in Temporal.")


async def test_cancel_by_temporal_alone_ends_the_prompt_as_an_operators(mill: Mill) -> None:
    await mill.grok.order("chat", "hold", times=2)
    job_id, prompt_job_id = await mill.create(use_ai_prompt=True), await mill.create_prompt()
    await mill.grok.asked("chat", 2)

    await mill.handle(job_id).cancel(rpc_timeout=PATIENCE)
    await mill.prompt_handle(prompt_job_id).cancel(rpc_timeout=PATIENCE)

    await _cancelled(mill, job_id, by="workflow_cancelled")
    alone = await mill.prompt_reaches(prompt_job_id, "cancelled")
    assert alone.reason_code == "workflow_cancelled"
    needed = (await mill.job(job_id)).prompt_job_id
    assert needed is not None
    assert (await mill.prompt_job(needed)).reason_code == "workflow_cancelled"


async def test_a_callers_cancel_stays_a_callers_whoever_reports_it(idle_mill: Mill) -> None:
    """The workflow and the reconciler report every cancel as an operator's: the row knows whose it is."""
    row = await idle_mill.accept()
    asked = await idle_mill.accept()
    await idle_mill.cancel_row(asked)
    end = ReasonCode.WORKFLOW_CANCELLED

    await idle_mill.store.jobs.advance(JobChange(job_id=row, status=JobStatus.CANCELLED, reason_code=end))
    later = await idle_mill.accept()
    await idle_mill.sql(f"UPDATE jobs SET workflow_started_at = now() WHERE id = '{later}'")
    await idle_mill.cancel_row(later)
    await idle_mill.store.jobs.advance(JobChange(job_id=later, status=JobStatus.CANCELLED, reason_code=end))

    codes = [(await idle_mill.job(job_id)).reason_code for job_id in (row, asked, later)]
    assert codes == ["workflow_cancelled", "cancel_requested", "cancel_requested"]


async def test_cancel_after_the_end_changes_nothing(mill: Mill) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")
    await mill.closes(mill.handle(job_id))

    await mill.cancel(job_id)

    assert (await mill.job(job_id)).status == "completed"


async def test_cancel_of_a_prompt_job_alone(mill: Mill) -> None:
    await mill.grok.order("chat", "hold")
    prompt_job_id = await mill.create_prompt()
    await mill.grok.asked("chat")

    await mill.store.prompts.request_cancel(prompt_job_id, owner="local")
    await mill.prompt_handle(prompt_job_id).cancel(rpc_timeout=PATIENCE)

    await mill.prompt_reaches(prompt_job_id, "cancelled")
    assert await mill.closes(mill.prompt_handle(prompt_job_id)) is WorkflowExecutionStatus.CANCELED


@pytest.mark.parametrize("wait", [0.0, 0.02, 0.05, 0.1])
async def test_a_cancel_at_any_moment_ends_the_job_and_keeps_what_was_paid(mill: Mill, wait: float) -> None:
    job_id = await mill.create(use_ai_prompt=True)
    # Waits for no condition: the point is that the moment does not matter.
    await asyncio.sleep(wait)

    await mill.cancel(job_id)

    row = await eventually(lambda: _final(mill, job_id))
    assert row in {"cancelled", "completed"}
    await mill.closes(mill.handle(job_id))
    charges = await mill.wavespeed.charges()
    assert [charge["id"] for charge in charges] == [
        submission.prediction_id
        for submission in await mill.store.submissions.of_job(job_id)
        if submission.prediction_id
    ]


async def _final(mill: Mill, job_id: UUID) -> str | None:
    status = (await mill.job(job_id)).status
    return status if status in FINAL_STATUSES else None


async def _states(mill: Mill, job_id: UUID, state: str) -> bool:
    return any(submission.state == state for submission in await mill.store.submissions.of_job(job_id))


async def _pending_cancel(mill: Mill, job_id: UUID) -> bool:
    description = await mill.handle(job_id).describe(rpc_timeout=PATIENCE)
    pending = description.raw_description.pending_activities
    return any(p.state == PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED for p in pending)


@pytest.fixture
async def brake(mill: Mill) -> None:
    """Stop WaveSpeed's queue as an operator does."""
    await mill.set_queue_rate(wavespeed_queue(mill.settings.task_queue), 0)


async def test_an_answer_that_comes_in_the_same_moment_as_the_cancel_is_brought_home(idle_mill: Mill) -> None:
    mill = idle_mill
    job_id = await mill.accept()
    row = await mill.store.jobs.begin(job_id)
    job = job_input(await mill.job(job_id))
    request = MediaRequest(
        job_id=job_id, model=job.model, input=job.input, prompt=row.prompt or "", provider_mode=job.provider_mode
    )
    await mill.wavespeed.order("submit", "hold", after=True)
    submit = build_activities(mill.resources).media.submit_media
    activity = asyncio.create_task(ActivityEnvironment().run(submit, request))
    await mill.wavespeed.asked("submit")
    [work] = [task for task in asyncio.all_tasks() if "Sender.submit" in repr(task.get_coro())]
    work.add_done_callback(lambda _: activity.cancel())

    await mill.wavespeed.release()

    assert (await activity).prediction_id == (await mill.wavespeed.charges())[0]["id"]


async def test_a_prompt_job_cancelled_before_its_start_ends_at_once(mill: Mill) -> None:
    """Temporal had nothing to cancel yet, so the workflow will receive no cancel."""
    accepted, _ = await mill.store.prompts.accept(new_prompt_job())
    cancelled, _, _ = await mill.store.prompts.request_cancel(accepted.id, owner="local")
    assert cancelled.status == "cancelled"

    await mill.resources.starter.start_prompt_job(prompt_request(accepted), patience=PATIENCE)

    assert await mill.closes(mill.prompt_handle(accepted.id)) is WorkflowExecutionStatus.COMPLETED
    assert await mill.grok.requests("chat") == []
