"""Tells the open lists that something has stopped or goes on: a brake, a switch, a budget, a pause.

One look a second serves all of a process's streams, and there is none while nobody watches; pages that asked by
themselves would be late, or ask all the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, NoReturn

from api.installation.stopped_queues import StoppedQueues
from api.live.feed import Feed
from promptmill.contracts.budgets import warning_percent
from promptmill.contracts.errors import RecordError
from promptmill.store import Store
from promptmill.store.operations import AI_PROMPTS, ANNOUNCEMENT, DRAIN, SUBMISSIONS_HELD
from promptmill.temporal.brakes import PROVIDERS

LOOK_SECONDS: Final = 1.0

_TOLD: Final = (DRAIN, SUBMISSIONS_HELD, AI_PROMPTS, ANNOUNCEMENT)


@dataclass(frozen=True)
class SituationWatch:
    """Compares what is stopped with what was a second ago."""

    feed: Feed
    look: Callable[[], Awaitable[Hashable]]

    async def run(self) -> NoReturn:
        """Look until cancelled."""
        seen: Hashable = None
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.feed.listed:
                # Whoever comes next asks for the whole report anyway.
                seen = None
                continue
            with suppress(RecordError):
                found = await self.look()
                if seen is not None and found != seen:
                    self.feed.tell_situation()
                seen = found


async def what_is_stopped(store: Store, queues: StoppedQueues) -> Hashable:
    """Return something that differs once a brake, a switch, a pause or the warning of a budget does.

    Raises:
        RecordUnavailable: Postgres is unavailable.
    """
    switches = await store.operations.switches()
    budgets = await store.budgets.all()
    return (
        tuple((one.value, one.reason, one.changed_at) if (one := switches.get(name)) else None for name in _TOLD),
        tuple([await queues.look(provider) for provider in PROVIDERS]),
        tuple(await store.limits.paused_owners()),
        tuple((budget.owner, budget.period, warning_percent(budget)) for budget in budgets),
    )


@asynccontextmanager
async def open_situation_watch(feed: Feed, store: Store, queues: StoppedQueues) -> AsyncIterator[None]:
    """Watch for as long as the feed is open."""
    watch = SituationWatch(feed, lambda: what_is_stopped(store, queues))
    running = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
