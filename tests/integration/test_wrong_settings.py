"""What the API, the worker and the commands say about a setting that is wrong or has no effect: one sentence each."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from promptmill.local.ports import free_port
from promptmill.local.readiness import answers, wait_ready
from tests.fixtures.session import StartProcess, WarmPython

WRONG_SETTINGS = 2
ENDS_WITHIN = 60
CHECKED = ("Settings", "Grok", "WaveSpeed", "Postgres", "Temporal")
PROBLEM = "TOML parse error"


@pytest.fixture
def wrong_temporal(tmp_path: Path) -> dict[str, str]:
    """Settings of Temporal that cannot work; all kinds of them are in tests/unit/test_temporal_settings.py."""
    profiles = tmp_path / "temporal.toml"
    profiles.write_text("[profile.default\naddress=")
    return {"TEMPORAL_CONFIG_FILE": str(profiles)}


@pytest.mark.parametrize("process", ["api", "worker"])
def test_a_process_says_what_is_wrong_with_temporals_settings(
    process: str, wrong_temporal: dict[str, str], warm_python: WarmPython, settings_environment: dict[str, str]
) -> None:
    ports = {"PROMPTMILL_PORT": str(free_port()), "PROMPTMILL_METRICS_PORT": str(free_port())}

    done = warm_python.run("-m", process, environment=settings_environment | ports | wrong_temporal)

    [said] = done.stdout.splitlines()
    assert done.returncode == WRONG_SETTINGS
    assert PROBLEM in said


def test_the_check_shows_every_line_beside_wrong_settings_of_temporal(
    wrong_temporal: dict[str, str], warm_python: WarmPython, settings_environment: dict[str, str]
) -> None:
    done = warm_python.run("-m", "promptmill", "check", environment=settings_environment | wrong_temporal)

    assert done.returncode == 1
    assert PROBLEM in done.stdout
    assert [subject for subject in CHECKED if subject not in done.stdout] == []
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("process", ["api", "worker"])
async def test_parameters_of_the_address_that_have_no_effect_are_told_in_the_log(
    process: str, start_process: StartProcess, settings_environment: dict[str, str]
) -> None:
    address, port = settings_environment["DATABASE_URL"], str(free_port())
    changed = {
        "DATABASE_URL": f"{address}{'&' if '?' in address else '?'}pgbouncer=true&connection_limit=3",
        "PROMPTMILL_PORT" if process == "api" else "PROMPTMILL_METRICS_PORT": port,
    }

    child = start_process(process, "-m", process, environment=settings_environment | changed)

    # A signal would end it without a word before it is ready.
    await asyncio.to_thread(wait_ready, child, lambda: answers(f"http://127.0.0.1:{port}/readyz"), within=ENDS_WITHIN)
    child.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(child.process.wait, ENDS_WITHIN) == 0
    [line] = [line for line in child.log.read_text().splitlines() if "url_parameters_ignored" in line]
    assert "connection_limit, pgbouncer" in json.loads(line)["problem"]
