"""`PROMPTMILL_API_PROCESSES`: several processes serve one port as if they were one."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import certifi
import httpx
import psutil
import pytest

from promptmill.local.ports import free_port
from promptmill.local.processes import Child
from promptmill.local.readiness import answers, wait_ready
from tests.fixtures.session import Session, StartProcess
from tests.support import eventually, open_http

JOB = {"model": "a/b", "prompt": "x"}
ENDLESS = (
    b"POST /api/jobs/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
)
REQUESTS = r'promptmill_http_request_seconds_count\{method="GET",route="/api/jobs",status="200"\} (\d+)\.0'


@dataclass(frozen=True)
class Api:
    """A running API."""

    child: Child
    port: int

    def serving(self) -> list[psutil.Process]:
        """Return the processes that serve, in the order of their start."""
        children = psutil.Process(self.child.process.pid).children()
        return sorted((one for one in children if "spawn_main" in " ".join(one.cmdline())), key=lambda one: one.pid)

    @contextmanager
    def only(self, serving: psutil.Process) -> Iterator[None]:
        """Let only one of the processes accept connections."""
        others = [one for one in self.serving() if one != serving]
        for one in others:
            one.suspend()
        try:
            yield
        finally:
            for one in others:
                one.resume()

    @asynccontextmanager
    async def client(self, serving: psutil.Process | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client that is connected to one of the processes."""
        async with open_http(f"http://127.0.0.1:{self.port}") as client:
            with self.only(serving or self.serving()[0]):
                assert (await client.get("/healthz")).status_code == 200
            yield client

    @asynccontextmanager
    async def stream(self, serving: psutil.Process) -> AsyncIterator[AsyncIterator[str]]:
        """Yield the lines of a live stream that one of the processes sends."""
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(open_http(f"http://127.0.0.1:{self.port}"))
            with self.only(serving):
                answer = await stack.enter_async_context(client.stream("GET", "/api/jobs/events"))
                lines = answer.aiter_lines()
                await lines_until(lines, "event: resync")
            yield lines

    def refuses(self) -> bool:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", self.port)) != 0

    async def ended(self) -> int:
        return await asyncio.to_thread(self.child.process.wait, 60)


async def lines_until(lines: AsyncIterator[str], said: str) -> None:
    async with asyncio.timeout(60):
        async for line in lines:
            if said in line:
                return
    raise AssertionError(f"The stream ended without {said!r}")


async def start_api(
    start_process: StartProcess, session: Session, database_url: str, processes: int, **more: str
) -> Api:
    port = free_port()
    environment = {
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
        "PROMPTMILL_ENV_FILE": "",
        "PROMPTMILL_DATA_DIR": "/nonexistent",
        "PROMPTMILL_SIMULATED_ONLY": "true",
        "PROMPTMILL_PORT": str(port),
        "PROMPTMILL_API_PROCESSES": str(processes),
        "PROMPTMILL_LOG_FORMAT": "json",
        "TMPDIR": str(session.folder),  # the metrics' folder stays behind when a test kills the supervisor
        "XAI_API_BASE": "http://127.0.0.1:9",
        "WAVESPEED_API_BASE": "http://127.0.0.1:9",
        **more,
    }
    api = Api(start_process("api", "-m", "api", environment=environment), port)
    wait_ready(api.child, lambda: answers(f"http://127.0.0.1:{port}/healthz"), within=60)
    if processes > 1:
        await eventually(lambda: len(api.serving()) == processes)
        for one in api.serving():
            async with api.client(one):
                """It serves too."""
    return api


async def test_two_processes_serve_as_one(start_process: StartProcess, session: Session, database_url: str) -> None:
    """One test, because three processes of ours start for it."""
    api = await start_api(start_process, session, database_url, 2)
    await a_job_of_one_process_is_followed_and_cancelled_at_the_other(api)
    await one_process_answers_for_the_metrics_of_all(api)
    await a_killed_process_is_replaced_while_the_other_serves(api)
    await sigterm_ends_streams_and_all_processes(api)


async def a_job_of_one_process_is_followed_and_cancelled_at_the_other(api: Api) -> None:
    first, second = api.serving()
    async with api.stream(first) as lines, api.client(second) as client:
        created = await client.post("/api/jobs/create", json=JOB)
        job_id = created.json()["jobId"]
        await lines_until(lines, job_id)
    async with api.stream(second) as lines, api.client(first) as client:
        cancelled = await client.delete(f"/api/jobs/{job_id}")
        await lines_until(lines, '"status":"cancelled"')

    assert created.status_code == 202
    assert cancelled.status_code == 200
    log = api.child.log.read_text()
    assert {'"process": "api-1"', '"process": "api-2"'} <= set(re.findall(r'"process": "api-\d"', log))


async def one_process_answers_for_the_metrics_of_all(api: Api) -> None:
    first, second = api.serving()
    for one, times in ((first, 2), (second, 3)):
        async with api.client(one) as client:
            for _ in range(times):
                await client.get("/api/jobs")

    for one in (first, second):
        async with api.client(one) as client:
            text = (await client.get("/metrics")).text
        assert re.findall(REQUESTS, text) == ["5"]
        places = re.findall(r'process_resident_memory_bytes\{process="(\d)"\} [1-9]', text)
        assert places == ["1", "2"]
        assert text.count("promptmill_postgres_up 1.0") == 1


async def a_killed_process_is_replaced_while_the_other_serves(api: Api) -> None:
    first, second = api.serving()
    async with api.client(first) as client:
        [before] = re.findall(REQUESTS, (await client.get("/metrics")).text)
        await client.get("/api/jobs")
    async with api.client(second) as client, api.stream(second) as lines:
        first.kill()
        created = await client.post("/api/jobs/create", json=JOB)
        await lines_until(lines, created.json()["jobId"])
        await eventually(lambda: len({*api.serving()} - {first, second}) == 1)
        text = (await client.get("/metrics")).text
    [new] = {*api.serving()} - {first, second}
    async with api.client(new) as client:
        assert (await client.get(f"/api/jobs/{created.json()['jobId']}")).status_code == 200

    log = api.child.log.read_text()
    assert re.findall(REQUESTS, text) == [str(int(before) + 1)], "what it had counted is not lost"
    assert re.search(r'"name": "api-1", "pid": \d+, "exit_code": -9, "event": "process_died"', log)


async def sigterm_ends_streams_and_all_processes(api: Api) -> None:
    both = api.serving()
    logged = len(api.child.log.read_text())
    async with api.stream(both[0]) as first, api.stream(both[1]) as second:
        api.child.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            for lines in (first, second):
                async for _ in lines:
                    """Until it ends."""

    assert await api.ended() == 0
    assert api.refuses()
    assert not any(one.is_running() for one in both)
    log = api.child.log.read_text()
    assert "Traceback" not in log
    assert "process_died" not in log[logged:]


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_second_signal_does_not_wait(
    start_process: StartProcess, session: Session, database_url: str, processes: int
) -> None:
    api = await start_api(start_process, session, database_url, processes)
    _, waiting = await asyncio.open_connection("127.0.0.1", api.port)
    waiting.write(ENDLESS)
    await waiting.drain()
    # A later connection is answered: the earlier one has been accepted, and its request is waited for.
    async with open_http(f"http://127.0.0.1:{api.port}") as client:
        await client.get("/healthz")

    api.child.process.send_signal(signal.SIGTERM)
    await eventually(api.refuses)
    assert api.child.process.poll() is None
    api.child.process.send_signal(signal.SIGTERM)

    assert await api.ended() == 128 + signal.SIGTERM
    waiting.close()


async def test_it_ends_once_no_process_can_start(
    start_process: StartProcess, session: Session, database_url: str, tmp_path: Path
) -> None:
    """Replacing them for ever would look like a running service."""
    needed = tmp_path / "ca.pem"
    shutil.copy(certifi.where(), needed)
    more = {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(needed)}
    api = await start_api(start_process, session, database_url, 2, **more)
    needed.unlink()
    for one in api.serving():
        one.kill()

    assert await api.ended() == 1
    assert "Application startup failed" in api.child.log.read_text()


async def test_no_process_outlives_a_killed_supervisor(
    start_process: StartProcess, session: Session, database_url: str
) -> None:
    api = await start_api(start_process, session, database_url, 2)
    both = api.serving()
    api.child.process.kill()

    await eventually(lambda: not any(one.is_running() for one in both))
    assert api.refuses()
