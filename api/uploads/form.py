"""Reads a form with files into memory: never to disk, and never beyond the limits."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from api.http.errors import Refused

FIELD: Final = "file"
READ_SECONDS: Final = 120
"""Timeout for receiving a body: a slow sender holds a slot that others wait for."""


class FormInMemory(MultiPartParser):
    """Parses a form whose files stay in memory."""

    # The default spools files over 1 MiB to a temporary file: a caller's image on disk.
    spool_max_size = sys.maxsize

    def close(self) -> None:
        """Release the memory; a form's own `close` leaves the files of an aborted form."""
        for file in self._files_to_close_on_error:
            file.close()


async def read_file(request: Request, max_bytes: int, *, within: float = READ_SECONDS) -> bytes:
    """Return the content of the form's file. Its declared name and type are ignored.

    Raises:
        Refused: `invalid_form`, `picture_too_large` or `upload_too_slow`.
    """
    match await read_form(request, max_files=1, max_fields=0, max_bytes=max_bytes, within=within):
        case [(name, bytes() as data)] if name == FIELD:
            return data
    raise Refused("invalid_form")


async def read_form(
    request: Request, *, max_files: int, max_fields: int, max_bytes: int, within: float = READ_SECONDS
) -> list[tuple[str, str | bytes]]:
    """Return the parts of a form in their order: text of fields, content of files.

    Raises:
        Refused: `invalid_form`: it is none, or has too many parts; `picture_too_large`: a file is; `upload_too_slow`.
    """
    if "content-type" not in request.headers:
        # Without a body none has been requested yet; the parser assumes that it has.
        raise Refused("invalid_form")
    parser = FormInMemory(request.headers, request.stream(), max_files=max_files, max_fields=max_fields)
    try:
        async with asyncio.timeout(within):
            form = await parser.parse()
        parts: list[tuple[str, str | bytes]] = []
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if (value.size or 0) > max_bytes:
                    raise Refused("picture_too_large")
                parts.append((name, await value.read()))
            else:
                parts.append((name, value))
    except (MultiPartException, ClientDisconnect):
        raise Refused("invalid_form") from None
    except TimeoutError:
        raise Refused("upload_too_slow", headers={"Connection": "close"}) from None
    finally:
        parser.close()
    return parts
