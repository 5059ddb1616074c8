"""Redacts providers' texts so that they can be stored and shown: no key, no signed URL, no image."""

from __future__ import annotations

import re
from typing import Final

MAX_TEXT: Final = 4_000
"""Characters that are examined; what is stored and shown is far shorter."""

_SHORTEST_SECRET: Final = 4
"""A shorter string is not a secret, and replacing it would garble every sentence."""

_BEARER = re.compile(r"(?i)\bbearer\s+[^\s\"',;]+")
_DATA_ADDRESS = re.compile(r"(?i)\bdata:[\w.+-]+/[\w.+-]+[;,][^\s\"'<>]*")
_QUERY = re.compile(r"\?[^\s\"'<>]*")
_CREDENTIALS = re.compile(r"(?i)\b(https?://)[^\s/@\"'<>]+@")


def storable(text: str) -> str:
    """Return the text without what Postgres cannot store: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def redact(text: str, secret: str = "") -> str:
    """Return the text without the key, bearer tokens, credentials and query strings of URLs, and inline data."""
    if len(secret) >= _SHORTEST_SECRET:
        text = text.replace(secret, "[key]")
    text = _BEARER.sub("Bearer [key]", storable(_beginning(text)))
    text = _DATA_ADDRESS.sub("data:…", text)
    text = _CREDENTIALS.sub(r"\1", text)
    return _QUERY.sub(lambda found: "?…" if "=" in found[0] else found[0], text)


def _beginning(text: str) -> str:
    """Return the beginning of a long text, up to a whole word: half of a signed URL would not be recognized."""
    if len(text) <= MAX_TEXT:
        return text
    beginning = text[:MAX_TEXT]
    return beginning.rpartition(" ")[0] or beginning
