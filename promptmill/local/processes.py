"""Child processes: started in their own sessions, identified by pid and start time, reliably stopped.

Ctrl-C reaches a terminal's whole process group at once. A child in its own session does not receive it, so that
whoever started it decides when it stops, and in which order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from promptmill.local.errors import PartFailed

START_TIME_TOLERANCE = 2.0
"""Seconds. A process's reported start time shifts slightly when the system's clock is set."""

AFTER_KILL_SECONDS = 5.0
"""How long a killed process may take to disappear."""

LOOK_EVERY_SECONDS = 0.02
LOG_END_LINES = 15


@dataclass(frozen=True)
class ProcessMark:
    """Identifies a process even after its pid has been reused.

    Attributes:
        created: Start time in seconds since the epoch.
        stop_signal: The signal that requests a graceful stop.
    """

    name: str
    pid: int
    created: float
    stop_signal: int = signal.SIGTERM


class Process(Protocol):
    """What this module needs of `subprocess.Popen`."""

    @property
    def pid(self) -> int:
        """Its process id, and that of its session and group."""

    @property
    def returncode(self) -> int | None:
        """The last answer of `poll`."""

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, or raise `subprocess.TimeoutExpired`."""

    def send_signal(self, sig: int, /) -> None:
        """Send a signal unless it has ended."""

    def kill(self) -> None:
        """Send SIGKILL unless it has ended."""


@dataclass(frozen=True)
class Child:
    """A running child process and where its output goes."""

    process: Process
    mark: ProcessMark
    log: Path

    @property
    def name(self) -> str:
        """Name of the component."""
        return self.mark.name

    def require_alive(self) -> None:
        """Do nothing while the child runs.

        Raises:
            PartFailed: It has exited; the message contains the end of its log.
        """
        code = self.process.poll()
        if code is not None:
            how = f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"
            raise PartFailed(f"{self.name} {how}. The end of {self.log}:\n{log_end(self.log)}")

    def stop(self, grace_seconds: float) -> bool:
        """Stop the child gracefully; after the grace period kill its group. Return whether it stopped on its own."""
        if self.process.poll() is not None:
            return True
        with suppress(ProcessLookupError):
            self.process.send_signal(self.mark.stop_signal)
        try:
            self.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """Kill the child and everything in its group."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(AFTER_KILL_SECONDS)


def start_child(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    folder: Path | None = None,
    user: int | None = None,
    group: int | None = None,
    stop_signal: int = signal.SIGTERM,
) -> Child:
    """Start a process in its own session, without a terminal, with its output in `log`.

    Args:
        user: Run as this user id (root only).
        group: Run with this group id only.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  # the commands are ours
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
            env=dict(environment),
            user=user,
            group=group,
            extra_groups=None if group is None else [],
        )
    return child_of(process, name, log, stop_signal)


def child_of(process: Process, name: str, log: Path, stop_signal: int = signal.SIGTERM) -> Child:
    """Return a process that has just started in its own session as a child."""
    return Child(process, ProcessMark(name, process.pid, _created(process.pid), stop_signal), log)


def find_process(mark: ProcessMark) -> psutil.Process | None:
    """Return the process with this identity, or None if it is gone (its pid may have been reused)."""
    try:
        process = psutil.Process(mark.pid)
        same = abs(process.create_time() - mark.created) <= START_TIME_TOLERANCE
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def stop_process(mark: ProcessMark, grace_seconds: float) -> bool:
    """Stop a process started by an earlier run. Return whether there was one to stop."""
    process = find_process(mark)
    if process is None:
        return False
    for number, patience in ((mark.stop_signal, grace_seconds), (signal.SIGKILL, AFTER_KILL_SECONDS)):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        give_up = time.monotonic() + patience
        # Not process.wait(): zombies stay in the table if nothing reaps them, as in some containers.
        while find_process(mark) is not None and time.monotonic() < give_up:
            time.sleep(LOOK_EVERY_SECONDS)
    return True


def log_end(log: Path, lines: int = LOG_END_LINES) -> str:
    """Return the last lines of a log, each indented."""
    if not log.is_file():
        return "  (no log)"
    with log.open("rb") as source:
        source.seek(max(0, log.stat().st_size - 200 * lines))
        text = source.read().decode(errors="replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (nothing was logged)"


def _created(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:  # it exited at once, which the caller's wait will report
        return time.time()  # noqa: TID251  # a process's start time is wall-clock time
