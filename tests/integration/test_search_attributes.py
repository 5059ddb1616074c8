"""A shared namespace: it has room for only some of our search attributes, or has them with other types."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from promptmill.commands.check import check_all
from promptmill.config.settings import Settings, load_settings
from promptmill.temporal import connect
from promptmill.temporal.installation import initialize
from promptmill.temporal.search_attributes import AttributeGaps, register_search_attributes
from tests.fixtures.api import open_api
from tests.fixtures.mill import Provider, open_mill
from tests.fixtures.session import StartProcess, WarmPython
from tests.support import eventually

KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
RETENTION_SECONDS = 86_400
OTHERS = 8
"""How many of a namespace's ten Keyword attributes others use."""

WRONG_TYPE = "Priority as Keyword instead of Int"


@pytest.fixture
async def shared(settings_environment: dict[str, str], task_queue: str) -> dict[str, str]:
    """Settings with a namespace of this test's own."""
    client = await connect(load_settings(settings_environment))
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=task_queue, workflow_execution_retention_period=Duration(seconds=RETENTION_SECONDS)
        )
    )
    return settings_environment | {"TEMPORAL_NAMESPACE": task_queue}


async def _namespace_with(settings: Settings, attributes: Mapping[str, IndexedValueType.ValueType]) -> Client:
    client = await connect(settings)

    async def added() -> bool:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=attributes)
        try:
            await client.operator_service.add_search_attributes(request)
        except RPCError as error:
            # A new namespace is not known everywhere immediately.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    await eventually(added, what="the namespace takes attributes")
    return client


async def test_a_namespace_with_room_for_some_gets_those_and_the_rest_is_named(shared: dict[str, str]) -> None:
    client = await _namespace_with(load_settings(shared), {f"Other{number}": KEYWORD for number in range(OTHERS)})

    gaps = await register_search_attributes(client, "")

    assert (gaps.missing, gaps.mistyped) == (("Owner",), ())
    assert gaps.missing_problem is not None
    assert "lacks Owner," in gaps.missing_problem


async def test_an_attribute_of_another_type_is_a_problem_everywhere(
    shared: dict[str, str], start_process: StartProcess, warm_python: WarmPython
) -> None:
    settings = load_settings(shared)
    await _namespace_with(settings, {"Priority": KEYWORD})

    done = warm_python.run("-m", "promptmill", "init", environment=shared)
    [temporal] = [finding for finding in await check_all(settings) if finding.subject == "Temporal"]
    worker = start_process("worker", "-m", "worker", environment=shared)
    await eventually(lambda: "worker_ready" in worker.log.read_text(), 60, what="the worker is ready")
    async with open_api(settings) as api:
        report = (await api.post("/api/init")).json()

    assert (done.returncode, WRONG_TYPE in done.stdout) == (1, True)
    assert "in place.\n" in done.stdout
    assert (temporal.ok, WRONG_TYPE in temporal.text) == (False, True)
    assert [problem for problem in report["problems"] if WRONG_TYPE in problem] != []
    assert [notice for notice in report["notices"] if WRONG_TYPE in notice["text"]] != [], "the page shows notices"
    assert report["ok"] is False
    [warned] = [line for line in worker.log.read_text().splitlines() if "search_attributes_of_another_type" in line]
    assert WRONG_TYPE in warned
    assert report["temporal"]["missingSearchAttributes"] == ["Priority"]


async def test_with_a_prefix_jobs_are_found_beside_others_attributes_of_the_same_name(
    shared: dict[str, str], providers: tuple[Provider, Provider]
) -> None:
    settings = load_settings(shared | {"PROMPTMILL_SEARCH_ATTRIBUTE_PREFIX": "Mill_"})
    client = await _namespace_with(settings, {"Priority": KEYWORD, "JobStatus": KEYWORD})

    async with open_mill(settings, *providers) as mill, mill.worker():
        gaps = await initialize(settings, mill.store, mill.client)
        job_id = await mill.create(priority=8)
        await mill.reaches(job_id, "completed")
        prompt_job_id = await mill.create_prompt()
        await mill.prompt_reaches(prompt_job_id, "completed")
        await mill.closes(mill.handle(job_id))
        await mill.closes(mill.prompt_handle(prompt_job_id))

    assert gaps == AttributeGaps()
    query = "Mill_JobStatus='completed' AND Mill_Priority >= 5 AND Mill_Owner='local'"
    found = {f"job-{job_id}", f"prompt-{prompt_job_id}"}

    async def listed() -> bool:
        return {execution.id async for execution in client.list_workflows(query)} == found

    await eventually(listed, what="both are found")
    [temporal] = [finding for finding in await check_all(settings) if finding.subject == "Temporal"]
    assert temporal.ok, temporal.text


async def test_a_running_job_keeps_its_names_when_the_prefix_changes(
    shared: dict[str, str], providers: tuple[Provider, Provider]
) -> None:
    before = load_settings(shared | {"PROMPTMILL_SEARCH_ATTRIBUTE_PREFIX": "Mill"})
    client = await _namespace_with(before, {"Priority": KEYWORD})
    async with open_mill(before, *providers) as mill:
        await initialize(before, mill.store, mill.client)
        await mill.wavespeed.order("submit", "never")
        job_id = await mill.create()
        async with mill.worker():
            await mill.reaches(job_id, "generating")

        async with mill.changed(search_attribute_prefix="Other") as after, after.worker():
            await initialize(after.settings, after.store, after.client)
            await after.cancel(job_id)
            await after.reaches(job_id, "cancelled")
            await after.closes(after.handle(job_id))

    async def listed() -> bool:
        return [each.id async for each in client.list_workflows("MillJobStatus='cancelled'")] == [f"job-{job_id}"]

    await eventually(listed, what="the job is found by the name that it was started with")
