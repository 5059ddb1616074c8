"""True charges: the reconciler asks what WaveSpeed charged for ended jobs, and corrects job and account by it."""

from __future__ import annotations

from decimal import Decimal

import asyncpg

from activities import bills
from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.jobs import Billed
from promptmill.contracts.names import LOCAL_OWNER
from tests.fixtures.mill import Mill

NOTHING = Decimal(0)


async def by_hand(mill: Mill, query: str) -> None:
    hand = await asyncpg.connect(mill.settings.require_database_url())
    await hand.execute(query)
    await hand.close()


async def an_hour_later(mill: Mill) -> int:
    """How many bills bring news to the reconciler an hour from now."""
    await by_hand(
        mill, "UPDATE bills SET due_at = clock_timestamp(), changed_at = changed_at - interval '1 hour 1 second'"
    )
    return (await mill.reconcile()).billed


async def test_a_job_costs_what_was_charged_and_nothing_once_it_is_refunded(mill: Mill) -> None:
    """The books lag, the charge differs from the quote, and the failed one's refund comes later still."""
    await mill.store.budgets.set(LOCAL_OWNER, BudgetPeriod.TOTAL, mill.settings.unknown_price_usd)
    await mill.wavespeed.set_timing(charged_share=0.5, billing_seconds=3600)
    fine = await mill.create()
    await mill.reaches(fine, "completed")
    await mill.wavespeed.order("submit", "ending", word="failed")
    failed = await mill.create()
    await mill.reaches(failed, "failed")
    quoted = (await mill.job(fine)).media_cost_usd
    assert quoted

    assert await an_hour_later(mill) == 0
    await mill.wavespeed.set_timing(billing_seconds=0)
    assert await an_hour_later(mill) == 2

    row, refunded = await mill.job(fine), await mill.job(failed)
    assert (row.media_cost_usd, row.media_cost_source, row.status) == (quoted / 2, "billed", "completed")
    assert (refunded.media_cost_usd, refunded.media_cost_source, refunded.status) == (NOTHING, "billed", "failed")
    assert await mill.store.jobs.billed([fine, failed]) == {fine: Billed.YES, failed: Billed.REFUNDED}
    [budget] = await mill.store.budgets.all()
    assert (budget.reserved_usd, budget.spent_usd) == (NOTHING, quoted / 2)

    asked = len(await mill.wavespeed.requests("billing"))
    assert await an_hour_later(mill) == 0, "unchanged: settled"
    assert await an_hour_later(mill) == 0
    assert len(await mill.wavespeed.requests("billing")) == asked + 1


async def test_books_that_cannot_be_read_are_asked_again(mill: Mill) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")
    await mill.wavespeed.order("billing", "status", status=403, code=403, message="insufficient role")

    assert await an_hour_later(mill) == 0, "the pass goes on"

    assert await an_hour_later(mill) == 1


async def test_one_pass_asks_for_some_batches_and_not_for_what_runs(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "never")
    open_job = await mill.create()
    await mill.reaches(open_job, "generating")
    await by_hand(
        mill,
        f"""INSERT INTO bills (prediction_id, due_at)
            SELECT 'p-' || n, clock_timestamp() - interval '1 minute'
            FROM generate_series(1, {bills.BATCH * bills.BATCHES_PER_PASS + 1}) AS n""",
    )

    assert await an_hour_later(mill) == 0

    assert await mill.wavespeed.requests("billing") == [], "nobody's, and one of an open job"
    left = {bill.prediction_id for bill in await mill.store.bills.take(10, 3)}
    assert len(left) in (1, 2), "the rest of what was due"
