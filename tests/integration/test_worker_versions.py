"""Worker versions on a real Temporal: two run side by side while jobs go on, forward and back.

`make drills` does the same with processes, with another release's steps and with many jobs: tests/drills.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock
from uuid import UUID

import httpx
import pytest
from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse, SetWorkerDeploymentRampingVersionRequest
from temporalio.worker import UnsandboxedWorkflowRunner

from api.installation.queues import ask_queue, queue_problems
from promptmill.config.settings import load_settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.names import grok_queue, wavespeed_queue
from tests.drills.versions import BLOCKS, found_by, run_block, versions_of
from tests.fixtures.mill import Mill
from tests.support import eventually
from worker.versions import waiting_version

Versioned = Callable[[str], AbstractAsyncContextManager[Mill]]
Page = Callable[..., Awaitable[str]]


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
def page(idle_mill: Mill) -> Page:
    """Runs a block of docs/deployment.md against this test's deployment, once Temporal knows the version."""

    async def run(name: str, version: str = "") -> str:
        return await run_block(idle_mill.settings, name, version)

    return run


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


async def test_jobs_go_on_from_workers_without_a_version_to_one_and_back(
    idle_mill: Mill, versioned: Versioned, page: Page, api_client: httpx.AsyncClient
) -> None:
    mill = idle_mill
    await mill.wavespeed.set_timing(min_seconds=3600, max_seconds=3600)
    async with mill.worker(UnsandboxedWorkflowRunner()):
        old = await mill.create()
        accepted = await mill.reaches(old, "generating")
        async with versioned("1") as new:
            assert await waiting_version(mill.client, new.settings) == "1"
            await serves(api_client, None)
            nothing = SetWorkerDeploymentRampingVersionRequest(
                namespace=mill.client.namespace,
                deployment_name=mill.settings.task_queue,
                build_id="1",
                percentage=0,
                ignore_missing_task_queues=True,
            )
            await mill.client.workflow_service.set_worker_deployment_ramping_version(nothing)
            assert await waiting_version(mill.client, new.settings) == "1", "it is to get 0 % of the work"

            await page("versions-current", "1")
            await serves(api_client, "1")
            assert await waiting_version(mill.client, new.settings) is None

            young = await mill.create()
            submitted = await mill.reaches(young, "generating")
            await mill.wavespeed.end(str(accepted.prediction_id))
            await mill.reaches(old, "completed")
            await page("versions-none")
            await serves(api_client, None)
    # Nobody but workers without a version is left for what began with one.
    async with mill.worker(UnsandboxedWorkflowRunner()):
        await mill.wavespeed.end(str(submitted.prediction_id))
        await mill.reaches(young, "completed")

    assert [*dict.fromkeys(await versions_of(mill, f"job-{old}"))] == ["", "1"]
    assert len(await mill.wavespeed.charges()) == 2


async def test_of_two_versions_the_current_one_goes_on_with_jobs_and_prompts_end_where_they_began(
    idle_mill: Mill, versioned: Versioned, page: Page, api_client: httpx.AsyncClient
) -> None:
    mill, queue = idle_mill, wavespeed_queue(idle_mill.settings.task_queue)
    async with versioned("1"):
        await page("versions-current", "1")
        await serves(api_client, "1")
        await mill.grok.order("chat", "hold")
        prompt = await mill.create_prompt()
        await mill.grok.asked("chat")
        await mill.set_queue_rate(queue, 0)
        waiting = await mill.create()
        await mill.reaches(waiting, "dispatching")
        async with versioned("2"):
            await page("versions-current", "2")
            await serves(api_client, "2")
            assert [each["otherVersions"] for each in await queues(api_client)] == [["1"]] * 3
            assert not await mill.wavespeed.requests("submit"), "the brake holds for every version"

            await mill.grok.release()
            await mill.prompt_reaches(prompt, "completed")
            await mill.set_queue_rate(queue, None)
            await mill.reaches(waiting, "completed")

    assert set(await versions_of(mill, f"prompt-{prompt}")) == {"1"}
    assert (await versions_of(mill, f"job-{waiting}"))[-1] == "2"
    assert len(await mill.wavespeed.charges()) == 1


async def test_what_another_version_cannot_continue_is_kept_and_what_it_left_is_moved(
    idle_mill: Mill, versioned: Versioned, page: Page, api_client: httpx.AsyncClient
) -> None:
    mill, queue = idle_mill, grok_queue(idle_mill.settings.task_queue)
    await mill.wavespeed.set_timing(min_seconds=3600, max_seconds=3600)
    async with versioned("2"):
        async with versioned("1"):
            await page("versions-current", "1")
            await page("versions-ramp", "2")
            assert "RampingVersionPercentage             10" in await page("versions-look", "2")
            await serves(api_client, "1")
            await mill.set_queue_rate(queue, 0)
            await page("versions-current", "2")
            await serves(api_client, "2")
            touched = await mill.create()
            submitted = await mill.reaches(touched, "generating")

            await page("versions-current", "1")
            await serves(api_client, "1")
            prompt = await mill.create_prompt()
            await finds(mill, "versions-keep", "2")
            await page("versions-keep", "2")
            await kept(mill, touched)
            await mill.wavespeed.end(str(submitted.prediction_id))
            await mill.reaches(touched, "completed")

            await finds(mill, "versions-move", "1")
            await page("versions-current", "2")
        await mill.set_queue_rate(queue, None)
        await page("versions-move", "1")
        await mill.prompt_reaches(prompt, "completed")

    assert set(await versions_of(mill, f"job-{touched}")) == {"2"}
    assert [*dict.fromkeys(await versions_of(mill, f"prompt-{prompt}"))] == ["1", "2"]
    assert len(await mill.wavespeed.charges()) == 1


async def finds(mill: Mill, block: str, version: str) -> None:
    async def found() -> bool:
        return await found_by(mill, block, version) == 1

    await eventually(found, what=f"{block} finds the workflow")


async def kept(mill: Mill, job_id: UUID) -> None:
    """Wait until the batch has come to a job's workflow."""

    async def pinned() -> bool:
        described = await mill.handle(job_id).describe()
        return described.raw_description.workflow_execution_info.versioning_info.HasField("versioning_override")

    await eventually(pinned, what="the workflow is kept for its version")


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


@pytest.mark.parametrize("queue", ["my.mill", "my:mill", "__mill"])
def test_a_deployment_cannot_have_every_queues_name(queue: str) -> None:
    names = {"PROMPTMILL_TASK_QUEUE": queue, "PROMPTMILL_WORKER_VERSIONING": "true"}
    with pytest.raises(ConfigurationError, match=f"PROMPTMILL_TASK_QUEUE is '{re.escape(queue)}'"):
        load_settings({"PROMPTMILL_ENV_FILE": ""} | names)


@pytest.mark.parametrize("build_id", ["a b", "it's", "ü", "1;ls", "1\n2", "__unversioned__", "-1", " "])
def test_a_version_needs_no_quotes_in_commands_and_searches(build_id: str) -> None:
    with pytest.raises(ConfigurationError, match=r"PROMPTMILL_WORKER_BUILD_ID.*such as 0\.3\.0"):
        load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_WORKER_BUILD_ID": build_id})


@pytest.mark.parametrize(
    ("percent", "polling", "pollers", "unserved"),
    [
        (0, ["1", "1"], 2, []),
        (10, ["1", "1"], 0, ["2"]),
        (10, ["2", "2"], 0, ["1"]),
        (10, ["1", "2", "2"], 1, []),
        (10, [], 0, ["1", "2"]),
        (100, ["2"], 1, []),
        (100, ["1"], 0, ["2"]),
    ],
)
async def test_each_version_that_gets_a_part_of_the_work_needs_workers(
    percent: int, polling: list[str], pollers: int, unserved: list[str]
) -> None:
    answer = DescribeTaskQueueResponse()
    routing = answer.versioning_info
    routing.current_deployment_version.build_id = "1"
    routing.ramping_deployment_version.build_id = "2"
    routing.ramping_version_percentage = percent
    for build_id in polling:
        options = answer.pollers.add().deployment_options
        options.build_id = build_id
        options.worker_versioning_mode = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
    temporal = Mock(namespace="default")
    temporal.workflow_service.describe_task_queue = AsyncMock(return_value=answer)

    report = await ask_queue(temporal, "grok", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY, timedelta(seconds=1))

    assert (report.pollers, report.unserved) == (pollers, unserved)
    assert len(queue_problems([report])) == len(unserved[:1])
    assert all(each in problem for problem in queue_problems([report]) for each in unserved)


def test_every_command_of_the_page_is_run() -> None:
    text = Path(__file__).read_text()
    assert BLOCKS
    assert [name for name in BLOCKS if f'page("{name}"' not in text] == []
