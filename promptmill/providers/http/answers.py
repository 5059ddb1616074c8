"""HTTP responses, read defensively: nothing a provider sends may raise here or exhaust memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from html import unescape
from itertools import islice
from typing import Any, Final

import httpx

from promptmill.providers.http.redaction import redact

MAX_WAIT: Final = timedelta(seconds=120)
"""Maximum `Retry-After` that is honoured; xAI's own client uses the same cap."""

IDENTITY: Final = "identity"
"""The only `Content-Encoding` that is requested and read."""

BODY_LIMIT: Final = 8 * 1024 * 1024
"""Maximum bytes of a body to read; no legitimate response without inline media comes close."""

_WORD_FIELDS: Final = ("message", "error", "detail", "errors", "msg", "error_code", "code", "data")
_DEEPEST: Final = 4
_ENCODING_CHARACTERS: Final = 40
_TITLE = re.compile(r"(?i)<title[^<>]*>([^<]*)")
_MAX_TEXTS: Final = 100
_MAX_WORDS: Final = 16_000
"""Maximum characters of a response's message; what is shown is far shorter, and regular expressions scan all of it."""

_FORBIDDEN: Final = 403
_FIREWALL = re.compile(r"(?i)\berror code: 10\d\d\b|\bcloudflare\b|\bfirewall\b|attention required|just a moment")


@dataclass(frozen=True)
class Answer:
    """One HTTP response. `broken` says what ended it early; `body` then holds what was received."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    broken: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the HTTP status is 2xx. With neither provider does that alone mean success."""
        return httpx.codes.is_success(self.status)

    @cached_property
    def document(self) -> Any:
        """The body as JSON, whatever its content type; None if it is not valid JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is not one."""
        document = self.document
        return document if isinstance(document, dict) else {}

    @cached_property
    def words(self) -> str:
        """The response's message, verbatim: error fields of JSON, the title of a page, or the plain text."""
        if self.document is not None:
            return "; ".join(dict.fromkeys(islice(_texts(self.document), _MAX_TEXTS)))[:_MAX_WORDS]
        text = self.body[:_MAX_WORDS].decode("utf-8", "replace")
        if "<" in text:
            title = _TITLE.search(text)
            text = unescape(title.group(1)) if title else ""
        return " ".join(text.split())

    @property
    def from_firewall(self) -> bool:
        """Whether a 403 comes from something in front of the provider: both providers send their own as JSON."""
        return self.status == _FORBIDDEN and (not self.object or _FIREWALL.search(self.words) is not None)

    def sentence(self, provider: str, secret: str) -> str:
        """Return `<provider> responded <status>: <message>`, redacted."""
        words = redact(self.words, secret)
        return f"{provider} responded {self.status}: {words}" if words else f"{provider} responded {self.status}."


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts of known error fields, wherever the two providers and their gateways nest them."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str) and value.strip():
        yield value.strip()
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, depth + 1)
    elif isinstance(value, dict):
        for name in _WORD_FIELDS:
            yield from _texts(value.get(name), depth + 1)


async def read_answer(response: httpx.Response, limit: int = BODY_LIMIT) -> Answer:
    """Read a streamed response to its end. Every client uses this or `collect_body`, or reads only the head.

    Raises:
        httpx.HTTPError: The connection broke.
    """
    body = bytearray()
    broken = await collect_body(response, body, limit)
    return Answer(response.status_code, response.headers, bytes(body), broken)


async def collect_body(response: httpx.Response, body: bytearray, limit: int = BODY_LIMIT) -> str | None:
    """Append the response's bytes to `body` as they arrive, so that they survive a broken connection.

    Nothing is decoded: a few compressed bytes can expand to gigabytes, and no client of ours requests any encoding.

    Returns:
        Why the body is incomplete although the connection did not break (larger than the limit, or encoded), or None.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", IDENTITY}:
        return f"an answer with the encoding {encoding[:_ENCODING_CHARACTERS]!a}, which nobody asked for"
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            return f"a response of more than {limit} bytes"
    return None


def retry_after(headers: Mapping[str, str], longest: timedelta = MAX_WAIT) -> timedelta | None:
    """Return the delay that the provider requests, at most `longest`.

    `Retry-After` is whole seconds or an HTTP date. None if it is absent, invalid, zero or in the past.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        wait = timedelta(seconds=int(value))
    else:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        now = datetime.now(UTC)  # noqa: TID251  # a provider's clock is compared with ours; never used in workflows
        wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    return min(wait, longest) if wait > timedelta(0) else None
