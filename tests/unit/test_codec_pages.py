"""Which pages may have payloads decrypted: Temporal's Web UI, at the address that the settings name."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from api.http.callers import CallerRules
from api.http.codec_pages import DECODE, web_ui_origins

LOCAL = {"http://127.0.0.1:8233", "http://localhost:8233", "http://[::1]:8233"}


@pytest.mark.parametrize(
    ("url", "origins"),
    [
        (None, set()),
        ("nonsense", set()),
        ("ftp://ui.example.com", set()),
        ("http://127.0.0.1:8233", LOCAL),
        ("http://localhost:8233/", LOCAL),
        ("https://UI.example.com/temporal", {"https://ui.example.com"}),
        ("https://ui.example.com:443", {"https://ui.example.com"}),
        ("https://ui.example.com:8443", {"https://ui.example.com:8443"}),
        ("http://[2001:db8::1]:8080", {"http://[2001:db8::1]:8080"}),
    ],
)
def test_origins_of_a_web_ui(url: str | None, origins: set[str]) -> None:
    assert web_ui_origins(url) == origins


@pytest.mark.parametrize(
    ("method", "path", "origin", "host", "code"),
    [
        ("POST", DECODE, "http://127.0.0.1:8233", "127.0.0.1:3000", None),
        ("OPTIONS", DECODE, "http://127.0.0.1:8233", "127.0.0.1:3000", None),
        ("POST", DECODE, "http://127.0.0.1:8234", "127.0.0.1:3000", "origin_not_allowed"),
        ("POST", DECODE, "https://127.0.0.1:8233", "127.0.0.1:3000", "origin_not_allowed"),
        ("POST", DECODE, "null", "127.0.0.1:3000", "origin_not_allowed"),
        ("POST", DECODE, "http://127.0.0.1:8233", "evil.example.com", "not_found"),
        ("POST", "/api/dispatch", "http://127.0.0.1:8233", "127.0.0.1:3000", "origin_not_allowed"),
        ("GET", "/api/jobs", "http://127.0.0.1:8233", "127.0.0.1:3000", "origin_not_allowed"),
    ],
)
def test_the_web_ui_may_call_nothing_else(method: str, path: str, origin: str, host: str, code: str | None) -> None:
    rules = CallerRules(frozenset(), web_ui=web_ui_origins("http://127.0.0.1:8233"))
    headers = Headers({"host": host, "origin": origin, "sec-fetch-site": "same-site"})

    refusal = rules.refusal(method, path, headers)

    assert (refusal and refusal.code) == code
