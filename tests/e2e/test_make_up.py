"""The local stack as a person runs it: real parts on free ports, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from promptmill.local.folder import DataFolder
from promptmill.local.processes import Child, ProcessMark, find_process
from tests.fixtures.session import Session, StartProcess, WarmPython
from tests.fixtures.simulators import ProviderSimulator
from tests.guardian import belonging_to, kill
from tests.support import eventually_sync

START_SECONDS = 120
STOP_SECONDS = 60
PARTS = ["Postgres", "Temporal", "Web UI", "simulators", "worker", "API"]

pytestmark = pytest.mark.timeout(600)


@dataclass
class LocalStack:
    """A data folder on which `promptmill up` is run."""

    folder: Path
    start_process: StartProcess
    warm_python: WarmPython
    environment: dict[str, str]

    def start(self, **values: str) -> Child:
        """Start `promptmill up` without waiting for it."""
        return self.start_process("up", "-m", "promptmill", "up", environment=self.environment | values)

    def start_and_wait(self, **values: str) -> Child:
        """Start it, and return once it reports that it is running."""
        up = self.start(**values)
        eventually_sync(lambda: up.process.poll() is not None or "is running" in said(up), START_SECONDS)
        assert up.process.poll() is None, said(up)
        return up

    def marks(self) -> list[ProcessMark]:
        return DataFolder(self.folder).read_marks()

    def from_second_terminal(self, *arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
        """Run a command that is given the data folder and nothing else."""
        environment = {"PROMPTMILL_DATA_DIR": str(self.folder)} | values
        return self.warm_python.run("-m", "promptmill", *arguments, environment=environment)

    def refused(self, **values: str) -> str:
        """Run a `promptmill up` that does not come up; return what it says."""
        done = self.warm_python.run("-m", "promptmill", "up", environment=self.environment | values)
        assert done.returncode == 1
        return done.stdout

    def local_env(self) -> dict[str, str]:
        lines = (self.folder / "local.env").read_text().splitlines()
        return {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines if line[0] != "#")}

    def get(self, path: str) -> dict[str, object]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.local_env()['PROMPTMILL_PORT']}{path}") as answer:
            told: dict[str, object] = json.load(answer)
            return told


@pytest.fixture
def stack(
    session: Session, start_process: StartProcess, warm_python: WarmPython, request: pytest.FixtureRequest
) -> Iterator[LocalStack]:
    folder = session.folder / f"up-{abs(hash(request.node.name)) % 10**8}"
    ports = ["PORT", "METRICS_PORT", "TEMPORAL_METRICS_PORT", "LOCAL_TEMPORAL_PORT", "LOCAL_TEMPORAL_UI_PORT"]
    ports += ["LOCAL_GROK_PORT", "LOCAL_WAVESPEED_PORT"]
    environment = {"PROMPTMILL_DATA_DIR": str(folder)} | {f"PROMPTMILL_{port}": "0" for port in ports}
    made = LocalStack(folder, start_process, warm_python, environment)
    yield made
    for process in belonging_to(str(folder)):
        kill(process)


def said(up: Child) -> str:
    return up.log.read_text()


def still_running(marks: list[ProcessMark]) -> list[str]:
    return [mark.name for mark in marks if find_process(mark) is not None]


def test_one_command_gives_the_whole_system_whatever_ended_it_before(stack: LocalStack) -> None:
    up = stack.start_and_wait()
    job_id = a_second_terminal_only_needs_to_know_the_folder(stack, up)
    again = a_start_after_kill_9_finds_all_jobs(stack, up, job_id)
    sigterm_takes_everything_away(stack, again)


def a_second_terminal_only_needs_to_know_the_folder(stack: LocalStack, up: Child) -> str:
    """Return the id of a job that has completed."""
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
    [job_id] = [line.split(": ")[1] for line in smoke.stdout.splitlines() if "a job is accepted" in line]
    return job_id


def a_start_after_kill_9_finds_all_jobs(stack: LocalStack, up: Child, job_id: str) -> Child:
    marks = stack.marks()
    os.killpg(up.process.pid, signal.SIGKILL)
    up.process.wait(STOP_SECONDS)
    assert still_running(marks) == PARTS

    again = stack.start_and_wait()

    assert still_running(marks) == []
    assert "Stopped leftovers of an earlier run: API, worker, simulators, Web UI, Temporal, Postgres" in said(again)
    assert stack.get(f"/api/jobs/{job_id}")["status"] == "completed"
    return again


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


def test_a_worker_that_dies_or_does_not_stop_leaves_nothing_running(
    stack: LocalStack, grok_simulator: ProviderSimulator
) -> None:
    own = {"XAI_API_KEY": "own", "XAI_API_BASE": grok_simulator.url}
    part_that_dies_is_told_with_its_log_and_ends_everything(stack.start_and_wait(**own), stack.marks())
    second_ctrl_c_ends_a_stop_that_takes_too_long(stack.start_and_wait(), stack.marks())


def part_that_dies_is_told_with_its_log_and_ends_everything(up: Child, marks: list[ProcessMark]) -> None:
    assert "WaveSpeed's simulator" in said(up)
    assert "Grok's simulator" not in said(up)  # it has one of its own
    os.kill(next(mark.pid for mark in marks if mark.name == "worker"), signal.SIGKILL)

    assert up.process.wait(STOP_SECONDS) == 1
    assert "worker was killed by signal 9" in said(up)
    assert "worker_ready" in said(up)
    assert still_running(marks) == []


def second_ctrl_c_ends_a_stop_that_takes_too_long(up: Child, marks: list[ProcessMark]) -> None:
    worker = next(mark for mark in marks if mark.name == "worker")
    os.kill(worker.pid, signal.SIGSTOP)  # a worker that does not stop within its grace
    up.process.send_signal(signal.SIGINT)
    eventually_sync(lambda: "API" not in still_running(marks), STOP_SECONDS)
    assert "worker" in still_running(marks)

    def ended_by_another_signal() -> bool:
        up.process.send_signal(signal.SIGINT)
        return up.process.poll() is not None

    eventually_sync(ended_by_another_signal, 20)

    assert up.process.returncode == 128 + signal.SIGINT
    assert still_running(marks) == []


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
