"""What the processes may open at once; each process sets its own limits."""

from __future__ import annotations

import json

import pytest

from tests.fixtures.session import WarmPython

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


@pytest.mark.parametrize(
    ("process", "next_step", "needed", "setting"),
    [
        ("worker", "run", 2226, "PROMPTMILL_WAVESPEED_CONCURRENCY"),
        ("api", "listen", 974, "PROMPTMILL_MAX_CONNECTIONS"),
    ],
)
def test_a_process_may_open_what_its_settings_need_or_is_told_at_the_start(
    warm_python: WarmPython, process: str, next_step: str, needed: int, setting: str
) -> None:
    done = warm_python.run("-m", "tests.file_limits", f"{process}.__main__", next_step, environment=SETTINGS)

    assert done.returncode == 0, done.stdout
    allowed, refused = (tuple(start) for start in json.loads(done.stdout.splitlines()[-1]))
    assert allowed[:2] == (0, needed), allowed
    code, _, told = refused
    assert code == 2
    assert f"{setting} is " in told
    assert "this process may have 300" in told
