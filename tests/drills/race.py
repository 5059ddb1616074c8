"""Many senders race for a budget that has room for few of their jobs; what WaveSpeed charged says who won.

The parts are real: the API, Temporal, two workers, and WaveSpeed's simulator with a ledger of its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from temporalio.worker import UnsandboxedWorkflowRunner

from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.errors import TemporalUnavailable
from promptmill.contracts.jobs import Billed
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.store.consistency import check_record
from tests.fixtures.mill import IMAGE_MODEL, Mill
from tests.support import eventually

IMAGE_USD = Decimal("0.012")
MOST_IMAGES = 4
"""Jobs ask for one image, for two, …, for four, and for one again."""

RECONCILE_SECONDS = 10

PACE = {"PROMPTMILL_WAVESPEED_PER_SECOND": "1000", "PROMPTMILL_CANCEL_AGAIN_SECONDS": "60"}
"""For the installation of a race. Jobs that are held ask again the later, the lower the rate is; and hundreds of jobs
are cancelled at once, which takes Temporal's development server a while."""

_PAID = "SELECT job_id, state, prediction_id, media_cost_usd FROM submissions"
_STATUSES = "SELECT id, status FROM jobs"


@dataclass(frozen=True)
class Course:
    """The size of a race.

    Attributes:
        jobs: Sent in all by this many `senders` at once, the `backlog` of them before there is a worker.
        images: What the budget has room for.
        more: What it has room for in addition, once it is used up.
        patience: Seconds within which each part is over.
    """

    senders: int
    jobs: int
    backlog: int
    images: int
    more: int
    patience: float = 100


SHORT = Course(senders=8, jobs=28, backlog=22, images=20, more=8)


@dataclass
class Race:
    """One race, and what came of it so far.

    Attributes:
        costs: What each accepted job costs.
        refused: Jobs that were not accepted, because the budget was used up.
        charged: What WaveSpeed charged, after each part.
        held: Jobs that waited for the budget, after each part.
    """

    mill: Mill
    api: httpx.AsyncClient
    course: Course
    costs: dict[UUID, Decimal] = field(default_factory=dict)
    refused: int = 0
    charged: list[Decimal] = field(default_factory=list)
    held: list[int] = field(default_factory=list)

    async def run(self, workers: AbstractAsyncContextManager[None]) -> None:
        """Race for the budget, then for what it is raised by; cancel the jobs that are still held, and compare."""
        course = self.course
        await self._limit(course.images)
        await self._send(range(course.backlog))
        async with workers, self._reconciler():
            await self._send(range(course.backlog, course.jobs))
            await self._until_nothing_fits(course.images)
            await self._limit(course.images + course.more)
            held = await self._until_nothing_fits(course.images + course.more)
            await self._at_once(held, self._cancel)
            await self._all_ended(set(held))
        await self._compare(course.images + course.more)
        checks = await check_record(self.mill.store.consistency, keep_days=0, unclear_after=timedelta())
        assert [check for check in checks if check.findings] == []

    @asynccontextmanager
    async def _reconciler(self) -> AsyncIterator[None]:
        """Start and cancel what the API had no time for."""

        async def passes() -> None:
            while True:
                await asyncio.sleep(RECONCILE_SECONDS)
                with suppress(TemporalUnavailable):  # no worker has finished the pass in time: there is a next one
                    await self.mill.reconcile()

        reconciler = asyncio.create_task(passes())
        try:
            yield
        finally:
            reconciler.cancel()
            await asyncio.wait([reconciler])

    async def _limit(self, images: int) -> None:
        await self.mill.store.budgets.set(LOCAL_OWNER, BudgetPeriod.TOTAL, IMAGE_USD * images)

    async def _send(self, numbers: Iterable[int]) -> None:
        await self._at_once(numbers, self._create)

    async def _at_once(self, things: Iterable[Any], act: Callable[[Any], Awaitable[None]]) -> None:
        """Have all senders act on one thing after the other."""
        left = iter(things)

        async def sender() -> None:
            for thing in left:
                await act(thing)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.course.senders):
                group.create_task(sender())

    async def _create(self, number: int) -> None:
        images = 1 + number % MOST_IMAGES
        body = {"model": IMAGE_MODEL, "prompt": f"Fox number {number}", "input": {"num_images": images}}
        answer = await self.api.post("/api/jobs/create", json=body)
        if answer.status_code == 402:
            assert answer.json()["code"] == "budget_exhausted"
            self.refused += 1
            return
        assert answer.status_code == 202, answer.text
        self.costs[UUID(answer.json()["jobId"])] = IMAGE_USD * images

    async def _cancel(self, job_id: UUID) -> None:
        answer = await self.api.delete(f"/api/jobs/{job_id}")
        assert answer.is_success, answer.text

    async def _until_nothing_fits(self, images: int) -> list[UUID]:
        """Wait until no job that is still unpaid fits into the budget, compare, and return these jobs."""

        async def nothing_fits() -> list[UUID]:
            billed = await self.mill.store.jobs.billed(list(self.costs))
            unpaid = [job_id for job_id, state in billed.items() if state is Billed.NO]
            # Read after the jobs: whatever was permitted in between is reserved, or spent and no longer room.
            [budget] = await self.mill.store.budgets.all()
            assert budget.reserved_usd == 0
            room = budget.limit_usd - budget.spent_usd
            assert all(self.costs[job_id] > room for job_id in unpaid), room
            return unpaid

        held = await eventually(nothing_fits, self.course.patience, what="no unpaid job fits into the budget")
        await self._compare(images)
        self.held.append(len(held))
        return held

    async def _compare(self, images: int) -> None:
        """Compare WaveSpeed's ledger with the budget, and with the record."""
        ledger = [(entry["id"], Decimal(entry["usd"])) for entry in await self.mill.wavespeed.charges()]
        charged = sum((usd for _, usd in ledger), Decimal(0))
        assert charged <= IMAGE_USD * images, f"{charged} were charged: more than the budget"
        submissions = await self._rows(_PAID)
        assert {row["state"] for row in submissions} == {"accepted"}
        assert sorted((row["prediction_id"], row["media_cost_usd"]) for row in submissions) == sorted(ledger)
        paid = {row["job_id"]: row["media_cost_usd"] for row in submissions}
        assert len(paid) == len(ledger), "no job was paid twice"
        assert paid.items() <= self.costs.items(), "each at its price"
        [budget] = await self.mill.store.budgets.all()
        assert (budget.reserved_usd, budget.spent_usd) == (Decimal(0), charged)
        self.charged.append(charged)

    async def _all_ended(self, cancelled: set[UUID]) -> None:
        async def ended() -> bool:
            statuses = {row["id"]: row["status"] for row in await self._rows(_STATUSES)}
            expected = {job_id: "cancelled" if job_id in cancelled else "completed" for job_id in self.costs}
            assert statuses == expected, Counter(statuses.values())
            return True

        await eventually(ended, self.course.patience, what="each job has ended as it must")

    async def _rows(self, query: str) -> list[Any]:
        connection = await asyncpg.connect(self.mill.settings.require_database_url())
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()


@asynccontextmanager
async def two_workers(mill: Mill) -> AsyncIterator[None]:
    """Run two workers in this process, each with connections of its own, and without the sandbox as in production."""
    async with (
        mill.changed() as other,
        mill.worker(UnsandboxedWorkflowRunner()),
        other.worker(UnsandboxedWorkflowRunner()),
    ):
        yield
