"""The one exception for pages of another origin: Temporal's Web UI may ask to have payloads decrypted (CORS)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response

from promptmill.addresses import is_loopback_host
from promptmill.contracts.names import CODEC

DECODE: Final = f"{CODEC}/decode"

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PREFLIGHT_SECONDS: Final = 600


def web_ui_origins(url: str | None) -> frozenset[str]:
    """Return the origins at which browsers open the Web UI with this URL: on loopback, each of its names."""
    parts = urlsplit((url or "").lower())
    if parts.hostname is None or parts.scheme not in _DEFAULT_PORTS:
        return frozenset()
    bracketed = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    hosts = _LOOPBACK if is_loopback_host(parts.hostname) else (bracketed,)
    port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return frozenset(f"{parts.scheme}://{host}{port}" for host in hosts)


def codec_headers(origin: str) -> Mapping[str, str]:
    """Return what lets a page of this origin read an answer, and send its session's cookie with the request."""
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", "Vary": "Origin"}


def codec_preflight() -> Response:
    """Return the answer to a browser that asks whether the page may call: without credentials, which it cannot send."""
    headers = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "authorization, authorization-extras, content-type, x-namespace",
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
