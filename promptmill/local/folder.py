"""The data folder of a local stack: its version, its lock, the record of what is running, and `local.env`."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from promptmill.config.settings import LOCAL_ENV
from promptmill.local.errors import LocalStackError
from promptmill.local.processes import ProcessMark
from promptmill.local.rotation import set_aside

VERSION = 1
"""Incremented when older releases can no longer read what this one writes to the folder."""


@dataclass(frozen=True)
class DataFolder:
    """A prepared data folder, its path absolute."""

    path: Path

    @property
    def postgres(self) -> Path:
        """Postgres's data."""
        return self.path / "postgres"

    @property
    def temporal(self) -> Path:
        """Temporal's database file."""
        return self.path / "temporal" / "temporal.db"

    @property
    def local_env(self) -> Path:
        """File with the running stack's addresses, for other terminals."""
        return self.path / LOCAL_ENV

    def log(self, part: str) -> Path:
        """Return a component's log; a few older ones are kept as well."""
        return self.path / "logs" / f"{part.lower().replace(' ', '-')}.log"

    def set_old_log_aside(self, part: str) -> None:
        """Set the log of the last run aside."""
        set_aside(self.log(part))

    def read_marks(self) -> list[ProcessMark]:
        """Return what the last run had started and not stopped, in starting order."""
        try:
            record = json.loads((self.path / "run.json").read_text())
            return [ProcessMark(**mark) for mark in record["parts"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError):  # truncated by a crash: it tells nothing
            return []

    def write_marks(self, marks: Sequence[ProcessMark]) -> None:
        """Record what is running, so that the next start finds it even if this process is killed."""
        _write(self.path / "run.json", json.dumps({"pid": os.getpid(), "parts": [asdict(mark) for mark in marks]}))

    def write_local_env(self, values: Mapping[str, str]) -> None:
        """Write the running stack's addresses, readable only by this user."""
        lines = ["# Written by the running local stack and removed when it stops. Put your own settings in .env."]
        _write(
            self.local_env, "\n".join([*lines, *(f"{name}={_quoted(value)}" for name, value in values.items())]) + "\n"
        )

    def forget_run(self) -> None:
        """Remove every trace of a running stack."""
        self.local_env.unlink(missing_ok=True)
        (self.path / "run.json").unlink(missing_ok=True)


@contextmanager
def open_data_folder(path: Path) -> Iterator[DataFolder]:
    """Create or check the data folder, and lock it for this process.

    Raises:
        LocalStackError: Another stack runs on it, a newer release has written it, or it cannot be written.
    """
    folder = path.resolve()
    try:
        lock = _take(folder)
    except OSError as error:
        raise LocalStackError(
            f"The data folder {folder} is not writable ({error.strerror or error}): make it writable, or set "
            "PROMPTMILL_DATA_DIR to another folder."
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalStackError(
                f"A local stack is already running on {folder}{_runner(folder)}: use it, stop it with Ctrl-C in its "
                "terminal, or set PROMPTMILL_DATA_DIR to another folder (and other ports)."
            ) from None
        (folder / "logs").mkdir(mode=0o700, exist_ok=True)
        yield DataFolder(folder)
    finally:
        os.close(lock)  # the system also releases it if this process is killed


def _take(folder: Path) -> int:
    """Create the folder if necessary, and return the open lock file, not locked yet."""
    if not folder.exists():
        folder.mkdir(parents=True)
        # As root, Postgres runs as another user, who must be able to traverse it; its contents stay private.
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    _check_version(folder)
    return os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _check_version(folder: Path) -> None:
    file = folder / "version"
    if not file.exists():
        _write(file, f"{VERSION}\n")
        return
    text = file.read_text().strip()
    if not text.isdecimal() or int(text) > VERSION:
        raise LocalStackError(
            f"{folder} was written by a newer Promptmill (its version is {text[:20]}, this release knows {VERSION}): "
            "install that release, or set PROMPTMILL_DATA_DIR to another folder."
        )


def _runner(folder: Path) -> str:
    with suppress(OSError, ValueError, KeyError):
        return f" (pid {json.loads((folder / 'run.json').read_text())['pid']})"
    return ""


def _write(path: Path, text: str) -> None:
    """Write a file atomically, readable only by this user."""
    made, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp: 0600
    with os.fdopen(made, "w") as target:
        target.write(text)
    Path(name).replace(path)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
