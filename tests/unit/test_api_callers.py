"""Who may call."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from starlette.datastructures import Headers
from starlette.requests import Request

from api.dependencies import own_url
from api.http.callers import CallerRules, Refusal
from promptmill.config.settings import load_settings

RULES = CallerRules(frozenset({"mill.example"}))


def judged(rules: CallerRules, method: str, path: str, peer: str | None = None, **headers: str) -> Refusal | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return rules.refusal(method, path, Headers({"host": "127.0.0.1:3000"} | named), peer)


def refusal(rules: CallerRules, method: str = "GET", path: str = "/api/jobs", **headers: str) -> str | None:
    found = judged(rules, method, path, **headers)
    return found and found.code


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
    """A page whose name was pointed at this machine (DNS rebinding) must learn nothing, not even that we are here."""
    assert refusal(RULES, host=host) == "not_found"


def test_webhooks_are_let_through_whatever_name_they_come_by() -> None:
    given = {"host": "tunnel.example", "origin": "https://wavespeed.ai", "sec_fetch_site": "cross-site"}

    assert refusal(RULES, "POST", "/api/webhooks/wavespeed/1", **given) is None
    assert refusal(RULES, "POST", "/api/webhooks", **given) == "not_found"


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
    assert refusal(RULES, method, "/", **headers) == "origin_not_allowed"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}])
def test_pages_of_other_origins_read_nothing(method: str, headers: dict[str, str]) -> None:
    """They cannot see the response, but each open stream would use up one of a limited number."""
    for path in ("/api/jobs", "/api/jobs/events", "/api/init", "/metrics"):
        assert refusal(RULES, method, path, **headers) == "origin_not_allowed"
    for path in ("/", "/docs", "/docs/errors/not_found", "/healthz"):
        assert refusal(RULES, method, path, **headers) is None


@pytest.mark.parametrize("path", ["/api/jobs", "/api/jobs/events", "/metrics"])
def test_a_neighbours_page_reads_nothing_with_the_sessions_cookie(path: str) -> None:
    """Another port or a neighbouring host is of the same site, so it gets the cookie; an image has no `Origin`."""
    assert refusal(RULES, "GET", path, sec_fetch_site="same-site") == "origin_not_allowed"
    assert refusal(RULES, "GET", "/", sec_fetch_site="same-site") is None, "a link to the page"
    assert refusal(RULES, "GET", path, sec_fetch_site="none") is None, "an address that somebody typed"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.1.2.3:3000", "api.cluster.example", ""])
def test_probes_come_by_any_name(path: str, host: str) -> None:
    assert refusal(RULES, "GET", path, host=host) is None


PROXIED = CallerRules(frozenset({"mill.example"}), (ip_network("10.0.0.5"), ip_network("172.16.0.0/12")))


@pytest.mark.parametrize("peer", ["10.0.0.5", "172.17.0.1", "::ffff:10.0.0.5"])
def test_a_trusted_proxy_says_by_which_name_the_page_was_opened(peer: str) -> None:
    page = {"x_forwarded_host": "mill.example:8443", "origin": "https://mill.example:8443"}

    assert judged(PROXIED, "POST", "/api/jobs", peer, **page) is None
    assert (
        judged(PROXIED, "POST", "/api/jobs", peer, **page | {"x_forwarded_host": "evil.example, mill.example:8443"})
        is None
    )
    assert judged(PROXIED, "GET", "/api/jobs", peer, x_forwarded_host="evil.example") == Refusal("not_found")


def test_what_a_caller_says_before_a_trusted_proxy_adds_a_line_does_not_count() -> None:
    lines = Headers(
        raw=[
            (b"host", b"evil.example"),
            (b"x-forwarded-host", b"mill.example"),
            (b"x-forwarded-host", b"evil.example"),
            (b"x-forwarded-proto", b"https"),
            (b"x-forwarded-proto", b"http"),
        ]
    )

    assert PROXIED.refusal("GET", "/api/jobs", lines, "10.0.0.5") == Refusal("not_found")
    assert not PROXIED.is_https("http", lines, "10.0.0.5")


@pytest.mark.parametrize("peer", ["10.0.0.6", "127.0.0.1", "2001:db8::1", "somewhere", None])
def test_nobody_else_can_say_another_name(peer: str | None) -> None:
    said = {"x_forwarded_host": "mill.example", "host": "evil.example"}
    page = {"x_forwarded_host": "evil.example", "origin": "https://evil.example"}

    assert judged(PROXIED, "GET", "/api/jobs", peer, **said) == Refusal("not_found")
    refused = judged(PROXIED, "POST", "/api/jobs", peer, **page)
    assert refused is not None
    assert refused.code == "origin_not_allowed"


def test_a_port_that_a_proxy_dropped_is_told_with_the_line_that_keeps_it() -> None:
    refused = judged(PROXIED, "POST", "/api/jobs", host="mill.example", origin="https://mill.example:8443")
    foreign = judged(PROXIED, "POST", "/api/jobs", host="mill.example", origin="https://evil.example")

    assert refused is not None
    assert refused.detail is not None
    assert "proxy_set_header Host $http_host;" in refused.detail
    assert foreign == Refusal("origin_not_allowed")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:3000", "https://127.0.0.1:3000"])
def test_our_own_page_may_change_things(origin: str) -> None:
    assert refusal(RULES, "POST", origin=origin, sec_fetch_site="same-origin") is None


@pytest.mark.parametrize(
    ("called", "public_url", "own"),
    [
        ({"host": "mill.example", "x-forwarded-proto": "https"}, "https://hooks.example", "https://mill.example/mill"),
        ({"host": "mill.example"}, None, "http://mill.example/mill"),
        ({"host": "127.0.0.1:3000"}, "https://hooks.example/", "https://hooks.example/mill"),
        ({"host": "127.0.0.1:3000"}, None, "http://127.0.0.1:3000/mill"),
    ],
    ids=["behind a proxy", "at a host", "on this machine, with a public address", "on this machine"],
)
def test_a_caller_is_given_addresses_where_it_called(called: dict[str, str], public_url: str | None, own: str) -> None:
    """The public address may pass webhooks alone, as it does in the samples for proxies."""
    settings = load_settings(
        {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_ROOT_PATH": "/mill"}
        | ({} if public_url is None else {"PROMPTMILL_PUBLIC_URL": public_url})
    )
    headers = [(name.encode(), value.encode()) for name, value in called.items()]
    request = Request({"type": "http", "scheme": "http", "headers": headers, "client": ("10.0.0.5", 1)})

    assert own_url(request, RULES, settings) == own
