"""The price that WaveSpeed quotes: known before the submission is permitted, which does without it where it must."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from promptmill.contracts.budgets import SpendBy, SpendQuery
from tests.fixtures.mill import Mill


async def generating_details(mill: Mill, job_id: UUID) -> list[dict[str, object]]:
    """The details of every event recorded while the job was generating."""
    return [event.detail for event in await mill.store.jobs.events(job_id) if event.status == "generating"]


async def test_a_price_is_reserved_by_the_permission_and_recorded_with_the_acceptance(mill: Mill) -> None:
    job_id = await mill.create()

    row = await mill.reaches(job_id, "completed")
    [charge] = await mill.wavespeed.charges()
    [submission] = await mill.store.submissions.of_job(job_id)
    assert (str(row.media_cost_usd), row.media_cost_source) == (str(submission.media_cost_usd), "quoted")
    assert row.media_cost_usd == Decimal(str(charge["usd"]))
    assert (submission.reserved_usd, submission.price_source) == (row.media_cost_usd, "quoted")
    every_day = SpendQuery(by=SpendBy.MODEL, first=date(2020, 1, 1), last=date(2100, 1, 1))
    [spend] = await mill.store.budgets.spend(every_day)
    assert (spend.name, spend.reserved_usd, spend.spent_usd) == (row.model, Decimal(0), row.media_cost_usd)
    [detail] = await generating_details(mill, job_id)
    assert float(str(detail["mediaCostUsd"])) == float(charge["usd"])


async def test_a_discount_is_kept_beside_what_is_paid(mill: Mill) -> None:
    await mill.wavespeed.set_timing(discount=0.25)

    row = await mill.reaches(await mill.create(), "completed")

    assert row.media_cost_usd is not None
    assert row.media_list_price_usd is not None
    assert row.media_cost_usd == row.media_list_price_usd * Decimal("0.75")


async def test_a_job_that_asks_again_asks_for_its_price_once(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "status", status=429, retry_after="1", times=2)

    job_id = await mill.create()

    await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.requests("submit")) == 3
    assert len(await mill.wavespeed.requests("price")) == 1


@pytest.mark.parametrize("fault", [("hold", {}), ("status", {"status": 500})], ids=["late", "refused"])
async def test_without_a_price_the_assumed_one_is_reserved(mill: Mill, fault: tuple[str, dict[str, Any]]) -> None:
    kind, details = fault
    await mill.wavespeed.order("price", kind, **details)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "completed")
    assert (row.media_cost_usd, row.media_cost_source) == (None, None)
    assert len(await mill.wavespeed.charges()) == 1
    [submission] = await mill.store.submissions.of_job(job_id)
    assert (submission.reserved_usd, submission.price_source) == (mill.settings.unknown_price_usd, "assumed")


async def test_a_refused_submission_has_no_price(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "status", status=400)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "failed")
    assert row.media_cost_usd is None
    assert await mill.wavespeed.charges() == []
