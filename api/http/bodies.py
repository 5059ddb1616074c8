"""Limits on the size and type of request bodies: JSON everywhere, except for webhooks and uploads."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message as MimeHeader
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from api.http.callers import WEBHOOKS
from api.http.errors import Refused
from promptmill.config.settings import Settings

UPLOADS: Final = "/api/uploads"
"""The one path that accepts a form, and images."""

WEBHOOK_BYTES: Final = 1_048_576
"""Maximum body of a webhook: outputs and inputs of one prediction."""

ENVELOPE_BYTES: Final = 16_384
"""Overhead allowed for the form around an uploaded file."""

DISCARDED_BYTES: Final = 67_108_864
"""What is left of a refused body is thrown away as it comes, so that the caller hears why: closing the connection
instead often takes the answer with it. A longer body is not listened to."""

CUT_OFF: Final = {"Connection": "close"}
"""Set on a response that closes the connection without reading the rest of the body."""

BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class BodyRules:
    """An installation's limits, in bytes."""

    json_bytes: int
    upload_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> BodyRules:
        """Return the rules that the settings define."""
        return cls(settings.max_body_bytes, settings.upload_max_bytes)

    def refusal(self, method: str, path: str, headers: Headers) -> str | None:
        """Return the error code that refuses a body before it is read, or None."""
        if "transfer-encoding" not in headers and headers.get("content-length", "0") == "0":
            return None
        if _length(headers) > self._most_bytes(method, path):
            return _too_large(method, path)
        return None if _form_allowed(method, path, headers) else "unsupported_media_type"

    def limited(self, method: str, path: str, receive: Receive) -> Receive:
        """Return a `receive` that refuses a body without Content-Length once it has grown beyond the limit."""
        limit = self._most_bytes(method, path)
        total = 0

        async def receive_limited() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > limit:
                raise Refused(_too_large(method, path), headers=CUT_OFF if _is_upload(method, path) else None)
            return message

        return receive_limited

    def _most_bytes(self, method: str, path: str) -> int:
        if _is_upload(method, path):
            return self.upload_bytes + ENVELOPE_BYTES
        return WEBHOOK_BYTES if path.startswith(WEBHOOKS) else self.json_bytes


def is_endless(headers: Headers) -> bool:
    """Return whether a declared body is too long to drain."""
    return _length(headers) > DISCARDED_BYTES


def _length(headers: Headers) -> int:
    """Return the Content-Length; 0 if there is none (the server itself rejects a non-number)."""
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else 0


def _is_upload(method: str, path: str) -> bool:
    return method == "POST" and path == UPLOADS


def _too_large(method: str, path: str) -> str:
    return "picture_too_large" if _is_upload(method, path) else "too_large"


def _form_allowed(method: str, path: str, headers: Headers) -> bool:
    if method not in BODY_METHODS or path.startswith(WEBHOOKS):
        return True
    header = MimeHeader()
    header["content-type"] = headers.get("content-type", "")
    if _is_upload(method, path):
        return header.get_content_type() == "multipart/form-data"
    charset = str(header.get_param("charset", "utf-8")).lower()
    return header.get_content_type() == "application/json" and charset in {"utf-8", "utf8"}
