"""Tests run workflows in a sandbox, which refuses what a replay would do differently; production does without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uuid_utils.compat as uuid_versions
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from tests.fixtures.mill import Mill
from tests.fixtures.sandbox import sandbox
from tests.replay.broken import BROKEN
from worker import build
from worker.build import build_parts


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_workflow_that_would_replay_differently_is_refused(broken: type, temporal: Client) -> None:
    with pytest.raises(WorkflowFailureError) as failed:
        await _run(broken, temporal, sandbox())

    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "RestrictedWorkflowAccessError"


async def test_only_the_sandbox_refuses_it(temporal: Client) -> None:
    """What a test leaves out of the sandbox is not checked."""
    assert await _run(BROKEN[0], temporal, UnsandboxedWorkflowRunner())


async def test_every_worker_of_the_tests_checks_its_workflows(idle_mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    with _runners(monkeypatch) as runners:
        async with idle_mill.worker():
            pass

    assert [isinstance(runner, SandboxedWorkflowRunner) for runner in runners] == [True]


async def test_production_runs_workflows_without_the_sandbox(idle_mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    with _runners(monkeypatch) as runners:
        build_parts(idle_mill.resources)

    assert [type(runner) for runner in runners] == [UnsandboxedWorkflowRunner]


@contextmanager
def _runners(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[WorkflowRunner]]:
    """Collect the workflow runners of the workers that are built meanwhile."""
    runners: list[WorkflowRunner] = []

    class Noting(Worker):
        def __init__(self, *args: object, **options: object) -> None:
            if "workflow_runner" in options:
                runners.append(options["workflow_runner"])  # type: ignore[arg-type]
            super().__init__(*args, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(build, "Worker", Noting)
        yield runners


async def _run(broken: type, client: Client, runner: WorkflowRunner) -> str:
    queue = str(uuid_versions.uuid7())
    async with Worker(
        client,
        task_queue=queue,
        workflows=[broken],
        workflow_runner=runner,
        # Otherwise the task would be retried forever, as a running workflow waits for fixed code.
        workflow_failure_exception_types=[workflow.NondeterminismError],
    ):
        name = broken.__name__
        result: str = await client.execute_workflow(name, id=queue, task_queue=queue, result_type=str)
        return result
