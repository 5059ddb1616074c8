"""A stored file as an HTTP response: its range if one is asked for, its tag, its name; nothing that a browser runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from api.access.door import ACTING_FOR
from api.http.errors import Refused
from promptmill.outputs.storage import OutputStorage

POLICY: Final = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
"""The Content-Security-Policy of a file that is opened on its own: browsers show pictures and videos in a page of
theirs, which has a style and runs nothing."""

DAY: Final = timedelta(days=1)
"""A file never changes under its address. After a day a browser asks again: it may have been erased."""

WHO_ASKS: Final = f"Cookie, Authorization, {ACTING_FOR}"
"""What says who may see a file: a browser shows what it has kept to the same caller alone, and to nobody once they have
signed out."""

FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file.", "content": {"application/octet-stream": {}}},
    206: {"description": "The part of it that `Range` asked for.", "content": {"application/octet-stream": {}}},
    304: {"description": "Unchanged: `If-None-Match` has its current tag. No body."},
}
"""How a route that answers with `file_answer` declares it in the OpenAPI document."""

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


async def file_answer(
    request: Request,
    storage: OutputStorage,
    path: str,
    media_type: str,
    *,
    tag: str,
    download: str | None = None,
    name: str,
    kept_for: timedelta = DAY,
    open_to_all: bool = False,
) -> Response:
    """Return a stored file, or the part of it that is asked for.

    Args:
        request: Whose headers say which part, and what the caller has already.
        storage: Where the file is.
        path: Its path there.
        media_type: Of its bytes.
        tag: What changes when it does.
        download: The name under which it is to be saved; None to show it.
        name: Its name, if it is shown.
        kept_for: How long a browser may show it without asking again.
        open_to_all: Whether whoever has the address may see it.

    Raises:
        NotStored, StorageUnavailable: It cannot be read.
        Refused: `range_not_satisfiable`: it has no such part.
    """
    etag = f'"{tag}"'
    headers = {
        "ETag": etag,
        "Cache-Control": f"private, max-age={int(kept_for.total_seconds())}",
        "Accept-Ranges": "bytes",
        "Content-Disposition": _disposition("attachment" if download else "inline", download or name),
        "Content-Security-Policy": POLICY,
        **({} if open_to_all else {"Vary": WHO_ASKS}),
    }
    if etag in re.findall(r'"[^"]*"', request.headers.get("if-none-match", "")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    size = await storage.size(path)
    part = _part(request.headers, etag, size)
    if part is None:
        whole = await storage.open(path)
        return StreamingResponse(whole.chunks, headers=headers | {"Content-Length": str(size)}, media_type=media_type)
    start, end = part
    if start >= end:
        raise Refused("range_not_satisfiable", headers={"Content-Range": f"bytes */{size}"})
    opened = await storage.open(path, start, end)
    headers |= {"Content-Length": str(end - start), "Content-Range": f"bytes {start}-{end - 1}/{size}"}
    return StreamingResponse(opened.chunks, HTTPStatus.PARTIAL_CONTENT, headers, media_type)


def _part(headers: Mapping[str, str], etag: str, size: int) -> tuple[int, int] | None:
    """Return which bytes are asked for, from the first to the one after the last; None for all.

    Several ranges at once, and what is no range of bytes, may be answered with the whole file (RFC 9110, 14.2). An
    empty part is one that the file does not have.
    """
    found = _RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if found is None or headers.get("if-range", etag) != etag or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last bytes
        return max(size - int(last), 0) if int(last) else size, size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _disposition(kind: str, name: str) -> str:
    """Return the header that names a file: names are plain letters, but for what an older release may have stored."""
    plain = name.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
