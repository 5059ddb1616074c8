"""What came back over HTTP, read defensively: nothing a provider sends may raise here, or fill the memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from html import unescape
from typing import Any, Final

import httpx

from promptmill.providers.http.redaction import redact

LONGEST_WAIT: Final = timedelta(seconds=120)
"""A longer `Retry-After` is obeyed only this far; xAI's own client caps it at the same value."""

BODY_LIMIT: Final = 8 * 1024 * 1024
"""Bytes of a body that are read; no honest answer without inline media comes near."""

_WORD_FIELDS: Final = ("message", "error", "detail", "errors", "msg", "error_code", "code", "data")
_DEEPEST: Final = 4
_TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_TAG = re.compile(r"(?s)<[^>]*>")
_PLAIN_TEXT_LIMIT: Final = 2_000

_FORBIDDEN: Final = 403
_FIREWALL = re.compile(r"(?i)\berror code: 10\d\d\b|\bcloudflare\b|\bfirewall\b|attention required|just a moment")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `broken` names what ended it early; then `body` holds what had arrived."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    broken: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the HTTP status is 2xx. That alone means success with neither provider."""
        return httpx.codes.is_success(self.status)

    @cached_property
    def document(self) -> Any:
        """The body as JSON, whatever its content type says; None when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        document = self.document
        return document if isinstance(document, dict) else {}

    @cached_property
    def words(self) -> str:
        """What the answer says in words, as it came: error fields of JSON, the title of a page, or the plain text."""
        if self.document is not None:
            return "; ".join(dict.fromkeys(_texts(self.document)))
        text = self.body[:_PLAIN_TEXT_LIMIT].decode("utf-8", "replace")
        if "<" in text:
            title = _TITLE.search(text)
            text = unescape(_TAG.sub(" ", title.group(1) if title else ""))
        return " ".join(text.split())

    @property
    def from_firewall(self) -> bool:
        """Whether a 403 comes from something in front of the provider: both providers explain theirs as JSON."""
        return self.status == _FORBIDDEN and (not self.object or _FIREWALL.search(self.words) is not None)

    def sentence(self, provider: str, secret: str) -> str:
        """Return `<provider> answered <status>: <its words>`, redacted."""
        words = redact(self.words, secret)
        return f"{provider} answered {self.status}: {words}" if words else f"{provider} answered {self.status}."


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts of the known error fields, wherever the two providers and their gateways nest them."""
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
    """Read a streamed response to its end.

    Raises:
        httpx.HTTPError: The connection broke.
    """
    body = bytearray()
    broken = await collect_body(response, body, limit)
    return Answer(response.status_code, response.headers, bytes(body), broken)


async def collect_body(response: httpx.Response, body: bytearray, limit: int = BODY_LIMIT) -> str | None:
    """Append the response's bytes to `body` as they come, so that they survive a break.

    Returns:
        Why the body is not whole though the connection held (it is larger than the limit), or None.
    """
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            return f"an answer of more than {limit} bytes"
    return None


def retry_after(headers: Mapping[str, str], longest: timedelta = LONGEST_WAIT) -> timedelta | None:
    """Return how long the provider asks us to wait, at most `longest`.

    `Retry-After` is whole seconds or an HTTP date. None when it is absent, unreadable, zero or past.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        wait = timedelta(seconds=int(value))
    else:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        now = datetime.now(UTC)  # noqa: TID251  # a provider's clock is compared with ours; no workflow comes here
        wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    return min(wait, longest) if wait > timedelta(0) else None
