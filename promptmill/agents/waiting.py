"""Waits for what an installation does, and tells the agent's client how far it is.

It asks every second or two. The API's live streams would tell sooner, but not within the process that serves them,
where a response is returned whole; and what is asked for lasts seconds to minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from mcp.server.mcpserver import Context

from promptmill.agents.calls import Calls
from promptmill.agents.shapes import Job
from promptmill.agents.showing import job_of
from promptmill.contracts.jobs import FINAL_STATUSES
from promptmill.contracts.outputs import StoredState

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 2.0
STORED_SECONDS: Final = 15.0
"""How long to wait, within the time that is given, for the installation's own copy of what a job made: without it there
is no picture to show."""

Seen = TypeVar("Seen")


async def until(
    look: Callable[[], Awaitable[Seen]],
    done: Callable[[Seen], bool],
    text: Callable[[Seen], str],
    *,
    seconds: float,
    ctx: Context[Any, Any],
) -> Seen:
    """Return what is seen once it is done, or the time is over."""
    began = time.monotonic()
    pause = FIRST_PAUSE
    while True:
        seen = await look()
        passed = time.monotonic() - began
        if done(seen) or passed >= seconds:
            return seen
        await ctx.report_progress(passed, seconds, text(seen))
        await asyncio.sleep(min(pause, seconds - passed))
        pause = min(pause * 2, LONGEST_PAUSE)


async def jobs_ended(calls: Calls, ids: Sequence[str], *, seconds: float, ctx: Context[Any, Any]) -> list[Job]:
    """Return jobs once all have ended and are stored, or the time is over."""
    known: dict[str, Job] = {}
    ended_at: list[float] = []

    async def look() -> list[Job]:
        for job_id in ids:
            if job_id not in known or not _settled(known[job_id]):
                known[job_id] = job_of(await calls.get(f"/api/jobs/{job_id}"))
        return [known[job_id] for job_id in ids]

    def done(jobs: list[Job]) -> bool:
        if not all(ended(job) for job in jobs):
            return False
        ended_at.append(time.monotonic())
        return all(_settled(job) for job in jobs) or ended_at[-1] - ended_at[0] > STORED_SECONDS

    return await until(look, done, _text, seconds=seconds, ctx=ctx)


def ended(job: Job) -> bool:
    """Return whether a job has ended."""
    return job.status in FINAL_STATUSES


def _settled(job: Job) -> bool:
    waits = any(output.stored is not None and output.stored.state == StoredState.WAITING for output in job.outputs)
    return ended(job) and not waits


def _text(jobs: Sequence[Job]) -> str:
    open_ones = [job for job in jobs if not ended(job)]
    if len(jobs) == 1 or not open_ones:
        return jobs[0].status_text if open_ones else "Ended; the outputs are being stored."
    return f"{len(jobs) - len(open_ones)} of {len(jobs)} have ended. {open_ones[0].status_text}"
