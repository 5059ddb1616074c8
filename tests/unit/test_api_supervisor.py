"""When the API's supervisor gives up, and when its processes do; tests/drills/ci has the real ones."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from uvicorn.config import STARTUP_FAILURE

from api import processes
from promptmill.config.settings import Settings


class Pretended:
    """A process as the supervisor sees one: with an exit code it has ended, without one it serves until it is told."""

    def __init__(self, pid: int, exit_code: int | None) -> None:
        self.pid = pid
        self.exitcode = exit_code
        self.sentinel, self._alive = os.pipe()
        if exit_code is not None:
            os.close(self._alive)

    def start(self) -> None:
        """It runs."""

    def is_alive(self) -> bool:
        return self.exitcode is None

    def terminate(self) -> None:
        if self.exitcode is None:
            self.exitcode = 0
            os.close(self._alive)


Supervise = Callable[..., tuple[int, int]]
"""Runs a supervisor of as many processes as `serving` names, which are those that serve; SIGTERM comes with a start."""


@pytest.fixture
def supervised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Supervise]:
    made: list[Pretended] = []

    def run(serving: list[bool], sigterm_at: int) -> tuple[int, int]:
        """Return the exit code, and how many processes were started."""
        supervisor = processes._Supervisor(Settings(), socket.socket(), [0] * len(serving))

        def start(args: tuple[object, ...], **_: object) -> Pretended:
            place = args[-1]
            assert isinstance(place, int)
            one = Pretended(len(made) + 1, None if serving[place] else STARTUP_FAILURE)
            made.append(one)
            if serving[place]:
                supervisor.pids[place] = one.pid
            if len(made) == sigterm_at:
                supervisor._note_signal(signal.SIGTERM, None)
            return one

        monkeypatch.setattr(processes, "_SPAWN", SimpleNamespace(Process=start))
        return supervisor.run(), len(made)

    monkeypatch.setenv(processes.METRICS_FOLDER, str(tmp_path))
    monkeypatch.setattr(processes, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    yield run
    for one in made:
        one.terminate()
        os.close(one.sentinel)


def test_it_ends_once_no_process_can_start(supervised: Supervise) -> None:
    """Replacing them for ever would look like a running service."""
    assert supervised([False, False], sigterm_at=9) == (1, 2)


def test_it_goes_on_while_one_serves(supervised: Supervise) -> None:
    assert supervised([False, True], sigterm_at=4) == (0, 4)


def test_a_process_ends_with_its_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    killed, told = threading.Event(), threading.Event()

    class Server:
        def __init__(self, *_: object) -> None:
            """It serves."""

        def __setattr__(self, name: str, value: object) -> None:
            assert (name, value) == ("should_exit", True)
            told.set()

    def serve(*_: object) -> int:
        early = told.is_set()
        killed.set()
        return 7 if not early and told.wait(60) else 1

    def ended(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(multiprocessing, "parent_process", lambda: SimpleNamespace(join=killed.wait))
    monkeypatch.setattr(processes, "_Server", Server)
    monkeypatch.setattr(processes, "serve", serve)
    monkeypatch.setattr(processes, "hard_exit", ended)
    monkeypatch.setattr(processes, "configure_logging", lambda *_: None)
    monkeypatch.setattr(processes, "open_api_runtime", lambda *_: None)

    with socket.socket() as listening, pytest.raises(SystemExit) as exited:
        processes._serve(Settings(), listening, [0], 0)

    assert exited.value.code == 7
