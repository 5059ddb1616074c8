"""Ten thousand predictions in flight on one worker, without webhooks: its memory, and how late results are found.

All begin within a minute: the bench submits them itself, many at a time, writes the rows that Promptmill's submissions
would have written, and starts their workflows. Each model has its own usual duration, from half a minute to ten, from
which each prediction differs by up to a quarter, and a history of it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx
import psutil
import uuid_utils.compat as uuid_versions

from promptmill.local.plan import SIMULATOR_KEY
from promptmill.store import open_store
from promptmill.store.jobs import job_input
from promptmill.temporal import connect, create_starter
from tests.bench.growth import UNCOUNTED, columns_but
from tests.bench.parts import Parts
from tests.bench.progress import Progress
from tests.support import eventually

JOBS: Final = 10_000
AT_ONCE: Final = 30
SHORTEST: Final = 30.0
LONGEST: Final = 600.0
SPREAD: Final = 0.25
HISTORY: Final = 50
MODELS: Final = 8
BATCH: Final = 200
"""Rows written by one command, whose length the system limits."""

MIB: Final = 2**20
LOOK_SECONDS: Final = 10.0
_T = TypeVar("_T")


@dataclass(frozen=True)
class Flight:
    """What was measured.

    Attributes:
        most: The most predictions in flight at once.
        memory_mib: Most resident memory of the worker's process.
        reads: Requests that the worker made to read results.
        seconds: From the first submission to the last end.
        late: Seconds from when each result was ready until it was in the record, sorted.
    """

    most: int
    memory_mib: float
    reads: int
    seconds: float
    late: Sequence[float]

    def percentile(self, share: float) -> float:
        """Return the seconds that this share of results did not exceed."""
        return self.late[min(int(len(self.late) * share), len(self.late) - 1)]


@dataclass(frozen=True)
class _Prediction:
    job_id: UUID
    prediction_id: str
    model: str


async def measure_flight(parts: Parts, http: httpx.AsyncClient, progress: Progress, jobs: int) -> Flight:
    """Submit the jobs, wait for their ends and compare these with the simulator's."""
    parts.set_generation(0)
    with progress.step("Jobs to copy, and a history of each model"):
        copied = await _models(http)
        usual = {model: SHORTEST + (LONGEST - SHORTEST) * n / (MODELS - 1) for n, model in enumerate(copied)}
        for model, seconds in usual.items():
            _write_history(parts, copied[model], seconds)
    begun = time.monotonic()
    predictions: list[_Prediction] = []
    simulator = parts.environment["WAVESPEED_API_BASE"]
    key = {"Authorization": f"Bearer {SIMULATOR_KEY}"}
    async with httpx.AsyncClient(base_url=simulator, headers=key, timeout=60, trust_env=False) as wavespeed:
        with progress.step(f"Submitting {jobs:,} predictions"):
            for model, seconds in usual.items():
                parts.set_generation(seconds * (1 - SPREAD), seconds * (1 + SPREAD))
                batch = await _submit(wavespeed, model, jobs // MODELS)
                for start in range(0, len(batch), BATCH):
                    _write_rows(parts, copied[model], batch[start : start + BATCH])
                predictions += batch
        with progress.step("Starting their workflows"):
            await _start_workflows(parts, predictions)
        most, memory = await _wait(parts, progress)
        seconds = time.monotonic() - begun
        with progress.step("Asking the simulator when each was ready"):
            reads = await _reads(wavespeed)
            late = await _late(parts, wavespeed, predictions)
    return Flight(most, memory, reads, seconds, late)


async def _models(http: httpx.AsyncClient) -> dict[str, str]:
    """Return image models that take a prompt alone, each with a completed job."""
    found: dict[str, str] = {}
    for model in (await http.get("/api/models")).raise_for_status().json()["items"]:
        answer = await http.post("/api/jobs/create", json={"model": model["model"], "prompt": "A red fox in the snow"})
        if model["kind"] == "image" and answer.status_code == HTTPStatus.ACCEPTED:
            job_id = answer.json()["jobId"]
            if await eventually(partial(_end, http, job_id)) == "completed":
                found[model["model"]] = job_id
        if len(found) == MODELS:
            return found
    raise RuntimeError(f"Only {len(found)} models take a job with a prompt alone.")


async def _end(http: httpx.AsyncClient, job_id: str) -> str | None:
    job = (await http.get(f"/api/jobs/{job_id}")).raise_for_status().json()
    return str(job["status"]) if job["completedAt"] else None


def _write_history(parts: Parts, job_id: str, seconds: float) -> None:
    """Copy a completed job, so that its model's newest took around its usual duration."""
    names = columns_but(parts, "jobs", "id", "dispatched_at", "completed_at")
    took = f"{seconds} * ({1 - SPREAD} + {2 * SPREAD} * n / {HISTORY}.0) * interval '1 s'"
    parts.sql(
        f"{UNCOUNTED}; INSERT INTO jobs (id, dispatched_at, completed_at, {names}) "
        f"SELECT gen_random_uuid(), now() - {took}, now(), {names} "
        f"FROM jobs, generate_series(1, {HISTORY}) AS n WHERE id = '{job_id}'"
    )


async def _submit(wavespeed: httpx.AsyncClient, model: str, number: int) -> list[_Prediction]:
    found: list[_Prediction] = []

    async def one(_: int) -> None:
        answer = (await wavespeed.post(f"/api/v3/{model}", json={"prompt": "A red fox"})).raise_for_status().json()
        found.append(_Prediction(uuid_versions.uuid7(), answer["data"]["id"], model))

    await _in_parallel(range(number), one)
    return found


def _write_rows(parts: Parts, job_id: str, predictions: Sequence[_Prediction]) -> None:
    """Write what a submission writes, copied from a completed job where it does not matter."""
    jobs = columns_but(
        parts, "jobs", "id", "status", "prediction_id", "dispatched_at", "completed_at", "outputs", "deadline_at"
    )
    submissions = columns_but(
        parts, "submissions", "id", "number", "job_id", "prediction_id", "outcome_at", "callback_token"
    )
    made = json.dumps([{"job": str(each.job_id), "prediction": each.prediction_id} for each in predictions])
    source = f"jsonb_to_recordset('{made}') AS made (job uuid, prediction text)"
    parts.sql(
        f"INSERT INTO jobs (id, status, prediction_id, dispatched_at, outputs, deadline_at, {jobs}) "
        f"SELECT job, 'generating', prediction, now(), '[]', now() + interval '1 day', {jobs} "
        f"FROM jobs, {source} WHERE id = '{job_id}'; "
        f"INSERT INTO submissions (id, job_id, prediction_id, outcome_at, callback_token, {submissions}) "
        f"SELECT gen_random_uuid(), job, prediction, now(), gen_random_uuid()::text, {submissions} "
        f"FROM submissions, {source} WHERE job_id = '{job_id}'; "
        f"INSERT INTO readings (job_id, prediction_id, accepted_at) SELECT job, prediction, now() FROM {source}"
    )


async def _start_workflows(parts: Parts, predictions: Iterable[_Prediction]) -> None:
    starter = create_starter(parts.settings, await connect(parts.settings))
    async with open_store(parts.settings.require_database_url(), pool_size=10) as store:

        async def one(prediction: _Prediction) -> None:
            await starter.start_job(job_input(await store.jobs.get(prediction.job_id)), patience=timedelta(seconds=30))

        await _in_parallel(predictions, one)


async def _wait(parts: Parts, progress: Progress) -> tuple[int, float]:
    """Wait for the ends; return the most in flight, and the most memory of the worker."""
    most, memory = 0, 0.0
    while open_jobs := int(parts.sql("SELECT count(*) FROM jobs WHERE status = 'generating'")):
        most = max(most, open_jobs)
        memory = max(memory, psutil.Process(parts.pids["worker"]).memory_info().rss / MIB)
        progress.say(f"    {open_jobs:,} in flight, worker {memory:.0f} MiB")
        parts.require_alive()
        await asyncio.sleep(LOOK_SECONDS)
    return most, memory


async def _reads(wavespeed: httpx.AsyncClient) -> int:
    book = (await wavespeed.get(f"/_simulator/accounts/{SIMULATOR_KEY}")).raise_for_status().json()
    return sum(request["where"] == "result" for request in book["requests"])


async def _late(parts: Parts, wavespeed: httpx.AsyncClient, predictions: Iterable[_Prediction]) -> list[float]:
    rows = parts.sql("SELECT prediction_id, extract(epoch FROM completed_at) FROM jobs WHERE status = 'completed'")
    ended = dict(row.split("|") for row in rows.splitlines())
    late: list[float] = []

    async def one(prediction: _Prediction) -> None:
        answer = await wavespeed.get(f"/api/v3/predictions/{prediction.prediction_id}/result")
        shown: dict[str, Any] = answer.raise_for_status().json()["data"]
        # Nine digits are more than Python reads.
        created = datetime.fromisoformat(f"{shown['created_at'][:26]}+00:00").timestamp()
        ready = created + shown["timings"]["inference"] / 1000
        late.append(float(ended[prediction.prediction_id]) - ready)

    await _in_parallel(predictions, one)
    return sorted(late)


async def _in_parallel(things: Iterable[_T], work: Callable[[_T], Awaitable[None]]) -> None:
    waiting = iter(things)

    async def take() -> None:
        for thing in waiting:
            await work(thing)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(take())
