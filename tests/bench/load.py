"""The API under a steady load, while the worker is held and many jobs are stored."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from promptmill.local.stack import DATABASE
from promptmill.store import open_store
from tests.bench.cpu import cpu_between, cpu_seconds
from tests.bench.lean_client import LeanClient
from tests.bench.parts import Parts
from tests.bench.progress import Progress
from tests.bench.sides import INSTRUCTIONS, MODEL
from tests.fixtures.mill import new_job

STORED = 10_000
FILLERS = 10
BOUNDED = "POST /api/jobs/create, with budgets and limits"
BOUNDS = """
    SELECT set_budget(owner, period, 100000)
    FROM unnest(ARRAY['*', 'local']) AS owner, unnest(ARRAY['day', 'month', 'total']) AS period;
    UPDATE owners
    SET open_jobs = 1000000, requests_per_minute = 1000000, highest_priority = 9, outputs_per_job = 9,
        models = ARRAY['*']
    WHERE name = 'local'
"""
LATEST_SECONDS = 30.0
"""How long one request may take before it counts as failed."""


@dataclass(frozen=True)
class Latencies:
    """Seconds from when a request was due to its complete response, sorted.

    Attributes:
        per_second: How many requests were due a second.
        failed: How many got an error or no response; they count as the slowest.
        cpu_ms: CPU milliseconds of the API's processes per request.
    """

    per_second: int
    seconds: Sequence[float]
    failed: int
    cpu_ms: float

    def percentile(self, share: float) -> float:
        """Return the latency in milliseconds that this share of requests did not exceed (nearest rank)."""
        return self.seconds[max(0, math.ceil(len(self.seconds) * share) - 1)] * 1000


async def store_jobs(parts: Parts) -> list[UUID]:
    """Store jobs that wait, half for Grok, half for WaveSpeed: reporting each one's position requires counting."""
    ids: list[UUID] = []
    waiting = iter(range(STORED))
    settings = parts.settings
    async with open_store(settings.require_database_url(), pool_size=FILLERS) as store:

        async def fill() -> None:
            for number in waiting:
                job, _ = await store.jobs.accept(new_job(settings, use_ai_prompt=number % 2 == 0))
                ids.append(job.id)

        async with asyncio.TaskGroup() as group:
            for _ in range(FILLERS):
                group.create_task(fill())
    # What their workflows' first step would do: the worker is stopped.
    parts.postgres.psql(DATABASE, "-c", "SELECT count(begin_job(id)) FROM jobs WHERE status = 'queued'")
    parts.postgres.psql(DATABASE, "-c", "VACUUM ANALYZE")
    return ids


async def load_api(parts: Parts, ids: Sequence[UUID], seconds: int, progress: Progress) -> dict[str, Latencies]:
    """Load each route at a steady rate, one after the other; return the latencies by what was asked."""
    body = {"model": MODEL, "useAiPrompt": True, "instructions": INSTRUCTIONS, "input": {"size": "512*512"}}
    choose = random.Random(1)  # the same jobs in every run

    client = LeanClient(parts.api_url)

    async def create() -> None:
        _expect(await client.request("POST", "/api/jobs/create", body), HTTPStatus.ACCEPTED)

    async def read() -> None:
        _expect(await client.request("GET", f"/api/jobs/{choose.choice(ids)}"), HTTPStatus.OK)

    async def list_jobs() -> None:
        _expect(await client.request("GET", "/api/jobs?limit=50"), HTTPStatus.OK)

    found = {}
    # The reads first: each create leaves one more job to be counted.
    for what, request, per_second in (
        ("GET /api/jobs/{id}", read, 200),
        ("GET /api/jobs, 50 of them", list_jobs, 100),
        ("POST /api/jobs/create", create, 100),
        (BOUNDED, create, 100),
    ):
        if what == BOUNDED:
            parts.postgres.psql(DATABASE, "-c", BOUNDS)
        with progress.step(f"{what}, {per_second} a second for {seconds} s"):
            found[what] = await _open_loop(parts, request, seconds, per_second)
    client.close()
    return found


async def _open_loop(parts: Parts, request: Callable[[], Awaitable[None]], seconds: int, per_second: int) -> Latencies:
    """Send requests when they are due, whether or not earlier ones were answered: a slow response delays no others."""
    took: list[float] = []

    async def send(due: float) -> None:
        try:
            async with asyncio.timeout(LATEST_SECONDS):
                await request()
        except (_Refused, OSError, asyncio.IncompleteReadError):
            took.append(math.inf)
        else:
            took.append(time.monotonic() - due)

    before = cpu_seconds(parts.pids)
    begun = time.monotonic() + 0.1
    async with asyncio.TaskGroup() as group:
        for number in range(seconds * per_second):
            due = begun + number / per_second
            await asyncio.sleep(due - time.monotonic())
            group.create_task(send(due))
    cpu = cpu_between(before, cpu_seconds(parts.pids))["API"]
    return Latencies(per_second, sorted(took), took.count(math.inf), cpu * 1000 / len(took))


class _Refused(Exception):
    """The API responded with an unexpected status."""


def _expect(status: int, wanted: HTTPStatus) -> None:
    if status != wanted:
        raise _Refused
