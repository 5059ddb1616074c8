"""Callbacks: whether they come from the installation, as docs/callbacks.md describes their signature."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from promptmill_client.errors import WrongSignature

TOLERANCE_SECONDS: Final = 300.0
"""How old a callback may be, or how far ahead its clock: an old one may have been recorded and sent again."""

_PREFIX: Final = "whsec_"
_VERSION: Final = "v1,"


@dataclass(frozen=True)
class Callback:
    """What a callback tells.

    Attributes:
        id: The same on every attempt: remember it to process each callback once.
        type: `job.` followed by the job's final status.
        timestamp: When the job ended.
        data: The job, with fewer fields than `GET /api/jobs/{jobId}` has.
    """

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]


def verify_callback(
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Callback:
    """Return what a callback tells, if it is signed with the secret.

    Args:
        body: The raw body, before any parsing.
        headers: The request's.
        secret: As `promptmill callback-secret` prints it; several during rotation, separated by spaces.
        tolerance: How many seconds old it may be.
        now: The time, in seconds since 1970. Default: the clock's.

    Raises:
        WrongSignature: It is not signed with the secret, or too old.
        ValueError: The secret is none.
    """
    told = {name.lower(): value for name, value in headers.items()}
    keys = [_key(word) for word in secret.split()]
    if not keys:
        raise ValueError("There is no secret.")
    message_id, at = told.get("webhook-id", ""), told.get("webhook-timestamp", "")
    if not (message_id and at.isascii() and at.isdigit()):
        raise WrongSignature("The headers webhook-id and webhook-timestamp are missing.")
    signed = f"{message_id}.{at}.".encode() + body
    wanted = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    signatures = told.get("webhook-signature", "").split()
    given = [word.removeprefix(_VERSION).encode() for word in signatures if word.startswith(_VERSION)]
    # Every pair is compared, each in constant time: how long it takes says nothing.
    matches = [hmac.compare_digest(one, other) for one in wanted for other in given]
    if not any(matches):
        raise WrongSignature("The callback is not signed with this secret.")
    if abs((datetime.now(UTC).timestamp() if now is None else now) - int(at)) > tolerance:
        raise WrongSignature("The callback is too old, or a clock is wrong.")
    event = json.loads(body)
    return Callback(message_id, event["type"], datetime.fromisoformat(event["timestamp"]), event["data"])


def _key(word: str) -> bytes:
    text = word.removeprefix(_PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError("The secret is not base64, optionally prefixed with `whsec_`.") from None
