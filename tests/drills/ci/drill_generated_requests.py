"""Requests that nobody would think of, generated from the OpenAPI document: none is a server error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_snake

from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.operations import BODIES

ENDLESS: Final = {"/api/jobs/events"}
"""Live streams, which go on until their reader leaves."""

tries = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


async def test_no_generated_request_of_a_member_is_a_server_error(api_client: httpx.AsyncClient, store: Store) -> None:
    """Every response, also a refusal, is as the document says."""
    key = await make_key(store, "member", "team-a")
    document = (await api_client.get("/openapi.json")).json()
    answer = await api_client.post("/api/jobs/create", json=BODIES["create_job"], headers=bearer(key))

    statuses = await asyncio.to_thread(
        call_all, document, str(api_client.base_url), bearer(key), answer.raise_for_status().json()["jobId"]
    )

    assert {"create_job", "list_jobs", "create_key", "set_budget"} <= statuses.keys()
    assert 202 in statuses["create_job"], "some requests are good"
    assert 422 in statuses["create_job"], "and some are not"


def call_all(
    document: Mapping[str, Any], base_url: str, headers: Mapping[str, str], job_id: str
) -> dict[str, set[int]]:
    """Call every operation; return the statuses of the responses by the operation's name."""
    # Half a second of imports, which not every session shall pay.
    import schemathesis  # noqa: PLC0415
    from schemathesis.core.result import Ok  # noqa: PLC0415
    from schemathesis.specs.openapi import checks  # noqa: PLC0415

    as_documented = [
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    statuses: dict[str, set[int]] = {}
    for found in schemathesis.openapi.from_dict({**document}).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        name = to_snake(operation.definition.raw["operationId"])
        if operation.path not in ENDLESS:
            statuses[name] = set()
            call = _caller(operation, BODIES.get(name), base_url, headers, job_id, statuses[name], as_documented)
            tries(given(st.data())(call))()
    return statuses


def _caller(
    operation: Any,
    body: Any,
    base_url: str,
    headers: Mapping[str, str],
    job_id: str,
    seen: set[int],
    checks: list[Any],
) -> Callable[[st.DataObject], None]:
    def call(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        # Without help, next to nothing that is generated names a job or a model that exists.
        if "job_id" in (case.path_parameters or {}) and data.draw(st.booleans()):
            case.path_parameters["job_id"] = job_id
        if isinstance(body, dict) and isinstance(case.body, dict):
            case.body |= data.draw(st.sampled_from([{}, body]))
        response = case.call(base_url=base_url, headers={**headers}, timeout=60)
        seen.add(response.status_code)
        assert response.status_code != httpx.codes.INTERNAL_SERVER_ERROR
        case.validate_response(response, checks=checks)

    return call
