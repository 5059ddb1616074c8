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

import httpx

from promptmill.local.stack import DATABASE
from promptmill.store import open_store
from tests.bench.parts import Parts
from tests.bench.sides import INSTRUCTIONS, MODEL
from tests.fixtures.mill import new_job

STORED = 10_000
FILLERS = 10
PER_SECOND = 20
LATEST_SECONDS = 30.0
"""How long one request may take before it counts as failed."""


@dataclass(frozen=True)
class Latencies:
    """Seconds from when a request was due to its complete response, sorted.

    Attributes:
        failed: How many got an error or no response; they count as the slowest.
    """

    seconds: Sequence[float]
    failed: int

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


async def load_creates(http: httpx.AsyncClient, seconds: int) -> Latencies:
    """Create jobs at a steady rate."""
    body = {"model": MODEL, "useAiPrompt": True, "instructions": INSTRUCTIONS, "input": {"size": "512*512"}}

    async def create() -> None:
        _expect(await http.post("/api/jobs/create", json=body), HTTPStatus.ACCEPTED)

    return await _open_loop(create, seconds)


async def load_reads(http: httpx.AsyncClient, ids: Sequence[UUID], seconds: int) -> Latencies:
    """Read stored jobs, chosen at random, at a steady rate."""
    choose = random.Random(1)  # the same jobs in every run

    async def read() -> None:
        _expect(await http.get(f"/api/jobs/{choose.choice(ids)}"), HTTPStatus.OK)

    return await _open_loop(read, seconds)


async def _open_loop(request: Callable[[], Awaitable[None]], seconds: int) -> Latencies:
    """Send requests when they are due, whether or not earlier ones were answered: a slow response delays no others."""
    took: list[float] = []

    async def send(due: float) -> None:
        try:
            async with asyncio.timeout(LATEST_SECONDS):
                await request()
        except (_Refused, httpx.HTTPError, TimeoutError):
            took.append(math.inf)
        else:
            took.append(time.monotonic() - due)

    begun = time.monotonic() + 0.1
    async with asyncio.TaskGroup() as group:
        for number in range(seconds * PER_SECOND):
            due = begun + number / PER_SECOND
            await asyncio.sleep(due - time.monotonic())
            group.create_task(send(due))
    return Latencies(sorted(took), took.count(math.inf))


class _Refused(Exception):
    """The API responded with an unexpected status."""


def _expect(answer: httpx.Response, status: HTTPStatus) -> None:
    if answer.status_code != status:
        raise _Refused
