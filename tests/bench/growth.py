"""How the API's answers slow down as the record grows: the same requests, one at a time, at each size."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from statistics import median
from typing import Any, Final

import httpx

from tests.bench.parts import Parts
from tests.bench.progress import Progress
from tests.bench.sides import INSTRUCTIONS, MODEL, Promptmill

SIZES: Final = (1_000, 10_000, 1_000_000)
TIMES: Final = 30
UNCOUNTED: Final = "SET session_replication_role = replica"
"""Without triggers: they would count each copy."""

_NEW: Final = {"model": MODEL, "useAiPrompt": True, "instructions": INSTRUCTIONS, "input": {"size": "512*512"}}


async def measure_growth(
    parts: Parts, http: httpx.AsyncClient, ours: Promptmill, progress: Progress
) -> dict[str, dict[int, float]]:
    """Return the median milliseconds of each request by the number of stored jobs."""
    with progress.step("A job to copy"):
        await ours.run_job()
    [job] = (await http.get("/api/jobs?limit=1")).raise_for_status().json()["items"]
    requests = _requests(job)
    found: dict[str, dict[int, float]] = {what: {} for what in requests}
    for size in SIZES:
        with progress.step(f"Storing {size:,} jobs"):
            _grow(parts, job["jobId"], size)
        with progress.step(f"Asking with {size:,} jobs"):
            for what, (method, path, body) in requests.items():
                found[what][size] = median([await _milliseconds(http, method, path, body) for _ in range(TIMES)])
    with progress.step("Deleting the copies"):
        _shrink(parts)
    return found


def _requests(job: Mapping[str, Any]) -> dict[str, tuple[str, str, Mapping[str, Any] | None]]:
    word = job["prompt"].split()[0]
    return {
        "list of 50": ("GET", "/api/jobs?limit=50", None),
        "list of 50 failed": ("GET", "/api/jobs?limit=50&status=failed", None),
        "list of a model without jobs": ("GET", "/api/jobs?limit=50&model=nobody/nothing", None),
        "search with hits": ("GET", f"/api/jobs?limit=50&q={word}", None),
        "search without hits": ("GET", "/api/jobs?limit=50&q=no-such-word", None),
        "one job": ("GET", f"/api/jobs/{job['jobId']}", None),
        "queue statistics": ("GET", "/api/prompt/queue", None),
        "metrics": ("GET", "/metrics", None),
        "create": ("POST", "/api/jobs/create", _NEW),
    }


def _grow(parts: Parts, job_id: str, size: int) -> None:
    """Copy a completed job, each copy a second older, until that many are stored; without events and submissions."""
    names, missing = columns_but(parts, "jobs", "id", "created_at"), size - int(parts.sql("SELECT count(*) FROM jobs"))
    parts.sql(
        f"{UNCOUNTED}; INSERT INTO jobs (id, created_at, {names}) "
        f"SELECT gen_random_uuid(), created_at - n * interval '1 s', {names} "
        f"FROM jobs, generate_series(1, {missing}) AS n WHERE id = '{job_id}'"
    )
    parts.sql("VACUUM ANALYZE jobs")


def _shrink(parts: Parts) -> None:
    """Delete the copies: they have no events."""
    parts.sql(f"{UNCOUNTED}; DELETE FROM jobs WHERE id NOT IN (SELECT job_id FROM job_events)")
    parts.sql("VACUUM FULL ANALYZE jobs")


def columns_but(parts: Parts, table: str, *names: str) -> str:
    """Return a table's columns without these, as SQL lists them."""
    left_out = ", ".join(f"'{name}'" for name in names)
    return parts.sql(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute "
        f"WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ({left_out})"
    )


async def _milliseconds(http: httpx.AsyncClient, method: str, path: str, body: Mapping[str, Any] | None) -> float:
    begun = time.monotonic()
    answer = await http.request(method, path, json=body)
    took = time.monotonic() - begun
    if answer.status_code not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
        raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text}")
    return took * 1000
