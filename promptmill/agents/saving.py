"""Saves outputs below one folder of the person's: never outside of it, never over a file that is there."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from promptmill.agents.calls import TIMEOUT_SECONDS, Calls
from promptmill.agents.shapes import Job, Output, SavedFile
from promptmill.contracts.outputs import StoredState

MOST_BYTES: Final = 4 * 2**30
"""Of one file."""

PLAIN_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class _NotSaved(Exception):
    """The message says why."""


@dataclass(frozen=True)
class Folder:
    """Where files may be written."""

    path: Path

    async def save(self, calls: Calls, job: Job, output: Output, within: str | None) -> SavedFile:
        """Write an output to a new file, in the folder or in one within it, whose name is plain."""
        name = _name(job, output)
        place = self.path / within / name if within else self.path / name
        saved: dict[str, Any] = {"job_id": job.job_id, "index": output.index}
        try:
            with self._opened(within) as folder, _written(folder, name) as file:
                async with _content(calls, job, output) as pieces:
                    size = await _write(file, pieces)
        except FileExistsError:
            return SavedFile(**saved, path=None, problem=f"{place} is there already; it was not overwritten.")
        except (OSError, httpx.HTTPError, _NotSaved) as error:
            why = str(error) if isinstance(error, _NotSaved) else f"{type(error).__name__}: {error}"
            return SavedFile(**saved, path=None, problem=why)
        return SavedFile(**saved, path=str(place), bytes=size)

    @contextmanager
    def _opened(self, within: str | None) -> Iterator[int]:
        """Open the folder that is written to. Nothing on the way to it may be a link to elsewhere."""
        folder = os.open(self.path, _FOLDER)
        try:
            if within is not None:
                with suppress(FileExistsError):
                    os.mkdir(within, dir_fd=folder)
                inner = os.open(within, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)


@contextmanager
def _written(folder: int, name: str) -> Iterator[int]:
    """Open a new file that has its name once it is complete.

    Raises:
        FileExistsError: There is one of that name.
    """
    part = f".{name}.part-{os.getpid()}"
    file = os.open(part, _NEW, 0o644, dir_fd=folder)
    try:
        yield file
        # A link, not a renaming: that would replace what is there.
        os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        os.close(file)
        os.unlink(part, dir_fd=folder)


@asynccontextmanager
async def _content(calls: Calls, job: Job, output: Output) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open an output: the installation's own copy, else WaveSpeed's file, to which our key is never sent."""
    if output.stored is not None and output.stored.state == StoredState.STORED:
        path = f"/api/jobs/{job.job_id}/outputs/{output.index}/file"
        async with calls.http.stream("GET", path) as answer:
            _require_ok(answer)
            yield answer.aiter_bytes()
        return
    if output.url is None or urlsplit(output.url).scheme not in {"http", "https"}:
        raise _NotSaved("It is no file that can be fetched; its text is in the job.")
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http, http.stream("GET", output.url) as answer:
        _require_ok(answer)
        yield answer.aiter_bytes()


async def _write(file: int, pieces: AsyncIterator[bytes]) -> int:
    """Write all pieces, and return how many bytes they are."""
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > MOST_BYTES:
            raise _NotSaved(f"It has more than {MOST_BYTES // 2**30} GiB.")
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(file, rest) :]
    return size


def _require_ok(answer: httpx.Response) -> None:
    if answer.status_code != httpx.codes.OK:
        raise _NotSaved(f"The server answered {answer.status_code}.")


def _name(job: Job, output: Output) -> str:
    """Return a plain name: the stored one, or the job's id with the ending of the file's address."""
    stored = output.stored.name if output.stored else None
    if stored and re.fullmatch(PLAIN_NAME, stored):
        return stored
    ending = PurePosixPath(urlsplit(output.url or "").path).suffix
    return f"{job.job_id}-{output.index}{ending if re.fullmatch(r'[.][A-Za-z0-9]{1,8}', ending) else ''}"
