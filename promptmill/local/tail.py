"""Short lines for the screen from the components' logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from promptmill.local.rotation import old_log

REQUEST_FIELDS = ("method", "path", "status")
SHOWN_IDS = ("job_id", "prompt_job_id", "reason_code", "error")
FIRST_ERROR = 400
LINE_LENGTH = 160


@dataclass
class LogTail:
    """What is new in a component's log since the last read."""

    part: str
    path: Path
    _offset: int = 0
    _file: int | None = None
    _rest: bytes = field(default=b"", repr=False)

    def skip(self) -> None:
        """Skip what is already there."""
        if self.path.is_file():
            found = self.path.stat()
            self._offset, self._file = found.st_size, found.st_ino

    def lines(self) -> Iterator[str]:
        """Yield a short line for each new entry worth showing."""
        if not self.path.is_file():
            return
        new = self._new()
        *whole, self._rest = (self._rest + new).split(b"\n")
        for raw in whole:
            line = short_line(self.part, raw.decode(errors="replace"))
            if line is not None:
                yield line

    def _new(self) -> bytes:
        """Return what was written since the last read, also to the log that has been set aside since."""
        before, file = b"", self.path.stat().st_ino
        if self._file not in (None, file):
            before, self._offset = _read(old_log(self.path), self._offset), 0
        new = _read(self.path, self._offset)
        self._file, self._offset = file, self._offset + len(new)
        return before + new


def _read(path: Path, offset: int) -> bytes:
    with path.open("rb") as source:
        source.seek(offset)
        return source.read()


def short_line(part: str, text: str) -> str | None:
    """Return one short line for a JSON log entry; None if it is not worth showing."""
    try:
        entry = json.loads(text)
    except ValueError:
        return None  # a library's plain text; it is in the log
    if not isinstance(entry, dict) or entry.get("level") == "debug" or _is_plain_read(entry) or _is_plain_call(entry):
        return None
    level = "" if entry.get("level") == "info" else str(entry.get("level", "")).upper()
    shown = " ".join(str(entry[name]) for name in REQUEST_FIELDS if name in entry)
    ids = " ".join(f"{name}={entry[name]}" for name in SHOWN_IDS if entry.get(name) is not None)
    event = str(entry.get("event", "")).replace("_", " ")
    words = [str(entry.get("at", ""))[11:19], f"{part:<6}", level, event, shown, ids]
    line = " ".join(word for word in words if word).split("\n", 1)[0]
    return line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…"


def _is_plain_call(entry: dict[str, object]) -> bool:
    """Return whether this is a call to a provider that needs nobody: the job's own lines say what came of it."""
    return entry.get("event") == "provider_call" and entry.get("level") == "info"


def _is_plain_read(entry: dict[str, object]) -> bool:
    """Return whether this is a successful read-only request: a polling page would fill the screen."""
    status = entry.get("status")
    return entry.get("method") in {"GET", "HEAD"} and isinstance(status, int) and status < FIRST_ERROR
