"""`make drills`: a short run of `make chaos`: workers, API, Postgres and Temporal fail; every promise is kept."""

from __future__ import annotations

import pytest

from tests.fixtures.session import StartProcess

WITHIN_SECONDS = 280

pytestmark = pytest.mark.timeout(WITHIN_SECONDS + 20)


def test_nothing_is_paid_twice_and_nothing_lost_while_everything_breaks(start_process: StartProcess) -> None:
    run = start_process("chaos", "-m", "tests.chaos", "--short", "--encrypted", "--jobs", "60", "--seed", "7")

    code = run.process.wait(WITHIN_SECONDS)

    assert code == 0, run.log.read_text(encoding="utf-8")


def test_chaos_refuses_a_provider_that_is_not_simulated(start_process: StartProcess) -> None:
    run = start_process("chaos", "-m", "tests.chaos", environment={"WAVESPEED_API_BASE": "https://api.wavespeed.ai"})

    assert run.process.wait(60) == 2
    assert "not a loopback address" in run.log.read_text(encoding="utf-8")
