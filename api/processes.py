"""Several processes that serve one API on one port; one that dies is replaced.

All of them accept connections from one listening socket, which the supervisor holds: while one is replaced, the others
serve, and no caller that waits to be accepted is lost. uvicorn has a supervisor too, but it ignores a second signal,
and its processes outlive it if it is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import MutableSequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final, NoReturn

import structlog
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.config import STARTUP_FAILURE

from api.serving import Server, serve, server_config
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.hard_exit import hard_exit
from promptmill.telemetry import configure_logging
from promptmill.temporal.runtime import open_api_runtime

LOOK_SECONDS: Final = 0.2
"""How often the supervisor looks for a signal; the end of a process wakes it at once."""

PAUSE_SECONDS: Final = 1.0
"""Minimum time between two starts of one process, so that one that always dies leaves the machine to the others."""

METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that tells Prometheus's client where several processes share their counters."""

# A new interpreter, not a fork: Temporal's SDK has threads, and Prometheus's client reads its variable when imported.
_SPAWN: Final = multiprocessing.get_context("spawn")

_log = structlog.get_logger(__name__)


def supervise(settings: Settings, listening: socket.socket) -> int:
    """Serve with `api_processes` processes until SIGTERM or Ctrl-C, and return the exit code.

    0 after a requested stop, which lets running requests finish; 143 or 130 if a second signal ended all of them at
    once; 1 if one cannot start while no other serves.
    """
    with TemporaryDirectory(prefix="promptmill-api-") as folder:
        os.environ[METRICS_FOLDER] = folder
        pids: MutableSequence[int] = _SPAWN.RawArray("i", settings.api_processes)
        return _Supervisor(settings, listening, pids).run()


@dataclass
class _Supervisor:
    """Starts, replaces and stops the processes.

    Attributes:
        pids: Their ids, each at its place, which they see too; 0 where none serves.
    """

    settings: Settings
    listening: socket.socket
    pids: MutableSequence[int]
    _running: dict[int, SpawnProcess] = field(default_factory=dict, init=False)
    _started_at: dict[int, float] = field(default_factory=dict, init=False)
    _signals: list[int] = field(default_factory=list, init=False)

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note_signal)
        while not self._signals:
            self._start_missing()
            if STARTUP_FAILURE in self._ended() and not any(self.pids):
                self._stop()
                return 1
        return self._stop()

    def _note_signal(self, number: int, _: FrameType | None) -> None:
        self._signals.append(number)

    def _start_missing(self) -> None:
        now = time.monotonic()
        for place in range(len(self.pids)):
            if place in self._running or now - self._started_at.get(place, -PAUSE_SECONDS) < PAUSE_SECONDS:
                continue
            process = _SPAWN.Process(target=_serve, args=(self.settings, self.listening, self.pids, place))
            process.start()
            self._running[place], self._started_at[place] = process, now

    def _ended(self) -> list[int | None]:
        """Wait a little for processes to end, forget those that have, and return their exit codes."""
        wait([process.sentinel for process in self._running.values()], LOOK_SECONDS)
        ended = {place: process for place, process in self._running.items() if not process.is_alive()}
        for place, process in ended.items():
            del self._running[place]
            self.pids[place] = 0
            mark_process_dead(process.pid, os.environ[METRICS_FOLDER])  # type: ignore[no-untyped-call]
            if not self._signals:
                _log.error("process_died", name=_name(place), pid=process.pid, exit_code=process.exitcode)
        return [process.exitcode for process in ended.values()]

    def _stop(self) -> int:
        # Whoever connects from now on is refused, rather than left waiting for nobody.
        self.listening.close()
        for process in self._running.values():
            process.terminate()
        while self._running and len(self._signals) < 2:  # noqa: PLR2004  # the second ends the wait
            self._ended()
        for process in self._running.values():
            process.kill()
        return 128 + self._signals[-1] if self._running else 0


def _name(place: int) -> str:
    return f"api-{place + 1}"


class _Server(Server):
    """A server among several."""

    def __init__(self, settings: Settings, pids: MutableSequence[int], place: int) -> None:
        super().__init__(server_config(settings, pids))
        self._pids = pids
        self._place = place

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn's signature
        # Ctrl-C, or a service manager, may signal every process; only the supervisor counts signals.
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._pids[self._place] = os.getpid()


def _serve(settings: Settings, listening: socket.socket, pids: MutableSequence[int], place: int) -> NoReturn:
    """Serve as one of several processes."""
    configure_logging(settings, _name(place))
    try:
        open_api_runtime(settings, place)
    except ConfigurationError as error:
        _log.error("temporal_metrics_not_served", problem=str(error))
        hard_exit(STARTUP_FAILURE)
    server = _Server(settings, pids, place)

    def stop_with_supervisor() -> None:
        supervisor = multiprocessing.parent_process()
        if supervisor is not None:
            supervisor.join()
            server.should_exit = True

    threading.Thread(target=stop_with_supervisor, daemon=True).start()
    hard_exit(serve(server, listening))
