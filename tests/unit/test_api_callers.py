"""Who may call."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from api.http.callers import CallerRules

RULES = CallerRules(frozenset({"mill.example"}), None)
WITH_TOKEN = CallerRules(frozenset(), b"secret")


def refusal(rules: CallerRules, method: str = "GET", path: str = "/api/jobs", **headers: str) -> str | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return rules.refusal(method, path, Headers({"host": "127.0.0.1:3000"} | named))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:3000",
        "LOCALHOST",
        "127.0.0.1:3000",
        "127.8.9.1",
        "[::1]:3000",
        "mill.example",
        "MILL.example.:80",
    ],
)
def test_loopback_and_allowed_hosts_may_call(host: str) -> None:
    assert refusal(RULES, host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "mill.example.evil.com",
        "localhost.evil.com",
        "192.168.1.5",
        "0.0.0.0",
        "a@localhost",
        "localhost/x",
        "[::1",
        "localhost:x",
    ],
)
def test_other_hosts_find_nothing_here(host: str) -> None:
    """A name that somebody pointed at this machine (DNS rebinding) must learn nothing, not even that we are here."""
    assert refusal(RULES, host=host) == "not_found"


def test_webhooks_are_let_through_whatever_name_they_come_by() -> None:
    given = {"host": "tunnel.example", "origin": "https://wavespeed.ai", "sec_fetch_site": "cross-site"}

    assert refusal(WITH_TOKEN, "POST", "/api/webhooks/wavespeed/1", **given) is None
    assert refusal(WITH_TOKEN, "POST", "/api/webhooks", **given) == "not_found"


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH", "ODD"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:5173"},
        {"origin": "http://localhost:3000"},
        {"origin": "http://["},
        {"sec_fetch_site": "cross-site"},
    ],
)
def test_pages_of_other_origins_change_nothing(method: str, headers: dict[str, str]) -> None:
    assert refusal(RULES, method, **headers) == "origin_not_allowed"
    assert refusal(RULES, "GET", **headers) is None


@pytest.mark.parametrize("origin", ["http://127.0.0.1:3000", "https://127.0.0.1:3000"])
def test_our_own_page_may_change_things(origin: str) -> None:
    assert refusal(RULES, "POST", origin=origin, sec_fetch_site="same-origin") is None


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "Basic secret", "Bearer secret2", "Bearer \xe9"]
)
def test_a_token_is_asked_for_where_one_is_set(authorization: str) -> None:
    assert refusal(WITH_TOKEN, authorization=authorization) == "unauthorized"
    assert refusal(WITH_TOKEN, path="/metrics", authorization=authorization) == "unauthorized"


@pytest.mark.parametrize("authorization", ["Bearer secret", "bearer secret"])
def test_the_token_opens(authorization: str) -> None:
    assert refusal(WITH_TOKEN, authorization=authorization) is None


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/errors/not_found", "/web/page.css", "/healthz", "/readyz"])
def test_pages_and_probes_need_no_token(path: str) -> None:
    assert refusal(WITH_TOKEN, path=path) is None
