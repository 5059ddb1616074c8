"""Where outputs are stored: a folder or a bucket, behind the same few calls."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError, NotStored, StorageUnavailable, cut

if TYPE_CHECKING:
    from obstore.store import ObjectStore

CHUNK: Final = 256 * 1024
"""Bytes that are read at once while a file is passed on."""

INCOMING: Final = ".incoming"
"""Folder, beside what is stored, of what is not stored yet."""

_A_DAY: Final = 86_400.0

_PREFIXES: Final = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
"""How the variables of each kind of bucket begin."""

_CONNECT: Final = timedelta(seconds=10)
_REQUEST: Final = timedelta(minutes=5)
_RETRIES: Final = 2
"""Of one request: who stores tries again anyway, and who looks at a picture does not wait for long."""


@dataclass(frozen=True)
class StoredBytes:
    """A part of a stored file, to be read once.

    Attributes:
        size: Bytes of the whole file.
        start: The first byte of the part.
        end: The byte after its last one.
        chunks: The part's bytes. Raises `StorageUnavailable` if the storage breaks off.
    """

    size: int
    start: int
    end: int
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True)
class OutputStorage:
    """The storage. Paths are relative, with `/`.

    Every call raises `StorageUnavailable` if the storage cannot be reached or refuses.

    Attributes:
        store: Reads and writes.
        folder: Where the files are, if that is a folder.
    """

    store: ObjectStore
    folder: Path | None = None

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """Make a folder for what is about to be stored, and delete it afterwards with what is left in it.

        It is beside what is stored, if that is a folder: so `put_file` moves a file, and copies nothing.

        Raises:
            StorageUnavailable: It cannot be made.
        """
        beside = None if self.folder is None else self.folder / INCOMING
        with _told("the folder of what comes in"):
            if beside is not None:
                beside.mkdir(parents=True, exist_ok=True)
            made = tempfile.TemporaryDirectory(prefix="promptmill-", dir=beside, ignore_cleanup_errors=True)
        with made as name:
            yield Path(name)

    def clear_incoming(self) -> int:
        """Delete what processes that were killed have left of files that came in; return how many.

        What is younger than a day may be in use, by another worker.
        """
        deleted = 0
        for each in [] if self.folder is None else (self.folder / INCOMING).glob("*"):
            with suppress(OSError):  # another worker deletes it too
                if time.time() - each.stat().st_mtime > _A_DAY:  # noqa: TID251  # files have wall-clock times
                    shutil.rmtree(each)
                    deleted += 1
        return deleted

    async def put_file(self, path: str, source: Path, content_type: str) -> None:
        """Store a file whole, in place of one of that path: nobody ever sees a part of it. It may be moved there."""
        try:
            with _told(path):
                if self.folder is not None and source.is_relative_to(self.folder):
                    await obstore.rename_async(self.store, source.relative_to(self.folder).as_posix(), path)
                else:
                    await obstore.put_async(self.store, path, source, attributes={"Content-Type": content_type})
        except NotStored:  # the last file beside it was deleted at this moment, and the folder with it
            raise StorageUnavailable("the folder was deleted meanwhile") from None

    async def size(self, path: str) -> int:
        """Return how many bytes a file has.

        Raises:
            NotStored: There is none.
        """
        with _told(path):
            return (await obstore.head_async(self.store, path))["size"]

    async def open(self, path: str, start: int = 0, end: int | None = None) -> StoredBytes:
        """Open a file, or a part of it: from `start`, up to but without `end`. A later end is the file's.

        Raises:
            NotStored: There is none.
            ValueError: The part is empty, or begins after the file's end.
        """
        size = await self.size(path)
        last = size if end is None else min(end, size)
        if not 0 <= start < last and (start, size) != (0, 0):
            raise ValueError(f"no bytes from {start} to {end} in a file of {size}")
        return StoredBytes(size, start, last, self._chunks(path, start, last))

    async def delete(self, paths: Iterable[str]) -> None:
        """Delete files; those that are not there are no error."""
        for path in paths:
            with suppress(NotStored), _told(path):
                await obstore.delete_async(self.store, path)

    async def paths(self) -> AsyncIterator[tuple[str, int]]:
        """Yield path and size of every file, without what is coming in."""
        with _told("the list of files"):
            async for page in obstore.list(self.store):
                for found in page:
                    if not found["path"].startswith(f"{INCOMING}/"):
                        yield found["path"], found["size"]

    async def _chunks(self, path: str, start: int, end: int) -> AsyncIterator[bytes]:
        if start == end:
            return
        with _told(path):
            got = await obstore.get_async(self.store, path, options={"range": (start, end)})
            async for chunk in got.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)


def open_storage(settings: Settings) -> OutputStorage | None:
    """Return the storage that the settings name; None if outputs are not stored. It connects on first use.

    Raises:
        ConfigurationError: The folder cannot be made, or the bucket's variables are wrong.
    """
    place = settings.outputs
    if place is None:
        return None
    try:
        if not settings.outputs_in_bucket:
            folder = Path(place).absolute()
            return OutputStorage(LocalStore(folder, mkdir=True, automatic_cleanup=True), folder)
        prefix = _PREFIXES[place.partition("://")[0]]
        known = {name.lower(): text for name, text in settings.object_store.items() if name.startswith(prefix)}
        plain = known.pop("aws_allow_http", "").lower() == "true"  # of the connection, not of the bucket
        return OutputStorage(
            from_url(  # type: ignore[call-overload]  # one function for all kinds: each has its own keys
                place,
                config=known,
                client_options={"connect_timeout": _CONNECT, "timeout": _REQUEST, "allow_http": plain},
                retry_config={"max_retries": _RETRIES},
            )
        )
    except (BaseError, OSError, ValueError) as error:
        raise ConfigurationError(f"PROMPTMILL_OUTPUTS cannot be used: {_first_line(error)}.") from None


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Raise the store's errors as ours, without what it tells developers."""
    try:
        yield
    except FileNotFoundError:
        raise NotStored from None
    except (BaseError, OSError) as error:
        # The name of a file has words of its prompt, which belong into no log.
        raise StorageUnavailable(_first_line(error).replace(path, "…")) from None


def _first_line(error: Exception) -> str:
    return cut(str(error).partition("\n")[0].rstrip(". ")) or type(error).__name__
