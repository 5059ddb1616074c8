"""The middleware in front of the application: access, body limits, and the headers of every response."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from api.http.bodies import CUT_OFF, BodyRules, is_endless
from api.http.callers import CallerRules
from api.http.connections import CROWDED
from api.http.errors import ROOT, problem_response
from api.http.metrics import RequestMetrics
from api.http.page_policy import PAGE

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
PATH_CHARACTERS: Final = 200
"""Of a path in the log."""

ALIVE: Final = "/healthz"
"""Answered though there are too many connections: nobody shall restart us for a flood."""

_QUIET_PATHS: Final = frozenset({ALIVE, "/readyz", "/metrics"})
_FILES: Final = "/web/"
"""The page's own files: some forty on each first visit; not worth a log line each."""

_log = structlog.get_logger("api.requests")


@dataclass(frozen=True)
class Guard:
    """ASGI middleware around the application.

    Attributes:
        page_policy: The Content-Security-Policy of the workspace page alone; everything else gets the strict one.
        root_path: The prefix that the API is published under, such as `/mill`; empty at the root of a host.
    """

    app: ASGIApp
    rules: CallerRules
    bodies: BodyRules
    metrics: RequestMetrics
    page_policy: str
    root_path: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or pass it on; every response carries a request id and the security headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # From here on, paths are the API's own: whether the proxy in front left the prefix in makes no difference.
        scope = {**scope, "path": self._own_path(scope["path"]), ROOT: self.root_path}
        headers = Headers(scope=scope)
        scope["request_id"] = _request_id(headers)
        answer = _Answer(scope, send, self.page_policy if scope["path"] == PAGE else CONTENT_SECURITY_POLICY)
        asked = scope
        if scope["method"] == "HEAD":
            # Whatever answers GET answers HEAD; the server leaves the body out, and nobody waits for more.
            asked, receive = {**scope, "method": "GET"}, _gone
        began = time.perf_counter()
        try:
            await self._answer(asked, headers, receive, answer)
        except Exception:  # noqa: BLE001  # last resort: whatever it was, the caller gets a problem document
            # The application re-raised what it could not handle; none of it is exposed.
            _log.exception("request_failed", request_id=scope["request_id"])
            if not answer.status:
                await problem_response(scope, "internal_error")(scope, receive, answer.send)
        finally:
            self._note(scope, asked.get("route"), answer.status, time.perf_counter() - began)

    def _own_path(self, path: str) -> str:
        """Return a path without the prefix, where it has it."""
        if self.root_path and path == self.root_path:
            return PAGE
        return path.removeprefix(self.root_path) if path.startswith(f"{self.root_path}/") else path

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, answer: _Answer) -> None:
        method, path = scope["method"], scope["path"]
        if scope.get(CROWDED) and path != ALIVE:
            await problem_response(scope, "overloaded", headers=CUT_OFF)(scope, receive, answer.send)
            return
        refusal = self.rules.refusal(method, path, headers, _peer(scope)) or self.bodies.refusal(method, path, headers)
        if refusal is not None:
            more = CUT_OFF if is_endless(headers) else None
            await problem_response(scope, *refusal, headers=more)(scope, receive, answer.send)
            return
        with self.bodies.limited(method, path, receive) as limited:
            await self.app(scope, limited, answer.send)

    def _note(self, scope: Scope, route: object, status: int, seconds: float) -> None:
        self.metrics.note(scope["method"], getattr(route, "path", None) or "(none)", status, seconds)
        quiet = scope["path"] in _QUIET_PATHS or scope["path"].startswith(_FILES)
        log = _log.debug if quiet else _log.info
        log(
            "request",
            method=scope["method"],
            path=scope["path"][:PATH_CHARACTERS],
            status=status,
            ms=round(seconds * 1000, 1),
            request_id=scope["request_id"],
        )


class _Answer:
    """Adds the common headers to a response and records its status (0 until it has started)."""

    def __init__(self, scope: Scope, send: Send, policy: str) -> None:
        self.status = 0
        self._policy = policy
        self._scope = scope
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._scope["request_id"]
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            headers["Content-Security-Policy"] = self._policy
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


async def _gone() -> Message:
    return {"type": "http.disconnect"}


def _peer(scope: Scope) -> str | None:
    """Return the address that a connection comes from; None for one without (a socket in the file system)."""
    return scope["client"][0] if scope.get("client") else None


def _request_id(headers: Headers) -> str:
    """Return the caller's request id if it is safe in logs and headers, otherwise a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid7())
