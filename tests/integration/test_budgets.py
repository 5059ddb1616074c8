"""Budgets from end to end: a job that no budget has room for waits unpaid, and goes on by itself when one has."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import httpx
import pytest

from activities import submission
from activities.heartbeats import BEAT_SECONDS
from promptmill.contracts.batches import BatchState
from promptmill.contracts.budgets import BudgetPeriod, HeldBy
from promptmill.contracts.jobs import Billed
from promptmill.temporal.asking_again import ask_again
from tests.fixtures.batches import begun_batch
from tests.fixtures.mill import PATIENCE, Mill
from tests.fixtures.record import new_id
from tests.support import eventually

USED_UP = "the daily budget of local is used up; it starts again at 00:00 UTC"


@pytest.fixture(autouse=True)
def _ask_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "BUDGET_PAUSE", timedelta(seconds=0.2))


@pytest.fixture
def _ask_again_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "BUDGET_PAUSE", timedelta(hours=1))
    monkeypatch.setattr(submission, "BUDGET_LONGEST_PAUSE", timedelta(hours=1))


async def held(mill: Mill, *, by: str = "local", **fields: object) -> UUID:
    """A job that a budget holds, which was used up after the job's acceptance."""
    job_id = await mill.accept(**fields)
    await mill.store.budgets.set(by, BudgetPeriod.DAY, Decimal(0))
    # Else its starter may note the start after the budget's event, which is then not the newest until it asks again.
    await mill.store.jobs.begin(job_id)
    await mill.start(job_id)

    async def told() -> bool:
        return await mill.store.budgets.problem_of(job_id) is not None

    await eventually(told, what="the budget holds it")
    return job_id


async def test_a_held_job_says_why_and_goes_on_when_there_is_room(mill: Mill, api_client: httpx.AsyncClient) -> None:
    job_id = await held(mill)

    shown = (await api_client.get(f"/api/jobs/{job_id}")).json()
    events = (await api_client.get(f"/api/jobs/{job_id}/events")).json()["items"]
    assert (shown["status"], shown["billed"]) == ("dispatching", "no")
    assert shown["statusText"] == f"Waiting: {USED_UP}."
    assert (shown["wait"]["for"], shown["wait"]["stoppedReason"]) == ("budget", USED_UP)
    [listed] = (await api_client.get("/api/jobs")).json()["items"]
    assert (listed["statusText"], listed["wait"]["for"]) == (shown["statusText"], "budget")
    assert events[-1]["text"] == f"Waiting: {USED_UP}."
    assert await mill.wavespeed.requests("submit") == []

    await mill.store.budgets.remove("local", BudgetPeriod.DAY)

    await mill.reaches(job_id, "completed")
    reasons = [reason for _, reason in await mill.events(job_id)]
    assert ("budget_exhausted", "budget_exhausted") not in pairwise(reasons), "however often it was held"
    assert len(await mill.wavespeed.requests("price")) == 1


@pytest.mark.usefixtures("_ask_again_never")
async def test_jobs_go_on_at_once_when_a_budget_is_raised_over_http(mill: Mill, api_client: httpx.AsyncClient) -> None:
    job_ids = [await held(mill)]
    await mill.store.budgets.remove("local", BudgetPeriod.DAY)  # for the acceptance of the next
    job_ids.append(await held(mill))

    (await api_client.put("/api/budgets/local/day", json={"limitUsd": 100})).raise_for_status()

    for job_id in job_ids:
        await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.charges()) == 2


@pytest.mark.usefixtures("_ask_again_never")
async def test_a_job_goes_on_at_once_when_the_installations_budget_is_removed(
    mill: Mill, api_client: httpx.AsyncClient
) -> None:
    job_id = await held(mill, by="*")

    (await api_client.delete("/api/budgets/*/day")).raise_for_status()

    await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.charges()) == 1


@pytest.mark.usefixtures("_ask_again_never")
async def test_the_jobs_of_a_batch_go_on_at_once_when_its_budget_is_raised(
    mill: Mill, api_client: httpx.AsyncClient
) -> None:
    batch_id = await begun_batch(mill, 2, max_cost_usd=Decimal("0.000001"))
    by = HeldBy("local", batch_id=batch_id)

    async def all_held() -> bool:
        return len(await mill.store.budgets.held(by, most=10)) == 2

    await eventually(all_held, what="the batch's budget to hold its jobs")

    (await api_client.patch(f"/api/batches/{batch_id}", json={"maxCostUsd": 10})).raise_for_status()

    async def done() -> bool:
        return (await mill.store.batches.get(batch_id)).state == BatchState.DONE

    await eventually(done, what="the batch to be done")
    assert len(await mill.wavespeed.charges()) == 2


async def test_a_job_that_is_being_submitted_is_paid_once_however_often_it_is_told(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "hold")
    job_id = await mill.create()
    await mill.wavespeed.asked("submit")

    for _ in range(3):
        await ask_again(mill.client, job_id, patience=PATIENCE)
    await asyncio.sleep(2 * BEAT_SECONDS)  # its next heartbeats tell the worker
    await mill.wavespeed.release()

    await mill.reaches(job_id, "completed")
    await ask_again(mill.client, job_id, patience=PATIENCE)  # it has ended
    await ask_again(mill.client, new_id(), patience=PATIENCE)  # there is none
    assert len(await mill.wavespeed.requests("submit")) == len(await mill.wavespeed.charges()) == 1
    assert [one.state for one in await mill.store.submissions.of_job(job_id)] == ["accepted"]


@pytest.mark.usefixtures("_ask_again_never")
async def test_a_held_job_can_be_cancelled_at_once(mill: Mill) -> None:
    job_id = await held(mill)

    await mill.cancel(job_id)

    await mill.reaches(job_id, "cancelled")
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.NO


async def test_the_deadline_of_a_held_job_counts(mill: Mill) -> None:
    job_id = await held(mill, deadline_seconds=6)

    row = await mill.reaches(job_id, "expired")

    assert row.reason_code == "deadline_passed"
    assert await mill.wavespeed.requests("submit") == []


async def test_a_job_that_costs_more_than_it_may_fails_unpaid(mill: Mill) -> None:
    job_id = await mill.create(max_price_usd=Decimal("0.000001"))

    row = await mill.reaches(job_id, "failed")

    assert row.reason_code == "price_above_max"
    assert "which is more than the job's limit of $0.000001." in (row.error or "")
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.NO
    assert await mill.store.submissions.of_job(job_id) == []
    assert await mill.wavespeed.requests("submit") == []
