"""API keys: made once, refused everywhere within a second, and the end of open access."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from api.access.identities import FRESH_SECONDS
from promptmill.api_keys import digest_of
from promptmill.cli import app
from promptmill.config.settings import Settings
from promptmill.contracts.access import FIRST_KEY, NO_ADMIN, Scope
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.fixtures.relay import open_relay
from tests.support import eventually


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another client's connection."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def code(client: httpx.AsyncClient, key: str | None = None, path: str = "/api/jobs") -> int:
    return (await client.get(path, headers=bearer(key) if key else {})).status_code


async def soon_refused(client: httpx.AsyncClient, key: str | None = None) -> None:
    """Wait until another process has heard of a change. How long it may take is proved in test_api_access."""

    async def refused() -> bool:
        return await code(client, key) == 401

    await eventually(refused)


async def test_a_key_is_shown_once_and_only_its_digest_is_stored(
    lonely_api: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    wanted = {"name": " build server ", "role": "admin", "expiresAt": "2099-01-01T00:00:00Z"}
    made = await lonely_api.post("/api/keys", json=wanted)
    key = made.json()["key"]
    listed = await lonely_api.get("/api/keys", headers=bearer(key))

    assert made.status_code == 201
    assert made.json()["warnings"] == [FIRST_KEY]
    [shown] = listed.json()["items"]
    assert shown | {"lastUsedAt": None} == {name: value for name, value in made.json().items() if name in shown}
    assert (shown["id"], shown["name"], shown["owner"], shown["createdBy"]) == (
        key[3:11], "build server", "local", "local",
    )  # fmt: skip
    assert set(shown["scopes"]) == set(Scope)
    row = await sql.fetchrow("SELECT * FROM api_keys")
    assert row["digest"] == digest_of(key)
    assert key not in str(dict(row))
    assert key[11:] not in listed.text


async def test_two_processes_agree_on_open_access_and_on_keys_within_a_second(
    lonely_settings: Settings, store: Store, sql: asyncpg.Connection
) -> None:
    async with open_api(lonely_settings) as one, open_api(lonely_settings) as other:
        assert [await code(one), await code(other)] == [200, 200], "nobody has to sign in at first"

        first = (await one.post("/api/keys", json={"name": "first", "role": "admin"})).json()
        assert await code(one) == 401, "the process that made the key knows at once"
        await soon_refused(other)
        assert [await code(one, first["key"]), await code(other, first["key"])] == [200, 200]

        passing = await make_key(store, "viewer")
        assert [await code(one, passing), await code(other, passing)] == [200, 200]
        await sql.execute("UPDATE api_keys SET expires_at = now() WHERE id = $1", passing[3:11])
        await soon_refused(one, passing)
        await soon_refused(other, passing)

        revoked = await one.delete(f"/api/keys/{first['id']}", headers=bearer(first["key"]))
        assert (revoked.status_code, revoked.json()["warnings"]) == (200, [NO_ADMIN])
        assert revoked.json()["revokedAt"] is not None
        assert await code(one, first["key"]) == 401, "the process that revoked it knows at once"
        await soon_refused(other, first["key"])
        assert [await code(one), await code(other)] == [401, 401], "open access does not come back"

    async with open_api(lonely_settings) as later:
        assert await code(later) == 401, "not after a restart either"


async def test_nobody_is_let_in_by_mistake_while_postgres_is_unavailable(
    lonely_settings: Settings, store: Store, database_url: str
) -> None:
    async with open_relay(database_url) as relay:
        reached = {"database_url": relay.secret_url, "direct_database_url": relay.secret_url}
        settings = lonely_settings.model_copy(update=reached)
        with_token = settings.model_copy(update={"api_token": SecretStr("s3cret")})
        async with open_api(settings) as fresh, open_api(settings) as seen, open_api(with_token) as guarded:
            assert await code(seen) == 200
            relay.refuse()
            await asyncio.sleep(FRESH_SECONDS)
            unknown = [await code(fresh, path=path) for path in ("/api/jobs", "/api/models", "/api/session")]
            health = await code(fresh, path="/metrics")
            known = [await code(seen, path=path) for path in ("/api/jobs", "/api/models")]
            token = [await code(guarded, "s3cret", path) for path in ("/api/jobs", "/api/models")]
            key = await fresh.get("/api/models", headers=bearer("pm_" + "0" * 51 + "0" * 6))
            relay.refusing = False
            real = await make_key(store, "viewer")
            relay.refuse()
            away = [await client.get("/api/models", headers=bearer(real)) for client in (fresh, seen, guarded)]
            relay.refusing = False
            for client in (fresh, seen, guarded):
                await eventually(partial(_back, client, real))
            relay.refuse()
            await asyncio.sleep(FRESH_SECONDS)
            nobody = [await code(client, path=path) for client in (fresh, seen) for path in ("/api/models", "/metrics")]

    assert (unknown, health) == ([503, 503, 503], 200), "it cannot be known whether anybody has to sign in"
    assert known == [503, 503], "a key may have been made since there was none, and the record be back in a moment"
    assert nobody == [401] * 4, "that there is a key stays true"
    assert token == [503, 200], "a token of the settings needs no record"
    assert key.status_code == 401, "what cannot be a key is recognized without the record"
    assert [answer.json()["code"] for answer in away] == ["record_unavailable"] * 3


async def _back(client: httpx.AsyncClient, key: str) -> bool:
    return await code(client, key, "/api/models") == 200 and await code(client, path="/api/models") == 401


async def test_wrong_keys_are_slowed_down_and_a_right_one_passes_at_once(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    key = await make_key(store)
    mistyped = key[:-1] + ("y" if key.endswith("x") else "x")
    wrong = [await code(lonely_api, mistyped) for _ in range(5)]
    in_the_body = [await lonely_api.post("/api/session", json={"key": "wrong"}) for _ in range(2)]
    asking = await lonely_api.get("/api/session", headers=bearer("wrong"))

    assert wrong == [401] * 5
    assert [answer.json()["code"] for answer in in_the_body] == ["too_many_wrong_tokens"] * 2
    assert asking.status_code == 429, "no path tells for free whether a key is right"
    assert await code(lonely_api, key) == 200
    assert (await lonely_api.post("/api/session", json={"key": key})).status_code == 201


async def test_the_last_use_is_stored_to_the_minute(
    lonely_settings: Settings, store: Store, sql: asyncpg.Connection
) -> None:
    key = await make_key(store)
    used = "SELECT last_used_at FROM api_keys"
    async with open_api(lonely_settings) as client:
        assert await sql.fetchval(used) is None
        await asyncio.gather(*(code(client, key) for _ in range(5)))
        first = await sql.fetchval(used)
        await sql.execute("UPDATE api_keys SET last_used_at = NULL")
        await code(client, key)
        unnoted = await sql.fetchval(used)

    assert (first.second, first.microsecond) == (0, 0)
    assert await sql.fetchval("SELECT now() - $1 < interval '2 minutes'", first)
    assert unnoted is None, "within a minute it is not written again"


@pytest.mark.parametrize("named", ["0000000", "000000000", "0000000%00", "%C3%A900000000", "pm_00000000"])
async def test_what_cannot_be_a_keys_id_is_not_found(lonely_api: httpx.AsyncClient, named: str) -> None:
    answer = await lonely_api.delete(f"/api/keys/{named}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_another_scheme_is_for_the_proxy_in_front(lonely_api: httpx.AsyncClient, store: Store) -> None:
    basic = {"Authorization": "Basic dXNlcjpwYXNz"}
    before = [await lonely_api.get("/api/jobs", headers=headers) for headers in (basic, bearer("wrong"))]
    await make_key(store)

    assert [answer.status_code for answer in before] == [200, 401], "a wrong key is told, also where none is needed"
    await eventually(lambda: _refused(lonely_api, basic))


async def _refused(client: httpx.AsyncClient, headers: dict[str, str]) -> bool:
    return (await client.get("/api/jobs", headers=headers)).status_code == 401


async def test_a_wrong_wish_is_refused_with_what_would_be_right(lonely_api: httpx.AsyncClient) -> None:
    member = {"name": "ci", "role": "member"}
    owners: list[tuple[Any, str]] = [
        ("", "1 to 63 lowercase letters"),
        ("Team-A", "1 to 63 lowercase letters"),
        ("-a", "begins with a letter or digit"),
        ("ä", "(a-z)"),
        ("a" * 64, "1 to 63"),
        ("a\n", "lowercase"),
        (7, "string"),
    ]
    keys: list[tuple[dict[str, Any], str, str]] = [
        ({"role": "member"}, "/name", "required"),
        (member | {"name": " "}, "/name", "1 to 100"),
        (member | {"name": "x" * 101}, "/name", "1 to 100"),
        (member | {"name": "a\tb"}, "/name", "printable"),
        ({"name": "ci"}, "", "Give a role (viewer, member"),
        (member | {"scopes": ["admin"]}, "", "not both"),
        (member | {"role": "membre"}, "/role", "Did you mean member?"),
        (member | {"role": "root"}, "/role", "Known: viewer, member"),
        ({"name": "ci", "scopes": ["jobs:raed"]}, "/scopes/0", "Did you mean jobs:read?"),
        ({"name": "ci", "scopes": [["admin"]]}, "/scopes/0", ""),
        (member | {"expiresAt": "2020-01-01T00:00:00Z"}, "/expiresAt", "has passed"),
        (member | {"expiresAt": "2099-01-01T00:00:00"}, "/expiresAt", "timezone"),
        (member | {"expiresAt": 4_000_000_000}, "/expiresAt", "such as 2026"),
        (member | {"owner": "nobody"}, "/owner", "There is no owner nobody"),
        (member | {"expires_at": None}, "/expires_at", "Did you mean expiresAt?"),
    ]
    for name, hint in owners:
        answer = await lonely_api.post("/api/owners", json={"name": name})
        assert answer.status_code == 422, answer.text
        assert hint in answer.json()["errors"][0]["message"]
    for body, pointer, hint in keys:
        answer = await lonely_api.post("/api/keys", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
        assert hint in answer.json()["errors"][0]["message"]
    assert (await lonely_api.get("/api/keys?owner=A")).json()["errors"][0]["pointer"] == "/query/owner"
    twice = [(await lonely_api.post("/api/owners", json={"name": "team-a"})) for _ in range(2)]
    assert [answer.status_code for answer in twice] == [201, 409]
    assert twice[1].json()["code"] == "owner_exists"
    assert (await lonely_api.delete("/api/keys/00000000")).status_code == 404
    assert (await lonely_api.get("/api/jobs")).status_code == 200, "no refused wish ended open access"


async def test_a_key_allows_at_most_what_its_maker_may_do(lonely_api: httpx.AsyncClient, store: Store) -> None:
    half = await make_key(store, frozenset({Scope.ADMIN, Scope.JOBS_READ}))
    more = await lonely_api.post("/api/keys", json={"name": "ci", "role": "member"}, headers=bearer(half))
    same = await lonely_api.post("/api/keys", json={"name": "ci", "scopes": ["jobs:read"]}, headers=bearer(half))

    assert (more.status_code, more.json()["code"]) == (403, "scope_missing")
    assert "jobs:write" in more.json()["detail"]
    assert (same.status_code, same.json()["createdBy"]) == (201, f"key:{half[3:11]}")


async def test_commands_make_list_and_revoke(lonely_settings: Settings, database_url: str) -> None:
    environment = {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_SIMULATED_ONLY": "", "DATABASE_URL": database_url}

    async def run(*words: str, status: int = 0) -> list[str]:
        done = await asyncio.to_thread(CliRunner(env={"TERM": "dumb"}).invoke, app, words, env=environment)
        assert done.exit_code == status, f"{done.output} {done.exception}"
        return done.stdout.splitlines() if status == 0 else [str(done.exception)]

    async with open_api(lonely_settings) as client:
        assert (await run("owners", "add", "team-a"))[0].startswith("There is an owner team-a now.")
        assert await run("owners", "list") == ["local", "team-a"]
        made = await run("keys", "create", "--owner", "team-a", "--name", "ci", "--role", "member", "--expires", "90d")
        admin = await run("keys", "create", "--name", "me", "--role", "admin")
        key = made[-1]
        owner = (await client.get("/api/session", headers=bearer(key))).json()
        signed_in = await client.post("/api/session", json={"key": key})
        [session] = await run("sessions", "list")
        await run("sessions", "end", session.split()[0])
        [line] = await run("keys", "list", "--owner", "team-a")
        await run("keys", "revoke", line.split("…")[0])
        [after] = await run("keys", "list", "--owner", "team-a")
        last = await run("keys", "revoke", admin[-1])
        [unknown] = await run("keys", "revoke", "00000000", status=1)
        [nobody] = await run("keys", "create", "--owner", "no", "--name", "x", "--role", "viewer", status=1)

    assert made[:2] == [FIRST_KEY, NO_ADMIN]
    assert len(admin) == 2, "the second key changes nothing for others"
    assert [owner["owner"], owner["keyName"], *owner["scopes"]] == ["team-a", "ci", "jobs:read", "jobs:write"]
    assert signed_in.status_code == 201
    assert f"pm_{key[3:11]}…" in session
    assert key[11:] not in f"{line} {after} {session}"
    assert "valid until 20" in line
    assert "revoked 20" in after
    assert last[-1] == NO_ADMIN
    assert "`promptmill keys list`" in unknown
    assert "`promptmill owners add no`" in nobody
