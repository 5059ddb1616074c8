"""Signs callbacks as specified by Standard Webhooks (https://www.standardwebhooks.com).

Receivers verify with any library of that scheme, and with the secret that `promptmill callback-secret` shows.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from promptmill.contracts.errors import ConfigurationError

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
SHORTEST_SECRET_BYTES: Final = 24
"""The scheme's minimum."""


def new_callback_secret() -> str:
    """Return a new secret in the scheme's format."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


@dataclass(frozen=True)
class CallbackSigner:
    """Signs with one secret, or with two during rotation: receivers accept either signature."""

    hooks: tuple[Webhook, ...]

    @classmethod
    def of(cls, text: SecretStr) -> CallbackSigner:
        """Read the secrets of a setting, separated by spaces.

        Raises:
            ConfigurationError: One of them is not base64, or too short.
        """
        found = tuple(Webhook(_key(word)) for word in text.get_secret_value().split())
        if not found:
            raise ConfigurationError("PROMPTMILL_CALLBACK_SECRET contains no secret.")
        return cls(found)

    def headers(self, message_id: str, at: datetime, content: bytes) -> dict[str, str]:
        """Return the scheme's three headers for this body, sent at that time.

        `message_id` is the same in each attempt, so that a receiver can detect duplicates; the time is not.
        """
        # The package ignores the time zone and treats the clock time as UTC.
        at = at.astimezone(UTC)
        signatures = [hook.sign(message_id, at, content.decode()) for hook in self.hooks]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def _key(word: str) -> bytes:
    """Return a secret's bytes. The package itself skips characters that are not base64 and would sign with the rest."""
    text = word.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ConfigurationError(
            "PROMPTMILL_CALLBACK_SECRET is not base64 (optionally prefixed with `whsec_`)."
        ) from None
    if len(key) < SHORTEST_SECRET_BYTES:
        raise ConfigurationError(
            f"PROMPTMILL_CALLBACK_SECRET is too short: it must encode at least {SHORTEST_SECRET_BYTES} bytes."
        )
    return key
