"""Content in an encoding that the caller accepts, with an entity tag, or 304 for a caller that has it already.

JSON is compressed although an attacker who observes the length of encrypted responses could guess what they contain
beside text of his own (BREACH): no response contains a secret. Live streams are never compressed: each frame would
wait in the compressor.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

JSON: Final = "application/json"
CSV: Final = "text/csv"

WORTH_COMPRESSING: Final = 1024
"""Bytes from which JSON is compressed: anything smaller fits into one packet anyway."""

LEVEL: Final = 1
"""Compression level, 1 to 9: it shrinks a list to a sixth; level 6 takes three times as long for a seventh."""

CONDITIONAL: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.NOT_MODIFIED.value: {"description": "Unchanged: `If-None-Match` has its current tag. No body."}
}
"""How a route that answers with `json_answer` declares the 304 in the OpenAPI document."""


def json_answer(request: Request, answer: BaseModel, *, include: Mapping[str, Any] | None = None) -> Response:
    """Return an answer as JSON, or the fields of it that pydantic's `include` names.

    Its tag is a hash of the content, so a changed estimate changes it: what is saved is the transfer.
    """
    content = answer.model_dump_json(include=None if include is None else {**include}).encode()
    worth = len(content) >= WORTH_COMPRESSING
    return represent(
        request,
        content,
        JSON,
        digest=digest_of(content),
        compressed=(lambda: gzip.compress(content, LEVEL, mtime=0)) if worth else None,
    )


def represent(
    request: Request,
    content: bytes,
    media_type: str,
    *,
    digest: str,
    compressed: Callable[[], bytes] | None,
    cache_control: str | None = None,
) -> Response:
    """Return content, in its compressed form if there is one and the caller accepts it, or 304 if the caller has it."""
    packed = compressed is not None and takes_gzip(request.headers.get("accept-encoding", ""))
    # Each encoding is a separate representation and needs its own tag (RFC 9110, 8.8.3.3).
    tag = f'"{digest}-gzip"' if packed else f'"{digest}"'
    headers = {"ETag": tag, "Vary": "Accept-Encoding"}
    if cache_control is not None:
        headers["Cache-Control"] = cache_control
    if tag in re.findall(r'"[^"]*"', request.headers.get("if-none-match", "")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if packed and compressed is not None:
        headers["Content-Encoding"] = "gzip"
        content = compressed()
    return Response(content, media_type=media_type, headers=headers)


def wants_csv(request: Request, chosen: str | None) -> bool:
    """Return whether the answer is CSV: by the query's `format`, or else because `Accept` names CSV and not JSON."""
    accepted = request.headers.get("accept", "")
    return chosen == "csv" if chosen is not None else CSV in accepted and "json" not in accepted


def digest_of(content: bytes) -> str:
    """Return a hash of content, for its tag."""
    return sha256(content).hexdigest()[:32]


def takes_gzip(accept_encoding: str) -> bool:
    """Return whether an `Accept-Encoding` header accepts gzip, by name or by `*`, with a quality above 0."""
    qualities = dict(_coding(part) for part in accept_encoding.lower().split(","))
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _coding(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    key, _, value = parameter.partition("=")
    try:
        return name.strip(), float(value) if key.strip() == "q" else 1.0
    except ValueError:
        return name.strip(), 1.0
