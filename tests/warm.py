"""Processes that start at once: each is a fork of one process that has imported all that ours need.

Importing is most of what the start of `python -m promptmill …`, `python -m api` or `python -m worker` costs: seconds of
CPU time on a busy machine. A fork has its caller's arguments, environment, folder and streams; none of our modules
reads those before it is called.

`python -m tests.warm SOCKET` serves; `python -I -S tests/warm.py SOCKET -m MODULE ARGUMENT…` runs one command, which
must end by itself: signals reach its caller alone. `start` returns a process that takes signals.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

IMPORTED = (
    *("promptmill.cli", "promptmill.store", "promptmill.temporal", "promptmill.api_resources"),
    *("promptmill.worker_resources", "sqlalchemy.ext.asyncio", "alembic.command", "uvicorn"),
    *("api.app", "api.serving", "worker.build", "promptmill_client"),
)
STREAMS = 3
NUMBER = struct.Struct("!i")
"""What the server tells of a process: its pid at once, its return code, negative for a signal, at its end."""

COMMAND_SECONDS = 180
"""A command that takes longer is killed: its caller waits for it."""


def serve(path: str) -> NoReturn:
    """Start processes until this one is killed."""
    # Also where the environment was installed from another checkout.
    sys.path.append(str(Path(__file__).parents[1] / "clients" / "python"))
    for module in IMPORTED:
        importlib.import_module(module)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{path}.new")
        listening.listen()
        Path(f"{path}.new").rename(path)  # it is there once it listens
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers leave no zombies
        while True:
            caller, _ = listening.accept()
            with caller:
                if not os.fork():
                    listening.close()
                    _keep(caller)


def _keep(caller: socket.socket) -> NoReturn:
    """Start the caller's process, and tell its end: this process has no other task."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(caller, 1, STREAMS)
    with caller.makefile("rb") as told:
        request = json.load(told)
    forked = os.fork()
    if not forked:
        caller.close()
        _become(streams, **request)
    with suppress(BrokenPipeError):  # it has been killed meanwhile
        caller.sendall(NUMBER.pack(forked))
        _, status = os.waitpid(forked, 0)
        caller.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _become(
    streams: Sequence[int], arguments: Sequence[str], environment: Mapping[str, str], folder: str, within: int
) -> NoReturn:
    """Run a module as the caller's process, which ends this one."""
    signal.alarm(within)
    if not within:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    _, module, *sys.argv[1:] = arguments
    sys.argv[0] = module
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()


def _ask(path: str, streams: Sequence[int], **request: Any) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    socket.send_fds(server, [b"\0"], streams)
    server.sendall(json.dumps(request).encode())
    server.shutdown(socket.SHUT_WR)
    return server


class WarmProcess:
    """A process that was started as a fork, with what `subprocess.Popen` offers for one."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self.returncode: int | None = None
        self.pid = self._number()

    def poll(self) -> int | None:
        """Return the return code once the process has ended."""
        with suppress(BlockingIOError):
            return self._ended(timeout=0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return the return code."""
        try:
            return self._ended(timeout)
        except TimeoutError:
            raise subprocess.TimeoutExpired("python", timeout or 0) from None

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL, unless the process has ended."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int:
        if self.returncode is None:
            self._server.settimeout(timeout)
            self.returncode = self._number()
            self._server.close()
        return self.returncode

    def _number(self) -> int:
        told = self._server.recv(NUMBER.size)
        assert told, "the server of warm processes has ended"
        return int(NUMBER.unpack(told)[0])


def start(
    path: str, arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path
) -> WarmProcess:
    """Start `python *arguments` in its own session, without a terminal, with its output in `log`."""
    with log.open("ab") as output, Path(os.devnull).open("rb") as nothing:
        streams = (nothing.fileno(), output.fileno(), output.fileno())
        request = {"arguments": [*arguments], "environment": dict(environment), "folder": str(folder), "within": 0}
        return WarmProcess(_ask(path, streams, **request))


def call(path: str, arguments: Sequence[str]) -> int:
    """Have a command run with our streams; return its exit code."""
    folder, environment = str(Path.cwd()), dict(os.environ)
    asked = _ask(
        path, range(STREAMS), arguments=arguments, environment=environment, folder=folder, within=COMMAND_SECONDS
    )
    return WarmProcess(asked).wait() & 0xFF


if __name__ == "__main__":
    if sys.argv[2:]:
        sys.exit(call(sys.argv[1], sys.argv[2:]))
    serve(sys.argv[1])
