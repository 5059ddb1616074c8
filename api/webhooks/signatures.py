"""Verifies that a webhook is from WaveSpeed and recent, by its three headers and the exact bytes of its body.

The scheme is WaveSpeed's `v3`: HMAC-SHA256 over `id.timestamp.body`, in lower-case hex. The key is the secret's text
without its prefix `whsec_`, not base64-decoded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, new
from typing import Final

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"

MAX_AGE_SECONDS: Final = 300
"""How far a timestamp may be from our clock, in either direction."""

VERSION: Final = "v3,"
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # a prefix, not a secret

_ID = re.compile(r"[\x21-\x7e]{1,255}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class WebhookHeaders:
    """The headers of a delivery, parsed.

    Attributes:
        event_id: The same for every redelivery.
        timestamp: Seconds since 1970, as the digits that were signed.
        signature: The whole header.
    """

    event_id: str
    timestamp: str
    signature: str


def read_headers(headers: Mapping[str, str]) -> WebhookHeaders | None:
    """Return the three headers, or None if one is missing or malformed."""
    event_id = headers.get(ID_HEADER, "")
    timestamp = headers.get(TIMESTAMP_HEADER, "")
    signature = headers.get(SIGNATURE_HEADER, "")
    if not _ID.fullmatch(event_id) or not _TIMESTAMP.fullmatch(timestamp) or not signature:
        return None
    return WebhookHeaders(event_id, timestamp, signature)


def is_fresh(headers: WebhookHeaders, now: float) -> bool:
    """Return whether a delivery was sent around `now` (seconds since 1970)."""
    return abs(now - int(headers.timestamp)) <= MAX_AGE_SECONDS


def is_signed(headers: WebhookHeaders, body: bytes, secret: str) -> bool:
    """Return whether the secret made the signature, compared in constant time. An empty secret matches nothing."""
    key = secret.removeprefix(SECRET_PREFIX).encode()
    if not key:
        return False
    expected = VERSION + new(key, signed_bytes(headers, body), sha256).hexdigest()
    # Bytes: compare_digest rejects non-ASCII text, which a header may contain.
    return compare_digest(headers.signature.encode(), expected.encode())


def signed_bytes(headers: WebhookHeaders, body: bytes) -> bytes:
    """Return the signed content."""
    return f"{headers.event_id}.{headers.timestamp}.".encode() + body
