"""Redacts providers' texts so that they can be stored and shown: no key, no signed URL, no image."""

from __future__ import annotations

import re
from typing import Final

_SHORTEST_SECRET: Final = 4
"""A shorter string is not a secret, and replacing it would garble every sentence."""

_BEARER = re.compile(r"(?i)\bbearer\s+[^\s\"',;]+")
_DATA_ADDRESS = re.compile(r"(?i)\bdata:[\w.+-]+/[\w.+-]+[;,][^\s\"'<>]*")
_QUERY = re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*")
_CREDENTIALS = re.compile(r"(?i)\b(https?://)[^\s/@\"'<>]+@")


def storable(text: str) -> str:
    """Return the text without what Postgres cannot store: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def redact(text: str, secret: str = "") -> str:
    """Return the text without the key, bearer tokens, credentials and query strings of URLs, and inline data."""
    if len(secret) >= _SHORTEST_SECRET:
        text = text.replace(secret, "[key]")
    text = _BEARER.sub("Bearer [key]", storable(text))
    text = _DATA_ADDRESS.sub("data:…", text)
    text = _CREDENTIALS.sub(r"\1", text)
    return _QUERY.sub("?…", text)
