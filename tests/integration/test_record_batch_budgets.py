"""The budget of a batch holds in the permission, beside those of its owner and of the installation."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from promptmill.contracts.batches import BatchEdit
from promptmill.contracts.bills import Bill
from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.errors import RecordConflict
from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.store import Permission, SubmissionIntent
from promptmill.store import open_store
from tests.fixtures.batches import fed, new_batch, new_row, running
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, new_prompt_job, outcome, written
from tests.support import eventually

PRICE = Decimal("0.03")
NOTHING = Decimal(0)


def priced(job_id: UUID, price: Decimal | None = PRICE) -> SubmissionIntent:
    return intent(job_id, price_usd=price, request_hash=new_id().hex)


async def permitted(record: Record, job_id: UUID) -> SubmissionIntent:
    wish = priced(job_id)
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST
    return wish


async def account(record: Record, batch_id: UUID) -> tuple[Decimal, Decimal]:
    batch = await record.store.batches.get(batch_id)
    return batch.reserved_usd, batch.spent_usd


@pytest.mark.oldest_postgres
async def test_a_used_up_budget_holds_pauses_the_batch_and_says_what_is_left(record: Record) -> None:
    batch_id = await running(record.store, 4, max_open=3, max_cost_usd=Decimal("0.08"))
    first, second, third = await fed(record.store, batch_id)
    await permitted(record, first)
    await permitted(record, second)
    wish = priced(third)

    held = [await record.store.submissions.permit(wish) for _ in range(2)]

    assert {(one.permission, one.reason_code) for one in held} == {(Permission.HOLD, ReasonCode.BUDGET_EXHAUSTED)}
    assert held[0].error == (
        "the budget of the batch, $0.08, has $0.02 left, too little for a job of $0.03; its maxCostUsd can be raised"
    )
    assert await record.store.budgets.problem_of(third) == held[0].error
    events = await record.store.jobs.events(third)
    assert [each.reason_code for each in events].count("budget_exhausted") == 1, "told once"
    batch = await record.store.batches.get(batch_id)
    assert (batch.state, batch.pause_reason, batch.problem) == ("paused", "budget", held[0].error)
    assert await account(record, batch_id) == (PRICE * 2, NOTHING)
    await record.store.submissions.settle(outcome(await permitted_again(record, first), SubmissionState.REJECTED))
    assert await fed(record.store, batch_id) == (), "a paused batch is not fed"

    batch, changed = await record.store.batches.change(batch_id, BatchEdit(max_cost_usd=Decimal("0.12")), owner=OWNER)
    assert (changed, batch.state) == (["max_cost_usd"], "running")
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST


async def test_a_batch_that_has_no_room_for_an_assumed_price_says_that_it_is_assumed(record: Record) -> None:
    batch_id = await running(record.store, 1, max_cost_usd=Decimal(2))
    [job_id] = await fed(record.store, batch_id)

    held = await record.store.submissions.permit(
        priced(job_id, None).model_copy(update={"unknown_price_usd": Decimal(5)})
    )

    assert held.error is not None
    assert held.error.endswith("can be raised (WaveSpeed named no price: $5 is assumed)")


async def permitted_again(record: Record, job_id: UUID) -> SubmissionIntent:
    """The intent of a job's open submission, as its sender has it."""
    [row] = await record.store.submissions.of_job(job_id)
    return intent(job_id, submission_id=row.id)


async def test_each_outcome_settles_or_releases_what_the_batch_has_reserved(record: Record) -> None:
    batch_id = await running(record.store, 4)
    paid, refused, absent, abandoned = [await permitted(record, job_id) for job_id in await fed(record.store, batch_id)]
    assert await account(record, batch_id) == (PRICE * 4, NOTHING)

    await record.store.submissions.settle(accepted(paid.job_id, paid.submission_id, "p-1", media_cost_usd=PRICE))
    await record.store.submissions.settle(outcome(refused, SubmissionState.REJECTED, final=True))
    assert await account(record, batch_id) == (PRICE * 2, PRICE)
    for wish in (absent, abandoned):
        await record.store.submissions.settle(outcome(wish, SubmissionState.UNKNOWN))
    assert await account(record, batch_id) == (PRICE * 2, PRICE), "unclear keeps its reservation"
    await record.prove_absent(absent.submission_id, resubmit=False)
    assert await account(record, batch_id) == (PRICE, PRICE)

    await record.store.jobs.advance(JobChange(job_id=paid.job_id, status=JobStatus.COMPLETED))
    bill = Bill(prediction_id="p-1", charged_usd=Decimal("0.02"), refunded_usd=Decimal(0))
    await record.store.bills.record(bill)
    assert await account(record, batch_id) == (PRICE, Decimal("0.02"))
    await record.store.bills.record(bill.model_copy(update={"refunded_usd": Decimal("0.02")}))
    assert await account(record, batch_id) == (PRICE, NOTHING)


async def test_what_grok_costs_counts_for_its_jobs_batch(record: Record) -> None:
    batch, _ = await record.store.batches.create(new_batch(max_cost_usd=Decimal("0.031"), asks_grok=True))
    prompt_job = new_prompt_job()
    asks: dict[str, Any] = {"use_ai_prompt": True, "prompt_job": prompt_job, "prompt": None, "prompt_source": None}
    await record.store.batches.add(batch.id, [new_row(1, **asks), new_row(2)])
    await record.store.batches.open(batch.id)
    asking, other = await fed(record.store, batch.id)
    attempt = await record.store.prompts.begin_attempt(prompt_job.id, "grok-4")
    await record.store.prompts.finish(written(prompt_job.id, attempt.attempt_no))

    assert await account(record, batch.id) == (NOTHING, Decimal("0.002"))
    held = await record.store.submissions.permit(priced(other))
    assert (held.permission, held.reason_code) == (Permission.HOLD, ReasonCode.BUDGET_EXHAUSTED)
    assert asking != other


async def test_an_owners_budget_holds_beside_the_batchs(record: Record) -> None:
    batch_id = await running(record.store, 2)
    first, second = await fed(record.store, batch_id)
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, PRICE)
    await permitted(record, first)
    held = await record.store.submissions.permit(priced(second))
    assert (held.error or "").startswith("the daily budget of local is used up")
    assert (await record.store.batches.get(batch_id)).state == "running", "its own budget has room"


async def test_a_used_up_batch_is_fed_no_more_and_resumed_only_with_room(record: Record) -> None:
    batch_id = await running(record.store, 2, max_open=1, max_cost_usd=PRICE)
    [first] = await fed(record.store, batch_id)
    wish = await permitted(record, first)
    await record.store.submissions.settle(accepted(first, wish.submission_id, media_cost_usd=PRICE))
    await record.store.jobs.advance(JobChange(job_id=first, status=JobStatus.COMPLETED))

    paused = (await record.store.batches.feed(batch_id, at_once=9)).batch
    assert (paused.state, paused.pause_reason) == ("paused", "budget")
    assert paused.problem == "the budget of the batch, $0.03, is used up; its maxCostUsd can be raised"
    with pytest.raises(RecordConflict, match="raise its maxCostUsd first") as refused:
        await record.store.batches.resume(batch_id, owner=OWNER, by_admin=True)
    assert refused.value.conflict == "batch_budget"


async def test_workers_of_the_previous_release_are_bounded_by_it_too(record: Record) -> None:
    asked = """
        SELECT permission, reason_code FROM permit_submission_in_turn($1, $2, 'token', '{}', 'hash', 'simulated',
            'http://127.0.0.1:3901', 'abcdef012345', 20, 'wavespeed-ai/flux-dev', 'a fox', '{"size": "64*64"}', NULL,
            '[]', NULL, 10, 10)
    """
    batch_id = await running(record.store, 2, max_cost_usd=Decimal(5))
    permits = [
        tuple(await record.hand.fetchrow(asked, job_id, new_id())) for job_id in await fed(record.store, batch_id)
    ]
    assert permits == [("post", None), ("hold", "submissions_held")]
    assert await account(record, batch_id) == (Decimal(5), NOTHING)


async def test_many_who_ask_at_once_keep_it_to_the_cent(record: Record) -> None:
    """On connections of their own, while outcomes are settled: what is reserved and spent never exceeds the budget."""
    batch_id = await running(record.store, 24, max_open=24, max_cost_usd=PRICE * 7 + Decimal("0.01"))
    jobs = await fed(record.store, batch_id)
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(record.url, pool_size=4)) for _ in range(6)]

        async def ask(number: int, job_id: UUID) -> bool:
            store, wish = stores[number % len(stores)], priced(job_id)
            if (await store.submissions.permit(wish)).permission is not Permission.POST:
                return False
            if number % 3 == 0:
                await store.submissions.settle(accepted(job_id, wish.submission_id, media_cost_usd=PRICE))
            return True

        posted = await asyncio.gather(*(ask(number, job_id) for number, job_id in enumerate(jobs)))

    assert sum(posted) == 7
    reserved, spent = await account(record, batch_id)
    assert reserved + spent == PRICE * 7
    meant = await record.hand.fetchval("SELECT sum(coalesce(media_cost_usd, reserved_usd)) FROM submissions")
    assert meant == PRICE * 7


async def test_deleting_its_old_jobs_takes_no_spending_back_and_it_goes_with_the_last(record: Record) -> None:
    batch_id = await running(record.store, 1)
    [job_id] = await fed(record.store, batch_id)
    wish = await permitted(record, job_id)
    await record.store.submissions.settle(accepted(job_id, wish.submission_id, media_cost_usd=PRICE))
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.COMPLETED))
    await record.store.batches.feed(batch_id, at_once=9)
    await record.shift(job_id, "completed_at", 9 * 86_400)

    await record.store.upkeep.delete_expired(1)
    assert await account(record, batch_id) == (NOTHING, PRICE)
    assert (await record.store.batches.counts([batch_id]))[batch_id] == {"gone": 1}
    await record.shift(batch_id, "completed_at", 9 * 86_400, "batches")
    await record.store.upkeep.delete_expired(1)
    assert await record.hand.fetchval("SELECT count(*) FROM batch_rows") == 0


async def test_a_bill_waits_for_the_batch_before_it_locks_the_budgets_as_a_permission_does(record: Record) -> None:
    """The other way round, a bill and a permission of the same batch would wait for each other."""
    batch_id = await running(record.store, 1)
    [job_id] = await fed(record.store, batch_id)
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal(5))
    wish = await permitted(record, job_id)
    await record.store.submissions.settle(accepted(job_id, wish.submission_id, "p-1", media_cost_usd=PRICE))
    bill = Bill(prediction_id="p-1", charged_usd=Decimal("0.02"), refunded_usd=Decimal(0))

    async def waits() -> bool:
        return bool(await record.hand.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))

    async with record.hand.transaction():
        await record.hand.execute("SELECT FROM batches WHERE id = $1 FOR NO KEY UPDATE", batch_id)
        billing = asyncio.create_task(record.store.bills.record(bill))
        await eventually(waits, what="the bill waits for the batch")
        await record.hand.execute("SELECT FROM budgets FOR UPDATE NOWAIT")
    await billing
    assert await account(record, batch_id) == (NOTHING, Decimal("0.02"))
