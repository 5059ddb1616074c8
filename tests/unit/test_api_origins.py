"""Which pages of other origins may call, and which settings are refused."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.datastructures import Headers

from api.app import build_routes
from api.http.callers import CallerRules, takes_origins
from api.http.metrics import RequestMetrics
from api.http.origins import METHODS
from promptmill.config.settings import load_settings
from promptmill.contracts.errors import ConfigurationError

STUDIO = "https://studio.example.com"
OWN = "mill.example.com"


def rules_of(origins: str) -> CallerRules:
    return CallerRules.of(
        load_settings(
            {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_ALLOWED_HOSTS": OWN, "PROMPTMILL_ALLOWED_ORIGINS": origins}
        )
    )


RULES = rules_of(f"{STUDIO}, https://{OWN}")


def refusal(method: str, path: str, origin: str | None, site: str | None = "cross-site", host: str = OWN) -> str | None:
    named = {"host": host, "origin": origin, "sec-fetch-site": site}
    found = RULES.refusal(method, path, Headers({name: text for name, text in named.items() if text is not None}))
    return found and found.code


@pytest.mark.parametrize("site", [None, "cross-site", "same-site"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_named_origin_may_call_the_api(method: str, site: str | None) -> None:
    assert refusal(method, "/api/jobs", STUDIO, site) is None


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://studio.example.com",
        "https://studio.example.com.",
        "https://studio.example.com:8443",
        "https://sub.studio.example.com",
        "https://studio.example.com.evil.example",
        "https://evil.example",
    ],
)
def test_no_other_origin_may(origin: str | None) -> None:
    assert refusal("GET", "/api/jobs", origin) == "origin_not_allowed"
    assert refusal("OPTIONS", "/api/jobs", origin) == "origin_not_allowed"


@pytest.mark.parametrize("path", ["/api/session", "/metrics"])
def test_it_may_neither_sign_in_nor_read_anything_else(path: str) -> None:
    assert refusal("GET", path, STUDIO) == "origin_not_allowed"
    assert refusal("POST", path, STUDIO) == "origin_not_allowed"


def test_a_foreign_host_finds_nothing_whatever_the_origin() -> None:
    assert refusal("GET", "/api/jobs", STUDIO, host="evil.example") == "not_found"


def test_our_own_origin_is_our_own_page_also_where_it_is_listed() -> None:
    own = Headers({"host": OWN, "origin": f"https://{OWN}"})

    assert RULES.other_origin("/api/jobs", own, None) is None
    assert RULES.other_origin("/api/jobs", Headers({"host": OWN, "origin": STUDIO}), None) == STUDIO


def test_a_script_may_use_every_method_that_a_route_has() -> None:
    app = build_routes(load_settings({"PROMPTMILL_ENV_FILE": ""}), RequestMetrics.create())
    routes = [found.original_route for found in iter_route_contexts(app.routes)]
    called = [route for route in routes if isinstance(route, APIRoute) and takes_origins(route.path)]

    assert {method for route in called for method in route.methods or ()} | {"HEAD"} == set(METHODS.split(", "))


def test_two_origins_are_none() -> None:
    twice = Headers(raw=[(b"host", OWN.encode()), (b"origin", STUDIO.encode()), (b"origin", b"https://evil.example")])

    assert RULES.other_origin("/api/jobs", twice, None) is None


def test_origins_are_written_as_browsers_send_them() -> None:
    given = "https://Studio.example.com:443,http://localhost:5173,http://[::1]:80,https://studio.example.com"

    assert rules_of(given).origins == {STUDIO, "http://localhost:5173", "http://[::1]"}


@pytest.mark.parametrize(
    "given",
    [
        "*",
        "null",
        "https://*.example.com",
        "https://a.example/",
        "https://a.example/x",
        "https://a.example?x",
        "https://u@a.example",
        "https://a.example:99999",
        "ftp://a.example",
        "a.example",
        f"{STUDIO},*",
    ],
)
def test_what_is_no_single_origin_is_refused_at_start(given: str) -> None:
    with pytest.raises(ConfigurationError, match=r"PROMPTMILL_ALLOWED_ORIGINS is not valid: .* is no origin"):
        rules_of(given)
