"""`python -m api` as a process: it starts, says what is wrong in one sentence, and stops in order."""

from __future__ import annotations

import re
import signal
import socket
from typing import Any

import psutil

from promptmill.local.ports import free_port
from promptmill.local.processes import Child
from promptmill.local.readiness import answers, wait_ready
from tests.fixtures.session import StartProcess
from tests.support import eventually, open_http

WRONG_SETTINGS = 2


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


async def ended(child: Child) -> tuple[int, str]:
    """Wait for a process's end; return its exit code and what it said."""

    async def over() -> Any:
        return child.process.poll() is not None

    await eventually(over, 20, what="the process ends")
    code: int | None = child.process.returncode
    assert code is not None
    return code, child.log.read_text()


async def test_it_serves_until_sigterm_and_exits_in_order(start_process: StartProcess, database_url: str) -> None:
    port = free_port()
    child = start_process("api", "-m", "api", environment=environment(database_url, PROMPTMILL_PORT=str(port)))
    wait_ready(child, lambda: answers(f"http://127.0.0.1:{port}/healthz"), within=30)
    async with open_http(f"http://127.0.0.1:{port}") as client:
        created = await client.post("/api/jobs/create", json={"model": "a/b", "prompt": "x"})
    child.process.send_signal(signal.SIGTERM)
    code, log = await ended(child)

    assert created.status_code == 202
    assert code == 0
    assert "Traceback" not in log
    assert '"event": "listening"' in log
    assert re.search(r'"path": "/api/jobs/create".*"status": 202|"status": 202.*"path": "/api/jobs/create"', log)


async def test_long_addresses_keep_nobody_waiting(start_process: StartProcess, database_url: str) -> None:
    """The filter of the log is part of each answer; once one such request took 11 s of processor time."""
    port = free_port()
    child = start_process("api", "-m", "api", environment=environment(database_url, PROMPTMILL_PORT=str(port)))
    wait_ready(child, lambda: answers(f"http://127.0.0.1:{port}/healthz"), within=30)
    process = psutil.Process(child.process.pid)
    before = process.cpu_times()
    async with open_http(f"http://127.0.0.1:{port}", timeout=60) as client:
        statuses = [
            (await client.get(f"/{folder}{one * 40_000}")).status_code
            for folder in ("", "api/webhooks/", "docs/errors/")
            for one in "a:.="
        ]
    after = process.cpu_times()

    assert set(statuses) <= {404, 405, 200}
    assert after.user - before.user < 5


async def test_it_refuses_to_be_open_to_others_without_a_token(start_process: StartProcess, database_url: str) -> None:
    child = start_process("api", "-m", "api", environment=environment(database_url, PROMPTMILL_HOST="0.0.0.0"))
    code, log = await ended(child)

    assert code == WRONG_SETTINGS
    assert "PROMPTMILL_API_TOKEN" in log
    assert len(log.strip().splitlines()) == 1


async def test_with_a_token_it_listens_for_others(start_process: StartProcess, database_url: str) -> None:
    port = free_port()
    more = {"PROMPTMILL_HOST": "0.0.0.0", "PROMPTMILL_API_TOKEN": "s3cret" * 6, "PROMPTMILL_PORT": str(port)}
    child = start_process("api", "-m", "api", environment=environment(database_url, **more))

    wait_ready(child, lambda: answers(f"http://127.0.0.1:{port}/healthz"), within=30)

    assert "s3cret" not in child.log.read_text()


async def test_a_busy_port_is_said_in_one_sentence(start_process: StartProcess, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        child = start_process("api", "-m", "api", environment=environment(database_url, PROMPTMILL_PORT=str(port)))
        code, log = await ended(child)

    assert code == WRONG_SETTINGS
    assert str(port) in log
    assert "PROMPTMILL_PORT" in log
    assert len(log.strip().splitlines()) == 1


async def test_a_missing_database_address_is_said_in_one_sentence(start_process: StartProcess) -> None:
    child = start_process("api", "-m", "api", environment=environment(""))
    code, log = await ended(child)

    assert code == WRONG_SETTINGS
    assert "DATABASE_URL" in log
    assert len(log.strip().splitlines()) == 1
