"""Reads a caller's `Idempotency-Key`, bound to the request's method, path and parsed body."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from fastapi import Request

from api.http.errors import invalid
from api.http.strict_json import canonical
from promptmill.contracts.store import IdempotencyKey

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
MAX_CHARACTERS: Final = 255

DOCUMENTED: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "description": "Makes retries of this request safe: it takes effect once within 24 hours.",
            "schema": {"type": "string", "maxLength": MAX_CHARACTERS},
        }
    ]
}
"""How a route declares the header in the OpenAPI document."""

_KEY = re.compile(rf"[\x21-\x7e](?:[\x20-\x7e]{{0,{MAX_CHARACTERS - 2}}}[\x21-\x7e])?")


async def idempotency_key(request: Request) -> IdempotencyKey | None:
    """Return the key with the request that it identifies, or None if none was sent.

    Raises:
        Refused: The header is not one key of at most 255 printable ASCII characters.
    """
    given = given_key(request)
    if given is None:
        return None
    # Where an empty body is allowed, none is equivalent to an empty one.
    body = canonical(await request.json() if await request.body() else {})
    meaning = f"{request.method}\n{request.url.path}\n{body}"
    return IdempotencyKey(key=given, request_hash=hashlib.sha256(meaning.encode()).hexdigest())


def given_key(request: Request) -> str | None:
    """Return the key that was sent, or None. Raises as `idempotency_key`."""
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise invalid(f"/header/{HEADER}", f"Must be one text of 1 to {MAX_CHARACTERS} printable ASCII characters.")
    return given[0]
