"""How much each path may be sent, and in what form: JSON everywhere, but for webhooks and uploads."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message as MimeHeader
from typing import Final

from starlette.datastructures import Headers

from api.callers import WEBHOOKS
from promptmill.settings import Settings

UPLOADS: Final = "/api/uploads"
"""The one path that takes a form, and pictures."""

WEBHOOK_BYTES: Final = 1_048_576
"""Largest body of a webhook: outputs and inputs of one prediction."""

ENVELOPE_BYTES: Final = 16_384
"""What the form around an uploaded file may take beside it."""

BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class BodyRules:
    """The limits of one installation, in bytes."""

    json_bytes: int
    upload_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> BodyRules:
        """Return the rules that the settings ask for."""
        return cls(settings.max_body_bytes, settings.upload_max_bytes)

    def refusal(self, method: str, path: str, headers: Headers) -> str | None:
        """Return the code with which a body is refused before it is read, or None."""
        length = headers.get("content-length", "0")
        if "transfer-encoding" not in headers and length == "0":
            return None
        if length.isascii() and length.isdigit() and int(length) > self.most_bytes(method, path):
            return self.too_large(method, path)
        return None if _form_allowed(method, path, headers) else "unsupported_media_type"

    def most_bytes(self, method: str, path: str) -> int:
        """Return how many bytes of a body are read."""
        if _is_upload(method, path):
            return self.upload_bytes + ENVELOPE_BYTES
        return WEBHOOK_BYTES if path.startswith(WEBHOOKS) else self.json_bytes

    def too_large(self, method: str, path: str) -> str:
        """Return the code for a body that has more."""
        return "picture_too_large" if _is_upload(method, path) else "too_large"


def _is_upload(method: str, path: str) -> bool:
    return method == "POST" and path == UPLOADS


def _form_allowed(method: str, path: str, headers: Headers) -> bool:
    if method not in BODY_METHODS or path.startswith(WEBHOOKS):
        return True
    header = MimeHeader()
    header["content-type"] = headers.get("content-type", "")
    if _is_upload(method, path):
        return header.get_content_type() == "multipart/form-data"
    charset = str(header.get_param("charset", "utf-8")).lower()
    return header.get_content_type() == "application/json" and charset in {"utf-8", "utf8"}
