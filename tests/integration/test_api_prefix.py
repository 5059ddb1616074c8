"""The API under a prefix: the proxy in front may pass it on or strip it, and every URL that we return includes it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import uuid_utils.compat as uuid_versions

from api.app import build_routes
from api.http.callers import MCP
from api.http.metrics import RequestMetrics
from api.routes import openai, pages
from promptmill.config.settings import Settings
from promptmill.config.values import OWN_PARTS
from tests.fixtures.api import open_api
from tests.fixtures.webhooks import OpenCalled
from tests.support import open_http

PREFIX = "/mill"
UNKNOWN_JOB = "01a219f5-0000-7000-8000-000000000000"
JOB = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}


@pytest.fixture
async def prefixed_api(lonely_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with open_api(lonely_settings.model_copy(update={"root_path": PREFIX})) as client:
        yield client


@pytest.fixture(params=[PREFIX, ""], ids=["passed on", "stripped"])
async def seen(request: pytest.FixtureRequest, prefixed_api: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """The API as the proxy calls it: with the prefix, or without."""
    async with open_http(f"{prefixed_api.base_url}".rstrip("/") + request.param) as client:
        yield client


def texts(value: Any) -> list[str]:
    """Return every text in a JSON document."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


async def test_addresses_of_jobs_carry_the_prefix(seen: httpx.AsyncClient, prefixed_api: httpx.AsyncClient) -> None:
    created = await seen.post("/api/jobs/create", json=JOB)
    job = created.json()
    path = f"{PREFIX}/api/jobs/{job['jobId']}"
    listed = (await seen.get("/api/jobs")).json()["items"]

    assert created.status_code == 202
    assert created.headers["location"] == job["links"]["self"] == path
    assert (await prefixed_api.get(path)).json()["links"]["self"] == path
    assert [one["links"]["self"] for one in listed] == [path]


async def test_addresses_of_prompt_jobs_and_retries_carry_the_prefix(seen: httpx.AsyncClient) -> None:
    prompt = await seen.post("/api/prompt/queue", json={"operation": "generate", "instructions": "a fox"})
    prompt_path = f"{PREFIX}/api/prompt/queue/{prompt.json()['promptJobId']}"
    job_id = (await seen.post("/api/jobs/create", json=JOB)).json()["jobId"]
    await seen.delete(f"/api/jobs/{job_id}")
    retried = await seen.post(f"/api/jobs/{job_id}/retry")

    assert prompt.headers["location"] == prompt.json()["links"]["self"] == prompt_path
    assert prompt_path in (await seen.get(f"/api/jobs/{prompt.json()['promptJobId']}")).json()["detail"]
    assert retried.headers["location"] == f"{PREFIX}/api/jobs/{retried.json()['jobId']}"


async def test_the_live_list_carries_the_prefix(seen: httpx.AsyncClient) -> None:
    async with seen.stream("GET", "/api/jobs/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(line async for line in lines if line == "event: resync")
        job_id = (await seen.post("/api/jobs/create", json=JOB)).json()["jobId"]
        data = json.loads((await anext(line async for line in lines if job_id in line)).removeprefix("data: "))

    assert f"{PREFIX}/api/jobs/{job_id}" in texts(data)


async def test_a_repeated_request_is_the_same_with_the_prefix_and_without(prefixed_api: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": str(uuid_versions.uuid7())}
    first = await prefixed_api.post(f"{PREFIX}/api/jobs/create", json=JOB, headers=key)
    again = await prefixed_api.post("/api/jobs/create", json=JOB, headers=key)

    assert again.json()["jobId"] == first.json()["jobId"]
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("GET", f"/api/jobs/{UNKNOWN_JOB}"), ("POST", "/api/jobs"), ("GET", "/millstone/")],
)
async def test_problems_carry_the_prefix(seen: httpx.AsyncClient, method: str, path: str) -> None:
    problem = (await seen.request(method, path)).json()

    assert problem["instance"] == PREFIX + path
    assert problem["type"] == f"{PREFIX}/docs/errors/{problem['code']}"
    assert (await seen.get(problem["type"].removeprefix(PREFIX))).status_code == 200


async def test_the_document_and_every_page_name_the_prefix(seen: httpx.AsyncClient) -> None:
    document = (await seen.get("/openapi.json")).json()
    pages = [(await seen.get(path)).text for path in ("/", "/docs", "/docs/errors", "/docs/errors/not_found")]

    assert [server["url"] for server in document["servers"]] == [PREFIX]
    assert f"]({PREFIX}/docs/errors)" in document["info"]["description"]
    for page in pages:
        named = [part.split('"')[0] for start in ('href="/', 'src="/') for part in page.split(start)[1:]]
        assert named
        assert all(f"/{address}".startswith(f"{PREFIX}/") for address in named), named
        for address in named:
            assert (await seen.get(f"/{address}".removeprefix(PREFIX))).status_code in {200, 503}, address


async def test_the_prefix_alone_is_the_page(prefixed_api: httpx.AsyncClient) -> None:
    page = await prefixed_api.get(f"{PREFIX}/")
    bare = await prefixed_api.get(PREFIX)

    assert bare.text == page.text
    assert bare.headers["content-security-policy"] == page.headers["content-security-policy"]
    assert "blob:" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/mill/mill/healthz", "/mill//healthz", "/millhealthz", "/Mill/healthz", "/mil/healthz"]
)
async def test_nothing_but_the_whole_prefix_is_stripped_and_only_once(
    prefixed_api: httpx.AsyncClient, path: str
) -> None:
    assert (await prefixed_api.get(f"{PREFIX}/healthz")).status_code == 200
    assert (await prefixed_api.get(path)).status_code == 404


async def test_access_and_limits_hold_below_the_prefix(lonely_settings: Settings) -> None:
    """Rules depend on paths: a prefix must not disable any."""
    guarded = Settings(**lonely_settings.model_dump() | {"root_path": PREFIX, "api_token": "t" * 32})
    async with open_api(guarded) as api:
        for path in ("/api/jobs", "/metrics"):
            assert (await api.get(PREFIX + path)).status_code == 401
            foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
            assert (await api.get(PREFIX + path, headers=foreign)).json()["code"] == "origin_not_allowed"
        assert (await api.get(f"{PREFIX}/healthz", headers={"Host": "probe.example"})).status_code == 200
        assert (await api.get(f"{PREFIX}/docs", headers={"Host": "evil.example"})).status_code == 404
        webhook = await api.post(
            f"{PREFIX}/api/webhooks/wavespeed/{uuid_versions.uuid7()}", headers={"Host": "hooks.example"}
        )
        assert (webhook.status_code, webhook.json()["code"]) == (401, "webhook_refused")


async def test_without_a_prefix_none_is_stripped(lonely_api: httpx.AsyncClient) -> None:
    created = await lonely_api.post("/api/jobs/create", json=JOB)

    assert (await lonely_api.get(f"{PREFIX}/healthz")).status_code == 404
    assert created.headers["location"] == f"/api/jobs/{created.json()['jobId']}"
    servers = (await lonely_api.get("/openapi.json")).json()["servers"]
    assert [server["url"] for server in servers] == ["/"]


async def test_wavespeed_is_asked_to_call_back_below_the_prefix(open_called: OpenCalled) -> None:
    async with open_called(root_path=PREFIX) as called:
        job_id = await called.mill.create()
        await called.mill.reaches(job_id, "completed")
        asked = await called.mill.wavespeed.requests("submit")
        report = (await called.client.get("/api/init")).json()
        await called.delivered(200)

    assert report["webhooks"]["publicUrl"] == f"{called.mill.settings.public_url}{PREFIX}"
    webhook = parse_qs(asked[0]["query"])["webhook"][0]
    assert webhook.startswith(f"{report['webhooks']['publicUrl']}/api/webhooks/wavespeed/{job_id}?token=")


def test_no_path_of_the_api_could_be_a_prefix(lonely_settings: Settings) -> None:
    app = build_routes(lonely_settings, RequestMetrics.create())
    paths = [
        *app.openapi()["paths"],
        str(app.openapi_url),
        *(getattr(route, "path", "/") for router in (pages.router, openai.router) for route in router.routes),
    ]
    first = {path.split("/")[1] for path in [*paths, MCP]}

    assert first - {""} == OWN_PARTS
