"""Child processes of the local stack: told apart, and reliably stopped."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promptmill.config.settings import Settings
from promptmill.local.errors import PartFailed
from promptmill.local.ports import free_port, holder_of, is_free
from promptmill.local.processes import Child, ProcessMark, find_process, start_child, stop_process
from promptmill.local.readiness import answers, wait_ready
from promptmill.local.typed_ports import API_PORT, WEB_UI_PORT, busy_sentence, busy_typed_ports
from tests.fixtures.session import Session
from tests.support import eventually_sync

WAITS = "import signal; print('ready', flush=True); signal.pause()"
FAILS = (
    "import signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); print('ready', flush=True); "
    "signal.sigwait([signal.SIGUSR1]); sys.exit('what went wrong')"
)
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True)\n"
    "while True: signal.pause()"
)
WITH_CHILD = (
    f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {DEAF!r}]).pid, flush=True); exec({DEAF!r})"
)


Run = Callable[[str], Child]
"""Runs a script as a child and waits until it is ready."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "part.log"


@pytest.fixture
def run(session: Session, log: Path) -> Iterator[Run]:
    started: list[Child] = []

    def start(code: str) -> Child:
        child = session.guard(start_child("part", [sys.executable, "-c", code], log=log, environment=os.environ))
        started.append(child)
        wait_ready(child, lambda: "ready" in log.read_text(), within=60)
        return child

    yield start
    for child in started:
        child.kill()


def test_child_has_a_session_of_its_own(run: Run) -> None:
    """So that Ctrl-C in our terminal does not reach it."""
    child = run(WAITS)

    assert os.getsid(child.process.pid) == child.process.pid != os.getsid(0)


def test_stop_asks_first(run: Run) -> None:
    child = run(WAITS)

    assert child.stop(10) is True
    assert child.process.returncode == -signal.SIGTERM


def test_child_that_does_not_listen_is_killed_with_its_group(run: Run, log: Path) -> None:
    child = run(WITH_CHILD)
    grandchild = int(log.read_text().split()[0])

    assert child.stop(0.2) is False

    assert child.process.returncode == -signal.SIGKILL
    eventually_sync(lambda: find_process(ProcessMark("grandchild", grandchild, child.mark.created)) is None)


def test_process_is_known_by_pid_and_start_time(run: Run) -> None:
    mark = run(WAITS).mark

    assert find_process(mark) is not None
    assert find_process(ProcessMark("another", mark.pid, mark.created - 60)) is None


def test_another_process_with_the_same_pid_is_never_stopped(run: Run) -> None:
    child = run(WAITS)

    assert stop_process(ProcessMark("gone", child.mark.pid, child.mark.created - 60), 1) is False
    assert child.process.poll() is None
    assert stop_process(child.mark, 5) is True
    assert child.process.wait(60) == -signal.SIGTERM


def test_child_that_ends_is_told_with_the_end_of_its_log(run: Run) -> None:
    child = run(FAILS)
    child.process.send_signal(signal.SIGUSR1)
    child.process.wait(60)

    with pytest.raises(PartFailed, match=r"part exited with code 1(.|\n)*what went wrong"):
        child.require_alive()


def test_child_that_is_not_ready_in_time_is_told(run: Run) -> None:
    with pytest.raises(PartFailed, match=r"not ready within 0\.1 s"):
        wait_ready(run(WAITS), lambda: False, within=0.1)


def test_nobody_at_an_address_is_not_ready() -> None:
    assert answers(f"http://127.0.0.1:{free_port()}/readyz") is False


def test_busy_ports_are_told_all_at_once_with_lines_that_help() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = one.getsockname()[1], two.getsockname()[1]
        assert not any(is_free(port) for port in ports)
        environment = dict(zip(("PROMPTMILL_PORT", "PROMPTMILL_LOCAL_TEMPORAL_UI_PORT"), map(str, ports), strict=True))
        busy = busy_typed_ports(environment)
        said = busy_sentence([replace(each, holder=holder_of(each.port)) for each in busy])

    assert [(each.variable, each.port) for each in busy] == list(zip(environment, ports, strict=True))
    assert f"{ports[0]} for the API and its page by " in said
    assert f"(pid {os.getpid()})" in said
    helps = dict(line.split("=") for line in said.splitlines()[-2:])
    assert helps.keys() == environment.keys()
    assert busy_typed_ports(helps) == []


def test_only_the_ports_of_what_is_started_are_looked_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        own = {"PROMPTMILL_PORT": str(free_port()), "PROMPTMILL_LOCAL_TEMPORAL_UI_PORT": port}
        assert [each.port for each in busy_typed_ports(own)] == [int(port)]
        assert busy_typed_ports(own | {"TEMPORAL_ADDRESS": "temporal.example.com:7233"}) == []


def test_the_defaults_are_those_of_the_settings() -> None:
    assert Settings.model_fields["port"].default == API_PORT
    assert Settings.model_fields["local_temporal_ui_port"].default == WEB_UI_PORT
