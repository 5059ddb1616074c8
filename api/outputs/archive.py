"""Stored outputs as one zip, written while it is sent: memory for one chunk, however large it becomes."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import structlog
from fastapi.responses import StreamingResponse

from promptmill.contracts.errors import NotStored
from promptmill.contracts.outputs import StoredState
from promptmill.outputs.naming import recipe_path
from promptmill.outputs.storage import OutputStorage
from sql.models import StoredOutput

MISSING: Final = "not-stored.txt"
"""The entry that names what the archive lacks."""

ZIP: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "The archive.", "content": {"application/zip": {}}}}
"""How a route that answers with an archive declares it in the OpenAPI document."""

_log = structlog.get_logger(__name__)


class _Pipe:
    """What a zip is written to: keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: what was written is taken by whoever sends it."""

    def close(self) -> None:
        """Do nothing, as `flush`."""

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def something_stored(outputs: Sequence[StoredOutput]) -> Sequence[StoredOutput]:
    """Return these outputs.

    Raises:
        NotStored: None of them is stored.
    """
    if all(output.state != StoredState.STORED for output in outputs):
        raise NotStored("None of these outputs is stored.")
    return outputs


def archive_answer(storage: OutputStorage, outputs: Sequence[StoredOutput], name: str) -> StreamingResponse:
    """Return these outputs as a zip with this name: each file with its recipe, by day and model."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(_zipped(storage, outputs), headers=headers, media_type="application/zip")


async def _zipped(storage: OutputStorage, outputs: Sequence[StoredOutput]) -> AsyncIterator[bytes]:
    pipe = _Pipe()
    missing: list[str] = []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for output in outputs:
            if output.state != StoredState.STORED or output.path is None:
                missing.append(f"{output.job_id} {output.index}: {output.problem or output.state}")
                continue
            for path in (output.path, recipe_path(output.path)):
                try:
                    opened = await storage.open(path)
                except NotStored:
                    missing.append(f"{output.job_id} {output.index}: {path} is not there")
                    continue
                # Not compressed: pictures and videos are. The size is known only by what the file says now.
                with archive.open(zipfile.ZipInfo(path, _when(output)), "w", force_zip64=True) as entry:
                    async for chunk in opened.chunks:
                        entry.write(chunk)
                        yield pipe.take()
        if missing:
            _log.info("archive_incomplete", count=len(missing))
            archive.writestr(MISSING, "\n".join(missing) + "\n")
    yield pipe.take()


def _when(output: StoredOutput) -> tuple[int, int, int, int, int, int]:
    at = output.stored_at or output.created_at
    return at.year, at.month, at.day, at.hour, at.minute, at.second
