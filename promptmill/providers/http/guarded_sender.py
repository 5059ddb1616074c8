"""One paid POST that either provably was not sent, or whose response is reported exactly as received.

httpx supports httpcore's documented `trace` extension, which is called immediately before the request headers are
written. There the sender checks the clock, and from then on it treats every failure as unclear. It checks once more
before the last byte of the body: a process that is frozen while it sends leaves a request that nobody can act on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from promptmill.contracts.errors import NothingSent, SubmitUnclear
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import Answer, collect_body
from promptmill.providers.http.redaction import redact


def boottime() -> float:
    """Return seconds on a clock that keeps running while this process is frozen and while the machine sleeps.

    CLOCK_BOOTTIME on Linux. Elsewhere CLOCK_MONOTONIC: on macOS it counts sleep, which Python's own `time.monotonic`
    does not; Windows has only the latter.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class _TooLate(Exception):
    """The POST's deadline has passed; raised before the first byte, or before the last."""


@dataclass
class _Departure:
    """Watches one request: records whether its first byte may have been sent, and stops it if it is too late."""

    post_by: float
    passed: bool = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Handle one trace event; its name has the prefix `http11.` or `http2.`."""
        if not event.endswith("send_request_headers.started"):
            return
        request = info.get("request")
        if request is not None and request.method == b"CONNECT":
            return  # a CONNECT to a proxy; the request itself follows
        self.require_in_time()
        self.passed = True

    async def body(self, content: bytes) -> AsyncIterator[bytes]:
        """Yield the body, its last byte apart: without it the request is not complete."""
        yield content[:-1]
        self.require_in_time()
        yield content[-1:]

    def require_in_time(self) -> None:
        """Do nothing before the POST's deadline; raise `_TooLate` after it."""
        if boottime() > self.post_by:
            raise _TooLate


@dataclass(frozen=True)
class GuardedSender:
    """Sends paid POSTs, one connection each.

    Attributes:
        http: A client from `open_connection(keep_alive=False)`.
        timeout_seconds: Total timeout of a call, including connecting.
    """

    http: httpx.AsyncClient
    timeout_seconds: float

    async def post(
        self,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        post_by: float,
        key: str,
    ) -> Answer:
        """Send one POST and return the response, even if it is incomplete (`Answer.broken`).

        Args:
            url: The URL without a query.
            content: The body; not empty.
            headers: Headers in addition to those that the sender sets.
            params: The query.
            post_by: Value of `boottime()` after which no byte may be sent that begins or completes the request.
            key: The secret to redact from errors.

        Raises:
            NothingSent: Not a single byte of the request was sent.
            SubmitUnclear: The request may have been sent, and not even a status was received.
        """
        departure = _Departure(post_by)
        status: int | None = None
        answered: Mapping[str, str] = {}
        body = bytearray()
        try:
            async with asyncio.timeout(self.timeout_seconds):
                async with self.http.stream(
                    "POST",
                    url,
                    content=departure.body(content),
                    params=dict(params),
                    headers={**headers, "Content-Length": str(len(content)), "Connection": "close"},
                    extensions={"trace": departure},
                ) as response:
                    status, answered = response.status_code, response.headers
                    broken = await collect_body(response, body)
        except _TooLate:
            if departure.passed:
                raise SubmitUnclear(
                    ReasonCode.SUBMIT_UNCLEAR,
                    "The time limit passed while the request was being sent; it is incomplete.",
                ) from None
            raise NothingSent(
                ReasonCode.WAVESPEED_UNREACHABLE, "The time limit for sending had passed; nothing was sent."
            ) from None
        except Exception as error:  # noqa: BLE001  # whatever failed: what matters is whether anything may have been sent
            broken = _cause(error, self.timeout_seconds, key)
            if not departure.passed:
                raise NothingSent(
                    ReasonCode.WAVESPEED_UNREACHABLE, f"WaveSpeed is unreachable ({broken}); nothing was sent."
                ) from None
            if status is None:
                raise SubmitUnclear(
                    ReasonCode.SUBMIT_UNCLEAR, f"The request may have arrived, but there was no response: {broken}."
                ) from None
        return Answer(status, answered, bytes(body), broken)


def _cause(error: Exception, timeout_seconds: float, key: str) -> str:
    """Describe the failure: httpx's message if there is one, otherwise the kind of error."""
    if type(error) is TimeoutError:
        return f"no response within {timeout_seconds:g} s"
    return redact(str(error), key).strip().rstrip(".") or type(error).__name__
