"""`python -m api` as a process: it starts, says what is wrong in one sentence, and stops cleanly."""

from __future__ import annotations

import re
import signal
import socket

import httpx
import psutil

from promptmill.local.ports import free_port
from promptmill.local.readiness import answers, wait_ready
from tests.fixtures.session import StartProcess, WarmPython
from tests.support import eventually, open_http

WRONG_SETTINGS = 2
TOKEN = "s3cret" * 6


def environment(database_url: str, **more: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
        "PROMPTMILL_ENV_FILE": "",
        "PROMPTMILL_DATA_DIR": "/nonexistent",
        "PROMPTMILL_SIMULATED_ONLY": "true",
        "XAI_API_BASE": "http://127.0.0.1:9",
        "WAVESPEED_API_BASE": "http://127.0.0.1:9",
        **more,
    }


async def test_it_serves_others_with_a_token_until_sigterm(start_process: StartProcess, database_url: str) -> None:
    port = free_port()
    more = {"PROMPTMILL_HOST": "0.0.0.0", "PROMPTMILL_API_TOKEN": TOKEN, "PROMPTMILL_PORT": str(port)}
    child = start_process("api", "-m", "api", environment=environment(database_url, **more))
    wait_ready(child, lambda: answers(f"http://127.0.0.1:{port}/healthz"), within=60)
    async with open_http(
        f"http://127.0.0.1:{port}", timeout=60, headers={"Authorization": f"Bearer {TOKEN}"}
    ) as client:
        created = await client.post("/api/jobs/create", json={"model": "a/b", "prompt": "x"})
        await long_addresses_keep_nobody_waiting(client, psutil.Process(child.process.pid))
    child.process.send_signal(signal.SIGTERM)
    await eventually(lambda: child.process.poll() is not None, what="the API ends")
    log = child.log.read_text()

    assert created.status_code == 202
    assert child.process.returncode == 0
    assert "Traceback" not in log
    assert '"event": "listening"' in log
    assert re.search(r'"path": "/api/jobs/create".*"status": 202|"status": 202.*"path": "/api/jobs/create"', log)
    assert TOKEN not in log


async def long_addresses_keep_nobody_waiting(client: httpx.AsyncClient, process: psutil.Process) -> None:
    """Filtering the log is part of each request; one like this used to take 11 s of CPU time."""
    before = process.cpu_times()
    statuses = [
        (await client.get(f"/{folder}{one * 40_000}")).status_code
        for folder in ("", "api/webhooks/", "docs/errors/")
        for one in "a:.="
    ]
    after = process.cpu_times()

    assert set(statuses) <= {404, 405, 200}
    assert after.user - before.user < 5


def said_of_wrong_settings(python: WarmPython, settings: dict[str, str]) -> str:
    """Start an API that cannot serve and return what it says: one line."""
    done = python.run("-m", "api", environment=settings)
    assert done.returncode == WRONG_SETTINGS
    [line] = done.stdout.strip().splitlines()
    return line


def test_it_refuses_to_be_open_to_others_without_a_token(warm_python: WarmPython, database_url: str) -> None:
    said = said_of_wrong_settings(warm_python, environment(database_url, PROMPTMILL_HOST="0.0.0.0"))

    assert "PROMPTMILL_API_TOKEN" in said


def test_a_busy_port_is_said_in_one_sentence(warm_python: WarmPython, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        said = said_of_wrong_settings(warm_python, environment(database_url, PROMPTMILL_PORT=port))

    assert port in said
    assert "PROMPTMILL_PORT" in said


def test_a_missing_database_address_is_said_in_one_sentence(warm_python: WarmPython) -> None:
    assert "DATABASE_URL" in said_of_wrong_settings(warm_python, environment(""))
