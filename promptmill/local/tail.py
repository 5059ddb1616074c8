"""Short lines for the screen from the parts' logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SHOWN_IDS = ("job_id", "prompt_job_id", "status", "reason_code", "error")
HIDDEN_LEVELS = {"debug"}
LINE_LENGTH = 160


@dataclass
class LogTail:
    """What is new in a part's log since the last look."""

    part: str
    path: Path
    _offset: int = 0
    _rest: bytes = field(default=b"", repr=False)

    def skip(self) -> None:
        """Leave out what stands there already."""
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
    """Return one short line for a JSON log entry; None for what is not worth showing."""
    try:
        entry = json.loads(text)
    except ValueError:
        return None  # a library's own text; it stands in the log
    if not isinstance(entry, dict) or entry.get("level") in HIDDEN_LEVELS:
        return None
    level = "" if entry.get("level") == "info" else f"{str(entry.get('level', '')).upper()} "
    ids = " ".join(f"{name}={entry[name]}" for name in SHOWN_IDS if entry.get(name) is not None)
    line = " ".join(
        f"{str(entry.get('at', ''))[11:19]} {part:<6} {level}{entry.get('event', '')} {ids}".split("\n")[0].split()
    )
    return line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…"
