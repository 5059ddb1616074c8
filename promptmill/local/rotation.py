"""Keeps the components' logs below a size: what is full is set aside, and a few old ones are kept."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

LIMIT: Final = 20_000_000
"""Bytes of a log before it is set aside."""

KEPT: Final = 3
"""Old logs kept of each component."""


def old_log(log: Path, age: int = 1) -> Path:
    """Return where a log's predecessor is, or an earlier one: `api.old.log`, `api.old.2.log`."""
    return log.with_suffix(".old.log" if age == 1 else f".old.{age}.log")


def set_aside(log: Path) -> None:
    """Rename a log to its predecessor's name, which becomes the one before, and so on; the oldest is deleted."""
    _age(log)
    with suppress(FileNotFoundError):
        log.replace(old_log(log))


def rotate(log: Path, *, follows: bool, limit: int = LIMIT) -> None:
    """Set a log aside if it is full.

    Args:
        log: The log.
        follows: Whether its writer goes on in a new file once this one is renamed (`PROMPTMILL_LOG_FILE`): nothing is
            lost then. Otherwise it is copied and emptied, which loses what is written between the two.
        limit: Bytes that make it full.
    """
    if not log.is_file() or log.stat().st_size < limit:
        return
    if follows:
        set_aside(log)
        log.touch(mode=0o600)
    else:
        _age(log)
        shutil.copyfile(log, old_log(log))
        os.truncate(log, 0)


def _age(log: Path) -> None:
    if log.is_file():
        for age in range(KEPT, 1, -1):
            with suppress(FileNotFoundError):
                old_log(log, age - 1).replace(old_log(log, age))
