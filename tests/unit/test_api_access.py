"""Who calls, as keys, tokens and routes tell."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.datastructures import Headers

from api.access.door import Door
from api.access.identities import Fresh, Identities, session_token
from api.access.scopes import scopes_needed
from api.app import build_routes
from api.http.callers import SESSION, WEBHOOKS, CallerRules, Refusal, is_open
from api.http.metrics import RequestMetrics
from promptmill.api_keys import digest_of, key_id_of, new_key, same_secret
from promptmill.config.settings import load_settings
from promptmill.contracts.access import FIRST_KEY, ROLES, Caller, Scope, scopes_of
from promptmill.contracts.audit import Action
from promptmill.contracts.errors import RecordUnavailable
from promptmill.store.access import AccessStore
from promptmill.store.audit import AuditStore
from promptmill.store.database import Database
from tests.fixtures.access import Told

TOKENS = load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_API_TOKEN": "s\u00e9cret"})


async def admitted(path: str = "/api/jobs", **headers: str) -> Caller | Refusal | None:
    """Return whom a door with one token lets in."""
    identities = Identities(TOKENS, cast("AccessStore", None))
    sent = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    return await Door(CallerRules.of(TOKENS), identities, cast("AuditStore", Told())).admit(
        path, Headers(sent), "192.0.2.1"
    )


async def hanging(*_: object) -> None:
    await asyncio.Event().wait()


async def failing(*_: object) -> None:
    raise RecordUnavailable


def test_a_key_names_itself_and_is_letters_and_digits() -> None:
    keys = [new_key() for _ in range(50)]

    assert len({key.text for key in keys}) == 50
    for key in keys:
        assert key.text.startswith(f"pm_{key.id}")
        assert len(key.text) == 60
        assert set(key.text[3:]) <= set(string.ascii_letters + string.digits)
        assert key_id_of(key.text) == key.id
        assert same_secret(key.text, key.digest)
        assert key.text.encode() not in key.digest


@pytest.mark.parametrize("change", ["", "x", "pm_", "é" * 60])
def test_what_is_no_key_is_recognized(change: str) -> None:
    text = new_key().text

    assert key_id_of(change) is None
    assert key_id_of(text[:-1]) is None
    assert key_id_of(text + "a") is None
    swapped = text[:20] + text[21] + text[20] + text[22:]
    assert key_id_of(swapped) is None or swapped == text, "the checksum sees two letters that changed places"
    assert not same_secret(change, digest_of(text))


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "Basic sécret", "Bearer sécret2", "Bearer \xe9"]
)
@pytest.mark.parametrize("path", ["/api/jobs", "/metrics", "/nowhere"])
async def test_a_token_is_asked_for_where_one_is_set(path: str, authorization: str) -> None:
    assert await admitted(path, authorization=authorization) == Refusal("unauthorized")


async def test_who_guesses_is_told_once_a_minute() -> None:
    log = Told()
    door = Door(CallerRules.of(TOKENS), Identities(TOKENS, cast("AccessStore", None)), cast("AuditStore", log))
    guess = Headers({"authorization": "Bearer wrong"})
    for peer in ("192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::2", None):
        await door.admit("/api/jobs", guess, peer)
        await door.sign_in("wrong", guess, peer)
    await door.admit("/api/jobs", Headers({}), "192.0.2.9")

    assert log.entries == [
        (Action.SESSION_REFUSE, "unknown", address) for address in ("192.0.2.1", "2001:db8::/64", "unknown")
    ]


@pytest.mark.parametrize("note", [hanging, failing])
async def test_who_guesses_is_refused_though_nothing_can_be_told(
    note: Callable[..., Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.access.door.TELLING_SECONDS", 0.01)
    monkeypatch.setattr(Told, "note", note)

    assert await admitted(authorization="Bearer wrong") == Refusal("unauthorized")


@pytest.mark.parametrize("authorization", ["Bearer sécret", "bearer  sécret"])
async def test_a_token_of_the_settings_is_an_admin(authorization: str) -> None:
    assert await admitted(authorization=authorization) == Caller("local", ROLES["admin"], "token")


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/docs/errors/not_found", "/web/page.css", "/healthz", "/readyz", "/api/webhooks/wavespeed/x"],
)
async def test_pages_probes_and_webhooks_need_no_token(path: str) -> None:
    assert await admitted(path) is None


def test_every_route_says_which_scope_it_needs() -> None:
    app = build_routes(TOKENS, RequestMetrics.create())
    found = (context.original_route for context in iter_route_contexts(app.routes))
    routes = [route for route in found if isinstance(route, APIRoute)]
    undeclared = [
        route.path
        for route in routes
        if not scopes_needed(route) and not is_open(route.path) and not route.path.startswith((WEBHOOKS, SESSION))
    ]

    assert len(routes) > 20
    assert undeclared == []


def test_a_scope_of_a_newer_release_gives_nothing() -> None:
    assert scopes_of(["jobs:read", "moon:land"]) == {Scope.JOBS_READ}


async def test_a_new_key_is_told_although_the_record_goes_away_before_its_warnings() -> None:
    class Away:
        async def value(self, _query: str) -> bool:
            raise RecordUnavailable

    access = AccessStore(cast("Database", Away()))

    assert await access.warnings(token_set=False, first=True) == [FIRST_KEY]


async def test_what_the_record_says_counts_for_less_than_a_second() -> None:
    now, asked = [100.0], []

    async def ask() -> bool:
        asked.append(now[0])
        return True

    fresh: Fresh[bool] = Fresh(0.9, clock=lambda: now[0])
    for moment in (100.0, 100.5, 100.95, 101.0):
        now[0] = moment
        assert await fresh.get("key", ask)

    assert asked == [100.0, 100.95]


async def test_whoever_asks_meanwhile_waits_for_the_same_answer() -> None:
    asked: list[asyncio.Future[str]] = []

    async def ask() -> str:
        asked.append(asyncio.get_running_loop().create_future())
        return await asked[-1]

    fresh: Fresh[str] = Fresh(0.9)
    first, second = [asyncio.create_task(fresh.get("key", ask)) for _ in range(2)]
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    fresh.forget("key")
    third = asyncio.create_task(fresh.get("key", ask))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked[0].set_result("before")
    asked[1].set_exception(ValueError)

    assert await second == "before", "the caller that left took nothing with it"
    with pytest.raises(ValueError):  # noqa: PT011  # ours, without words
        await third
    assert fresh.last("key") is None, "neither a failure nor what was forgotten is remembered"
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("cookie", "token"),
    [
        ("", None),
        ("other=1", None),
        ("other=1; promptmill_session=abc", "abc"),
        ('odd={"json": [1, 2]}; promptmill_session=abc', "abc"),
        ("promptmill_session", None),
        ("promptmill_session=abc; __Host-promptmill_session=secure", "secure"),
        ("promptmill_session=under-our-prefix; promptmill_session=at-the-root", "under-our-prefix"),
    ],
)
def test_the_session_is_found_among_cookies(cookie: str, token: str | None) -> None:
    assert session_token(Headers({"cookie": cookie}), https=False) == token


def test_over_tls_only_the_cookie_of_this_host_counts() -> None:
    both = Headers({"cookie": "promptmill_session=planted; __Host-promptmill_session=secure"})

    assert session_token(both, https=True) == "secure"
    assert session_token(Headers({"cookie": "promptmill_session=planted"}), https=True) is None
