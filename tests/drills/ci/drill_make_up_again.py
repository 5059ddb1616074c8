"""`make drills`: a local stack that was killed as a whole starts again on its data, and stops what was left of it."""

from __future__ import annotations

import os
import signal

import pytest

from tests.fixtures.local_stack import PARTS, STOP_SECONDS, LocalStack, said, still_running

pytestmark = pytest.mark.timeout(600)


def test_a_start_after_kill_9_finds_all_jobs(stack: LocalStack) -> None:
    up = stack.start_and_wait()
    smoke = stack.from_second_terminal("smoke")
    assert smoke.returncode == 0, smoke.stdout
    [job_id] = [line.split(": ")[1] for line in smoke.stdout.splitlines() if "a job is accepted" in line]
    marks = stack.marks()
    os.killpg(up.process.pid, signal.SIGKILL)
    up.process.wait(STOP_SECONDS)
    assert still_running(marks) == PARTS

    again = stack.start_and_wait()

    assert still_running(marks) == []
    assert "Stopped leftovers of an earlier run: API, worker, simulators, Web UI, Temporal, Postgres" in said(again)
    assert stack.get(f"/api/jobs/{job_id}")["status"] == "completed"
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(STOP_SECONDS) == 0, said(again)
    assert still_running(stack.marks()) == []
