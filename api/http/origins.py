"""Calls by scripts of other web pages (CORS): what tells their browsers that a page of this origin may make them.

Only with a key, which the script sends itself: no answer allows credentials, so that a browser's own (the page's
session, the sign-on of a proxy) do not come into it, and none counts if it comes nevertheless (`Door.admit`).
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
SENT: Final = (
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Promptmill-Owner, X-Request-Id"
)
"""Headers of requests, besides those that any page may send."""

EXPOSED: Final = (
    "Content-Disposition, ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
)
"""Headers of answers that a script may read, besides those that any may."""

PREFLIGHT_SECONDS: Final = 600
"""How long a browser remembers what is allowed: an origin that was removed is refused by the call itself, at once."""


def is_preflight(method: str, headers: Headers) -> bool:
    """Return whether a browser asks if it may send a request."""
    return method == "OPTIONS" and "access-control-request-method" in headers


def preflight_answer() -> Response:
    """Return what a page of an allowed origin may send; its origin is added as to every answer."""
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": SENT,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        },
    )


def tell_origin(headers: MutableHeaders, origin: str | None) -> None:
    """Add to an answer's headers that a page of this origin may read it; None if no other page may."""
    headers.add_vary_header("Origin")
    if origin is not None:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = EXPOSED
