"""A namespace that is shared with others: it has room for some of our search attributes, or has them otherwise."""

from __future__ import annotations

import asyncio
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
from promptmill.temporal.search_attributes import register_search_attributes, registered_search_attributes
from tests.fixtures.api import open_api
from tests.fixtures.session import StartProcess
from tests.support import eventually

KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
RETENTION_SECONDS = 86_400
OTHERS = 8
"""How many of a namespace's ten Keyword attributes are taken by others."""

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
            # A new namespace is not known everywhere at once.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    await eventually(added, 30, what="the namespace takes attributes")
    return client


async def test_a_namespace_with_room_for_some_gets_those_and_the_rest_is_named(shared: dict[str, str]) -> None:
    client = await _namespace_with(load_settings(shared), {f"Other{number}": KEYWORD for number in range(OTHERS)})

    gaps = await register_search_attributes(client)

    assert await registered_search_attributes(client) == {"JobStatus", "Model", "Priority"}
    assert (gaps.missing, gaps.mistyped) == (("Owner",), ())
    assert gaps.missing_problem is not None
    assert "lacks Owner," in gaps.missing_problem


async def test_an_attribute_of_another_type_is_a_problem_everywhere(
    shared: dict[str, str], start_process: StartProcess
) -> None:
    settings = load_settings(shared)
    await _namespace_with(settings, {"Priority": KEYWORD})

    child = start_process("init", "-m", "promptmill", "init", environment=shared)
    code = await asyncio.to_thread(child.process.wait, 60)
    [temporal] = [finding for finding in await check_all(settings) if finding.subject == "Temporal"]
    async with open_api(settings) as api:
        report = (await api.post("/api/init")).json()

    assert (code, WRONG_TYPE in child.log.read_text()) == (1, True)
    assert "in place.\n" in child.log.read_text()
    assert (temporal.ok, WRONG_TYPE in temporal.text) == (False, True)
    assert [problem for problem in report["problems"] if WRONG_TYPE in problem] != []
    assert report["ok"] is False
    assert report["temporal"]["missingSearchAttributes"] == ["Priority"]
