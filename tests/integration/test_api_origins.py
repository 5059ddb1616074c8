"""Scripts of other web pages call with a key (CORS), and with nothing else; a browser tries it too (tests/e2e)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from api.http.origins import EXPOSED, PREFLIGHT_SECONDS, SENT
from promptmill.config.settings import Settings
from tests.fixtures.api import open_api

STUDIO = "https://studio.example.com"
TOKEN = "a token of the settings, long enough"
PAGE = {"Origin": STUDIO, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
KEY = {"Authorization": f"Bearer {TOKEN}"}
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
JOB = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}


@pytest.fixture
async def api(lonely_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    changed = {"api_token": SecretStr(TOKEN), "allowed_origins": (STUDIO,)}
    async with open_api(lonely_settings.model_copy(update=changed)) as client:
        yield client


def assert_readable(answer: httpx.Response) -> None:
    """Check that the page's script may read a response, and that no credential of the browser is asked for."""
    assert answer.headers["access-control-allow-origin"] == STUDIO
    assert answer.headers["access-control-expose-headers"] == EXPOSED
    assert "access-control-allow-credentials" not in answer.headers
    assert "Origin" in answer.headers["vary"]
    assert answer.headers["x-request-id"]


async def test_a_named_origin_is_told_what_it_may_send_and_its_calls_with_a_key_are_answered(
    api: httpx.AsyncClient,
) -> None:
    asked = await api.options("/api/jobs/create", headers=PAGE | ASKS)
    created = await api.post("/api/jobs/create", json=JOB, headers=PAGE | KEY)
    unknown = await api.get("/api/jobs/nowhere", headers=PAGE | KEY)
    known = await api.get(created.headers["location"], headers=PAGE | KEY)

    assert (asked.status_code, asked.content) == (204, b"")
    assert {"GET", "POST", "PUT", "DELETE"} <= set(asked.headers["access-control-allow-methods"].split(", "))
    assert asked.headers["access-control-allow-headers"] == SENT
    assert asked.headers["access-control-max-age"] == str(PREFLIGHT_SECONDS)
    assert [answer.status_code for answer in (created, unknown, known)] == [202, 404, 200]
    for answer in (asked, created, unknown, known):
        assert_readable(answer)


async def test_a_browsers_session_counts_for_the_page_that_is_served_here_alone(api: httpx.AsyncClient) -> None:
    own = {"Origin": str(api.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    signed_in = await api.post("/api/session", json={"key": TOKEN}, headers=own)
    assert signed_in.status_code == 201
    assert (await api.get("/api/jobs", headers=own)).status_code == 200

    for headers in (PAGE, PAGE | {"Authorization": "Bearer wrong"}):
        refused = await api.post("/api/jobs/create", json=JOB, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
        assert_readable(refused)
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        refused = await api.request(method, "/api/session", headers=PAGE | ASKS)
        assert refused.json()["code"] == "origin_not_allowed"
        assert "access-control-allow-origin" not in refused.headers


async def test_where_nobody_has_to_sign_in_another_page_still_needs_a_key(lonely_settings: Settings) -> None:
    async with open_api(lonely_settings.model_copy(update={"allowed_origins": (STUDIO,)})) as api:
        refused = await api.get("/api/jobs", headers=PAGE)
        program = await api.get("/api/jobs")

    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    assert (program.status_code, program.headers.get("access-control-allow-origin")) == (200, None)
    assert "Origin" in program.headers["vary"], "a cache must not give this answer to the page"


async def test_others_are_refused_as_ever(api: httpx.AsyncClient, lonely_api: httpx.AsyncClient) -> None:
    evil = PAGE | {"Origin": "https://evil.example"}
    for client, headers in ((api, evil | KEY), (api, PAGE | {"Origin": "null"}), (lonely_api, PAGE)):
        for method in ("GET", "POST", "OPTIONS"):
            refused = await client.request(method, "/api/jobs", headers=headers | ASKS)
            assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed")
            assert "access-control-allow-origin" not in refused.headers
    assert (await api.options("/api/jobs", headers=KEY)).status_code == 405


async def test_a_live_stream_is_followed_from_another_page(api: httpx.AsyncClient) -> None:
    async with api.stream("GET", "/api/jobs/events", headers=PAGE | KEY) as stream:
        assert_readable(stream)
        assert await anext(line async for line in stream.aiter_lines() if line == "event: resync")
