"""The reconciler makes record and Temporal agree, and does no harm."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from temporalio.client import WorkflowExecutionStatus
from uuid_utils.compat import uuid7

from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod
from promptmill.contracts.errors import TemporalUnavailable
from promptmill.contracts.names import JOB_WORKFLOW, job_workflow_id, reconcile_schedule_id
from promptmill.contracts.reconciliation import ReconcileReport
from promptmill.local.temporal import TemporalServer
from promptmill.store.jobs import job_input
from promptmill.temporal import TemporalGate
from promptmill.temporal.installation import adopt_identity, initialize
from promptmill.temporal.search_attributes import AttributeGaps
from tests.fixtures.mill import Mill
from tests.local_servers import reset_workflow, terminate_workflow
from tests.support import eventually
from worker.build import build_activities


async def _pass(mill: Mill) -> ReconcileReport:
    """Run one pass as the API does."""
    gate = TemporalGate(
        client=mill.client,
        starter=mill.resources.starter,
        task_queue=mill.settings.task_queue,
        patience_seconds=2,
        breaker_seconds=0,
    )
    return await gate.run_reconciler_now()


async def _strand(mill: Mill, *, seconds: int = 61) -> UUID:
    """Accept a job whose starter died that long ago."""
    job_id = await mill.accept()
    await mill.sql(f"UPDATE jobs SET claimed_at = now() - interval '{seconds} seconds' WHERE id = '{job_id}'")
    return job_id


async def test_a_job_whose_starter_died_is_started(mill: Mill) -> None:
    job_id = await _strand(mill)

    report = await _pass(mill)

    assert report.started == 1
    await mill.reaches(job_id, "completed")


async def test_a_budget_that_is_used_up_is_logged_once(mill: Mill) -> None:
    await mill.store.budgets.set(INSTALLATION, BudgetPeriod.MONTH, Decimal(0))

    with capture_logs() as lines:
        for _ in range(2):
            await _pass(mill)

    [told] = [line for line in lines if line["event"] == "budget_reached"]
    assert (told["log_level"], told["percent"], told["owner"], told["period"]) == ("warning", 100, "*", "month")


async def test_a_job_that_is_being_started_is_left_to_its_starter(mill: Mill) -> None:
    await _strand(mill, seconds=1)

    assert (await _pass(mill)).started == 0


async def test_two_passes_at_once_start_a_job_once(mill: Mill) -> None:
    ids = [await _strand(mill) for _ in range(20)]
    reconciler = build_activities(mill.resources).reconciliation

    counts = await asyncio.gather(reconciler.start_waiting(), reconciler.start_waiting())

    assert sum(counts) == len(ids)
    for job_id in ids:
        await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.charges()) == len(ids)


async def test_a_terminated_job_is_closed_as_terminated_and_its_prompt_as_failed(
    mill: Mill, temporal_server: TemporalServer
) -> None:
    await mill.grok.order("chat", "hold")
    job_id = await mill.create(use_ai_prompt=True)
    await mill.grok.asked("chat")

    terminate_workflow(temporal_server, job_workflow_id(job_id))
    await mill.closes(mill.handle(job_id))
    report = await _pass(mill)

    row = await mill.job(job_id)
    assert (row.status, row.reason_code) == ("terminated", "workflow_terminated")
    assert report.closed == 1
    assert row.prompt_job_id is not None
    prompt_job = await mill.prompt_job(row.prompt_job_id)
    assert (prompt_job.status, prompt_job.reason_code) == ("failed", "workflow_terminated")


async def test_a_terminated_prompt_job_is_closed_as_failed(mill: Mill, temporal_server: TemporalServer) -> None:
    await mill.grok.order("chat", "hold")
    prompt_job_id = await mill.create_prompt()
    await mill.grok.asked("chat")

    terminate_workflow(temporal_server, f"prompt-{prompt_job_id}")
    await mill.closes(mill.prompt_handle(prompt_job_id))
    await _pass(mill)

    row = await mill.prompt_job(prompt_job_id)
    assert (row.status, row.reason_code) == ("failed", "workflow_terminated")


async def test_a_reset_job_is_not_closed_by_its_older_run(mill: Mill, temporal_server: TemporalServer) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")

    reset_workflow(temporal_server, job_workflow_id(job_id))
    await _pass(mill)

    assert (await mill.job(job_id)).status == "generating"
    await mill.wavespeed.asked("result", 3)
    assert len(await mill.wavespeed.requests("submit")) == 1, "the reset run found what was paid"


async def test_a_cancel_that_temporal_never_heard_is_sent_again(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")
    await mill.cancel_row(job_id)
    await mill.sql(f"UPDATE jobs SET cancel_requested_at = now() - interval '11 seconds' WHERE id = '{job_id}'")

    report = await _pass(mill)

    assert report.cancels_sent == 1
    await mill.reaches(job_id, "cancelled")
    assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.CANCELED


async def test_a_missing_workflow_must_be_missed_twice(mill: Mill) -> None:
    job_id = await _lost(mill)

    first = await _pass(mill)
    assert (first.closed, (await mill.job(job_id)).status) == (0, "generating")
    await _missing_since(mill, job_id, seconds=61)
    second = await _pass(mill)

    row = await mill.job(job_id)
    assert second.closed == 1
    assert (row.status, row.reason_code) == ("terminated", "workflow_gone")


async def test_a_missing_workflow_that_asked_nobody_is_started_again(mill: Mill) -> None:
    job_id = await mill.accept()
    await mill.store.upkeep.mark_started(job_ids=[job_id])
    await _pass(mill)
    await _missing_since(mill, job_id, seconds=61)

    await _pass(mill)
    await _pass(mill)

    await mill.reaches(job_id, "completed")


async def test_too_many_missing_workflows_stop_the_pass(mill: Mill) -> None:
    ids = [await _lost(mill) for _ in range(21)]
    for job_id in ids:
        await _missing_since(mill, job_id, seconds=61)

    report = await _pass(mill)

    assert report.alarm
    assert "21" in report.alarm
    assert {(await mill.job(job_id)).status for job_id in ids} == {"generating"}


async def test_a_wrong_namespace_closes_nothing(mill: Mill, temporal_server: TemporalServer) -> None:
    await adopt_identity(mill.store, mill.client, reason="test")
    job_id = await _lost(mill)
    await _missing_since(mill, job_id, seconds=61)
    await mill.sql("UPDATE switches SET value = 'another' WHERE name = 'temporal_namespace'")

    report = await _pass(mill)

    assert report.alarm
    assert "adopt-temporal" in report.alarm
    assert (await mill.job(job_id)).status == "generating"
    await adopt_identity(mill.store, mill.client, reason="the move was meant")
    assert (await _pass(mill)).closed == 1


async def test_a_pass_says_what_it_deleted(idle_mill: Mill) -> None:
    async with idle_mill.changed(keep_days=7) as mill, mill.worker():
        job_id = await mill.accept()
        await mill.cancel_row(job_id)
        await mill.sql("UPDATE jobs SET completed_at = now() - interval '8 days'")
        await mill.sql("INSERT INTO audit_log (actor, action, at) VALUES ('x', 'y', now() - interval '401 days')")
        with capture_logs() as lines:
            deleted = (await _pass(mill)).deleted
            again = (await _pass(mill)).deleted

    told = [line for line in lines if line["event"] == "records_deleted"]
    assert (deleted, again) == (2, 0)
    [line] = told
    assert (line["jobs"], line["prompt_jobs"], line["jobs_older_than_days"]) == (1, 0, 7)
    assert line["audit_entries"] == 1


async def test_the_schedule_runs_the_pass_by_itself(idle_mill: Mill) -> None:
    async with idle_mill.changed(reconcile_seconds=1) as mill, mill.worker():
        await initialize(mill.settings, mill.store, mill.client)
        try:
            job_id = await _strand(mill)
            await mill.reaches(job_id, "completed")
        finally:
            schedule = reconcile_schedule_id(mill.settings.task_queue)
            await mill.client.get_schedule_handle(schedule).delete()


async def test_initializing_twice_changes_nothing(mill: Mill) -> None:
    assert await initialize(mill.settings, mill.store, mill.client) == AttributeGaps()
    before = await mill.store.operations.switches()

    assert await initialize(mill.settings, mill.store, mill.client) == AttributeGaps()

    assert await mill.store.operations.switches() == before
    await mill.client.get_schedule_handle(reconcile_schedule_id(mill.settings.task_queue)).delete()


async def _lost(mill: Mill) -> UUID:
    """Return a job that is generating according to the record, and unknown to Temporal."""
    job_id = await mill.accept()
    await mill.sql(
        f"UPDATE jobs SET status = 'generating', workflow_started_at = now(), prediction_id = '{job_id}' "
        f"WHERE id = '{job_id}'"
    )
    return job_id


async def _missing_since(mill: Mill, job_id: UUID, *, seconds: int) -> None:
    await mill.sql(f"UPDATE jobs SET missing_since = now() - interval '{seconds} seconds' WHERE id = '{job_id}'")


async def test_a_workflow_that_a_person_started_under_an_id_of_their_own_stops_nothing(mill: Mill) -> None:
    """The Web UI's 'start one like this' gives the workflow an id that belongs to no row."""
    row = await mill.job(await mill.accept())
    job = job_input(row).model_copy(update={"job_id": uuid7()})
    by_hand = await mill.client.start_workflow(
        JOB_WORKFLOW, job, id=f"by hand {uuid7()}", task_queue=mill.settings.task_queue
    )
    await by_hand.terminate()

    async def listed() -> bool:
        query = f"TaskQueue = '{mill.settings.task_queue}' AND ExecutionStatus = 'Terminated'"
        return [run.id async for run in mill.client.list_workflows(query)] == [by_hand.id]

    await eventually(listed)
    assert (await _pass(mill)).alarm is None


async def test_a_part_that_fails_keeps_no_other_part_from_its_work(mill: Mill) -> None:
    job_id = await _strand(mill)
    await mill.sql("DROP FUNCTION take_open_rows")

    report = await _pass(mill)

    assert report.started == 1
    assert report.alarm is not None
    assert "close rows whose workflow has ended" in report.alarm
    await mill.reaches(job_id, "completed")


async def test_a_pass_that_fails_is_told_as_unavailable(mill: Mill) -> None:
    await mill.sql("ALTER TABLE switches RENAME TO switches_of_another_time")

    with pytest.raises(TemporalUnavailable):
        await _pass(mill)
