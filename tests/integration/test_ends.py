"""Every job ends, and its workflow ends as its record says, even if two things happen at once."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from promptmill.contracts.errors import ProviderRefused
from promptmill.contracts.jobs import Billed, JobChange, JobStatus, MediaKind, Output
from promptmill.contracts.names import wavespeed_queue
from promptmill.contracts.prompts import OnPromptFailure
from promptmill.contracts.resolution import Decision
from promptmill.store.jobs import job_input
from promptmill.store.prompts import prompt_request
from sql.models import Job
from tests.fixtures.mill import PATIENCE, Mill
from tests.support import eventually
from worker.build import build_activities

FEW_EVENTS = 80
"""No job with one decision needs more; one that loops reaches this number within a second."""


async def test_a_job_that_is_to_be_submitted_again_ends_at_its_deadline(mill: Mill) -> None:
    """`submit_unknown` never expires; once nothing is unclear, it must neither keep waiting nor loop."""
    await mill.wavespeed.order("submit", "cut")
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    await mill.set_queue_rate(wavespeed_queue(mill.settings.task_queue), 0)
    # The decision starts a deadline of this length; the workflow may read the row at once.
    await mill.sql(f"UPDATE jobs SET deadline_seconds = 1 WHERE id = '{job_id}'")

    await mill.decide(job_id, Decision.RESUBMIT)

    row = await mill.reaches(job_id, "failed")
    assert row.reason_code == "deadline_passed"
    assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.FAILED
    assert (await mill.handle(job_id).describe()).history_length < FEW_EVENTS
    assert len(await mill.wavespeed.requests("submit")) == 1


async def test_a_workflow_that_was_reset_keeps_the_deadline_that_a_decision_started(mill: Mill) -> None:
    """Its input has the first deadline, which has passed; what is paid for must still be fetched."""
    job_id = await mill.accept()
    job = job_input(await mill.job(job_id))
    passed = job.model_copy(update={"deadline_at": job.created_at - timedelta(hours=1)})

    await mill.resources.starter.start_job(passed, patience=PATIENCE)

    await mill.reaches(job_id, "completed")


@pytest.mark.parametrize(
    ("choice", "status"), [(OnPromptFailure.FAIL, "failed"), (OnPromptFailure.TEMPLATE, "completed")]
)
async def test_a_refusal_counts_though_the_worker_died_with_it(
    idle_mill: Mill, choice: OnPromptFailure, status: str
) -> None:
    mill = idle_mill
    await mill.grok.order("chat", "refusal")
    async with mill.worker_of("workflows"):
        job_id = await mill.create(use_ai_prompt=True, on_prompt_failure=choice)
        row = await mill.reaches(job_id, "prompting")
        assert row.prompt_job_id is not None
        request = prompt_request(await mill.prompt_job(row.prompt_job_id))
        # This worker records the refusal, and dies before it reports to Temporal.
        with pytest.raises(ProviderRefused):
            await ActivityEnvironment().run(build_activities(mill.resources).prompts.write_prompt, request)

        async with mill.worker_of("grok", "wavespeed"):
            row = await eventually(lambda: _ended(mill, job_id))

    assert row.status == status
    assert row.reason_code == ("grok_refused" if status == "failed" else None)
    assert len(await mill.grok.requests("chat")) == 1


async def test_a_cancel_while_the_callback_is_started_leaves_workflow_and_record_of_one_mind(mill: Mill) -> None:
    closed: list[tuple[str, WorkflowExecutionStatus]] = []
    # The child is being started when the record has just ended: about every third cancel arrives then.
    for _ in range(10):
        job_id = await mill.create(callback_url="http://127.0.0.1:9/nobody")
        row = await eventually(lambda: _ended(mill, job_id))  # noqa: B023 - awaited here
        with suppress(RPCError):  # it has closed already
            await mill.handle(job_id).cancel(rpc_timeout=PATIENCE)
        closed.append((row.status, await mill.closes(mill.handle(job_id))))

    assert set(closed) == {("completed", WorkflowExecutionStatus.COMPLETED)}


async def test_outputs_larger_than_temporal_carries_stay_in_the_record(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    row = await mill.reaches(job_id, "generating")
    picture = Output(index=0, kind=MediaKind.IMAGE, url=f"data:image/png;base64,{'A' * 5_000_000}")
    await mill.store.jobs.advance(
        JobChange(job_id=job_id, status=JobStatus.COMPLETED, prediction_id=row.prediction_id, outputs=(picture,))
    )

    await mill.handle(job_id).cancel(rpc_timeout=PATIENCE)  # so that it looks at its row

    assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.COMPLETED
    assert (await mill.job(job_id)).outputs == [picture.model_dump(mode="json")]


async def test_a_prediction_made_with_another_key_is_waited_for(idle_mill: Mill) -> None:
    mill = idle_mill
    async with mill.worker():
        await mill.wavespeed.order("submit", "never")
        job_id = await mill.create()
        await mill.reaches(job_id, "generating")
    stranger = SecretStr(f"stranger-{job_id}")

    with capture_logs() as lines:
        async with mill.changed(wavespeed_api_key=stranger, prediction_grace_seconds=0) as others, others.worker():
            await eventually(lambda: any("different key" in str(line.get("error")) for line in lines))

    assert (await mill.job(job_id)).status == "generating"


async def test_a_workflow_that_leaves_the_cache_at_each_step_says_nothing_wrong(
    idle_mill: Mill, caplog: pytest.LogCaptureFixture
) -> None:
    async with idle_mill.changed(max_cached_workflows=0) as mill, mill.worker():
        await mill.wavespeed.order("submit", "never")
        job_id = await mill.create(use_ai_prompt=True)
        await mill.reaches(job_id, "generating")
        await mill.wavespeed.asked("result", 3)
        await mill.cancel(job_id)

        await mill.reaches(job_id, "cancelled")
        assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.CANCELED

    assert (await idle_mill.store.jobs.billed([job_id]))[job_id] is Billed.YES
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def _ended(mill: Mill, job_id: UUID) -> Job | None:
    row = await mill.job(job_id)
    return row if row.completed_at else None
