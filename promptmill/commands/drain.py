"""`promptmill drain` and `promptmill resume`: stop intake, wait for running jobs, and report what is left.

Jobs in a queue whose brake is on, or whose owner is paused, cannot continue on their own: they are reported, not waited
for.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from temporalio.client import Client
from temporalio.service import RPCError

from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.store import GoingOn, OpenWork
from promptmill.temporal import connect
from promptmill.temporal.brakes import PROVIDERS, read_brake

LOOK_SECONDS = 1.0
SETTLE_SECONDS = 3.0
"""Minimum duration of a drain: a request that found intake open just before may not have stored its job yet."""
SHOWN = 50
"""Maximum number of jobs listed; of the others only the number is shown."""


async def drain_jobs(settings: Settings, *, reason: str, timeout_seconds: float, say: Callable[[str], None]) -> GoingOn:
    """Stop intake and wait until nothing can continue on its own, at most this long (0: indefinitely).

    The switch stays on after the timeout and across restarts.

    Raises:
        RecordUnavailable: Postgres is unreachable.
    """
    client = await connect(settings, lazy=True)
    tell = _Teller(say)
    async with open_record(settings) as store:
        await store.operations.set_drain(reason, by=operator())
        say("Intake is stopped. `promptmill resume` reopens it.")
        began = time.monotonic()
        while True:
            passed = time.monotonic() - began
            braked = await _braked(client, settings.task_queue, tell)
            found = await store.operations.what_goes_on(braked=braked)
            settled = passed >= SETTLE_SECONDS and not found.going
            if settled or (timeout_seconds and passed >= timeout_seconds):
                return found
            if found.going:
                tell("going", f"Still running: {_stages(found.going)}")
            await asyncio.sleep(LOOK_SECONDS)


async def resume_jobs(settings: Settings, *, reason: str) -> None:
    """Reopen intake.

    Raises:
        RecordUnavailable: Postgres is unreachable.
    """
    async with open_record(settings) as store:
        await store.operations.clear_drain(reason, by=operator())


def drain_lines(left: GoingOn) -> list[str]:
    """Describe what is left: ids, stage, and whether it is already paid for."""
    lines = []
    if left.going:
        lines.append(f"Timed out; {len(left.going)} still running:")
        lines += _named(left.going)
    if left.waiting:
        lines.append(f"{len(left.waiting)} cannot continue on their own and need a person:")
        lines += _named(left.waiting)
    return lines or ["Nothing is left."]


class _Teller:
    """Prints a line if it differs from the last one on its subject."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: dict[str, str] = {}

    def __call__(self, subject: str, sentence: str) -> None:
        if sentence != self._told.get(subject):
            self._say(sentence)
            self._told[subject] = sentence


async def _braked(client: Client, task_queue: str, tell: _Teller) -> list[str]:
    """Return the providers whose brake is known to be on; none while Temporal is unavailable."""
    try:
        braked = [name for name in PROVIDERS if (await read_brake(client, task_queue, name)).on]
    except (RPCError, RuntimeError) as error:
        # A lazy client raises RuntimeError if it cannot connect.
        tell("brakes", f"The brakes cannot be read from Temporal ({error}): check TEMPORAL_ADDRESS.")
        return []
    if braked:
        tell(
            "brakes",
            f"Not waiting for jobs queued for {' and '.join(braked)}: `promptmill brake off` lets them continue.",
        )
    return braked


def _stages(work: tuple[OpenWork, ...]) -> str:
    counts = Counter(one.status for one in work)
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def _named(work: tuple[OpenWork, ...]) -> list[str]:
    lines = [f"  {one.id}  {one.status:<14}  billed: {one.billed or '-'}" for one in work[:SHOWN]]
    return [*lines, f"  … and {len(work) - SHOWN} more"] if len(work) > SHOWN else lines
