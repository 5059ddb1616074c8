"""Bills at record level: what WaveSpeed's books show corrects what was quoted, once, and changes nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from promptmill.contracts.bills import Bill
from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod
from promptmill.contracts.errors import RecordError
from promptmill.contracts.jobs import Billed, JobChange, JobStatus, SubmissionState
from promptmill.contracts.resolution import Decision
from promptmill.contracts.store import Permission, SubmissionIntent
from promptmill.store import Store, open_store
from promptmill.store.migrations import downgrade
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, outcome
from tests.support import eventually

PRICE = Decimal("0.03")
CHARGED = Decimal("0.024")
NOTHING = Decimal(0)
OUTPUT = {"index": 0, "kind": "image", "url": "u"}
ALL_DUE = "UPDATE bills SET due_at = clock_timestamp()"
ACCOUNT = "SELECT day, reserved_usd, spent_usd FROM spending WHERE spent_usd <> 0 OR reserved_usd <> 0"
MEANT = """
    SELECT coalesce(sum(reserved_usd) FILTER (WHERE state IN ('intended', 'unknown')), 0) AS reserved,
           coalesce(sum(coalesce(media_cost_usd, reserved_usd)) FILTER (WHERE state IN ('accepted', 'superseded')), 0)
    FROM submissions
"""


def bill(prediction_id: str, charged: Decimal | None = CHARGED, refunded: Decimal = NOTHING) -> Bill:
    return Bill(prediction_id=prediction_id, charged_usd=charged, refunded_usd=refunded)


async def paid(record: Record, prediction_id: str, **fields: Any) -> SubmissionIntent:
    """Permit and accept a submission at PRICE."""
    wish = intent(await record.dispatching(**fields), price_usd=PRICE, request_hash=new_id().hex)
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST
    await record.store.submissions.settle(
        accepted(wish.job_id, wish.submission_id, prediction_id, media_cost_usd=PRICE)
    )
    return wish


async def ended(record: Record, prediction_id: str, status: JobStatus = JobStatus.COMPLETED) -> SubmissionIntent:
    wish = await paid(record, prediction_id)
    outputs = [OUTPUT] if status is JobStatus.COMPLETED else None
    change = JobChange.model_validate({"job_id": wish.job_id, "status": status, "outputs": outputs})
    assert (await record.store.jobs.advance(change)).status is status
    return wish


async def seen(record: Record, wish: SubmissionIntent) -> tuple[str, Billed, Decimal | None, str | None]:
    """A job's status, whether it was charged, its cost and where that comes from."""
    found = await record.store.jobs.look(wish.job_id, owner=OWNER)
    return found.job.status, found.billed, found.job.media_cost_usd, found.job.media_cost_source


async def spent(record: Record) -> Decimal:
    found: Decimal = await record.hand.fetchval("SELECT coalesce(sum(reserved_usd + spent_usd), 0) FROM spending")
    return found


async def due(record: Record, days: float = 3) -> dict[str, bool]:
    return {one.prediction_id: one.ended for one in await record.store.bills.take(100, days)}


async def test_a_bill_corrects_the_job_and_the_account_on_the_day_of_the_permission(record: Record) -> None:
    wish = await ended(record, "p-1")
    await record.shift(wish.submission_id, "intended_at", 86_400, "submissions")
    [(yesterday, *_)] = await record.hand.fetch(ACCOUNT)

    assert await record.store.bills.record(bill("p-1"))

    assert await seen(record, wish) == ("completed", Billed.YES, CHARGED, "billed")
    assert [tuple(row) for row in await record.hand.fetch(ACCOUNT)] == [(yesterday, NOTHING, CHARGED)]
    [row] = await record.store.submissions.of_job(wish.job_id)
    assert (row.state, row.media_cost_usd, row.charged_usd, row.reserved_usd) == ("accepted", CHARGED, CHARGED, PRICE)
    event = await record.last_event(wish.job_id)
    assert event.detail == {"bill": {"predictionId": "p-1", "chargedUsd": 0.024, "refundedUsd": 0}}


async def test_a_refund_takes_everything_back(record: Record) -> None:
    wish = await ended(record, "p-1", JobStatus.FAILED)
    await record.store.bills.record(bill("p-1"))

    await record.store.bills.record(bill("p-1", refunded=CHARGED / 2))
    assert await seen(record, wish) == ("failed", Billed.YES, CHARGED / 2, "billed"), "a part is not all"
    await record.store.bills.record(bill("p-1", refunded=CHARGED))

    assert await seen(record, wish) == ("failed", Billed.REFUNDED, NOTHING, "billed")
    assert await spent(record) == NOTHING


async def test_reports_may_come_in_any_order_and_again(record: Record) -> None:
    reports = (None, CHARGED), (CHARGED, NOTHING), (CHARGED, CHARGED)
    for n, order in enumerate(permutations(reports)):
        wish = await ended(record, f"p-{n}", JobStatus.FAILED)

        for charged, refunded in (*order, *reversed(order)):
            await record.store.bills.record(bill(f"p-{n}", charged, refunded))

        assert await seen(record, wish) == ("failed", Billed.REFUNDED, NOTHING, "billed")
        events = len(await record.store.jobs.events(wish.job_id))
        assert not await record.store.bills.record(bill(f"p-{n}"))
        assert len(await record.store.jobs.events(wish.job_id)) == events, "an older report is not told"
    assert await spent(record) == NOTHING


async def test_refunds_do_not_make_the_next_job_free(record: Record) -> None:
    """Where WaveSpeed names no price, what the model's recent jobs cost is reserved."""
    await ended(record, "p-1")
    await record.store.bills.record(bill("p-1", refunded=CHARGED))
    next_one = intent(await record.dispatching(), unknown_price_usd=PRICE * 5)

    await record.store.submissions.permit(next_one)

    assert await spent(record) == PRICE * 5


async def test_a_refund_without_a_charge_corrects_nothing_yet(record: Record) -> None:
    wish = await ended(record, "p-1", JobStatus.FAILED)

    await record.store.bills.record(bill("p-1", None, CHARGED))

    assert await seen(record, wish) == ("failed", Billed.YES, PRICE, "quoted")
    assert await spent(record) == PRICE
    await record.store.bills.record(bill("p-1"))
    assert await seen(record, wish) == ("failed", Billed.REFUNDED, NOTHING, "billed"), "each half is kept"


async def test_a_bill_as_quoted_is_told_to_listeners_and_is_no_event(record: Record) -> None:
    wish = await ended(record, "p-1")
    events = len(await record.store.jobs.events(wish.job_id))

    assert await record.store.bills.record(bill("p-1", PRICE))

    assert await seen(record, wish) == ("completed", Billed.YES, PRICE, "billed")
    assert len(await record.store.jobs.events(wish.job_id)) == events


async def test_a_prediction_of_no_submission_is_not_touched_by_its_bill(record: Record) -> None:
    """Also if it is a candidate, or its submission was proved absent: a charge decides nothing about who owns it."""
    unclear, absent = await record.unclear(), await record.unclear()
    await record.store.resolution.note_candidates(unclear.submission_id, ["p-candidate"])
    await record.prove_absent(absent.submission_id, resubmit=False)
    before = [await record.submissions(wish.job_id) for wish in (unclear, absent)]

    assert not await record.store.bills.record(bill("p-candidate"))
    assert not await record.store.bills.record(bill("p-of-nobody"))

    assert [await record.submissions(wish.job_id) for wish in (unclear, absent)] == before
    assert [await record.status(wish.job_id) for wish in (unclear, absent)] == ["submit_unknown", "failed"]
    await record.hand.execute(ALL_DUE)
    assert await due(record) == {}, "nobody asks for them"


async def test_what_was_billed_goes_with_its_prediction(record: Record) -> None:
    guessed = await record.unclear(price_usd=PRICE)
    await record.store.resolution.decide(guessed.job_id, OWNER, Decision.ADOPT, "p-9")
    await record.store.bills.record(bill("p-9", PRICE * 3))
    assert await spent(record) == PRICE * 3

    maker = await paid(record, "p-9")

    assert await seen(record, guessed) == ("submit_unknown", Billed.UNKNOWN, None, None)
    assert await spent(record) == PRICE * 2, "the one is reserved again, the other's is quoted"
    assert await record.store.bills.record(bill("p-9", PRICE * 3)), "the owner's bill is news"
    await record.store.submissions.settle(accepted(guessed.job_id, guessed.submission_id, "p-10"))
    assert await spent(record) == PRICE * 4
    assert (await seen(record, maker))[2] == PRICE * 3


async def test_a_quote_does_not_replace_a_bill(record: Record) -> None:
    wish = await ended(record, "p-1")
    await record.store.bills.record(bill("p-1"))

    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1", media_cost_usd=PRICE))
    for source in (None, "quoted"):
        change = {"job_id": wish.job_id, "media_cost_usd": PRICE, "media_cost_source": source}
        await record.store.jobs.advance(JobChange.model_validate(change))

    assert await seen(record, wish) == ("completed", Billed.YES, CHARGED, "billed")
    assert await spent(record) == CHARGED


async def test_what_was_given_up_and_paid_is_billed_too(record: Record) -> None:
    wish = await record.unclear(price_usd=PRICE)
    await record.store.resolution.decide(wish.job_id, OWNER, Decision.RESUBMIT)
    again = intent(wish.job_id, price_usd=PRICE)
    await record.store.submissions.permit(again)
    await record.store.submissions.settle(accepted(again.job_id, again.submission_id, "p-2", media_cost_usd=PRICE))
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1", media_cost_usd=PRICE))

    await record.store.bills.record(bill("p-1", PRICE, PRICE))
    await record.store.bills.record(bill("p-2"))

    assert await record.submissions(wish.job_id) == [("superseded", "p-1"), ("accepted", "p-2")]
    assert await seen(record, again) == ("generating", Billed.YES, CHARGED, "billed")
    assert await spent(record) == CHARGED


async def test_amounts_that_are_none_are_refused(record: Record) -> None:
    await ended(record, "p-1")

    for charged, refunded in (("-1", "0"), ("NaN", "0"), ("1000000", "0"), ("1", "-1"), ("1", "Infinity")):
        odd = Bill.model_construct(prediction_id="p-1", charged_usd=Decimal(charged), refunded_usd=Decimal(refunded))
        with pytest.raises(RecordError):
            await record.store.bills.record(odd)

    assert await spent(record) == PRICE


async def test_bills_of_ended_jobs_are_due_and_nobody_gets_them_twice(record: Record) -> None:
    for prediction_id in ("p-1", "p-2", "p-3"):
        await ended(record, prediction_id)
    await paid(record, "p-open")
    assert await due(record) == {}, "WaveSpeed's books lag"
    await record.hand.execute(ALL_DUE)

    async with open_store(record.url) as other:
        first, second = await asyncio.gather(record.store.bills.take(2, 3), other.bills.take(2, 3))

    claimed = [*first, *second]
    assert len({one.prediction_id for one in claimed}) == len(claimed)
    rest = await due(record)
    assert {one.prediction_id: one.ended for one in claimed} | rest == {
        "p-1": True, "p-2": True, "p-3": True, "p-open": False,
    }  # fmt: skip
    assert await due(record) == {}, "each is due again later"
    await record.hand.execute("UPDATE bills SET due_at = due_at - interval '10 minutes 1 second'")
    assert await due(record) == {"p-1": True, "p-2": True, "p-3": True, "p-open": False}
    await record.hand.execute("UPDATE bills SET due_at = due_at - interval '59 minutes'")
    assert await due(record) == {"p-open": False}, "ever more rarely"


async def test_a_settled_bill_is_never_asked_for_again(record: Record) -> None:
    for prediction_id in ("p-media", "p-unchanged", "p-unseen"):
        await ended(record, prediction_id)
    for prediction_id in ("p-failed", "p-refunded"):
        await ended(record, prediction_id, JobStatus.FAILED)
    for prediction_id in ("p-media", "p-unchanged", "p-failed", "p-refunded"):
        await record.store.bills.record(bill(prediction_id))
    await record.store.bills.record(bill("p-refunded", refunded=CHARGED))
    everything = ["p-media", "p-unchanged", "p-unseen", "p-failed", "p-refunded"]
    await record.store.bills.end(everything)
    await record.hand.execute(ALL_DUE)
    assert {*await due(record)} == {*everything}, "they may still change"

    await record.hand.execute("UPDATE bills SET changed_at = changed_at - interval '1 hour'")
    await record.store.bills.record(bill("p-unchanged", CHARGED * 2))
    await record.store.bills.end(everything)
    await record.hand.execute(ALL_DUE)
    assert {*await due(record)} == {"p-unchanged", "p-unseen", "p-failed"}

    await record.hand.execute(f"{ALL_DUE}, since = since - interval '3 days'")
    assert not any((await due(record)).values()), "given up"
    assert await record.hand.fetchval("SELECT count(*) FROM bills") == 0


async def test_what_is_due_is_found_by_an_index(record: Record) -> None:
    await record.hand.execute(
        """INSERT INTO bills (prediction_id, due_at)
           SELECT n::text, now() + n * interval '1 second' FROM generate_series(-50, 20000) AS n"""
    )
    await record.hand.execute("ANALYZE bills")
    body = await record.hand.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'take_bills'")
    query = body[body.index("SELECT b.prediction_id FROM bills") : body.index(");\n    RETURN QUERY")]

    plan = await record.hand.fetch(f"EXPLAIN {query.replace('v_now', 'now()').replace('p_limit', '50')}")

    assert "bills_due_at_idx" in "\n".join(row[0] for row in plan)


async def test_two_workers_at_once_correct_once(record: Record) -> None:
    wish = await ended(record, "p-1", JobStatus.FAILED)
    async with open_store(record.url) as other:
        stores = [record.store, other] * 4
        news = await asyncio.gather(*(store.bills.record(bill("p-1", refunded=CHARGED)) for store in stores))

    assert sorted(news) == [False] * 7 + [True]
    assert await spent(record) == NOTHING
    events = [event.detail for event in await record.store.jobs.events(wish.job_id)]
    assert sum("bill" in detail for detail in events) == 1


async def test_no_permission_compares_while_a_bill_changes_the_account(record: Record) -> None:
    await record.store.budgets.set(OWNER, BudgetPeriod.TOTAL, PRICE)
    await ended(record, "p-1")

    async def waits() -> bool:
        return bool(await record.hand.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))

    async with asyncio.TaskGroup() as group, record.hand.transaction():
        await record.hand.execute("SELECT FROM budgets FOR UPDATE")  # as a permission does
        correcting = group.create_task(record.store.bills.record(bill("p-1")))
        await eventually(waits)
        assert await spent(record) == PRICE

    assert correcting.result()
    assert await spent(record) == CHARGED


async def test_bills_permissions_and_settlements_at_once_leave_a_true_account(record: Record) -> None:
    """Of two owners and the installation, on many connections; nothing waits for itself."""
    for owner, limit in ((OWNER, 60), ("b", 40), (INSTALLATION, 80)):
        await record.store.budgets.set(owner, BudgetPeriod.TOTAL, PRICE * limit)
    wishes = [
        intent(await record.dispatching(owner=(OWNER, "b")[n % 2]), price_usd=PRICE, request_hash=new_id().hex)
        for n in range(60)
    ]

    async def whole_life(store: Store, other: Store, n: int) -> None:
        wish, prediction = wishes[n], f"p-{n}"
        assert (await store.submissions.permit(wish)).permission is Permission.POST
        if n % 5 == 0:
            await store.submissions.settle(outcome(wish, SubmissionState.UNKNOWN))
        told = accepted(wish.job_id, wish.submission_id, prediction, media_cost_usd=PRICE)
        calls: list[Coroutine[Any, Any, Any]] = [
            store.submissions.settle(told),
            other.bills.record(bill(prediction)),
            store.bills.record(bill(prediction, refunded=CHARGED if n % 3 == 0 else NOTHING)),
            other.bills.take(20, 3),
            store.bills.end([prediction]),
        ]
        await asyncio.gather(*calls)
        await other.bills.record(bill(prediction, refunded=CHARGED if n % 3 == 0 else NOTHING))

    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        stores = [await stack.enter_async_context(open_store(record.url, pool_size=10)) for _ in range(2)]
        for n in range(len(wishes)):
            group.create_task(whole_life(stores[n % 2], stores[(n + 1) % 2], n))

    assert await spent(record) == CHARGED * 40
    assert tuple(await record.hand.fetchrow(MEANT)) == (NOTHING, CHARGED * 40)


async def test_down_refuses_to_drop_what_was_billed(record: Record) -> None:
    await ended(record, "p-1")
    await record.store.bills.record(bill("p-1"))

    with pytest.raises(RecordError, match="something has been billed"):
        await downgrade(record.url, "0012")
