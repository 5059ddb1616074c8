"""`make drills`: how a running local stack ends when a part of it does not behave.

The rules are tested on single children in tests/integration/test_local_processes.py; here the whole stack runs.
"""

from __future__ import annotations

import os
import signal

import pytest

from promptmill.local.processes import Child, ProcessMark
from tests.fixtures.local_stack import STOP_SECONDS, LocalStack, said, still_running
from tests.fixtures.simulators import ProviderSimulator
from tests.support import eventually_sync

pytestmark = pytest.mark.timeout(600)


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
