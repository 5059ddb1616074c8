"""`PROMPTMILL_API_PROCESSES`: several processes serve one port as if they were one."""

from __future__ import annotations

import asyncio
import re
import signal

import pytest

from tests.fixtures.api_processes import Api, lines_until, start_api
from tests.fixtures.session import Session, StartProcess
from tests.support import eventually, open_http

JOB = {"model": "a/b", "prompt": "x"}
ENDLESS = (
    b"POST /api/jobs/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
)
REQUESTS = r'promptmill_http_request_seconds_count\{method="GET",route="/api/jobs",status="200"\} (\d+)\.0'


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
