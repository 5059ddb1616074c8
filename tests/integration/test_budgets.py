"""Budgets from end to end: a job that no budget has room for waits unpaid, and goes on by itself when one has."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import httpx
import pytest

from activities import submission
from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.jobs import Billed
from tests.fixtures.mill import Mill
from tests.support import eventually

USED_UP = "the daily budget of local is used up; it starts again at 00:00 UTC"


@pytest.fixture(autouse=True)
def _ask_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "BUDGET_PAUSE", timedelta(seconds=0.2))


async def held(mill: Mill, **fields: object) -> UUID:
    """A job that a budget holds, which was used up after the job's acceptance."""
    job_id = await mill.accept(**fields)
    await mill.store.budgets.set("local", BudgetPeriod.DAY, Decimal(0))
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


async def test_a_held_job_can_be_cancelled_at_once(mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "BUDGET_PAUSE", timedelta(hours=1))
    monkeypatch.setattr(submission, "BUDGET_LONGEST_PAUSE", timedelta(hours=1))
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
