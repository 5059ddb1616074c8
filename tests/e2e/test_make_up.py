"""The local stack as a person runs it: real parts on free ports, in a folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator

import pytest

from promptmill.local.folder import open_data_folder
from promptmill.local.processes import Child, start_child
from tests.fixtures.local_stack import PARTS, STOP_SECONDS, LocalStack, said, still_running
from tests.fixtures.session import Session

pytestmark = pytest.mark.timeout(600)


def test_one_command_gives_the_whole_system(stack: LocalStack, leftover: Child) -> None:
    """`make drills` kills the whole stack, and starts it again on its data."""
    up = stack.start_and_wait()
    assert leftover.process.poll() is not None
    assert "Stopped leftovers of an earlier run: worker." in said(up)
    a_second_terminal_only_needs_to_know_the_folder(stack, up)
    sigterm_takes_everything_away(stack, up)


@pytest.fixture
def leftover(stack: LocalStack, session: Session) -> Iterator[Child]:
    """A process that a killed run left behind."""
    log = session.folder / "leftover.log"
    child = session.guard(start_child("worker", ["sleep", "3600"], log=log, environment=os.environ))
    with open_data_folder(stack.folder) as folder:
        folder.write_marks([child.mark])
    yield child
    child.kill()


def a_second_terminal_only_needs_to_know_the_folder(stack: LocalStack, up: Child) -> None:
    assert [mark.name for mark in stack.marks()] == PARTS
    assert stat.S_IMODE((stack.folder / "local.env").stat().st_mode) == 0o600
    smoke = stack.from_second_terminal("smoke")
    assert smoke.returncode == 0, smoke.stdout
    check = stack.from_second_terminal("check")
    assert check.returncode == 0, check.stdout
    # A second start reports the first.
    second = stack.from_second_terminal("up")
    assert second.returncode == 1
    assert f"is already running on {stack.folder} (pid {up.process.pid})" in second.stdout


def sigterm_takes_everything_away(stack: LocalStack, up: Child) -> None:
    marks = stack.marks()

    up.process.send_signal(signal.SIGTERM)

    assert up.process.wait(STOP_SECONDS) == 0, said(up)
    assert still_running(marks) == []
    stopped = [line.split()[1] for line in said(up).splitlines() if "stopped in" in line]
    assert stopped == ["API", "worker", "simulators", "Web", "Temporal", "Postgres"]
    assert not (stack.folder / "local.env").exists()
    # Its addresses are removed with it.
    migrate = stack.from_second_terminal("migrate", PROMPTMILL_SIMULATED_ONLY="")
    assert "DATABASE_URL is not set" in migrate.stdout


def test_busy_ports_are_told_at_once_before_anything_is_started(stack: LocalStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        port, other = one.getsockname()[1], two.getsockname()[1]
        told = stack.refused(PROMPTMILL_PORT=str(port), PROMPTMILL_LOCAL_TEMPORAL_PORT=str(other))

    assert f"Ports in use: {port} for the API and its page by" in told
    assert f"{other} for Temporal by" in told
    assert f"(pid {os.getpid()})" in told
    assert "PROMPTMILL_PORT=" in told
    assert "PROMPTMILL_LOCAL_TEMPORAL_PORT=" in told
    assert stack.marks() == []
    assert not (stack.folder / "postgres").exists()


def test_data_folder_of_a_newer_release_is_left_alone(stack: LocalStack) -> None:
    stack.folder.mkdir()
    (stack.folder / "version").write_text("2\n")

    assert "was written by a newer Promptmill (its version is 2, this release knows 1)" in stack.refused()
    assert [path.name for path in stack.folder.iterdir()] == ["version"]


def test_real_provider_is_refused_in_tests(stack: LocalStack) -> None:
    """The suite sets PROMPTMILL_SIMULATED_ONLY for everything that it starts."""
    assert "PROMPTMILL_SIMULATED_ONLY" in stack.refused(XAI_API_KEY="xai-1")
