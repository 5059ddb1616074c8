"""Telling jobs that a budget held: whom, in which order, how many, and what ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from temporalio.service import RPCError, RPCStatusCode

from api.jobs import held as telling
from api.jobs.held import PAGE, HeldJobs
from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod, HeldBy
from promptmill.contracts.store import Permission
from tests.fixtures.batches import fed, running
from tests.fixtures.record import OWNER, Record, intent, new_id
from tests.support import eventually

PRICE = Decimal("0.03")
BY_OWNER = HeldBy(OWNER, BudgetPeriod.DAY)
UNHURRIED = 1_000_000.0


async def ask(record: Record, job_id: UUID, permission: Permission, price: Decimal = PRICE) -> None:
    wish = intent(job_id, price_usd=price, request_hash=new_id().hex)
    assert (await record.store.submissions.permit(wish)).permission is permission


async def held(record: Record, **fields: Any) -> UUID:
    job_id = await record.dispatching(**fields)
    await ask(record, job_id, Permission.HOLD)
    return job_id


async def used_up(record: Record, owner: str = OWNER, period: BudgetPeriod = BudgetPeriod.DAY) -> None:
    await record.store.budgets.set(owner, period, Decimal("0.01"))


@asynccontextmanager
async def teller(
    record: Record, told: list[UUID], *, then: Callable[[UUID], Any] | None = None, per_second: float = UNHURRIED
) -> AsyncIterator[HeldJobs]:
    async def note(job_id: UUID) -> None:
        told.append(job_id)
        if then is not None:
            await then(job_id)

    jobs = HeldJobs(record.store.budgets, note, per_second)
    try:
        yield jobs
    finally:
        await jobs.close()


async def until_done(jobs: HeldJobs) -> None:
    async def idle() -> bool:
        return not jobs._telling

    await eventually(idle, what="all to be told")


async def test_all_that_the_budget_holds_are_told_in_the_queues_order(record: Record) -> None:
    waits = await record.dispatching()  # no budget holds it
    await used_up(record, INSTALLATION)
    of_all = await held(record)
    await record.store.budgets.remove(INSTALLATION, BudgetPeriod.DAY)
    await used_up(record)
    first, second = await held(record), await held(record)
    urgent = await held(record, priority=9)
    await ask(record, waits, Permission.POST, Decimal("0.001"))  # a cheaper one has room
    told: list[UUID] = []

    async with teller(record, told) as jobs:
        await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal(1))
        jobs.wake(BY_OWNER)
        await until_done(jobs)
        assert told == [urgent, first, second]

        told.clear()
        jobs.wake(HeldBy(INSTALLATION, BudgetPeriod.DAY))
        await until_done(jobs)
        assert told == [of_all]


async def test_a_batchs_budget_tells_its_own_jobs(record: Record) -> None:
    batch_id = await running(record.store, 2, max_cost_usd=Decimal("0.01"))
    other = await running(record.store, 1, max_cost_usd=Decimal("0.01"))
    job_ids, others = await fed(record.store, batch_id), await fed(record.store, other)
    for job_id in (*job_ids, *others):
        await ask(record, job_id, Permission.HOLD)
    told: list[UUID] = []

    async with teller(record, told) as jobs:
        jobs.wake(HeldBy(OWNER, batch_id=batch_id))
        await until_done(jobs)

    assert told == [*job_ids]


async def test_nobody_is_told_while_nothing_is_left_or_the_owner_is_paused(record: Record) -> None:
    await used_up(record)
    await held(record)
    told: list[UUID] = []

    async with teller(record, told) as jobs:
        await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal(0))
        jobs.wake(BY_OWNER)
        await until_done(jobs)
        await record.store.budgets.remove(OWNER, BudgetPeriod.DAY)
        await record.store.limits.pause_queue(OWNER)
        jobs.wake(BY_OWNER)
        await until_done(jobs)

    assert told == []


async def test_it_ends_as_soon_as_the_room_is_used_up(record: Record) -> None:
    await used_up(record)
    job_ids = [await held(record) for _ in range(2 * PAGE + 1)]
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, 5 * PRICE)
    told: list[UUID] = []

    async def submit(job_id: UUID) -> None:
        await ask(record, job_id, Permission.POST if len(told) <= 5 else Permission.HOLD)

    async with teller(record, told, then=submit) as jobs:
        jobs.wake(BY_OWNER)
        await until_done(jobs)

    assert told == job_ids[:PAGE]


async def test_what_was_submitted_or_cancelled_meanwhile_is_not_told(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "PAGE", 1)
    await used_up(record)
    first, second, third, fourth = [await held(record) for _ in range(4)]
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal(1))
    told: list[UUID] = []

    async def others_move(job_id: UUID) -> None:
        if job_id == first:
            await ask(record, second, Permission.POST)
            await record.store.jobs.request_cancel(third, owner=OWNER)

    async with teller(record, told, then=others_move) as jobs:
        jobs.wake(BY_OWNER)
        await until_done(jobs)

    assert told == [first, fourth]


async def test_a_second_change_of_a_budget_begins_anew_and_many_at_once_are_left_alone(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "MOST_BUDGETS", 1)
    await used_up(record)
    first = await held(record)
    await record.store.budgets.remove(OWNER, BudgetPeriod.DAY)
    told: list[UUID] = []

    async with teller(record, told, per_second=0.001) as jobs:
        jobs.wake(BY_OWNER)
        await eventually(lambda: told == [first], what="it to be told")
        jobs.wake(BY_OWNER)
        await eventually(lambda: told == [first, first], what="it to be told again")
        jobs.wake(HeldBy(INSTALLATION, BudgetPeriod.DAY))
        assert [*jobs._telling] == [BY_OWNER]
        running_still = jobs._telling[BY_OWNER]

    assert told == [first, first]
    assert running_still.cancelled()


async def test_where_temporal_is_away_the_rest_asks_by_itself(record: Record) -> None:
    await used_up(record)
    first, _ = await held(record), await held(record)
    await record.store.budgets.remove(OWNER, BudgetPeriod.DAY)
    told: list[UUID] = []

    async def away(_: UUID) -> None:
        raise RPCError("nobody there", RPCStatusCode.UNAVAILABLE, b"")

    with capture_logs() as logs:
        async with teller(record, told, then=away) as jobs:
            jobs.wake(BY_OWNER)
            await until_done(jobs)

    assert told == [first]
    assert [line["event"] for line in logs] == ["held_jobs_not_told"]
