"""A job's deadline passes at every stage: it ends then, not before, and what was paid for is kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import PendingActivityState

from promptmill.contracts.jobs import Billed
from promptmill.contracts.names import wavespeed_queue
from promptmill.contracts.resolution import Decision
from sql.models import Job
from tests.fixtures.mill import PATIENCE, Mill
from tests.support import eventually


async def test_while_it_waits_for_grok(idle_mill: Mill) -> None:
    async with idle_mill.worker_of("workflows"):
        job_id = await idle_mill.create(use_ai_prompt=True, deadline_seconds=2)

        await _expires(idle_mill, job_id)

    assert await idle_mill.grok.requests("chat") == []


async def test_while_it_waits_in_a_stopped_queue(mill: Mill) -> None:
    await _stop_submissions(mill)
    job_id = await mill.create(deadline_seconds=2)

    await _expires(mill, job_id)

    assert await mill.wavespeed.requests("submit") == []


async def test_while_it_waits_to_be_submitted_again(mill: Mill) -> None:
    """The delay that WaveSpeed asks for is longer than the time left."""
    await mill.wavespeed.order("submit", "status", status=429, retry_after="60")
    job_id = await mill.create(deadline_seconds=6)

    await _expires(mill, job_id)

    assert len(await mill.wavespeed.requests("submit")) == 1


async def test_while_the_post_is_under_way_its_prediction_comes_home(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "hold", after=True)
    # Else it may be read, and the job completed, before it ends.
    await mill.wavespeed.order("result", "status", status=503, times=1000)
    job_id = await mill.create(deadline_seconds=6)
    await mill.wavespeed.asked("submit")

    await eventually(lambda: _asked_to_end(mill, job_id), what="the deadline")
    assert (await mill.job(job_id)).status == "dispatching", "nothing ends before the answer"
    await mill.wavespeed.release()

    row = await _expires(mill, job_id)
    [charge] = await mill.wavespeed.charges()
    assert row.prediction_id == charge["id"]
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES


async def test_while_wavespeed_generates(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create(deadline_seconds=6)

    row = await _expires(mill, job_id)

    assert row.prediction_id is not None


async def test_the_time_for_generating_ends_when_it_is_due_though_the_next_read_would_be_later(
    idle_mill: Mill,
) -> None:
    """Temporal gives up polling once no attempt is left; the job still has the rest of its time."""
    async with idle_mill.changed(poll_image_seconds=60, poll_image_max_seconds=60) as mill, mill.worker():
        await mill.wavespeed.order("submit", "never")
        job_id = await mill.create(generate_timeout_seconds=3)

        row = await mill.reaches(job_id, "expired")

    assert row.reason_code == "generate_timeout"
    assert row.dispatched_at is not None
    assert row.completed_at is not None
    assert row.completed_at - row.dispatched_at >= timedelta(seconds=3)


async def test_a_webhook_is_heard_in_the_rest_of_that_time(idle_mill: Mill) -> None:
    async with idle_mill.changed(poll_image_seconds=600, poll_image_max_seconds=600) as mill, mill.worker():
        await mill.wavespeed.set_timing(min_seconds=1, max_seconds=1)
        job_id = await mill.create(generate_timeout_seconds=20)
        await mill.reaches(job_id, "generating")
        await eventually(lambda: _reads_no_more(mill, job_id), what="the end of the polling")
        await asyncio.sleep(1)  # of the simulator's one second

        await mill.tell(job_id)

        await mill.reaches(job_id, "completed")


@pytest.mark.parametrize("use_ai_prompt", [True, False])
async def test_before_its_first_task(idle_mill: Mill, use_ai_prompt: bool) -> None:  # noqa: FBT001 - a parameter
    job_id = await idle_mill.create(use_ai_prompt=use_ai_prompt, deadline_seconds=1)
    await _passed(idle_mill, job_id)

    async with idle_mill.worker():
        await _expires(idle_mill, job_id)

    assert await idle_mill.grok.requests("chat") == []
    assert await idle_mill.wavespeed.requests("submit") == []


async def test_a_decision_after_the_first_deadline_starts_another(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut")
    job_id = await mill.create(deadline_seconds=5)
    await mill.reaches(job_id, "submit_unknown")
    await _passed(mill, job_id)
    await mill.sql(f"UPDATE jobs SET deadline_seconds = 600 WHERE id = '{job_id}'")

    await mill.decide(job_id, Decision.RESUBMIT)

    await mill.reaches(job_id, "completed")


async def test_a_decision_before_the_first_deadline_replaces_it(mill: Mill) -> None:
    """The timer already running is not for the new deadline."""
    await mill.wavespeed.order("submit", "cut")
    job_id = await mill.create(deadline_seconds=8)
    await mill.reaches(job_id, "submit_unknown")
    await _stop_submissions(mill)
    await mill.sql(f"UPDATE jobs SET deadline_seconds = 600 WHERE id = '{job_id}'")
    first = (await mill.job(job_id)).deadline_at
    await mill.decide(job_id, Decision.RESUBMIT)

    await _sleep_until(first + timedelta(seconds=0.5))

    assert (await mill.job(job_id)).status == "submit_unknown", "it waits in the stopped queue"
    await mill.set_queue_rate(wavespeed_queue(mill.settings.task_queue), None)
    await mill.reaches(job_id, "completed")


async def test_of_a_prompt_job_that_waits_for_grok(idle_mill: Mill) -> None:
    async with idle_mill.worker_of("workflows"):
        prompt_job_id = await idle_mill.create_prompt(deadline_seconds=2)

        row = await idle_mill.prompt_reaches(prompt_job_id, "failed")

    assert row.reason_code == "deadline_passed"
    assert row.completed_at is not None
    assert row.completed_at >= row.deadline_at


async def _expires(mill: Mill, job_id: UUID) -> Job:
    """Wait for the end, which must not come before the deadline."""
    row = await mill.reaches(job_id, "expired")
    assert row.reason_code == "deadline_passed"
    assert row.completed_at is not None
    assert row.completed_at >= row.deadline_at
    await mill.closes(mill.handle(job_id))
    return row


async def _passed(mill: Mill, job_id: UUID) -> None:
    await _sleep_until((await mill.job(job_id)).deadline_at + timedelta(seconds=0.1))


async def _sleep_until(due: datetime) -> None:
    await asyncio.sleep((due - datetime.now(UTC)).total_seconds())  # noqa: TID251 - a test, not a workflow


async def _stop_submissions(mill: Mill) -> None:
    await mill.set_queue_rate(wavespeed_queue(mill.settings.task_queue), 0)


async def _asked_to_end(mill: Mill, job_id: UUID) -> bool:
    description = await mill.handle(job_id).describe(rpc_timeout=PATIENCE)
    cancelled = PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
    return any(pending.state == cancelled for pending in description.raw_description.pending_activities)


async def _reads_no_more(mill: Mill, job_id: UUID) -> bool:
    description = await mill.handle(job_id).describe(rpc_timeout=PATIENCE)
    return bool(await mill.wavespeed.requests("result")) and not description.raw_description.pending_activities
