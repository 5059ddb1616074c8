"""`promptmill drain` and `promptmill resume`: stop taking jobs, wait for what goes on, and say what is left.

What waits in a queue whose brake is on cannot go on by itself: it is told, not waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from temporalio.client import Client
from temporalio.service import RPCError

from promptmill.config.settings import Settings
from promptmill.contracts.store import GoingOn, OpenWork
from promptmill.store import open_store
from promptmill.temporal import connect
from promptmill.temporal.brakes import PROVIDERS, read_brake

LOOK_SECONDS = 1.0
SETTLE_SECONDS = 3.0
"""How long the drain lasts at least: a request that found intake open just before may not have stored its job yet."""
SHOWN = 50
"""Jobs that are named; beyond that only their number is told."""


async def drain_jobs(settings: Settings, *, reason: str, timeout_seconds: float, say: Callable[[str], None]) -> GoingOn:
    """Stop intake and wait until nothing can go on by itself, at most this long (0: as long as it takes).

    The switch stays on, also after the time is over and after a restart.

    Raises:
        RecordUnavailable: Postgres cannot be reached.
    """
    client = await connect(settings, lazy=True)
    tell = _Teller(say)
    async with open_store(settings.require_database_url(), pool_size=1) as store:
        await store.operations.set_drain(reason)
        say("No new jobs are taken. `promptmill resume` takes them again.")
        began = time.monotonic()
        while True:
            passed = time.monotonic() - began
            braked = await _braked(client, settings.task_queue, tell)
            found = await store.operations.what_goes_on(braked=braked)
            settled = passed >= SETTLE_SECONDS and not found.going
            if settled or (timeout_seconds and passed >= timeout_seconds):
                return found
            if found.going:
                tell("going", f"Still going on: {_stages(found.going)}")
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


class _Teller:
    """Says a thing when it is another than was said last of its subject."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: dict[str, str] = {}

    def __call__(self, subject: str, sentence: str) -> None:
        if sentence != self._told.get(subject):
            self._say(sentence)
            self._told[subject] = sentence


async def _braked(client: Client, task_queue: str, tell: _Teller) -> list[str]:
    """Return the providers whose brake is on; none while Temporal does not tell, for then nothing is known to stand."""
    try:
        braked = [name for name in PROVIDERS if (await read_brake(client, task_queue, name)).on]
    except (RPCError, RuntimeError) as error:
        # RuntimeError is what a lazy client raises when it cannot connect.
        tell("brakes", f"Temporal does not say which brakes are on ({error}): check TEMPORAL_ADDRESS.")
        return []
    if braked:
        tell(
            "brakes", f"What waits for {' and '.join(braked)} is not waited for: `promptmill brake off` lets it go on."
        )
    return braked


def _stages(work: tuple[OpenWork, ...]) -> str:
    counts = Counter(one.status for one in work)
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def _named(work: tuple[OpenWork, ...]) -> list[str]:
    lines = [f"  {one.id}  {one.status:<14}  billed: {one.billed or '-'}" for one in work[:SHOWN]]
    return [*lines, f"  … and {len(work) - SHOWN} more"] if len(work) > SHOWN else lines
