"""Sessions of browsers: a cookie for a key, which ends in many ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from promptmill.api_keys import digest_of
from promptmill.config.settings import Settings
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.support import eventually

SESSION = "/api/session"


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another client's connection."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def sign_in(client: httpx.AsyncClient, key: str, **headers: str) -> dict[str, str]:
    """Sign in and return the cookie's header; the client itself keeps none."""
    answer = await client.post(SESSION, json={"key": key}, headers=headers)
    assert answer.status_code == 201, answer.text
    client.cookies.clear()
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


async def status(client: httpx.AsyncClient, cookie: dict[str, str]) -> int:
    return (await client.get("/api/jobs", headers=cookie)).status_code


async def soon_refused(client: httpx.AsyncClient, cookie: dict[str, str]) -> None:
    async def refused() -> bool:
        return await status(client, cookie) == 401

    await eventually(refused)


def attributes(answer: httpx.Response) -> tuple[str, dict[str, Any]]:
    """Return the name and the attributes of the one cookie that an answer sets."""
    [(name, morsel)] = SimpleCookie(answer.headers["set-cookie"]).items()
    return name, {attribute: value for attribute, value in morsel.items() if value}


async def test_who_is_there_is_told_to_everybody(lonely_api: httpx.AsyncClient, store: Store) -> None:
    at_first = (await lonely_api.get(SESSION)).json()
    key = await make_key(store, "viewer", "team-a")

    async def closed() -> dict[str, Any] | None:
        told: dict[str, Any] = (await lonely_api.get(SESSION)).json()
        return None if told["signedIn"] else told

    nobody = await eventually(closed)
    cookie = await sign_in(lonely_api, key)
    somebody = (await lonely_api.get(SESSION, headers=cookie)).json()

    assert at_first["signedIn"]
    assert not at_first["signInRequired"]
    assert (at_first["owner"], at_first["actor"], len(at_first["scopes"])) == ("local", "local", 6)
    assert nobody == {
        "signedIn": False, "signInRequired": True, "owner": None, "scopes": [], "actor": None, "keyName": None,
        "signOutUrl": None,
    }  # fmt: skip
    assert somebody["actor"].startswith("session:")
    assert somebody | {"actor": ""} == {
        "signedIn": True, "signInRequired": True, "owner": "team-a", "scopes": ["jobs:read"], "actor": "",
        "keyName": "test", "signOutUrl": None,
    }  # fmt: skip


async def test_the_cookie_is_closed_to_scripts_and_to_other_pages(
    lonely_settings: Settings, store: Store, sql: asyncpg.Connection
) -> None:
    key = await make_key(store)
    settings = lonely_settings.model_copy(update={"root_path": "/mill", "trusted_proxies": ()})
    behind = Settings.model_validate(settings.model_dump() | {"trusted_proxies": "127.0.0.1"})
    https = {"X-Forwarded-Proto": "https"}
    async with open_api(settings) as client:
        plain = await client.post(f"/mill{SESSION}", json={"key": f" {key}\n"})
        forged = await client.post(f"/mill{SESSION}", json={"key": key}, headers=https)
        left = await client.delete(f"/mill{SESSION}")
    async with open_api(behind) as client:
        secure = await client.post(f"/mill{SESSION}", json={"key": key}, headers=https)
        cookie = {"Cookie": secure.headers["set-cookie"].partition(";")[0]}
        over_tls = await status(client, cookie | https)
        planted = {"Cookie": cookie["Cookie"].removeprefix("__Host-")}
        neighbours = await status(client, planted | https)
        by_its_page = await client.post(
            f"/mill{SESSION}", json={"key": key}, headers={"Origin": "https://127.0.0.1", "Host": "127.0.0.1"}
        )

    strict = {"httponly": True, "samesite": "strict"}
    assert attributes(plain) == ("promptmill_session", strict | {"path": "/mill"})
    assert attributes(forged) == attributes(plain), "only a trusted proxy can say so"
    name, cleared = attributes(left)
    assert (name, cleared["path"], cleared["max-age"]) == ("promptmill_session", "/mill", "0")
    assert attributes(secure) == ("__Host-promptmill_session", strict | {"path": "/", "secure": True})
    assert attributes(by_its_page) == attributes(secure), "the browser says it of its own page"
    assert (over_tls, neighbours) == (200, 401), "over TLS a neighbour's cookie does not count"
    answers = (plain, forged, secure, by_its_page)
    secrets = [SimpleCookie(one.headers["set-cookie"]).popitem()[1].value for one in answers]
    stored = [row["digest"] for row in await sql.fetch("SELECT digest FROM sessions ORDER BY created_at, id")]
    assert stored == [digest_of(secret) for secret in secrets]
    assert key not in "".join(one.text for one in answers)


async def test_a_session_ends(lonely_settings: Settings, store: Store, sql: asyncpg.Connection) -> None:
    """By signing out, by an admin, after 12 hours without use, with its key, and by signing in again."""
    admin, key = await make_key(store), await make_key(store, "viewer", "team-a")
    async with open_api(lonely_settings) as client:
        left, ended, idle, last = [await sign_in(client, key) for _ in range(4)]
        assert [await status(client, cookie) for cookie in (left, ended, idle, last)] == [200] * 4

        assert (await client.delete(SESSION, headers=left)).status_code == 204
        assert await status(client, left) == 401, "at once"
        assert (await client.delete(SESSION, headers=left)).status_code == 204, "again, nothing happens"

        sessions = (await client.get("/api/sessions", headers=bearer(admin))).json()["items"]
        digest = digest_of(ended["Cookie"].partition("=")[2])
        session_id = str(await sql.fetchval("SELECT id FROM sessions WHERE digest = $1", digest))
        gone = [await client.delete(f"/api/sessions/{session_id}", headers=bearer(admin)) for _ in range(2)]
        unknown = await client.delete(f"/api/sessions/{'0' * 8}-0000-7000-8000-{'0' * 12}", headers=bearer(admin))
        assert await status(client, ended) == 401, "at once"

        await sql.execute("UPDATE sessions SET last_used_at = now() - interval '11 hours 59 minutes'")
        renewed = await sign_in(client, key, **idle)
        assert await status(client, idle) == 401, "whoever signs in again leaves no session behind"
        await soon_refused(client, ended)
        assert await status(client, last) == 200
        await sql.execute("UPDATE sessions SET last_used_at = now() - interval '12 hours 1 minute'")
        await soon_refused(client, last)
        await sql.execute("UPDATE sessions SET last_used_at = now()")

        async def usable() -> bool:
            return await status(client, renewed) == 200

        await eventually(usable)
        await client.delete(f"/api/keys/{key[3:11]}", headers=bearer(admin))
        await soon_refused(client, renewed)
        assert (await client.get("/api/sessions", headers=bearer(admin))).json()["items"] == []

    assert [answer.status_code for answer in (*gone, unknown)] == [204, 204, 404]
    assert len(sessions) == 3
    assert {(one["owner"], one["keyId"], one["address"]) for one in sessions} == {("team-a", key[3:11], "127.0.0.1")}
    assert sessions[0]["userAgent"].startswith("python-httpx")


async def test_a_session_by_a_token_ends_when_the_token_changes(lonely_settings: Settings) -> None:
    tokens = {"api_token": SecretStr("first"), "api_token_2": SecretStr("second")}
    async with open_api(lonely_settings.model_copy(update=tokens)) as client:
        first, second = [await sign_in(client, text) for text in ("first", "second")]
        both = [await status(client, cookie) for cookie in (first, second)]
        who = (await client.get(SESSION, headers=first)).json()
        listed = (await client.get("/api/sessions", headers=bearer("second"))).json()["items"]
    changed = {"api_token": SecretStr("second"), "api_token_2": None}
    async with open_api(lonely_settings.model_copy(update=changed)) as client:
        later = [await status(client, cookie) for cookie in (first, second)]
        still_listed = (await client.get("/api/sessions", headers=bearer("second"))).json()["items"]

    assert (both, later) == ([200, 200], [401, 200])
    assert (who["owner"], who["keyName"], len(who["scopes"])) == ("local", None, 6)
    assert (len(listed), len(still_listed)) == (2, 1)
    assert [(one["keyId"], one["owner"]) for one in listed] == [(None, "local")] * 2


async def test_another_page_cannot_use_the_cookie(lonely_api: httpx.AsyncClient, store: Store) -> None:
    cookie = await sign_in(lonely_api, await make_key(store))
    for elsewhere in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        headers = cookie | elsewhere
        for method, path, body in (
            ("GET", "/api/jobs", None),
            ("GET", SESSION, None),
            ("POST", SESSION, {"key": "x"}),
            ("DELETE", SESSION, None),
            ("POST", "/api/keys", {"name": "x", "role": "admin"}),
        ):
            answer = await lonely_api.request(method, path, headers=headers, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed"), (method, path)
            assert "set-cookie" not in answer.headers

    assert await status(lonely_api, cookie) == 200
    assert len(await store.access.keys()) == 1


async def test_old_sessions_are_deleted(lonely_api: httpx.AsyncClient, store: Store, sql: asyncpg.Connection) -> None:
    key = await make_key(store)
    for _ in range(2):
        await sign_in(lonely_api, key)
    oldest = await sql.fetchval("SELECT id FROM sessions ORDER BY id LIMIT 1")
    await sql.execute("UPDATE sessions SET last_used_at = now() - interval '31 days' WHERE id = $1", oldest)
    await store.upkeep.delete_expired(0)

    assert oldest not in [row["id"] for row in await sql.fetch("SELECT id FROM sessions")]
    assert await sql.fetchval("SELECT count(*) FROM sessions") == 1
