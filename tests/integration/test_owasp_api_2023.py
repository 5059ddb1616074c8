"""The OWASP API Security Top 10 of 2023: each risk is tried on the API, by callers with keys.

Most are proved at length elsewhere; each test names the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import SecretStr

from api.access.scopes import scopes_needed
from api.app import build_routes
from api.http.metrics import RequestMetrics
from api.http.openai_errors import is_openai
from promptmill.config.settings import Settings
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.raw_server import open_raw_server

PLAIN: dict[str, Any] = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}
NOTHING = "01890000-0000-7000-8000-000000000000"


async def create(client: httpx.AsyncClient, key: str, **fields: Any) -> httpx.Response:
    return await client.post("/api/jobs/create", json=PLAIN | fields, headers=bearer(key))


async def test_api1_broken_object_level_authorization(lonely_api: httpx.AsyncClient, store: Store) -> None:
    """A known id of another owner is worth as much as an invented one; every path: test_api_owners.py."""
    mine, theirs = await make_key(store, "operator", "team-a"), await make_key(store, "operator", "team-b")
    job = (await create(lonely_api, mine)).json()["jobId"]
    answers = {
        method: [
            (await lonely_api.request(method, f"/api/jobs/{job_id}", headers=bearer(theirs)))
            for job_id in (job, NOTHING)
        ]
        for method in ("GET", "HEAD", "DELETE")
    }

    assert {answer.status_code for pair in answers.values() for answer in pair} == {404}
    assert answers["GET"][0].json()["detail"] == answers["GET"][1].json()["detail"]
    assert (await lonely_api.get(f"/api/jobs/{job}", headers=bearer(mine))).json()["status"] == "queued"


async def test_api2_broken_authentication(lonely_api: httpx.AsyncClient, store: Store) -> None:
    """Nearly right keys are wrong, in every place; revoked ones and guessing: test_api_keys.py."""
    key = await make_key(store)
    nearly: list[dict[str, str]] = [
        {},
        {"Authorization": key},
        {"Authorization": f"Bearer {key[:-1]}"},
        {"Authorization": f"Bearer {key.upper()}"},
        {"Authorization": f"Bearer pm_{key[3:11]}"},
        {"Cookie": f"promptmill_session={key}"},
        {"X-Api-Key": key},
        {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "127.0.0.1"},
    ]
    refused = [await lonely_api.get("/api/jobs", headers=headers) for headers in nearly]
    in_the_address = await lonely_api.get("/api/jobs", params={"key": key, "token": key})

    assert [answer.status_code for answer in (*refused, in_the_address)] == [401] * 9
    assert all(answer.headers["www-authenticate"] == "Bearer" for answer in refused)
    assert (await lonely_api.get("/api/jobs", headers=bearer(key))).status_code == 200


async def test_api3_broken_object_property_level_authorization(lonely_api: httpx.AsyncClient, store: Store) -> None:
    """What a caller may not set is refused, not ignored; what is secret is in no answer."""
    key, admin = await make_key(store, "member", "team-a"), await make_key(store)
    for field, value in {
        "owner": "team-b", "status": "completed", "mediaCostUsd": 0, "predictionId": "p", "retryOf": NOTHING,
    }.items():  # fmt: skip
        answer = await create(lonely_api, key, **{field: value})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")
    for field, value in {"createdBy": "somebody", "digest": "0", "id": "00000000", "lastUsedAt": None}.items():
        answer = await lonely_api.post(
            "/api/keys", json={"name": "x", "role": "viewer", field: value}, headers=bearer(admin)
        )
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")
    await lonely_api.post("/api/session", json={"key": key})
    lonely_api.cookies.clear()
    shown = [(await lonely_api.get(path, headers=bearer(admin))).json() for path in ("/api/keys", "/api/sessions")]
    names = {name for page in shown for one in page["items"] for name in one}

    assert names == {
        "id", "owner", "name", "scopes", "createdAt", "createdBy", "expiresAt", "lastUsedAt", "revokedAt",
        "keyId", "address", "userAgent",
    }  # fmt: skip


async def test_api4_unrestricted_resource_consumption(lonely_settings: Settings, store: Store) -> None:
    """Bodies, pages, streams, requests and open jobs have limits; all of them: SECURITY.md, test_bounds.py."""
    key, other = await make_key(store, "member", "team-a"), await make_key(store, "member", "team-b")
    async with open_api(lonely_settings.model_copy(update={"streams_per_owner": 1})) as client:
        large = await create(client, key, prompt="x" * 300_000)
        deep = await client.post(
            "/api/jobs/create", content=b"[" * 50_000, headers=bearer(key) | {"Content-Type": "application/json"}
        )
        long_page = await client.get("/api/jobs?limit=201", headers=bearer(key))
        async with client.stream("GET", "/api/jobs/events", headers=bearer(key)):
            second = await client.get("/api/jobs/events", headers=bearer(key))
        await store.limits.set("team-b", {"open_jobs": 0, "requests_per_minute": 1})
        full, often = [await create(client, other) for _ in range(2)]

    assert [answer.json()["code"] for answer in (large, deep, long_page, second, full, often)] == [
        "too_large", "invalid_json", "invalid_request", "too_many_streams", "queue_full", "rate_limited",
    ]  # fmt: skip


async def test_api5_broken_function_level_authorization(lonely_api: httpx.AsyncClient, store: Store) -> None:
    """No spelling of a path or method gets around a scope; each route by each scope: test_api_owners.py."""
    member = await make_key(store, "member", "team-a")
    tries: list[tuple[str, str, dict[str, str]]] = [
        ("GET", "/api/keys", {}),
        ("HEAD", "/api/keys", {}),
        ("GET", "/api/keys/", {}),
        ("GET", "/api//keys", {}),
        ("GET", "/API/keys", {}),
        ("GET", "/api/%6beys", {}),
        ("GET", "/web/..%2fapi/keys", {}),
        ("GET", "/docs/../api/keys", {}),
        ("GET", "/api/session/../keys", {}),
        ("GET", "/", {"X-Original-URL": "/api/keys", "X-Rewrite-URL": "/api/keys"}),
        ("POST", "/api/jobs/create", {"X-HTTP-Method-Override": "DELETE"}),
        ("POST", "/api/keys", {"X-Forwarded-For": "127.0.0.1"}),
        ("POST", "/api/init", {"Promptmill-Owner": "local"}),
    ]
    answers = [
        await lonely_api.request(method, httpx.URL(str(lonely_api.base_url) + path), headers=bearer(member) | headers)
        for method, path, headers in tries
    ]

    assert [answer.status_code for answer in answers[:2]] == [403, 403]
    assert all(answer.status_code in {403, 404, 405, 422} or answer.request.url.path == "/" for answer in answers)
    assert not [answer for answer in answers if '"items":' in answer.text or '"digest":' in answer.text]
    assert len(await store.access.keys()) == 1


async def test_api6_unrestricted_access_to_sensitive_business_flows(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    """What costs money: repeated by a program, it is one job, and paying twice needs a scope of its own."""
    member, viewer = await make_key(store, "member", "team-a"), await make_key(store, "viewer", "team-a")
    once = bearer(member) | {"Idempotency-Key": "order-17"}
    orders = [await lonely_api.post("/api/jobs/create", json=PLAIN, headers=once) for _ in range(5)]
    job = orders[0].json()["jobId"]
    forced = await lonely_api.post(f"/api/jobs/{job}/retry", json={"force": True}, headers=bearer(member))
    resolved = await lonely_api.post(f"/api/jobs/{job}/resolve", json={"decision": "resubmit"}, headers=bearer(member))
    looked = await create(lonely_api, viewer)

    assert {answer.json()["jobId"] for answer in orders} == {job}
    assert [answer.json()["code"] for answer in (forced, resolved, looked)] == ["scope_missing"] * 3
    assert len((await lonely_api.get("/api/jobs", headers=bearer(viewer))).json()["items"]) == 1


@pytest.mark.parametrize("field", ["targetUrl", "callbackUrl"])
async def test_api7_server_side_request_forgery(lonely_api: httpx.AsyncClient, store: Store, field: str) -> None:
    """No caller's address leads inside, however it is written; names that do: test_callback_receivers.py."""
    key = await make_key(store, "member", "team-a")
    inside = [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://printer/",
        "https://user:word@example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
    ]
    for address in inside:
        answer = await create(lonely_api, key, **{field: address})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}"), address
    assert (await create(lonely_api, key, **{field: "https://example.com/a.png"})).status_code == 202


async def test_api8_security_misconfiguration(lonely_api: httpx.AsyncClient, store: Store) -> None:
    """Nothing is told about the inside, and no other page may read; at length: test_api_guard.py."""
    key = await make_key(store)
    trace = await lonely_api.request("TRACE", "/api/jobs", headers=bearer(key))
    preflight = await lonely_api.options(
        "/api/jobs", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    )
    foreign = await lonely_api.get("/api/jobs", headers=bearer(key, Origin="https://evil.example"))
    other_host = await lonely_api.get("/api/jobs", headers=bearer(key, Host="evil.example"))
    broken = await lonely_api.post(
        "/api/jobs/create", content=b"\xff", headers=bearer(key, Content_Type="application/json")
    )
    page = await lonely_api.get("/")

    assert [answer.status_code for answer in (trace, foreign, other_host, broken)] == [405, 403, 404, 422]
    assert preflight.status_code >= 400
    for answer in (trace, preflight, foreign, other_host, broken, page):
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "Traceback" not in answer.text
    assert broken.headers["cache-control"] == "no-store"


def test_api9_improper_inventory_management(lonely_settings: Settings) -> None:
    """All that the API serves is in its document, with what it needs; pages for people and OpenAI's own are not."""
    app = build_routes(lonely_settings, RequestMetrics.create())
    document = app.openapi()
    routes = [one.original_route for one in iter_route_contexts(app.routes)]
    hidden = [route for route in routes if isinstance(route, APIRoute) and not route.include_in_schema]
    openais = [route for route in hidden if is_openai(route.path)]
    served = {
        (route.path_format, method.lower())
        for route in routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods or ()
    }

    assert all(
        route.path.startswith(("/docs", "/web/")) or route.path == "/" for route in hidden if route not in openais
    )
    page = (Path(__file__).parents[2] / "docs" / "openai.md").read_text()
    for route in openais:
        assert f"`{next(iter(route.methods or ()))} {route.path.replace(':path', '')}`" in page
        assert scopes_needed(route)
    assert {(path, method) for path, methods in document["paths"].items() for method in methods} == served
    assert all("security" in one for methods in document["paths"].values() for one in methods.values())
    assert document["info"]["version"]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 48\r\n\r\n{"code": 200, "data": {"unit_price": 1000000000}}'[:-1],
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<script/>",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
    ],
    ids=["redirect", "absurd", "no JSON", "compressed"],
)
async def test_api10_unsafe_consumption_of_apis(lonely_settings: Settings, store: Store, answer: bytes) -> None:
    """A provider's answer is checked like a caller's; at length: test_provider_oddities.py."""
    key = await make_key(store, "member", "team-a")
    async with open_raw_server(answer) as provider:
        settings = lonely_settings.model_copy(
            update={"wavespeed_api_base": provider.url, "wavespeed_api_key": SecretStr("k")}
        )
        async with open_api(settings) as client:
            price = await client.post("/api/models/price", json=PLAIN, headers=bearer(key))
            accepted = await create(client, key)

    assert (price.status_code, price.json()["priceUsd"]) == (200, None)
    assert "script" not in price.text
    assert accepted.status_code == 202
