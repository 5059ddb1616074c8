"""Batches of 10,000 rows: how long a table takes to be planned and to be accepted, and what memory that needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx
import psutil

from promptmill.contracts.batches import MOST_ROWS
from tests.bench.parts import Parts
from tests.bench.progress import Progress
from tests.bench.sides import MODEL

SMALL: Final = 100
"""Rows of the table that is sent first: what the process needs for any."""

LOOK_EVERY_SECONDS: Final = 0.05
ANSWER_SECONDS: Final = 300.0


@dataclass(frozen=True)
class Sending:
    """One request with a table.

    Attributes:
        seconds: Until its answer.
        cpu_seconds: Of the API's process alone.
        most_mib: Most resident memory of that process meanwhile.
    """

    seconds: float
    cpu_seconds: float
    most_mib: float


@dataclass(frozen=True)
class Tables:
    """What was measured; `before_mib` is the API's memory once it has planned a small table."""

    before_mib: float
    plan: Sending
    acceptance: Sending


async def measure_tables(parts: Parts, http: httpx.AsyncClient, progress: Progress) -> Tables:
    """Plan a table, and then accept it. Its batch is cancelled before most of its rows have become jobs."""
    process = psutil.Process(parts.pids["API"])
    await _send(process, http, "/api/batches/plan", _body(SMALL))
    before = process.memory_info().rss / 2**20
    with progress.step(f"Planning {MOST_ROWS:,} rows"):
        plan, _ = await _send(process, http, "/api/batches/plan", _body(MOST_ROWS))
    with progress.step(f"Accepting {MOST_ROWS:,} rows"):
        acceptance, batch = await _send(
            process, http, "/api/batches", _body(MOST_ROWS) | {"maxCostUsd": 1, "maxOpen": 1}
        )
    await http.post(f"/api/batches/{batch['batchId']}/cancel", json={"openJobs": "cancel"})
    return Tables(before, plan, acceptance)


def _body(rows: int) -> dict[str, Any]:
    return {"template": {"model": MODEL, "prompt": "{{animal}} in the snow, {{style}}"}, "table": "".join(_lines(rows))}


def _lines(rows: int) -> Iterator[str]:
    yield "key,animal,style,size,meta.client\n"
    for number in range(rows):
        yield f"row{number:05d},a fox with {number} friends,watercolour,512*512,Blue Ltd\n"


async def _send(
    process: psutil.Process, http: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> tuple[Sending, dict[str, Any]]:
    most = 0.0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, process.memory_info().rss / 2**20)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    watching = asyncio.create_task(watch())
    used, begun = _cpu(process), time.monotonic()
    answer = await http.post(path, json=body, timeout=ANSWER_SECONDS)
    took, used = time.monotonic() - begun, _cpu(process) - used
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    if answer.status_code not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
        raise RuntimeError(f"POST {path} answered {answer.status_code}: {answer.text[:500]}")
    return Sending(took, used, most), answer.json()


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
