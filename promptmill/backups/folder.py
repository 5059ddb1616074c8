"""The folder of backups: which files count as one, and how a new one appears at once or not at all.

A backup is a manifest (`<name>.json`) and the file that it names. The manifest is written last: whatever lies there
without one was left behind by a process that was killed, counts for nothing, and is removed by the next writer. One
that cannot be read hides neither the others nor its own file: both stay until a person has looked.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import ValidationError

from promptmill.backups.errors import BackupUnusable
from promptmill.backups.sealing import read_sealed
from promptmill.config.payload_keys import PayloadKey
from promptmill.contracts.backups import Manifest
from promptmill.contracts.errors import ConfigurationError

PREFIX: Final = "promptmill-"
PLAIN: Final = ".dump"
SEALED: Final = ".dump.sealed"
PARTIAL: Final = ".partial"
_READ_BYTES: Final = 1024 * 1024
_OWNER_ALONE: Final = 0o600


class Counted:
    """Writes to a file, and knows its size and its SHA-256."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        """Write to the file."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written."""
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Contents:
    """What is in a folder of backups.

    Attributes:
        backups: Newest first.
        unreadable: What is wrong with each manifest that cannot be read, by its name.
    """

    backups: list[Manifest]
    unreadable: dict[str, str]


@dataclass(frozen=True)
class BackupFolder:
    """A folder that only we write to."""

    path: Path

    def contents(self) -> Contents:
        """Return the backups, and the manifests that cannot be read.

        Raises:
            ConfigurationError: The folder cannot be read.
        """
        found: list[Manifest] = []
        unreadable: dict[str, str] = {}
        try:
            manifests = sorted(self.path.glob(f"{PREFIX}*.json"))
        except OSError as error:
            raise ConfigurationError(f"The folder of backups cannot be read: {error}.") from error
        for path in manifests:
            try:
                manifest = _read_manifest(path)
            except FileNotFoundError:
                continue  # deleted meanwhile, by a rotation
            except BackupUnusable as problem:
                unreadable[path.stem] = str(problem)
            else:
                found += [manifest] if (self.path / manifest.file).is_file() else []
        return Contents(sorted(found, key=_taken, reverse=True), unreadable)

    def all(self) -> list[Manifest]:
        """Return the backups, newest first, without those whose manifest cannot be read.

        Raises:
            ConfigurationError: The folder cannot be read.
        """
        return self.contents().backups

    def find(self, name: str | None) -> Manifest:
        """Return a backup; without a name the newest.

        Raises:
            ConfigurationError: There is none.
            BackupUnusable: Its manifest cannot be read.
        """
        contents = self.contents()
        for backup in contents.backups:
            if name is None or backup.name == name:
                return backup
        if name in contents.unreadable:
            raise BackupUnusable(contents.unreadable[name])
        what = "no backup" if name is None else f"no backup {name}"
        raise ConfigurationError(f"There is {what} in {self.path}: `promptmill backup list` shows what is there.")

    def chunks(self, backup: Manifest, keys: Sequence[PayloadKey]) -> Iterator[bytes]:
        """Yield what `pg_dump` wrote.

        Raises:
            BackupUnusable: It is damaged or cut off, or its key is missing.
        """
        with (self.path / backup.file).open("rb") as file:
            if backup.key_id is None:
                while chunk := file.read(_READ_BYTES):
                    yield chunk
                return
            try:
                yield from read_sealed(file, keys)
            except BackupUnusable as error:
                raise BackupUnusable(f"{backup.file}: {error}") from error

    def require_whole(self, backup: Manifest, keys: Sequence[PayloadKey]) -> None:
        """Check that the file is the one that was written, and that it can be decrypted.

        Raises:
            BackupUnusable: It is not.
        """
        with (self.path / backup.file).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != backup.sha256:
            raise BackupUnusable(
                f"{backup.file} has the SHA-256 {found}, and its manifest says {backup.sha256}: it is damaged. Use "
                "another backup, or a copy of this one."
            )
        for _ in self.chunks(backup, keys):
            pass

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers out, and remove what killed ones have left.

        Raises:
            ConfigurationError: Another one is at work, or the folder cannot be written to.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise ConfigurationError(
                f"{self.path} cannot be used for backups: {error}. Set PROMPTMILL_BACKUP_DIR to a folder that this "
                "user may write to."
            ) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigurationError(f"Another backup is being written to {self.path}: wait for it.") from None
            self._remove_leftovers()
            yield
        finally:
            os.close(handle)

    @contextmanager
    def new_file(self, name: str) -> Iterator[BinaryIO]:
        """Yield a file that nobody else can read, and that has its name once it is complete and on disk.

        Raises:
            ConfigurationError: It cannot be written, such as on a full disk.
        """
        partial = self.path / f"{name}{PARTIAL}"
        try:
            # One that a killed process has left is written over.
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _OWNER_ALONE)
            try:
                with os.fdopen(handle, "wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                partial.rename(self.path / name)
                self._sync()
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise ConfigurationError(f"{self.path / name} cannot be written: {error}.") from error

    def write_manifest(self, backup: Manifest) -> None:
        """Make a file count as a backup, or replace what is known of it."""
        with self.new_file(f"{backup.name}.json") as file:
            file.write(backup.model_dump_json(indent=2).encode() + b"\n")

    def rotate(self, keep: int) -> list[Manifest]:
        """Delete all but the newest `keep`, never the newest that is known to be good; return what was deleted."""
        backups = self.all()
        good = next((one for one in backups if one.verified_at is not None), None)
        deleted = [one for one in backups[keep:] if one is not good]
        for backup in deleted:
            # The manifest first: what is left of a killed rotation counts for nothing.
            (self.path / f"{backup.name}.json").unlink(missing_ok=True)
            self._sync()
            (self.path / backup.file).unlink(missing_ok=True)
        return deleted

    def _remove_leftovers(self) -> None:
        contents = self.contents()
        counting = {one.file for one in contents.backups}
        counting |= {f"{name}{suffix}" for name in contents.unreadable for suffix in (PLAIN, SEALED)}
        for path in self.path.glob(f"{PREFIX}*"):
            if path.name.endswith(PARTIAL) or (path.name.endswith((PLAIN, SEALED)) and path.name not in counting):
                path.unlink(missing_ok=True)

    def _sync(self) -> None:
        """Make renames and deletions outlast a power failure."""
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_manifest(path: Path) -> Manifest:
    try:
        found = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BackupUnusable(f"{path} cannot be read: {error.strerror}. Let this user read it.") from error
    except ValidationError as error:
        raise BackupUnusable(
            f"{path} is not a manifest that this release can read: move it away, with its file ({error})."
        ) from error
    if path.stem != found.name:
        raise BackupUnusable(f"{path} is the manifest of {found.name}: rename it to {found.name}.json.")
    return found


def _taken(backup: Manifest) -> float:
    return backup.taken_at.timestamp()
