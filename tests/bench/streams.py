"""What a thousand open streams cost one API process: memory, queries, and how long a change takes to reach them all."""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx
import psutil

from promptmill.local.ports import LOOPBACK
from promptmill.local.stack import DATABASE
from tests.bench.parts import Parts
from tests.bench.sides import MODEL
from tests.support import eventually

STREAMS = 1000
AT_ONCE = 100
FILES = 8192
QUIET_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
TRANSACTIONS = "SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database WHERE datname = current_database()"


@dataclass(frozen=True)
class StreamCost:
    """The measurements.

    Attributes:
        before_mib: Resident memory of the API process before the first stream.
        open_mib: The same with all streams open.
        transactions: In Postgres, while the streams were opened and idle, of all processes.
        change_seconds: From a job's creation until the last stream delivered it.
    """

    before_mib: float
    open_mib: float
    transactions: int
    change_seconds: float


@dataclass
class _Listeners:
    """What all streams received."""

    begun: int = 0
    told: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def follow(self, port: int) -> None:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            writer.write(b"GET /api/jobs/events HTTP/1.1\r\nHost: " + LOOPBACK.encode() + b"\r\n\r\n")
            while line := await reader.readline():
                self.begun += line.startswith(b"event: resync")
                self.told += line.startswith(b"event: job")
        finally:
            writer.close()


def raise_file_limit() -> None:
    """Raise the limit of open files to a socket per stream, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def open_streams(parts: Parts, http: httpx.AsyncClient) -> StreamCost:
    """Open the streams, publish one job to them, and close them."""
    api = psutil.Process(parts.pids["API"])
    port = int(parts.environment["PROMPTMILL_PORT"])
    before, statements = _mib(api), _transactions(parts)
    listeners = _Listeners()
    try:
        while len(listeners.tasks) < STREAMS:
            listeners.tasks += [asyncio.create_task(listeners.follow(port)) for _ in range(AT_ONCE)]
            await eventually(lambda: listeners.begun >= len(listeners.tasks), PATIENCE_SECONDS)
        await asyncio.sleep(QUIET_SECONDS)
        opened, used = _mib(api), _transactions(parts) - statements
        began = time.perf_counter()
        created = await http.post("/api/jobs/create", json={"model": MODEL, "prompt": "a fox"})
        assert created.status_code == HTTPStatus.ACCEPTED, created.text
        await eventually(lambda: listeners.told >= STREAMS, PATIENCE_SECONDS)
        return StreamCost(before, max(opened, _mib(api)), used, time.perf_counter() - began)
    finally:
        for task in listeners.tasks:
            task.cancel()
        await asyncio.gather(*listeners.tasks, return_exceptions=True)


def _mib(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def _transactions(parts: Parts) -> int:
    return int(parts.postgres.psql(DATABASE, "-Atc", TRANSACTIONS).strip())
