"""Whether a webhook is WaveSpeed's and new: judged by its three headers and the exact bytes of its body.

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
"""How far a timestamp may lie from our clock, in either direction."""

VERSION: Final = "v3,"
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # a mark, not a secret

_ID = re.compile(r"[\x21-\x7e]{1,255}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class WebhookHeaders:
    """What came with a body, in a form that can be judged and stored.

    Attributes:
        event_id: The same for every repetition of a delivery.
        timestamp: Seconds since 1970, as the digits that were signed.
        signature: The whole header.
    """

    event_id: str
    timestamp: str
    signature: str


def read_headers(headers: Mapping[str, str]) -> WebhookHeaders | None:
    """Return the three headers, or None where one is missing or malformed."""
    event_id = headers.get(ID_HEADER, "")
    timestamp = headers.get(TIMESTAMP_HEADER, "")
    signature = headers.get(SIGNATURE_HEADER, "")
    if not _ID.fullmatch(event_id) or not _TIMESTAMP.fullmatch(timestamp) or not signature:
        return None
    return WebhookHeaders(event_id, timestamp, signature)


def is_fresh(headers: WebhookHeaders, now: float) -> bool:
    """Return whether a delivery was sent at about `now` (seconds since 1970)."""
    return abs(now - int(headers.timestamp)) <= MAX_AGE_SECONDS


def is_signed(headers: WebhookHeaders, body: bytes, secret: str) -> bool:
    """Return whether the signature is the secret's, compared in constant time. An empty secret signs nothing."""
    key = secret.removeprefix(SECRET_PREFIX).encode()
    if not key:
        return False
    expected = VERSION + new(key, signed_bytes(headers, body), sha256).hexdigest()
    # Bytes: compare_digest refuses text beyond ASCII, and a header may hold any.
    return compare_digest(headers.signature.encode(), expected.encode())


def signed_bytes(headers: WebhookHeaders, body: bytes) -> bytes:
    """Return what is signed."""
    return f"{headers.event_id}.{headers.timestamp}.".encode() + body
