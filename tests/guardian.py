"""Ends what a test session started, however the session ended: run as a process of its own, in a session of its own.

Reads lines from its standard input, a pipe that only the test session holds open: `process <pid> <start time>`,
`stack <data folder>` and `folder <path>`. When the pipe closes (the end, Ctrl-C, `kill -9`), it kills what still runs
and deletes the folders. Everything here is disposable, so nothing is asked to end in order.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil


def kill(pid: int, created: float) -> None:
    """Kill a process with its group and its children, if it is still the one that was started."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if abs(process.create_time() - created) > 2:
            return
        # Postgres's children leave its group.
        family = [process, *process.children(recursive=True)]
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(family, timeout=5)


def parts_of_stack(folder: Path) -> list[tuple[int, float]]:
    """Return what a local stack had started, by its own record."""
    try:
        return [(part["pid"], part["created"]) for part in json.loads((folder / "run.json").read_text())["parts"]]
    except FileNotFoundError:
        return []


def main() -> None:
    """Read until the pipe closes, then clean up."""
    lines = [line.split(maxsplit=1) for line in sys.stdin.read().splitlines()]
    for kind, rest in lines:
        if kind == "process":
            pid, created = rest.split()
            kill(int(pid), float(created))
    for kind, rest in lines:
        if kind == "stack":
            for pid, created in parts_of_stack(Path(rest)):
                kill(pid, created)
    for kind, rest in lines:
        if kind == "folder":
            shutil.rmtree(rest, ignore_errors=True)


if __name__ == "__main__":
    main()
