"""`promptmill audit-record`: the record against Temporal, and what the command says."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.client import Client
from typer.testing import CliRunner

from promptmill.cli import app
from promptmill.contracts.consistency import Check
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.names import JOB_WORKFLOW, PROMPT_WORKFLOW, job_workflow_id, prompt_workflow_id
from promptmill.store import Store
from promptmill.temporal.agreement import compare_workflows
from promptmill.temporal.installation import adopt_identity
from tests.fixtures.record import new_id, new_job, new_prompt_job
from tests.support import eventually

NO_GRACE = timedelta(seconds=-60)
"""Whatever happened before now happened long ago."""


async def _started(store: Store, client: Client, task_queue: str) -> UUID:
    """Accept a job and start its workflow, which no worker serves."""
    job, _ = await store.jobs.accept(new_job())
    await client.start_workflow(JOB_WORKFLOW, id=job_workflow_id(job.id), task_queue=task_queue)
    await store.upkeep.mark_started(job_ids=[job.id])
    return job.id


async def _listed(client: Client, task_queue: str, running: int) -> None:
    """Wait until Temporal's search, which lags, shows as many running workflows."""

    async def shown() -> bool:
        query = f"TaskQueue = '{task_queue}' AND ExecutionStatus = 'Running'"
        return (await client.count_workflows(query)).count == running

    await eventually(shown)


async def test_open_rows_and_running_workflows_are_compared(store: Store, temporal: Client, task_queue: str) -> None:
    prompt_job, _ = await store.prompts.accept(new_prompt_job())
    await temporal.start_workflow(PROMPT_WORKFLOW, id=prompt_workflow_id(prompt_job.id), task_queue=task_queue)
    await store.upkeep.mark_started(prompt_job_ids=[prompt_job.id])
    fine, terminated, ended = [await _started(store, temporal, task_queue) for _ in range(3)]
    unstarted, _ = await store.jobs.accept(new_job())
    gone, _ = await store.jobs.accept(new_job())
    await store.upkeep.mark_started(job_ids=[gone.id])
    rowless = new_id()
    await temporal.start_workflow(JOB_WORKFLOW, id=job_workflow_id(rowless), task_queue=task_queue)
    await temporal.start_workflow(JOB_WORKFLOW, id=f"by-hand-{task_queue}", task_queue=task_queue)
    await temporal.get_workflow_handle(job_workflow_id(terminated)).terminate()
    await store.jobs.advance(JobChange(job_id=ended, status=JobStatus.TERMINATED))
    await _listed(temporal, task_queue, running=5)

    patient = await compare_workflows(store, temporal, task_queue=task_queue, grace=timedelta(hours=1))
    strict = await compare_workflows(store, temporal, task_queue=task_queue, grace=NO_GRACE)

    assert (patient.findings, patient.compared) == (0, 4 + 5)
    assert strict.lost == 1
    assert sorted(strict.shown) == sorted(
        [
            f"{unstarted.id}: open, and its workflow was never started",
            f"{gone.id}: open, and Temporal does not know its workflow",
            f"{terminated}: open, and its workflow ended long ago (terminated)",
            f"job-{ended} runs, and its row ended long ago",
            f"job-{rowless} runs, and no row belongs to it",
        ]
    )
    assert not any(str(fine) in shown for shown in strict.shown)


@pytest.mark.parametrize("broken", [False, True])
async def test_the_command_says_what_it_found(
    store: Store, settings_environment: dict[str, str], temporal: Client, *, broken: bool
) -> None:
    await adopt_identity(store, temporal, reason="a test")
    await store.jobs.accept(new_job())
    if broken:
        await store.jobs.database.run("UPDATE status_counters SET n = n + 1")

    done = await asyncio.to_thread(
        CliRunner(env={"TERM": "dumb"}).invoke, app, ["audit-record", "--json"], env=settings_environment
    )
    told = await asyncio.to_thread(
        CliRunner(env={"TERM": "dumb"}).invoke, app, ["audit-record"], env=settings_environment
    )

    report = json.loads(done.output)
    assert (done.exit_code, told.exit_code) == (int(broken), int(broken))
    assert report["ok"] is not broken
    checks = {check["name"]: Check.model_validate(check) for check in report["checks"]}
    assert checks["counters"].findings == int(broken)
    assert ("✗ counters: 1 of 1 do not agree" in told.output) is broken
    assert ("Correct the counters" in told.output) is broken
