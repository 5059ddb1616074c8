"""The price that WaveSpeed quotes: asked beside the submission, and never in its way."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from tests.fixtures.mill import Mill


async def generating_details(mill: Mill, job_id: UUID) -> list[dict[str, object]]:
    """The details of every event that the job left while it was generating."""
    return [event.detail for event in await mill.store.jobs.events(job_id) if event.status == "generating"]


async def test_a_price_known_in_time_is_recorded_with_the_acceptance(mill: Mill) -> None:
    """One write and one event, not two: usually a price is answered long before a submission."""
    await mill.wavespeed.order("submit", "delay", seconds=0.5)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "completed")
    [charge] = await mill.wavespeed.charges()
    [submission] = await mill.store.submissions.of_job(job_id)
    assert (str(row.media_cost_usd), row.media_cost_source) == (str(submission.media_cost_usd), "quoted")
    assert row.media_cost_usd == Decimal(str(charge["usd"]))
    [detail] = await generating_details(mill, job_id)
    assert float(str(detail["mediaCostUsd"])) == float(charge["usd"])


async def test_a_late_price_does_not_hold_up_what_was_paid(mill: Mill) -> None:
    """The prediction's id is in the record while the price is still awaited; the price follows."""
    await mill.wavespeed.order("price", "hold")
    job_id = await mill.create()
    await mill.wavespeed.asked("price")

    accepted = await mill.reaches(job_id, "generating")
    await mill.wavespeed.release()

    assert accepted.prediction_id is not None
    assert accepted.media_cost_usd is None
    row = await mill.reaches(job_id, "completed")
    [charge] = await mill.wavespeed.charges()
    assert (row.media_cost_usd, row.media_cost_source) == (Decimal(str(charge["usd"])), "quoted")


async def test_without_a_price_the_job_completes(mill: Mill) -> None:
    await mill.wavespeed.order("price", "status", status=500)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "completed")
    assert (row.media_cost_usd, row.media_cost_source) == (None, None)
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_refused_submission_has_no_price(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "status", status=400)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "failed")
    assert row.media_cost_usd is None
    assert await mill.wavespeed.charges() == []
