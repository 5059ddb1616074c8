"""What the processes may open at once; each process sets its own limits."""

from __future__ import annotations

import json
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
import json, resource
from contextlib import redirect_stderr
from io import StringIO
from unittest.mock import patch
from {process} import __main__ as process
def start(hard):
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    with patch.object(process, "{next_step}", side_effect=SystemExit(0)), redirect_stderr(StringIO()) as told:
        try:
            code = process.main()
        except SystemExit as done:
            code = done.code
    return code, resource.getrlimit(resource.RLIMIT_NOFILE)[0], told.getvalue()
print(json.dumps([start(4096), start(300)]))
"""
"""Starts a process as far as its next step, twice: the system allows enough, then too little."""


@pytest.mark.parametrize(
    ("process", "next_step", "needed", "setting"),
    [
        ("worker", "run", 2210, "PROMPTMILL_WAVESPEED_CONCURRENCY"),
        ("api", "listen", 974, "PROMPTMILL_MAX_CONNECTIONS"),
    ],
)
def test_a_process_may_open_what_its_settings_need_or_is_told_at_the_start(
    process: str, next_step: str, needed: int, setting: str
) -> None:
    code = START.format(process=process, next_step=next_step)

    done = subprocess.run(
        [sys.executable, "-c", code], env=SETTINGS, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    allowed, refused = (tuple(start) for start in json.loads(done.stdout.splitlines()[-1]))
    assert allowed[:2] == (0, needed), allowed
    code, _, told = refused
    assert code == 2
    assert f"{setting} is " in told
    assert "this process may have 300" in told
