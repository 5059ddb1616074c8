"""The keys that encrypt payloads at Temporal, as a setting writes them: `id:base64`, comma-separated, newest first."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import BeforeValidator
from pydantic_settings import NoDecode

KEY_BYTES: Final = 32
"""AES-256."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FORM: Final = "`promptmill payload-key` prints one"


@dataclass(frozen=True)
class PayloadKey:
    """A key and the id that payloads name it by; it never prints itself."""

    id: str
    key: bytes = field(repr=False)


def new_payload_key() -> str:
    """Return a new key, as the setting takes it."""
    return f"{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _payload_keys(value: object) -> object:
    """Parse the setting; leave everything else to pydantic. No message contains a part of a key."""
    if not isinstance(value, str):
        return value
    keys = tuple(_payload_key(place, part.strip()) for place, part in enumerate(value.split(","), 1))
    ids = [key.id for key in keys]
    if twice := next((each for each in ids if ids.count(each) > 1), None):
        raise ValueError(f"has two keys with the id {twice}: each needs an id of its own")
    return keys


def _payload_key(place: int, text: str) -> PayloadKey:
    key_id, colon, encoded = text.partition(":")
    if not colon or not _ID.fullmatch(key_id):
        # Without a colon it may be the key itself.
        raise ValueError(
            f"its key number {place} does not begin with an id and a colon (id:base64; letters, digits, '.', '_', '-'; "
            f"64 characters at most): {_FORM}"
        )
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError(f"the key {key_id} is not in base64: {_FORM}") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key {key_id} has {len(key)} bytes instead of {KEY_BYTES}: {_FORM}")
    return PayloadKey(key_id, key)


PayloadKeys = Annotated[tuple[PayloadKey, ...], NoDecode, BeforeValidator(_payload_keys)]
"""Comma-separated keys, newest first: the first encrypts, all of them decrypt."""
