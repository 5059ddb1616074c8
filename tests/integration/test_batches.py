"""Batches with real workflows: fed as their jobs end, through crashes, cancels and a lost workflow."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from promptmill.contracts.batches import BatchProgress, BatchState
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.names import batch_workflow_id, callback_workflow_id
from promptmill.store.batches import DueBatch
from sql.models import Batch
from tests.callback_receiver import SECRET, deliveries, signed_by
from tests.fixtures.batches import begun_batch, created_batch
from tests.fixtures.callbacks import OK, working
from tests.fixtures.mill import PATIENCE, Mill
from tests.raw_server import open_raw_server
from tests.support import eventually


def handle(mill: Mill, batch_id: UUID) -> WorkflowHandle[Any, BatchProgress]:
    return mill.client.get_workflow_handle(batch_workflow_id(batch_id), result_type=BatchProgress)


async def state_is(mill: Mill, batch_id: UUID, state: BatchState) -> Batch:
    async def reached() -> Batch | None:
        batch = await mill.store.batches.get(batch_id)
        return batch if batch.state == state else None

    return await eventually(reached, what=f"the batch to be {state}")


async def test_a_batch_is_fed_as_its_jobs_end_and_every_row_is_paid_once(mill: Mill) -> None:
    batch_id = await begun_batch(mill, 6, max_open=2)

    progress = await handle(mill, batch_id).result(rpc_timeout=PATIENCE)

    assert (progress.state, progress.counts) == (BatchState.DONE, {"completed": 6})
    charges = await mill.wavespeed.charges()
    assert len(charges) == 6
    assert progress.spent_usd == sum(Decimal(str(charge["usd"])) for charge in charges)
    told = await handle(mill, batch_id).describe()
    assert (await told.memo())["rows"] == {"completed": 6}
    history = await handle(mill, batch_id).fetch_history()
    timers = [event for event in history.events if event.HasField("timer_fired_event_attributes")]
    assert not timers, "it was woken by the ends of its jobs"
    most = await mill.store.batches.database.value(
        """SELECT max(open) FROM (
            SELECT count(*) AS open FROM jobs AS j JOIN jobs AS o ON o.batch_id = j.batch_id
             AND o.created_at <= j.created_at AND o.completed_at > j.created_at
            WHERE j.batch_id = :id GROUP BY j.id) AS each""",
        id=batch_id,
    )
    assert most <= 2


async def test_a_model_that_went_away_stops_it_and_nothing_is_paid(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "status", status=404)
    batch_id = await begun_batch(mill, 6, max_open=1)

    paused = await state_is(mill, batch_id, BatchState.PAUSED)

    assert paused.problem is not None
    assert paused.problem.startswith("row 1 has failed as every other would (wavespeed_unknown_model): ")
    assert (await mill.store.batches.counts([batch_id]))[batch_id] == {"failed": 1, "waiting": 5}
    assert await mill.wavespeed.charges() == []
    await mill.store.batches.resume(batch_id, owner=paused.owner, by_admin=False)
    await mill.resources.starter.wake_batch(DueBatch(batch_id, paused.owner, 5), patience=PATIENCE)
    await state_is(mill, batch_id, BatchState.DONE_WITH_FAILURES)
    assert len(await mill.wavespeed.charges()) == 5


async def test_one_whose_workflow_is_gone_is_started_again(mill: Mill) -> None:
    batch_id = await created_batch(mill, 2)
    await mill.sql("UPDATE batches SET due_at = now()")
    await mill.reconcile()
    await handle(mill, batch_id).terminate(rpc_timeout=PATIENCE)
    await mill.sql("UPDATE batches SET due_at = now() WHERE completed_at IS NULL")
    await mill.reconcile()
    await state_is(mill, batch_id, BatchState.DONE)
    assert len(await mill.wavespeed.charges()) == 2


async def test_a_cancel_at_temporal_cancels_what_waits(mill: Mill) -> None:
    await mill.wavespeed.set_timing(min_seconds=600, max_seconds=600)
    batch_id = await begun_batch(mill, 3, max_open=1)
    await mill.wavespeed.asked("submit")
    await handle(mill, batch_id).cancel(rpc_timeout=PATIENCE)

    await state_is(mill, batch_id, BatchState.CANCELLED)
    assert (await mill.store.batches.counts([batch_id]))[batch_id] == {"open": 1, "skipped": 2}

    async def ended() -> bool:
        return (await handle(mill, batch_id).describe()).status is WorkflowExecutionStatus.CANCELED

    await eventually(ended)
    [charge] = await mill.wavespeed.charges()
    await mill.sql("UPDATE batches SET due_at = now()")
    await mill.reconcile()
    await mill.wavespeed.end(charge["id"])

    async def closed() -> bool:
        return (await mill.store.batches.get(batch_id)).completed_at is not None

    await eventually(closed, what="the batch ends with its last job")


async def test_a_new_run_goes_on_where_the_old_one_was(mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.policies.LOOKS_PER_RUN", 1)
    monkeypatch.setattr("workflows.policies.LOOK_AT_BATCH", timedelta(seconds=1))
    batch_id = await begun_batch(mill, 3, max_open=1)
    done = await state_is(mill, batch_id, BatchState.DONE)
    assert (done.reserved_usd, (await mill.store.batches.counts([batch_id]))[batch_id]) == (
        Decimal(0),
        {"completed": 3},
    )
    jobs = await mill.store.batches.database.mappings("SELECT status FROM jobs WHERE batch_id = :id", id=batch_id)
    assert [row["status"] for row in jobs] == [JobStatus.COMPLETED] * 3


async def test_its_end_is_told_once_with_a_signature_that_can_be_checked(idle_mill: Mill) -> None:
    async with open_raw_server(OK) as server, working(idle_mill, callback_secret=SecretStr(SECRET)) as mill:
        batch_id = await begun_batch(mill, 2, callback_url=f"{server.url}/done", name="Summer")
        await handle(mill, batch_id).result(rpc_timeout=PATIENCE)
        result = await mill.client.get_workflow_handle(callback_workflow_id(batch_id)).result(rpc_timeout=PATIENCE)
        await mill.reconcile()

    (got,) = deliveries(server)
    assert got.headers["webhook-id"] == f"callback-{batch_id}"
    assert signed_by(got, SECRET)
    assert got.body["type"] == "batch.done"
    assert (got.body["data"]["batchId"], got.body["data"]["counts"]) == (str(batch_id), {"completed": 2})
    assert (result["delivered"], result["attempts"]) == (True, 1)
    assert (await idle_mill.store.batches.get(batch_id)).callback_ended_at is not None


async def test_rows_that_a_restored_backup_has_as_waiting_are_not_paid_again(mill: Mill) -> None:
    """Each row's job has its id before it exists, and Temporal has a workflow with that id already."""
    batch_id = await begun_batch(mill, 2)
    await handle(mill, batch_id).result(rpc_timeout=PATIENCE)
    await mill.sql("DELETE FROM jobs")
    await mill.sql("UPDATE batch_rows SET state = 'waiting'")
    await mill.sql("UPDATE batches SET state = 'running', completed_at = NULL, due_at = now(), spent_usd = 0")

    async def done() -> bool:
        await mill.reconcile()
        await mill.sql("UPDATE batches SET due_at = now() WHERE completed_at IS NULL")
        return (await mill.store.batches.get(batch_id)).completed_at is not None

    await eventually(done, what="the jobs are closed as their workflows were")
    assert (await mill.store.batches.counts([batch_id]))[batch_id] == {"completed": 2}
    assert len(await mill.wavespeed.charges()) == 2
