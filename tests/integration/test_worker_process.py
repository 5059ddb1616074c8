"""`python -m worker` as a process: its health says what is wrong, it drains when told to, and its log is JSON."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import pytest

from promptmill.local.ports import free_port
from promptmill.local.processes import Child
from promptmill.store.health import UNREACHABLE
from promptmill.temporal.health import NOT_RESPONDING
from tests.fixtures.mill import Mill
from tests.fixtures.session import StartProcess
from tests.support import eventually
from worker.health import DRAINING


@dataclass
class Way:
    """A connection to a server that can be cut."""

    target: tuple[str, int]
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    server: asyncio.Server | None = None

    async def open(self) -> str:
        self.server = await asyncio.start_server(self._link, "127.0.0.1", 0)
        return f"127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        assert self.server is not None
        self.server.close()
        for writer in self.writers:
            writer.close()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self.target)
        self.writers |= {writer, back}
        await asyncio.gather(_pass(reader, back), _pass(there, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@pytest.fixture
async def way(settings_environment: dict[str, str]) -> AsyncIterator[Way]:
    host, _, port = settings_environment["TEMPORAL_ADDRESS"].rpartition(":")
    way = Way((host, int(port)))
    yield way
    way.cut()


async def _readyz(port: int) -> tuple[int, list[str]] | None:
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            answer = await http.get(f"http://127.0.0.1:{port}/readyz", timeout=10)
        except httpx.TransportError:
            return None
    return answer.status_code, answer.json()["problems"]


async def _says(port: int, status: int, *problems: str) -> None:
    async def there() -> bool:
        return await _readyz(port) == (status, list(problems))

    await eventually(there, what=f"the worker's health is {status} {problems}")


async def _ended(child: Child) -> int | None:
    async def over() -> bool:
        return child.process.poll() is not None

    await eventually(over, what="the worker ends")
    code: int | None = child.process.returncode
    return code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_draining_worker_says_so_and_a_second_signal_ends_it(
    idle_mill: Mill, start_process: StartProcess, settings_environment: dict[str, str], number: signal.Signals
) -> None:
    port = free_port()
    environment = settings_environment | {"PROMPTMILL_METRICS_PORT": str(port), "PROMPTMILL_SHUTDOWN_SECONDS": "120"}
    child = start_process("worker", "-m", "worker", environment=environment)
    await _says(port, 200)
    await idle_mill.wavespeed.order("submit", "hold")
    await idle_mill.create()
    await idle_mill.wavespeed.asked("submit")

    child.process.send_signal(number)
    await _says(port, 503, DRAINING)
    assert child.process.poll() is None
    child.process.send_signal(number)

    assert await _ended(child) == 128 + number
    assert "Traceback" not in child.log.read_text()


async def test_a_worker_that_loses_temporal_says_so_and_its_lines_stay_json(
    start_process: StartProcess, settings_environment: dict[str, str], way: Way
) -> None:
    port = free_port()
    environment = settings_environment | {
        "PROMPTMILL_METRICS_PORT": str(port),
        "TEMPORAL_ADDRESS": await way.open(),
        "PROMPTMILL_SHUTDOWN_SECONDS": "1",
    }
    child = start_process("worker", "-m", "worker", environment=environment)
    await _says(port, 200)

    way.cut()
    await _says(port, 503, NOT_RESPONDING)

    async def told() -> list[str]:
        return [line for line in child.log.read_text().splitlines() if "temporalio.core" in line or "sdk_core" in line]

    await eventually(told, 60, what="Temporal's core tells that its polls fail")
    written, _, _ = child.log.read_text().rpartition("\n")  # it goes on writing
    lines = [json.loads(line) for line in written.splitlines()]
    core = [line for line in lines if line["logger"] == "temporalio.core"]
    assert core
    assert {line["process"] for line in lines} == {"worker"}


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("TEMPORAL_ADDRESS", "127.0.0.1:{port}", NOT_RESPONDING),
        ("DATABASE_URL", "postgresql://postgres@127.0.0.1:{port}/none", UNREACHABLE),
    ],
)
async def test_a_worker_that_waits_says_for_what(
    start_process: StartProcess, settings_environment: dict[str, str], variable: str, value: str, problem: str
) -> None:
    port = free_port()
    changed = {variable: value.format(port=free_port()), "PROMPTMILL_METRICS_PORT": str(port)}
    child = start_process("worker", "-m", "worker", environment=settings_environment | changed)

    await _says(port, 503, problem)
    child.process.send_signal(signal.SIGTERM)

    assert await _ended(child) == 0
