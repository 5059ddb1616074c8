"""Section 10: the lines of this run's job, where the logs are kept."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from promptmill.checklist.findings import Fails, NotSeen
from promptmill.checklist.lines import Line
from promptmill.checklist.target import Target
from promptmill.checklist.trials import trial_job

ARRIVES_SECONDS: Final = 15.0
"""How long a line may take from its process to where the logs are kept."""

PAUSE_SECONDS: Final = 0.5
TAIL_BYTES: Final = 16 * 1024 * 1024
"""Of each file the end is read: the job has just run."""

PROCESSES: Final = ("api", "worker")


async def job_is_logged(target: Target, _: Line) -> str:
    """Look for a line of each change of this run's job."""
    job = await _ended_job(target)

    def missing(lines: Sequence[Mapping[str, Any]]) -> list[str]:
        logged = {line.get("status") for line in lines if line.get("event") == "job_changed"}
        return [status for status in job["statuses"] if status not in logged]

    lines = await _arrive(target, job["jobId"], missing, "no line says that it became")
    return f"{len(lines)} lines of {job['jobId']}: {' → '.join(job['statuses'])}"


async def lines_meet(target: Target, _: Line) -> str:
    """Look for the lines of API and worker about this run's job in one place."""
    job = await _ended_job(target)

    def missing(lines: Sequence[Mapping[str, Any]]) -> list[str]:
        return [process for process in PROCESSES if process not in {line.get("process") for line in lines}]

    lines = await _arrive(target, job["jobId"], missing, "no line of it was written by")
    return f"{len(lines)} lines of {job['jobId']}, of {' and '.join(PROCESSES)}"


async def _ended_job(target: Target) -> Mapping[str, Any]:
    """Return this run's job with the statuses that it has been through."""
    if target.options.logs is None:
        raise NotSeen("it was not said where the logs are kept (--logs PATH)")

    async def look() -> Mapping[str, Any]:
        job = await trial_job(target)
        path = f"/api/jobs/{job['jobId']}"
        await target.ended(path)
        events = (await target.expect(200, "GET", f"{path}/events"))["items"]
        return {**job, "statuses": list(dict.fromkeys(event["status"] for event in events if event["status"]))}

    return await target.once("logged job", look)


async def _arrive(
    target: Target, job_id: str, missing: Callable[[Sequence[Mapping[str, Any]]], list[str]], words: str
) -> Sequence[Mapping[str, Any]]:
    """Return the job's lines once none is missing.

    Raises:
        Fails: One is missing after `ARRIVES_SECONDS`.
    """
    place = target.options.logs
    assert place is not None
    give_up = time.monotonic() + ARRIVES_SECONDS
    while True:
        lines = await asyncio.to_thread(lambda: list(_lines(_files(place), job_id)))
        if not (left := missing(lines)):
            return lines
        if time.monotonic() > give_up:
            raise Fails(f"{len(lines)} lines of {job_id} in {place}; {words} {', '.join(left)}")
        await asyncio.sleep(PAUSE_SECONDS)


def _files(place: Path) -> Iterator[Path]:
    """Yield the files that lines arrive in; compressed ones are older than the job."""
    if place.is_file():
        yield place
        return
    yield from sorted(path for path in place.rglob("*") if path.is_file() and path.suffix not in {".gz", ".zst", ".xz"})


def _lines(files: Iterable[Path], job_id: str) -> Iterator[Mapping[str, Any]]:
    wanted = job_id.encode()
    for path in files:
        with suppress(FileNotFoundError), path.open("rb") as file:  # it may be rotated away at this moment
            file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
            for raw in file:
                if wanted in raw and (line := _parsed(raw)).get("job_id") == job_id:
                    yield line


def _parsed(raw: bytes) -> Mapping[str, Any]:
    """Return the line of ours, whatever a collector has written before it; nothing if it is none."""
    try:
        line = json.loads(raw[max(0, raw.find(b"{")) :])
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}
