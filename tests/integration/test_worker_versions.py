"""Worker versions on a real Temporal: two run side by side while jobs go on, forward and back.

`make drills` does the same with processes, with another release's steps and with many jobs: tests/drills.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from temporalio.worker import UnsandboxedWorkflowRunner

from promptmill.config.settings import load_settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.names import wavespeed_queue
from promptmill.local.temporal import TemporalServer
from tests.fixtures.mill import Mill
from tests.support import eventually
from worker.versions import waiting_version

Versioned = Callable[[str], AbstractAsyncContextManager[Mill]]


@pytest.fixture
def versioned(idle_mill: Mill) -> Versioned:
    """Runs a worker of a version beside the others."""

    @asynccontextmanager
    async def run(build_id: str) -> AsyncIterator[Mill]:
        changed = idle_mill.changed(worker_versioning=True, worker_build_id=build_id)
        # Pinning is not to be seen in the sandbox, which reads the decorators of a workflow again.
        async with changed as mill, mill.worker(UnsandboxedWorkflowRunner()):
            yield mill

    return run


@pytest.fixture
def make_current(temporal_server: TemporalServer, idle_mill: Mill) -> Callable[..., Any]:
    """Makes a version current by Temporal's command line, once Temporal knows it."""

    async def make(*version: str) -> None:
        name = idle_mill.settings.task_queue
        command = ("worker", "deployment", "set-current-version", "--deployment-name", name, *version, "--yes")

        async def done() -> bool:
            ended = await asyncio.to_thread(temporal_server.cli, *command)
            assert ended.returncode == 0, ended.stderr
            return True

        await eventually(done, what=f"{version} is current")

    return make


async def queues(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.get("/api/init")).json()["temporal"]["queues"]
    return found


async def serves(api: httpx.AsyncClient, version: str | None) -> None:
    async def there() -> bool:
        found = await queues(api)
        assert [queue["version"] for queue in found] == [version] * 3, found
        assert all(queue["pollers"] for queue in found), found
        return True

    await eventually(there, what=f"workers of {version} get the work")


async def versions(mill: Mill, workflow_id: str) -> list[str]:
    """The versions that worked on a workflow: those that its tasks were completed by."""
    history = await mill.client.get_workflow_handle(workflow_id).fetch_history()
    done = [event.workflow_task_completed_event_attributes for event in history.events]
    return [each.deployment_version.build_id for each in done if each.deployment_version.build_id]


async def test_jobs_go_on_from_workers_without_a_version_to_one_and_back(
    idle_mill: Mill, versioned: Versioned, make_current: Callable[..., Any], api_client: httpx.AsyncClient
) -> None:
    mill = idle_mill
    await mill.wavespeed.set_timing(min_seconds=3600, max_seconds=3600)
    async with mill.worker(UnsandboxedWorkflowRunner()):
        old = await mill.create()
        accepted = await mill.reaches(old, "generating")
        async with versioned("1") as new:
            assert await waiting_version(mill.client, new.settings) == "1"
            await serves(api_client, None)

            await make_current("--build-id", "1")
            await serves(api_client, "1")
            assert await waiting_version(mill.client, new.settings) is None

            young = await mill.create()
            submitted = await mill.reaches(young, "generating")
            await mill.wavespeed.end(str(accepted.prediction_id))
            await mill.reaches(old, "completed")
            await make_current("--unversioned")
            await serves(api_client, None)
    # Nobody but workers without a version is left for what began with one.
    async with mill.worker(UnsandboxedWorkflowRunner()):
        await mill.wavespeed.end(str(submitted.prediction_id))
        await mill.reaches(young, "completed")

    assert set(await versions(mill, f"job-{old}")) == {"1"}
    assert len(await mill.wavespeed.charges()) == 2


async def test_of_two_versions_the_current_one_goes_on_with_jobs_and_prompts_end_where_they_began(
    idle_mill: Mill, versioned: Versioned, make_current: Callable[..., Any], api_client: httpx.AsyncClient
) -> None:
    mill, queue = idle_mill, wavespeed_queue(idle_mill.settings.task_queue)
    async with versioned("1"):
        await make_current("--build-id", "1")
        await serves(api_client, "1")
        await mill.grok.order("chat", "hold")
        prompt = await mill.create_prompt()
        await mill.grok.asked("chat")
        await mill.set_queue_rate(queue, 0)
        waiting = await mill.create()
        await mill.reaches(waiting, "dispatching")
        async with versioned("2"):
            await make_current("--build-id", "2")
            await serves(api_client, "2")
            assert [each["otherVersions"] for each in await queues(api_client)] == [["1"]] * 3
            assert not await mill.wavespeed.requests("submit"), "the brake holds for every version"

            await mill.grok.release()
            await mill.prompt_reaches(prompt, "completed")
            await mill.set_queue_rate(queue, None)
            await mill.reaches(waiting, "completed")

    assert set(await versions(mill, f"prompt-{prompt}")) == {"1"}
    assert (await versions(mill, f"job-{waiting}"))[-1] == "2"
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_version_that_is_not_current_is_told(
    idle_mill: Mill, versioned: Versioned, api_client: httpx.AsyncClient
) -> None:
    async with versioned("1"):

        async def told() -> list[str]:
            problems = (await api_client.get("/api/init")).json()["problems"]
            return [problem for problem in problems if "there are workers of version 1" in problem]

        found = await eventually(told, what="the version that waits is told")

    assert "gets its work, which is that of workers without a version" in found[0]
    assert "Make it the current one: docs/deployment.md, 'Worker versions'." in found[0]


def test_a_deployment_cannot_have_every_queues_name() -> None:
    names = {"PROMPTMILL_TASK_QUEUE": "my.mill", "PROMPTMILL_WORKER_VERSIONING": "true"}
    with pytest.raises(ConfigurationError, match=r"PROMPTMILL_TASK_QUEUE is 'my\.mill'"):
        load_settings({"PROMPTMILL_ENV_FILE": ""} | names)
