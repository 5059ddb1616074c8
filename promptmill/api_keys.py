"""API keys and session tokens: how they are made, recognized and stored.

A key is `pm_`, 8 characters that name it, 43 that hold 256 random bits, and 6 that are a checksum: a mistyped or
truncated key is recognized without a look at the record, and so are leaked ones by whoever scans for them. All are
letters and digits, so that a double click selects the whole. Only the SHA-256 is stored: a key has too many bits to be
guessed from it, and a slow hash would be one more way to keep the API busy.
"""

from __future__ import annotations

import secrets
import string
import zlib
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NamedTuple

PREFIX: Final = "pm_"
ID_CHARACTERS: Final = 8
SECRET_CHARACTERS: Final = 43
"""62 ** 43 is more than 2 ** 256."""

CHECKSUM_CHARACTERS: Final = 6
_ALPHABET: Final = string.digits + string.ascii_letters
_CHARACTERS: Final = frozenset(_ALPHABET)
_LENGTH: Final = len(PREFIX) + ID_CHARACTERS + SECRET_CHARACTERS + CHECKSUM_CHARACTERS


class Secret(NamedTuple):
    """A key that was just made: the text is shown once, the id and the digest are stored."""

    id: str
    text: str
    digest: bytes


def new_key() -> Secret:
    """Make an API key."""
    key_id = _random(ID_CHARACTERS)
    unchecked = PREFIX + key_id + _random(SECRET_CHARACTERS)
    text = unchecked + _checksum(unchecked)
    return Secret(key_id, text, digest_of(text))


def new_session_secret() -> tuple[str, bytes]:
    """Make the secret of a browser's session; return it and what is stored of it."""
    text = _random(SECRET_CHARACTERS)
    return text, digest_of(text)


def key_id_of(text: str) -> str | None:
    """Return the id in a key, or None for what cannot be one."""
    if len(text) != _LENGTH or not text.startswith(PREFIX) or not _CHARACTERS.issuperset(text[len(PREFIX) :]):
        return None
    unchecked, checksum = text[:-CHECKSUM_CHARACTERS], text[-CHECKSUM_CHARACTERS:]
    if _checksum(unchecked) != checksum:
        return None
    return text[len(PREFIX) : len(PREFIX) + ID_CHARACTERS]


def is_key_id(text: str) -> bool:
    """Return whether a text can be a key's id."""
    return len(text) == ID_CHARACTERS and _CHARACTERS.issuperset(text)


def digest_of(text: str) -> bytes:
    """Return what is stored of a secret: its SHA-256."""
    return sha256(text.encode()).digest()


def same_secret(text: str, digest: bytes) -> bool:
    """Return whether a secret is the one that was stored; how long it takes tells nothing."""
    return compare_digest(digest_of(text), digest)


def _random(characters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(characters))


def _checksum(text: str) -> str:
    number, checksum = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_CHARACTERS):
        number, place = divmod(number, len(_ALPHABET))
        checksum = _ALPHABET[place] + checksum
    return checksum
