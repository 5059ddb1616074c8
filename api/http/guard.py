"""The middleware in front of the application: access, body limits, and the headers of every response."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Gauge
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars
from uuid_utils import uuid7

from api.access.door import CALLER, HTTPS, Door
from api.access.limits import ALLOWANCE
from api.http.bodies import CUT_OFF, BodyRules, is_endless
from api.http.callers import SHARED_FOLDER, CallerRules, Refusal, takes_origins
from api.http.codec_pages import codec_headers, codec_preflight
from api.http.connections import CROWDED
from api.http.errors import ROOT, problem_response
from api.http.metrics import RequestMetrics
from api.http.origins import is_preflight, preflight_answer, tell_origin
from api.http.page_policy import PAGE
from api.live.event_stream import MEDIA_TYPE as STREAM
from promptmill import tracing
from promptmill.contracts.access import Caller
from promptmill.contracts.errors import RecordUnavailable

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
OTHER_ORIGIN: Final = "promptmill.other_origin"
"""Key in a request's scope: the origin of another page whose script calls; None for everybody else."""

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
        recorded = nullcontext() if _is_quiet(scope["path"]) else tracing.request(scope["method"], headers)
        with bound_contextvars(request_id=scope["request_id"]), recorded:
            await self._serve(scope, headers, receive, send)

    async def _serve(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        scope[OTHER_ORIGIN] = self.rules.other_origin(scope["path"], headers, _peer(scope))
        answer = _Answer(
            scope,
            send,
            self.metrics.streams,
            self.page_policy if scope["path"] == PAGE else CONTENT_SECURITY_POLICY,
            tells_origin=bool(self.rules.origins) and takes_origins(scope["path"]),
            codec_page=self.rules.codec_page(scope["path"], headers),
        )
        asked = scope
        if scope["method"] == "HEAD":
            # Whatever answers GET answers HEAD; the server leaves the body out, and nobody waits for more.
            asked, receive = {**scope, "method": "GET"}, _gone
        began = time.perf_counter()
        self.metrics.in_flight.inc()
        try:
            await self._answer(asked, headers, receive, answer)
            if scope["method"] == "HEAD" and not answer.complete:
                # It saw that nobody waits for its body, and left that out.
                await answer.send({"type": "http.response.body"})
        except Exception:  # noqa: BLE001  # last resort: whatever it was, the caller gets a problem document
            # The application re-raised what it could not handle; none of it is exposed.
            _log.exception("request_failed", request_id=scope["request_id"])
            if not answer.status:
                await problem_response(scope, "internal_error")(scope, receive, answer.send)
        finally:
            self.metrics.in_flight.dec()
            if answer.streamed_at is not None:
                self.metrics.streams.dec()
            self._note(scope, asked.get("route"), answer, began)

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
        if answer.codec_page and is_preflight(method, headers):
            if not self.rules.refusal(method, path, headers, _peer(scope)):
                await codec_preflight()(scope, receive, answer.send)
                return
        elif scope[OTHER_ORIGIN] is not None and is_preflight(method, headers):
            await preflight_answer()(scope, receive, answer.send)
            return
        admitted = await self._admit(scope, headers)
        if isinstance(admitted, Refusal):
            more = CUT_OFF if is_endless(headers) else None
            await problem_response(scope, *admitted, headers=more)(scope, receive, answer.send)
            return
        scope[CALLER] = admitted
        with self.bodies.limited(method, path, receive) as limited:
            await self.app(scope, limited, answer.send)

    async def _admit(self, scope: Scope, headers: Headers) -> Caller | Refusal | None:
        method, path, peer = scope["method"], scope["path"], _peer(scope)
        refusal = self.rules.refusal(method, path, headers, peer) or self.bodies.refusal(method, path, headers)
        if refusal is not None:
            return refusal
        door: Door = scope["state"]["door"]
        https = scope[HTTPS] = self.rules.is_https(scope["scheme"], headers, peer)
        try:
            return await door.admit(
                path,
                headers,
                peer,
                https=https,
                key_only=scope[OTHER_ORIGIN] is not None,
                request_id=scope["request_id"],
            )
        except RecordUnavailable as error:
            _log.warning("record_unavailable", request_id=scope["request_id"], error=str(error))
            return Refusal(error.code)

    def _note(self, scope: Scope, route: object, answer: _Answer, began: float) -> None:
        status, seconds = answer.status, time.perf_counter() - began
        counted = seconds if answer.streamed_at is None else answer.streamed_at - began
        path = getattr(route, "path", None) or "(none)"
        self.metrics.note(scope["method"], path, status, counted)
        tracing.note(
            f"{scope['method']} {path}",
            **{"http.route": path, "http.response.status_code": status, "request_id": scope["request_id"]},
        )
        caller: Caller | None = scope.get(CALLER)
        log = _log.debug if _is_quiet(scope["path"]) else _log.info
        log(
            "request",
            method=scope["method"],
            path=_path_to_tell(scope["path"]),
            status=status,
            ms=round(seconds * 1000, 1),
            request_id=scope["request_id"],
            **({"owner": caller.owner} if caller else {}),
        )


class _Answer:
    """Adds the common headers to a response and records its status, 0 until it has started.

    `codec_page` is the origin of Temporal's Web UI, if its page is to read the response; `streamed_at` when a live
    stream began, on `perf_counter`.
    """

    def __init__(
        self,
        scope: Scope,
        send: Send,
        streams: Gauge,
        policy: str,
        *,
        tells_origin: bool,
        codec_page: str | None = None,
    ) -> None:
        self.status = 0
        self.complete = False
        self.streamed_at: float | None = None
        self.codec_page = codec_page
        self._tells_origin = tells_origin
        self._policy = policy
        self._streams = streams
        self._scope = scope
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._scope["request_id"]
            if headers.get("content-type", "").startswith(STREAM):
                self.streamed_at = time.perf_counter()
                self._streams.inc()
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            for name, value in self._scope.get(ALLOWANCE, {}).items():
                headers[name] = value
            headers.setdefault("Content-Security-Policy", self._policy)
            headers.setdefault("Cache-Control", "no-store")
            if self.codec_page is not None:
                headers.update(codec_headers(self.codec_page))
            elif self._tells_origin:
                tell_origin(headers, self._scope[OTHER_ORIGIN])
        elif message["type"] == "http.response.body":
            self.complete = not message.get("more_body", False)
        await self._send(message)


async def _gone() -> Message:
    return {"type": "http.disconnect"}


def _path_to_tell(path: str) -> str:
    """Return a path as it may be logged: a signed address opens a file, whose name has words of its prompt."""
    return f"{SHARED_FOLDER}…" if path.startswith(SHARED_FOLDER) else path[:PATH_CHARACTERS]


def _is_quiet(path: str) -> bool:
    return path in _QUIET_PATHS or path.startswith(_FILES)


def _peer(scope: Scope) -> str | None:
    """Return the address that a connection comes from; None for one without (a socket in the file system)."""
    return scope["client"][0] if scope.get("client") else None


def _request_id(headers: Headers) -> str:
    """Return the caller's request id if it is safe in logs and headers, otherwise a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid7())
