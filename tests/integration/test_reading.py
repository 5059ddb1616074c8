"""Results reach their workflows through the workers' readers, whichever dies, and without any through the net."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner

from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.jobs import JobChange, JobStatus, MediaKind, Output
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.contracts.resolution import Decision, ResolvedBy
from promptmill.temporal import WorkflowSignaller
from sql.models import Job
from tests.fixtures.mill import Mill
from tests.support import eventually
from worker import reader
from worker.build import build_activities, build_reader
from worker.planner import Planner
from worker.reader import Reader
from workflows import generate_media


@asynccontextmanager
async def reader_of(mill: Mill) -> AsyncIterator[Reader]:
    """Run a reader alone."""
    found = new_reader(mill)
    running = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        await found.shutdown()
        await running


@asynccontextmanager
async def holding_reading(mill: Mill, job_id: UUID) -> AsyncIterator[None]:
    """Lock a reading."""
    connection = await asyncpg.connect(mill.settings.require_database_url())
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM readings WHERE job_id = $1 FOR UPDATE", job_id)
            yield
    finally:
        await connection.close()


async def record_end(mill: Mill, job_id: UUID, prediction_id: str | None) -> None:
    """Record a result as another worker does."""
    output = Output(index=0, kind=MediaKind.IMAGE, url="https://x.example/1.png")
    await mill.store.jobs.advance(
        JobChange(job_id=job_id, status=JobStatus.COMPLETED, prediction_id=prediction_id, outputs=(output,))
    )


def new_reader(mill: Mill) -> Reader:
    return build_reader(mill.resources, build_activities(mill.resources).media, asyncio.Event())


async def open_readings(mill: Mill) -> int:
    return (await mill.store.readings.backlog()).open


async def completes(mill: Mill, job_id: UUID) -> Job:
    row = await mill.reaches(job_id, "completed")
    assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.COMPLETED
    return row


async def generating(mill: Mill, job_id: UUID) -> Job:
    return await mill.reaches(job_id, "generating")


async def test_a_job_costs_temporal_one_signal_however_often_it_is_read(mill: Mill) -> None:
    await mill.wavespeed.set_timing(min_seconds=2, max_seconds=2)
    job_id = await mill.create()

    await completes(mill, job_id)

    seen = await mill.history(job_id)
    assert len(await mill.wavespeed.requests("result")) > 2
    assert seen.count("WORKFLOW_EXECUTION_SIGNALED") == 1
    assert seen.count("ACTIVITY_TASK_SCHEDULED") == 1, "the submission's"
    await eventually(lambda: _is_told(mill))


async def test_the_result_may_be_there_before_the_workflow_waits_for_it(idle_mill: Mill) -> None:
    """The signal comes while the workflow still waits for its submission."""
    async with idle_mill.worker_of("workflows", "wavespeed"):
        await idle_mill.wavespeed.set_timing(min_seconds=0, max_seconds=0)
        job_ids = [await idle_mill.create() for _ in range(10)]

        for job_id in job_ids:
            await completes(idle_mill, job_id)


async def test_new_readings_do_not_delay_those_that_are_due(idle_mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is new at every step, because another transaction holds it: as when jobs are accepted all the time."""

    async def in_a_minute(*_: object) -> float:
        return 60.0

    monkeypatch.setattr(Planner, "first", in_a_minute)
    async with idle_mill.worker(reader=False):
        due, new = [await idle_mill.create() for _ in range(2)]
        for job_id in (due, new):
            await generating(idle_mill, job_id)
        await idle_mill.sql(f"UPDATE readings SET due_at = now() WHERE job_id = '{due}'")
        async with holding_reading(idle_mill, new), reader_of(idle_mill):
            await completes(idle_mill, due)


async def test_a_reader_that_dies_between_record_and_signal_is_replaced(
    idle_mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LEASE", timedelta(seconds=2))
    signal = WorkflowSignaller.deliver_result
    dying = asyncio.Event()

    async def dies(*_: object, **__: object) -> bool:
        dying.set()
        await asyncio.sleep(3600)
        return True

    async with idle_mill.worker(reader=False):
        job_id = await idle_mill.create()
        await generating(idle_mill, job_id)
        monkeypatch.setattr(WorkflowSignaller, "deliver_result", dies)
        dead = asyncio.create_task(new_reader(idle_mill).run())
        await asyncio.wait_for(dying.wait(), 60)
        dead.cancel()
        await asyncio.wait([dead])
        assert (await idle_mill.job(job_id)).status == "completed"
        assert await open_readings(idle_mill) == 1
        monkeypatch.setattr(WorkflowSignaller, "deliver_result", signal)

        async with reader_of(idle_mill):
            await completes(idle_mill, job_id)
            await eventually(lambda: _is_told(idle_mill))


async def test_without_any_reader_the_job_reads_its_result_itself(idle_mill: Mill) -> None:
    async with idle_mill.worker(reader=False):
        job_id = await idle_mill.create(generate_timeout_seconds=12)
        row = await generating(idle_mill, job_id)

        ended = await completes(idle_mill, job_id)

    assert ended.completed_at is not None
    assert row.dispatched_at is not None
    assert ended.completed_at - row.dispatched_at >= timedelta(seconds=6)
    assert (await idle_mill.history(job_id)).count("ACTIVITY_TASK_SCHEDULED") == 2


async def test_a_row_that_is_missing_is_made_up_for_by_the_job_itself(mill: Mill) -> None:
    """An older backup was restored, for instance."""
    await mill.wavespeed.set_timing(min_seconds=2, max_seconds=2)
    job_id = await mill.create(generate_timeout_seconds=12)
    await generating(mill, job_id)
    await mill.sql("DELETE FROM readings")

    await completes(mill, job_id)


async def test_a_workflow_that_reads_itself_still_heeds_the_readers(idle_mill: Mill) -> None:
    """What another has recorded is the end, whatever this worker sees: its key may be wrong."""
    async with idle_mill.worker(reader=False):
        await idle_mill.wavespeed.order("submit", "never")
        job_id = await idle_mill.create()
        row = await generating(idle_mill, job_id)
        await idle_mill.tell(job_id)
        await idle_mill.wavespeed.asked("result")

        await record_end(idle_mill, job_id, row.prediction_id)
        await idle_mill.tell(job_id)

        await completes(idle_mill, job_id)


async def test_a_workflow_that_reads_itself_follows_the_record_to_another_prediction(idle_mill: Mill) -> None:
    """A fact replaces what a person had inferred, which may never end."""
    async with idle_mill.worker(reader=False):
        await idle_mill.wavespeed.order("submit", "cut", after=True)
        await idle_mill.wavespeed.order("history", "hidden", times=1000)
        job_id = await idle_mill.create()
        await idle_mill.reaches(job_id, "submit_unknown")
        await idle_mill.store.resolution.decide(job_id, LOCAL_OWNER, Decision.ADOPT, prediction_id="wrong")
        await eventually(lambda: _reads_itself(idle_mill, job_id))

        (submission,) = await idle_mill.store.submissions.of_job(job_id)
        (charge,) = await idle_mill.wavespeed.charges()
        await idle_mill.store.resolution.adopt(submission.id, charge["id"], ResolvedBy.WEBHOOK)
        await idle_mill.tell(job_id)

        async with reader_of(idle_mill):
            assert (await completes(idle_mill, job_id)).prediction_id == charge["id"]


async def test_without_any_reader_the_time_for_generating_ends_as_ever(idle_mill: Mill) -> None:
    async with idle_mill.worker(reader=False):
        await idle_mill.wavespeed.order("submit", "never")
        job_id = await idle_mill.create(generate_timeout_seconds=3)

        row = await idle_mill.reaches(job_id, "expired")

    assert row.reason_code == "generate_timeout"
    assert row.completed_at is not None
    assert row.dispatched_at is not None
    assert row.completed_at - row.dispatched_at >= timedelta(seconds=3)


async def test_a_reading_of_an_ended_job_is_removed_without_a_read(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    await generating(mill, job_id)

    await mill.cancel(job_id)
    await mill.reaches(job_id, "cancelled")
    await mill.closes(mill.handle(job_id))

    await eventually(lambda: _is_told(mill))


async def test_a_cancel_ends_the_wait_at_once(idle_mill: Mill) -> None:
    async with idle_mill.worker(reader=False):
        job_id = await idle_mill.create()
        await generating(idle_mill, job_id)

        await idle_mill.cancel(job_id)

        await idle_mill.reaches(job_id, "cancelled")
        assert await idle_mill.closes(idle_mill.handle(job_id)) is WorkflowExecutionStatus.CANCELED


async def test_a_cancel_that_only_the_row_has_is_seen_when_the_workflow_is_told(idle_mill: Mill) -> None:
    async with idle_mill.worker(reader=False):
        await idle_mill.wavespeed.order("submit", "never")
        job_id = await idle_mill.create()
        await generating(idle_mill, job_id)
        await idle_mill.cancel_row(job_id)

        async with reader_of(idle_mill):
            await eventually(lambda: _is_told(idle_mill))
        await idle_mill.cancel(job_id)

        await idle_mill.reaches(job_id, "cancelled")


async def test_an_unclear_submission_that_is_adopted_is_read(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    job_id = await mill.create()

    await completes(mill, job_id)

    assert (await mill.history(job_id)).count("WORKFLOW_EXECUTION_SIGNALED") == 1


async def test_a_workflow_whose_result_another_has_recorded_is_told(idle_mill: Mill) -> None:
    async with idle_mill.worker(reader=False):
        await idle_mill.wavespeed.order("submit", "never")
        job_id = await idle_mill.create()
        row = await generating(idle_mill, job_id)
        await record_end(idle_mill, job_id, row.prediction_id)

        async with reader_of(idle_mill):
            await completes(idle_mill, job_id)

    assert await idle_mill.wavespeed.requests("result") == []


async def test_while_temporal_is_away_the_result_is_recorded_and_told_later(
    idle_mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "SIGNAL_AGAIN_SECONDS", 0.2)
    signal = WorkflowSignaller.deliver_result
    refused = 0

    async def away(*_: object, **__: object) -> bool:
        nonlocal refused
        refused += 1
        raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")

    monkeypatch.setattr(WorkflowSignaller, "deliver_result", away)
    async with idle_mill.worker():
        job_id = await idle_mill.create()
        await eventually(lambda: refused > 1)
        assert (await idle_mill.job(job_id)).status == "completed"
        monkeypatch.setattr(WorkflowSignaller, "deliver_result", signal)

        await completes(idle_mill, job_id)


@pytest.mark.parametrize("error", [RecordUnavailable(), RuntimeError("a mistake")])
async def test_the_loop_goes_on_after_a_failure(
    idle_mill: Mill, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(reader, "RETRY_SECONDS", 0.1)
    agenda = type(idle_mill.store.readings).agenda
    failures = iter(range(3))

    async def fails(self: object) -> object:
        if next(failures, None) is not None:
            raise error
        return await agenda(self)  # type: ignore[arg-type]

    monkeypatch.setattr(type(idle_mill.store.readings), "agenda", fails)
    async with idle_mill.worker():
        await completes(idle_mill, await idle_mill.create())

    assert next(failures, None) is None


async def test_at_the_end_running_reads_are_finished_and_nothing_is_claimed(idle_mill: Mill) -> None:
    async with idle_mill.worker(reader=False):
        job_id = await idle_mill.create()
        await generating(idle_mill, job_id)
        await idle_mill.wavespeed.order("result", "hold")
        async with reader_of(idle_mill) as stopping:
            await idle_mill.wavespeed.asked("result")
            ending = asyncio.create_task(stopping.shutdown())
            await asyncio.sleep(0.1)
            assert not ending.done()
            await idle_mill.wavespeed.release()
            await ending

        assert (await idle_mill.job(job_id)).status == "completed"
        assert await open_readings(idle_mill) == 0


@pytest.mark.parametrize("with_reader", [True, False])
@pytest.mark.parametrize("release", ["0.1.0", "0.2.0"])
async def test_a_workflow_of_an_earlier_release_still_reads_its_result(
    idle_mill: Mill,
    monkeypatch: pytest.MonkeyPatch,
    release: str,
    with_reader: bool,  # noqa: FBT001 - a parameter
) -> None:
    monkeypatch.setattr(generate_media, "told_by_reader", lambda: False)
    monkeypatch.setattr(generate_media, "lean", lambda: release == "0.2.0")
    async with idle_mill.worker(UnsandboxedWorkflowRunner(), reader=with_reader):
        await idle_mill.wavespeed.set_timing(min_seconds=1, max_seconds=1)
        job_id = await idle_mill.create()

        await completes(idle_mill, job_id)
        if with_reader:
            await eventually(lambda: _is_told(idle_mill))

    assert (await idle_mill.history(job_id)).count("ACTIVITY_TASK_SCHEDULED") >= 2
    assert len(await idle_mill.wavespeed.charges()) == 1


async def _reads_itself(mill: Mill, job_id: UUID) -> bool:
    """Tell a workflow, as often as it takes, that there is something to see, until it reads its result itself."""
    await mill.tell(job_id)
    return bool(await mill.wavespeed.requests("result"))


async def _is_told(mill: Mill) -> bool:
    return await open_readings(mill) == 0
