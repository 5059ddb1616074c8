"""An older backup with a newer Temporal: what was paid stays known, and nothing is paid again."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from temporalio.client import Client

from activities.persistence import insist
from promptmill.commands.restore_check import check_restore
from promptmill.contracts.names import JOB_WORKFLOW, reconcile_schedule_id
from promptmill.contracts.resolution import Decision, SubmissionDecision
from promptmill.local.postgres import PostgresServer
from promptmill.temporal import WorkflowSignaller, restore_guard
from promptmill.temporal.installation import ensure_schedule, initialize
from promptmill.temporal.restore_guard import guard_restore, remember_submission, remembered_submission
from tests.fixtures.mill import PATIENCE, Mill
from tests.support import eventually


def _say(_: str) -> None:
    """Report nothing."""


def _dump(server: PostgresServer, database: str, file: Path) -> None:
    command = [str(server.programs / "pg_dump"), "--format=custom", f"--file={file}", server.uri(database)]
    subprocess.run(command, check=True)


def _restore(server: PostgresServer, database: str, file: Path) -> None:
    server.psql("postgres", "-c", f'DROP DATABASE "{database}" WITH (FORCE)')
    server.psql("postgres", "-c", f'CREATE DATABASE "{database}"')
    subprocess.run([str(server.programs / "pg_restore"), f"--dbname={server.uri(database)}", str(file)], check=True)


async def _guard(mill: Mill) -> str | None:
    # The database was replaced under open connections: the first query finds them broken.
    return await insist(lambda: guard_restore(mill.store, mill.client, mill.settings.task_queue))


async def test_a_job_is_never_paid_again_because_a_backup_was_old(
    idle_mill: Mill, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    mill = idle_mill
    database = urlsplit(mill.settings.require_database_url()).path.lstrip("/")
    await initialize(mill.settings, mill.store, mill.client)
    await mill.client.get_schedule_handle(reconcile_schedule_id(mill.settings.task_queue)).pause()
    file = tmp_path / "backup"

    async with mill.worker():
        before = await mill.create()
        await mill.reaches(before, "completed")
    waiting = await mill.create()
    assert await _guard(mill) is None
    _dump(postgres_server, database, file)

    # Work continues, and money is spent.
    async with mill.worker():
        await mill.reaches(waiting, "completed")
        lost = await mill.create(use_ai_prompt=True)
        await mill.reaches(lost, "completed")
        await mill.wavespeed.order("submit", "never")
        under_way = await mill.create()
        await mill.reaches(under_way, "generating")
    assert await _guard(mill) is None
    paid = {charge["id"] for charge in await mill.wavespeed.charges()}
    assert len(paid) == 4

    _restore(postgres_server, database, file)
    assert "older backup" in (await _guard(mill) or "")
    async with mill.worker():
        later = await mill.create()
        await eventually(lambda: _status(mill, later, "dispatching"))
        report = await check_restore(mill.settings, release=False, say=_say)

        assert report.released, report
        assert set(report.rows_restored) == {lost, under_way}
        await mill.reaches(later, "completed")
        await mill.reconcile()
        for job_id in (before, waiting, lost):
            await mill.reaches(job_id, "completed")
        assert (await mill.job(under_way)).status in {"generating", "dispatching"}

    charges = await mill.wavespeed.charges()
    assert len(charges) == 5, "one for each job, and none twice"
    billed = await mill.store.jobs.billed([before, waiting, lost, under_way, later])
    assert set(billed.values()) == {"yes"}
    assert await _guard(mill) is None
    assert await remembered_submission(mill.client, mill.settings.task_queue) >= 5


async def test_predictions_that_nobody_knows_keep_submissions_held_until_a_person_has_looked(
    idle_mill: Mill, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    mill = idle_mill
    async with mill.worker():
        job_id = await mill.create()
        await mill.reaches(job_id, "completed")
        stray = (await mill.job(job_id)).prediction_id
    await mill.store.operations.hold_submissions("test")
    await mill.sql(f"UPDATE submissions SET prediction_id = 'another' WHERE job_id = '{job_id}'")

    report = await check_restore(mill.settings, release=False, say=_say)

    assert report.unknown_predictions == [stray]
    assert not report.released
    assert await mill.store.operations.submissions_held() is not None
    assert (await check_restore(mill.settings, release=True, say=_say)).released
    assert await mill.store.operations.submissions_held() is None


async def test_an_unclear_submission_that_the_record_has_forgotten_is_not_made_again(mill: Mill) -> None:
    """A lagging standby took over while workers ran: the workflow knows what it was told."""
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    [lost] = await mill.store.submissions.of_job(job_id)

    await mill.sql(f"DELETE FROM submissions; UPDATE jobs SET status = 'dispatching' WHERE id = '{job_id}'")
    hint = SubmissionDecision(decision=Decision.RESUBMIT)
    await WorkflowSignaller(mill.client).decide_submission(job_id, hint, patience=PATIENCE)

    [known] = await eventually(lambda: mill.store.submissions.of_job(job_id), what="a submission is known again")
    assert (known.id, known.state) == (lost.id, "unknown")
    assert (await mill.reaches(job_id, "submit_unknown")).reason_code == "submit_unclear"
    assert len(await mill.wavespeed.requests("submit")) == 1


async def test_an_unclear_submission_that_the_backup_lacks_is_brought_back(idle_mill: Mill) -> None:
    mill = idle_mill
    await mill.wavespeed.order("submit", "cut", after=True)
    async with mill.worker():
        await mill.wavespeed.order("history", "hidden", times=1000)
        job_id = await mill.create()
        await mill.reaches(job_id, "submit_unknown")
    await mill.wavespeed.clear()
    [lost] = await mill.store.submissions.of_job(job_id)
    await mill.sql(f"DELETE FROM submissions; UPDATE jobs SET status = 'dispatching' WHERE id = '{job_id}'")

    report = await check_restore(mill.settings, release=False, say=_say)

    [known] = await mill.store.submissions.of_job(job_id)
    assert (known.id, known.state) == (lost.id, "unknown")
    assert (await mill.job(job_id)).status == "submit_unknown"
    [charge] = await mill.wavespeed.charges()
    assert (report.submissions_restored, report.unknown_predictions) == (1, [charge["id"]])


async def test_a_submission_that_was_under_way_when_the_backup_was_made_is_no_strangers(idle_mill: Mill) -> None:
    mill = idle_mill
    async with mill.worker():
        job_id = await mill.create()
        await mill.reaches(job_id, "completed")
        await mill.closes(mill.handle(job_id))
    [charge] = await mill.wavespeed.charges()
    await mill.sql(f"""
        UPDATE submissions SET state = 'intended', prediction_id = NULL, outcome_at = NULL;
        UPDATE jobs SET status = 'dispatching', prediction_id = NULL, outputs = '[]', dispatched_at = NULL,
            completed_at = NULL WHERE id = '{job_id}'
    """)

    report = await check_restore(mill.settings, release=False, say=_say)

    assert (report.unknown_predictions, report.released) == ([], True)
    [submission] = await mill.store.submissions.of_job(job_id)
    assert (submission.state, submission.prediction_id) == ("accepted", charge["id"])


async def test_a_workflow_that_is_no_jobs_does_not_keep_submissions_held(idle_mill: Mill) -> None:
    mill = idle_mill
    async with mill.worker():
        job_id = await mill.create()
        await mill.reaches(job_id, "completed")
    await mill.store.operations.hold_submissions("test")
    queue = mill.settings.task_queue
    await mill.client.start_workflow(JOB_WORKFLOW, "by hand", id=f"by-hand-{job_id}", task_queue=queue)
    said: list[str] = []

    async def both_listed() -> bool:
        query = f"WorkflowType = '{JOB_WORKFLOW}' AND TaskQueue = '{queue}'"
        return (await mill.client.count_workflows(query)).count == 2

    await eventually(both_listed)
    report = await check_restore(mill.settings, release=False, say=said.append)

    assert (report.workflows, report.released) == (1, True)
    assert any(f"by-hand-{job_id}" in line for line in said)


async def _status(mill: Mill, job_id: UUID, status: str) -> bool:
    return (await mill.job(job_id)).status == status


async def test_other_settings_of_the_schedule_leave_what_it_remembers(idle_mill: Mill) -> None:
    mill = idle_mill
    await initialize(mill.settings, mill.store, mill.client)
    await remember_submission(mill.client, mill.settings.task_queue, 77)

    await ensure_schedule(mill.settings.model_copy(update={"reconcile_seconds": 33.0}), mill.client)

    assert await remembered_submission(mill.client, mill.settings.task_queue) == 77


async def test_what_two_passes_remember_at_once_is_the_highest(idle_mill: Mill) -> None:
    mill, queue = idle_mill, idle_mill.settings.task_queue
    await initialize(mill.settings, mill.store, mill.client)
    await remember_submission(mill.client, queue, 567)

    await remember_submission(mill.client, queue, 560)

    assert await remembered_submission(mill.client, queue) == 567


async def test_submissions_during_a_pass_are_no_lost_ones(idle_mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another pass remembers them while this one asks a slow Temporal: the record has had them for longer."""
    mill = idle_mill
    await initialize(mill.settings, mill.store, mill.client)

    async def slowly(client: Client, queue: str) -> int:
        await mill.store.operations.release_submissions(at_least=7)  # the record has used 7 numbers meanwhile
        await remember_submission(client, queue, 7)
        return await remembered_submission(client, queue)

    monkeypatch.setattr(restore_guard, "remembered_submission", slowly)

    assert await guard_restore(mill.store, mill.client, mill.settings.task_queue) is None
