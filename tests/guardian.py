"""Ends what a test session started, however the session ended: run as a process of its own, in a session of its own.

Reads lines from its standard input, a pipe that only the test session holds open: `process <pid> <start time>` and
`folder <path>`. When the pipe closes (the end, Ctrl-C, `kill -9`), it kills those processes and all that were started
for such a folder, then deletes the folders. Everything here is disposable, so nothing is stopped gracefully.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress

import psutil

FOLDER_PREFIX = "promptmill-test"
TAG = "TEST_SESSION_FOLDER"
"""In the environment of everything that a session starts."""


def kill(process: psutil.Process) -> None:
    """Kill a process with its group and its children."""
    with suppress(psutil.NoSuchProcess):
        # Postgres's children leave its group.
        family = [process, *process.children(recursive=True)]
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(family, timeout=5)


def started(pid: int, created: float) -> Iterator[psutil.Process]:
    """Yield the process, if it is still the one that was started."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if abs(process.create_time() - created) <= 2:
            yield process


def belonging_to(folder: str) -> Iterator[psutil.Process]:
    """Yield the processes that were started for a folder, directly or indirectly."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            named = folder in process.environ().values()
            # Postgres overwrites its environment. Not every command that names the folder: a person may be in it.
            if named or (process.name().startswith("postgres") and folder in " ".join(process.cmdline())):
                yield process


def main() -> None:
    """Read until the pipe closes, then clean up."""
    lines = [line.split(maxsplit=1) for line in sys.stdin.read().splitlines()]
    # Only what a session created: any other name might mean a person's data, or the whole machine.
    folders = [rest for kind, rest in lines if kind == "folder" and re.match(rf"/.*/{FOLDER_PREFIX}[^/]+$", rest)]
    for kind, rest in lines:
        if kind == "process":
            pid, created = rest.split()
            for process in started(int(pid), float(created)):
                kill(process)
    for folder in folders:
        for process in belonging_to(folder):
            kill(process)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
