"""`promptmill drain` and `promptmill resume`: stop taking jobs, wait for what goes on, and say what is left."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from promptmill.contracts.store import GoingOn, OpenWork
from promptmill.settings import Settings
from promptmill.store import open_store

LOOK_SECONDS = 1.0
SHOWN = 50
"""Jobs that are named; beyond that only their number is told."""


async def drain_jobs(settings: Settings, *, reason: str, timeout_seconds: float, say: Callable[[str], None]) -> GoingOn:
    """Stop intake and wait until nothing can go on by itself, at most this long (0: as long as it takes).

    The switch stays on, also after the time is over and after a restart.

    Raises:
        RecordUnavailable: Postgres cannot be reached.
    """
    async with open_store(settings.require_database_url(), pool_size=1) as store:
        await store.operations.set_drain(reason)
        say("No new jobs are taken. `promptmill resume` takes them again.")
        give_up = time.monotonic() + timeout_seconds if timeout_seconds else float("inf")
        told = ""
        while True:
            found = await store.operations.what_goes_on()
            if not found.going or time.monotonic() >= give_up:
                return found
            now = _stages(found.going)
            if now != told:
                say(f"Still going on: {now}")
                told = now
            await asyncio.sleep(LOOK_SECONDS)


async def resume_jobs(settings: Settings, *, reason: str) -> None:
    """Take jobs again.

    Raises:
        RecordUnavailable: Postgres cannot be reached.
    """
    async with open_store(settings.require_database_url(), pool_size=1) as store:
        await store.operations.clear_drain(reason)


def drain_lines(left: GoingOn) -> list[str]:
    """Return what is left in sentences: ids, stage, and whether it is paid already."""
    lines = []
    if left.going:
        lines.append(f"The time is over; {len(left.going)} still go on by themselves:")
        lines += _named(left.going)
    if left.waiting:
        lines.append(f"{len(left.waiting)} cannot go on by themselves and wait for a person:")
        lines += _named(left.waiting)
    return lines or ["Nothing is left."]


def _stages(work: tuple[OpenWork, ...]) -> str:
    counts = Counter(one.status for one in work)
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def _named(work: tuple[OpenWork, ...]) -> list[str]:
    lines = [f"  {one.id}  {one.status:<14}  billed: {one.billed or '-'}" for one in work[:SHOWN]]
    return [*lines, f"  … and {len(work) - SHOWN} more"] if len(work) > SHOWN else lines
