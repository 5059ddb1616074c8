"""Lets jobs that a budget held ask for permission as soon as it has room, instead of when their pauses end.

A hint only: the permission in Postgres decides what is submitted, and a job that is not told asks by itself. So nothing
here is repeated, and what a process was about to tell ends with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from temporalio.service import RPCError

from promptmill.api_resources import ApiResources
from promptmill.contracts.budgets import HeldBy
from promptmill.contracts.errors import RecordError
from promptmill.store.budgets import BudgetStore
from promptmill.temporal.asking_again import ask_again

PAGE: Final = 10
"""Jobs that are told before the budget is looked at again: so many ask in vain at most once nothing is left."""

MOST_JOBS: Final = 10_000
"""Jobs that are told of one change at most; more ask by themselves."""

MOST_BUDGETS: Final = 20
"""Changes whose jobs are being told at once, by one process; the jobs of others ask by themselves."""

RPC: Final = timedelta(seconds=5)
"""Limit of one call."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False)
class HeldJobs:
    """Tells jobs, in the queue's order, no faster than they can be submitted: so others' turns are not taken.

    Attributes:
        ask: Lets one job ask now.
        per_second: How fast paid POSTs may be made.
    """

    budgets: BudgetStore
    ask: Callable[[UUID], Awaitable[None]]
    per_second: float
    _telling: dict[HeldBy, asyncio.Task[None]] = field(default_factory=dict, init=False)

    def wake(self, by: HeldBy) -> None:
        """Tell the jobs that a budget holds, without waiting for it; what an earlier call was telling begins anew."""
        earlier = self._telling.get(by)
        if earlier is not None:
            earlier.cancel()
        elif len(self._telling) >= MOST_BUDGETS:
            return
        self._telling[by] = task = asyncio.create_task(self._tell(by))
        task.add_done_callback(lambda ended: self._forget(by, ended))

    async def close(self) -> None:
        """Tell nobody more."""
        tasks = [*self._telling.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, by: HeldBy) -> None:
        try:
            waiting = await self.budgets.held(by, most=MOST_JOBS)
            for first in range(0, len(waiting), PAGE):
                if not await self.budgets.has_room(by):
                    return
                page = waiting[first : first + PAGE]
                held = await self.budgets.problems_of(page)  # as it is now
                for job_id in page:
                    if job_id in held:
                        await self.ask(job_id)
                        await asyncio.sleep(1 / self.per_second)
        except (RecordError, RPCError, RuntimeError) as error:  # a lazy client raises RuntimeError if it cannot connect
            _log.warning("held_jobs_not_told", error=str(error))

    def _forget(self, by: HeldBy, task: asyncio.Task[None]) -> None:
        if self._telling.get(by) is task:
            del self._telling[by]


@asynccontextmanager
async def open_held_jobs(resources: ApiResources) -> AsyncIterator[HeldJobs]:
    """Open what tells the jobs of an installation; at the end it tells nobody more."""
    ask = partial(ask_again, resources.temporal, patience=RPC)
    held = HeldJobs(resources.store.budgets, ask, resources.settings.submission_pace.per_second)
    try:
        yield held
    finally:
        await held.close()
