"""What the processes may open at once; each test's process sets its own limits."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fixtures.session import ROOT

SETTINGS = {
    "PROMPTMILL_ENV_FILE": "",
    "PROMPTMILL_DATA_DIR": "/nonexistent",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "TEMPORAL_ADDRESS": "127.0.0.1:9",
    "PROMPTMILL_SIMULATED_ONLY": "true",
    "XAI_API_BASE": "http://127.0.0.1:9",
    "WAVESPEED_API_BASE": "http://127.0.0.1:9",
    "PROMPTMILL_WAVESPEED_TIER": "gold",
}
"""A thousand submissions at once, as WaveSpeed allows: with their prices, two thousand connections."""

START = """
import resource, sys
from unittest.mock import patch
from {process} import __main__ as process
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
with patch.object(process, "{next_step}", side_effect=SystemExit(0)):
    try:
        sys.exit(process.main())
    finally:
        print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
STEPS = {"worker": "run", "api": "listen"}


def start(process: str, hard: int) -> subprocess.CompletedProcess[str]:
    code = START.format(process=process, hard=hard, next_step=STEPS[process])
    return subprocess.run(
        [sys.executable, "-c", code], env=SETTINGS, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(("process", "needed"), [("worker", 2178), ("api", 974)])
def test_a_process_may_open_what_its_settings_need(process: str, needed: int) -> None:
    done = start(process, 4096)

    assert (done.returncode, done.stdout.strip()) == (0, str(needed)), done.stderr


@pytest.mark.parametrize(
    ("process", "setting"), [("worker", "PROMPTMILL_WAVESPEED_CONCURRENCY"), ("api", "PROMPTMILL_MAX_CONNECTIONS")]
)
def test_a_system_that_does_not_allow_it_is_told_at_the_start(process: str, setting: str) -> None:
    done = start(process, 300)

    assert done.returncode == 2
    assert f"{setting} is " in done.stderr
    assert "this process may have 300" in done.stderr
