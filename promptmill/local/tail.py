"""Short lines for the screen from the components' logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

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
    _rest: bytes = field(default=b"", repr=False)

    def skip(self) -> None:
        """Skip what is already there."""
        self._offset = self.path.stat().st_size if self.path.is_file() else 0

    def lines(self) -> Iterator[str]:
        """Yield a short line for each new entry worth showing."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as source:
            source.seek(self._offset)
            new = source.read()
        self._offset += len(new)
        *whole, self._rest = (self._rest + new).split(b"\n")
        for raw in whole:
            line = short_line(self.part, raw.decode(errors="replace"))
            if line is not None:
                yield line


def short_line(part: str, text: str) -> str | None:
    """Return one short line for a JSON log entry; None if it is not worth showing."""
    try:
        entry = json.loads(text)
    except ValueError:
        return None  # a library's plain text; it is in the log
    if not isinstance(entry, dict) or entry.get("level") == "debug" or _is_plain_read(entry):
        return None
    level = "" if entry.get("level") == "info" else str(entry.get("level", "")).upper()
    shown = " ".join(str(entry[name]) for name in REQUEST_FIELDS if name in entry)
    ids = " ".join(f"{name}={entry[name]}" for name in SHOWN_IDS if entry.get(name) is not None)
    event = str(entry.get("event", "")).replace("_", " ")
    words = [str(entry.get("at", ""))[11:19], f"{part:<6}", level, event, shown, ids]
    line = " ".join(word for word in words if word).split("\n", 1)[0]
    return line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…"


def _is_plain_read(entry: dict[str, object]) -> bool:
    """Return whether this is a successful read-only request: a polling page would fill the screen."""
    status = entry.get("status")
    return entry.get("method") in {"GET", "HEAD"} and isinstance(status, int) and status < FIRST_ERROR
