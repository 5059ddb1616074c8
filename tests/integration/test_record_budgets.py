"""Budgets at record level: a price is reserved by the permission, and each outcome settles or releases it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod, SpendBy, SpendQuery
from promptmill.contracts.errors import RecordError, RecordUnavailable
from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.resolution import Decision
from promptmill.contracts.store import Permission, SubmissionIntent, SubmissionPermit
from promptmill.store import Store, open_store
from promptmill.store.migrations import downgrade, migrate, newest_revision
from tests.fixtures.plans import fill, plan_of
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, outcome
from tests.support import eventually

_WAITING = """
    SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
"""How many transactions of this database wait for a lock."""

PRICE = Decimal("0.03")
NOTHING = Decimal(0)


def priced(job_id: UUID, price: Decimal | None = PRICE, **fields: Any) -> SubmissionIntent:
    return intent(job_id, price_usd=price, **({"request_hash": new_id().hex} | fields))


async def permitted(record: Record, price: Decimal | None = PRICE, **fields: Any) -> SubmissionIntent:
    wish = priced(await record.dispatching(**fields), price)
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST
    return wish


async def ask(record: Record, price: Decimal | None = PRICE, **fields: Any) -> SubmissionPermit:
    return await record.store.submissions.permit(priced(await record.dispatching(**fields), price))


async def account(record: Record, owner: str = OWNER) -> tuple[Decimal, Decimal]:
    """What is reserved and spent by an owner, over all days."""
    row = await record.hand.fetchrow(
        "SELECT coalesce(sum(reserved_usd), 0), coalesce(sum(spent_usd), 0) FROM spending WHERE owner = $1", owner
    )
    return row[0], row[1]


async def none_commits_before_all_have_begun(record: Record, *calls: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run calls, each begun once those before it wait for a lock (or have ended, if they change no account)."""
    tasks: list[asyncio.Task[Any]] = []

    async def all_wait_or_have_ended() -> bool:
        waiting: int = await record.hand.fetchval(_WAITING)
        return waiting == sum(not task.done() for task in tasks)

    async with asyncio.TaskGroup() as group, record.hand.transaction():
        await record.hand.execute("SELECT FROM spending FOR UPDATE SKIP LOCKED")
        for call in calls:
            tasks.append(group.create_task(call))
            await eventually(all_wait_or_have_ended)
    return [task.result() for task in tasks]


async def today(record: Record) -> date:
    """The day of UTC."""
    found: date = await record.hand.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
    return found


async def test_each_outcome_settles_or_releases_what_was_reserved(record: Record) -> None:
    by_answer, refused, unclear = [await permitted(record) for _ in range(3)]
    assert await account(record) == (PRICE * 3, NOTHING)

    cost = Decimal("0.025")
    await record.store.submissions.settle(accepted(by_answer.job_id, by_answer.submission_id, media_cost_usd=cost))
    assert await account(record) == (PRICE * 2, cost)
    await record.store.submissions.settle(outcome(refused, SubmissionState.REJECTED, final=True))
    assert await account(record) == (PRICE, cost)
    await record.store.submissions.settle(outcome(unclear, SubmissionState.UNKNOWN))
    assert await account(record) == (PRICE, cost), "unclear keeps its reservation"
    await record.store.resolution.decide(unclear.job_id, OWNER, Decision.ADOPT, "p-1")
    assert await account(record) == (NOTHING, cost + PRICE), "without a known cost it is the reservation"


async def test_absence_releases_and_giving_up_spends(record: Record) -> None:
    absent, abandoned = await permitted(record), await permitted(record)
    for wish in (absent, abandoned):
        await record.store.submissions.settle(outcome(wish, SubmissionState.UNKNOWN))

    await record.prove_absent(absent.submission_id, resubmit=False)
    await record.store.resolution.decide(abandoned.job_id, OWNER, Decision.ABANDON)

    assert await account(record) == (NOTHING, PRICE), "what was given up without proof may have been paid"


async def test_a_price_is_the_quote_or_the_dearest_recent_charge_or_assumed(record: Record) -> None:
    assumed = await permitted(record, None)
    for cost in ("0.10", "0.40", "0.20"):
        job_id = await record.generating()
        await record.hand.execute(
            "UPDATE jobs SET status = 'completed', completed_at = now(), media_cost_usd = $2 WHERE id = $1",
            job_id,
            Decimal(cost),
        )
    await record.hand.execute("UPDATE jobs SET completed_at = now() - interval '8 days' WHERE media_cost_usd = 0.4")
    recent, quoted = await permitted(record, None), await permitted(record, PRICE)

    prices = []
    for wish in (assumed, recent, quoted):
        [row] = await record.store.submissions.of_job(wish.job_id)
        prices.append((row.reserved_usd, row.price_source))
    assert prices == [(5, "assumed"), (Decimal("0.2"), "recent"), (PRICE, "quoted")]


async def test_the_recent_price_is_found_by_an_index(record: Record) -> None:
    body = await record.hand.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'recent_price'")
    await fill(record.hand, 3000, first=await record.hand.fetchval("SELECT current_date - 4"))
    await record.hand.execute("UPDATE jobs SET model = 'c/rare' WHERE get_byte(uuid_send(id), 0) < 8")

    plan = await plan_of(record.hand, body.replace("p_model", "$$c/rare$$"))

    assert "jobs_model_completed_at_idx" in plan


@pytest.mark.parametrize(
    ("owner", "period", "words"),
    [
        (OWNER, BudgetPeriod.DAY, "the daily budget of local is used up; it starts again at 00:00 UTC"),
        (INSTALLATION, BudgetPeriod.DAY, "the installation's daily budget is used up; it starts again at 00:00 UTC"),
        (
            INSTALLATION,
            BudgetPeriod.MONTH,
            "the installation's monthly budget is used up; it starts again on {month} at",
        ),
        (OWNER, BudgetPeriod.TOTAL, "the total budget of local is used up; an operator can raise it"),
    ],
)
async def test_a_used_up_budget_holds_and_says_which_it_is(
    record: Record, owner: str, period: BudgetPeriod, words: str
) -> None:
    await record.store.budgets.set(owner, period, PRICE * 2)
    waiting = priced(await record.dispatching())
    first, _ = await permitted(record), await permitted(record)

    held = [await record.store.submissions.permit(waiting) for _ in range(3)]

    next_month = ((await today(record)).replace(day=1) + timedelta(days=32)).replace(day=1)
    assert {(permit.permission, permit.reason_code) for permit in held} == {
        (Permission.HOLD, ReasonCode.BUDGET_EXHAUSTED)
    }
    assert (held[0].error or "").startswith(words.format(month=next_month))
    assert held[0].wait_seconds == 3 / 2.5, "all that wait ask a quarter as often as may be submitted"
    assert await record.submissions(waiting.job_id) == []
    event = await record.last_event(waiting.job_id)
    assert (event.reason_code, event.detail["problem"]) == ("budget_exhausted", held[0].error)
    assert await record.store.budgets.problem_of(waiting.job_id) == held[0].error
    events = await record.store.jobs.events(waiting.job_id)
    assert [each.reason_code for each in events].count("budget_exhausted") == 1, "told once"

    await record.store.submissions.settle(outcome(first, SubmissionState.REJECTED, final=True))
    assert (await record.store.submissions.permit(waiting)).permission is Permission.POST, "there is room again"
    assert await record.store.budgets.problem_of(waiting.job_id) is None
    [budget] = await record.store.budgets.all()
    assert (budget.owner, budget.reserved_usd, budget.spent_usd) == (owner, PRICE * 2, NOTHING)


async def test_a_job_that_is_held_before_its_start_is_marked_still_says_why(record: Record) -> None:
    waiting = priced(await record.accept())
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, NOTHING)

    held = await record.store.submissions.permit(waiting)
    await record.store.upkeep.mark_started(job_ids=[waiting.job_id])

    assert held.permission is Permission.HOLD
    assert (await record.store.jobs.get(waiting.job_id)).status == JobStatus.DISPATCHING
    assert await record.store.budgets.problem_of(waiting.job_id) == held.error


async def test_a_dearer_job_waits_while_a_cheaper_one_has_room(record: Record) -> None:
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, PRICE)

    dear = await ask(record, PRICE + Decimal("0.000001"))
    cheap = await ask(record, PRICE)

    assert dear.permission is Permission.HOLD
    assert "has too little left for this job" in (dear.error or "")
    assert cheap.permission is Permission.POST


async def test_budgets_of_others_and_past_periods_hold_nobody_up(record: Record) -> None:
    others = priced(await record.dispatching(owner="other"))
    last = priced(await record.dispatching(owner="third"))
    await record.store.budgets.set("other", BudgetPeriod.TOTAL, Decimal(0))
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, PRICE)
    await record.store.budgets.set(INSTALLATION, BudgetPeriod.TOTAL, PRICE * 3)
    yesterday = await permitted(record)
    await record.shift(yesterday.submission_id, "intended_at", 86_400, "submissions")

    assert (await ask(record)).permission is Permission.POST
    assert (await record.store.submissions.permit(others)).permission is Permission.HOLD
    assert (await ask(record, owner="third")).permission is Permission.POST
    held = await record.store.submissions.permit(last)
    assert (held.permission, held.error) == (
        Permission.HOLD,
        "the installation's total budget is used up; an operator can raise it",
    )
    days = await record.store.budgets.spend(SpendQuery(by=SpendBy.DAY, first=date(2020, 1, 1), last=date(2100, 1, 1)))
    assert [day.reserved_usd for day in days] == [PRICE, PRICE * 2], "each on the day of its permission"


async def test_a_job_above_its_own_limit_is_stopped_before_anything_is_written(record: Record) -> None:
    job_id = await record.dispatching(max_price_usd=PRICE)

    dear = await record.store.submissions.permit(priced(job_id, PRICE * 2))
    unknown = await record.store.submissions.permit(priced(job_id, None))
    exact = await record.store.submissions.permit(priced(job_id, PRICE))

    assert (dear.permission, dear.reason_code) == (Permission.STOP, ReasonCode.PRICE_ABOVE_MAX)
    assert dear.error == "It costs $0.06, which is more than the job's limit of $0.03."
    assert unknown.reason_code is ReasonCode.PRICE_ABOVE_MAX
    assert "WaveSpeed named no price, and it is taken to cost $5" in (unknown.error or "")
    assert exact.permission is Permission.POST


async def test_a_job_refused_for_now_reserves_again(record: Record) -> None:
    first = await permitted(record)
    await record.store.submissions.settle(outcome(first, SubmissionState.REJECTED))
    assert await account(record) == (NOTHING, NOTHING)
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, PRICE)
    second = priced(first.job_id)

    assert (await record.store.submissions.permit(second)).permission is Permission.POST
    assert (await record.store.submissions.permit(second)).permission is Permission.POST, "repeated: the same intent"
    assert await account(record) == (PRICE, NOTHING)


async def test_a_prediction_that_turns_out_to_be_anothers_is_reserved_again(record: Record) -> None:
    guessed = await permitted(record)
    await record.store.submissions.settle(outcome(guessed, SubmissionState.UNKNOWN))
    await record.store.resolution.decide(guessed.job_id, OWNER, Decision.ADOPT, "p-9")
    owner = await permitted(record, owner="other")

    await record.store.submissions.settle(accepted(owner.job_id, owner.submission_id, "p-9", media_cost_usd=PRICE))

    assert await account(record) == (PRICE, NOTHING)
    assert await account(record, "other") == (NOTHING, PRICE)


async def test_what_a_backup_lost_counts_like_the_models_recent_jobs(record: Record) -> None:
    recent = await permitted(record)
    await record.store.submissions.settle(accepted(recent.job_id, recent.submission_id, media_cost_usd=PRICE))
    await record.store.jobs.advance(
        JobChange(job_id=recent.job_id, status=JobStatus.COMPLETED, outputs=[{"index": 0, "kind": "image", "url": "u"}])
    )
    lost = priced(await record.dispatching(), known_submission_id=new_id())

    assert (await record.store.submissions.permit(lost)).permission is Permission.UNKNOWN

    assert await account(record) == (PRICE, PRICE)


@pytest.mark.parametrize(("price", "reserved"), [(PRICE, PRICE), (None, Decimal(5))])
async def test_what_a_backup_lost_is_reserved_without_recent_jobs_too(
    record: Record, price: Decimal | None, reserved: Decimal
) -> None:
    lost = priced(await record.dispatching(), price, known_submission_id=new_id())

    assert (await record.store.submissions.permit(lost)).permission is Permission.UNKNOWN

    assert await account(record) == (reserved, NOTHING)


async def test_an_account_that_somebody_has_emptied_refuses_no_outcome(record: Record) -> None:
    cheaper, refused = await permitted(record), await permitted(record)
    await record.hand.execute("DELETE FROM spending")

    await record.store.submissions.settle(accepted(cheaper.job_id, cheaper.submission_id, media_cost_usd=PRICE / 3))
    await record.store.submissions.settle(outcome(refused, SubmissionState.REJECTED, final=True))

    assert await account(record) == (NOTHING, PRICE / 3)


async def test_deleting_old_jobs_takes_no_spending_back(record: Record) -> None:
    wish = await permitted(record)
    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id))
    await record.hand.execute("UPDATE jobs SET status = 'completed', completed_at = now() - interval '9 days'")

    await record.store.upkeep.delete_expired(1)

    assert await record.hand.fetchval("SELECT count(*) FROM submissions") == 0
    assert await account(record) == (NOTHING, PRICE)


async def test_workers_of_the_previous_release_are_bounded_too(record: Record) -> None:
    """They name no price and know no budget: what they ask is permitted at the dearest recent charge, or held."""
    asked = """
        SELECT permission, reason_code FROM permit_submission_in_turn($1, $2, 'token', '{}', 'hash', 'simulated',
            'http://127.0.0.1:3901', 'abcdef012345', 20, 'wavespeed-ai/flux-dev', 'a fox', '{"size": "64*64"}', NULL,
            '[]', NULL, 10, 10)
    """
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal(5))
    jobs = [await record.dispatching() for _ in range(2)]
    permits = [tuple(await record.hand.fetchrow(asked, job_id, new_id())) for job_id in jobs]

    assert permits == [("post", None), ("hold", "submissions_held")]
    assert await account(record) == (Decimal(5), NOTHING)


async def test_what_was_unclear_before_there_were_budgets_is_counted_once_it_is_accepted(record: Record) -> None:
    """And what was accepted before counts for nothing, also when it turns out to have been a mistake."""
    unclear, taken, refused = [await record.unclear() for _ in range(3)]
    await record.store.resolution.decide(taken.job_id, OWNER, Decision.ADOPT, "p-1")
    await record.prove_absent(refused.submission_id, resubmit=False)
    await forget_who_did_what(record)
    await downgrade(record.url, "0009")
    await migrate(record.url)

    async with open_store(record.url) as store:  # connections remember the columns that were dropped
        for wish, prediction in ((unclear, "p-2"), (refused, "p-3")):
            report = accepted(wish.job_id, wish.submission_id, prediction, media_cost_usd=PRICE)
            await store.submissions.settle(report)
        other = await permitted(replace(record, store=store))
        await store.submissions.settle(accepted(other.job_id, other.submission_id, "p-1"))

    assert await account(record) == (NOTHING, PRICE * 3)


async def forget_who_did_what(record: Record) -> None:
    """Empty the audit log, as who goes down is told to: it is newer than budgets."""
    await record.hand.execute("DROP TRIGGER audit_log_append_only ON audit_log; TRUNCATE audit_log")


async def test_down_refuses_to_drop_what_people_have_limited(record: Record) -> None:
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, PRICE)
    await forget_who_did_what(record)
    with pytest.raises(RecordError, match="there are budgets, or jobs with a highest price"):
        await downgrade(record.url, "0009")
    await record.store.budgets.remove(OWNER, BudgetPeriod.DAY)
    await record.hand.execute("TRUNCATE audit_log")
    await record.accept(max_price_usd=PRICE)

    with pytest.raises(RecordError, match="there are budgets, or jobs with a highest price"):
        await downgrade(record.url, "0009")

    assert await record.store.operations.schema_revision() == newest_revision()


async def test_spending_by_day_owner_and_model(record: Record) -> None:
    for owner, model, price in (("a", "m/1", "1"), ("b", "m/1", "2"), ("b", "m/2", "4")):
        job_id = await record.dispatching(owner=owner, model=model)
        await record.store.submissions.permit(priced(job_id, Decimal(price), model=model))
    this_day = await today(record)

    async def spent(by: SpendBy, owner: str | None = None, day: date = this_day) -> dict[str, Decimal]:
        found = await record.store.budgets.spend(SpendQuery(by=by, first=day, last=day, owner=owner))
        return {row.name: row.reserved_usd for row in found}

    assert await spent(SpendBy.DAY) == {f"{this_day}": 7}
    assert await spent(SpendBy.OWNER) == {"b": 6, "a": 1}
    assert await spent(SpendBy.MODEL) == {"m/2": 4, "m/1": 3}
    assert await spent(SpendBy.MODEL, "b") == {"m/2": 4, "m/1": 2}
    assert await spent(SpendBy.MODEL, day=this_day - timedelta(days=1)) == {}


async def test_a_budget_counts_the_permissions_that_were_under_way_when_it_was_set(record: Record) -> None:
    """There was no row that they could have locked."""
    await permitted(record)
    first, second = [priced(await record.dispatching()) for _ in range(2)]

    permit, _, later = await none_commits_before_all_have_begun(
        record,
        record.store.submissions.permit(first),
        record.store.budgets.set(OWNER, BudgetPeriod.DAY, PRICE * 2),
        record.store.submissions.permit(second),
    )

    assert [permit.permission, later.permission] == [Permission.POST, Permission.HOLD]
    assert await account(record) == (PRICE * 2, NOTHING)


async def test_two_owners_predictions_change_hands_at_the_same_time(record: Record) -> None:
    """Each settlement changes the accounts of both, beginning with the other's: in opposite orders."""
    for owner, prediction in (("a", "p-of-b"), ("b", "p-of-a")):
        guessed = await permitted(record, owner=owner)
        await record.store.submissions.settle(outcome(guessed, SubmissionState.UNKNOWN))
        await record.store.resolution.decide(guessed.job_id, owner, Decision.ADOPT, prediction)
    of_a, of_b = [await permitted(record, owner=owner) for owner in ("a", "b")]

    other_hand = await asyncpg.connect(record.url)
    account_of_a = other_hand.transaction()
    await account_of_a.start()
    await other_hand.execute("SELECT FROM spending WHERE owner = 'a' FOR UPDATE")
    await none_commits_before_all_have_begun(
        record,
        record.store.submissions.settle(accepted(of_a.job_id, of_a.submission_id, "p-of-a", media_cost_usd=PRICE)),
        record.store.submissions.settle(accepted(of_b.job_id, of_b.submission_id, "p-of-b", media_cost_usd=PRICE)),
        account_of_a.commit(),
    )
    await other_hand.close()

    assert await account(record, "a") == await account(record, "b") == (PRICE, PRICE)


async def test_nothing_is_permitted_where_commits_would_not_be_seen(record: Record) -> None:
    """At REPEATABLE READ, two models' permissions would each be compared with what was spent before both."""
    name = await record.hand.fetchval("SELECT quote_ident(current_database())")
    await record.hand.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")

    async with open_store(record.url) as store:
        with pytest.raises(RecordUnavailable, match="reset default_transaction_isolation"):
            await store.submissions.permit(priced(await record.dispatching()))


async def test_held_jobs_leave_a_slow_account_most_of_its_turns(record: Record) -> None:
    jobs = [await record.dispatching() for _ in range(3)]
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, NOTHING)
    bronze = 2 / 60

    held = await record.store.submissions.permit(intent(jobs[0], slowest=bronze, per_second=bronze))

    assert held.permission is Permission.HOLD
    assert held.wait_seconds == pytest.approx(360), "three questions in the time of twelve submissions"


async def test_forty_senders_of_two_workers_never_exceed_a_budget(record: Record) -> None:
    """500 jobs race for a budget of 100: exactly the jobs that fit are paid, and not a cent more."""
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, PRICE * 100)
    await record.store.budgets.set(INSTALLATION, BudgetPeriod.MONTH, PRICE * 150)
    jobs = [await record.accept() for _ in range(500)]
    paid: list[UUID] = []

    async def send(store: Store) -> None:
        while jobs:
            wish = priced(jobs.pop())
            permit = await store.submissions.permit(wish)
            if permit.permission is Permission.POST:
                paid.append(wish.job_id)
                await store.submissions.settle(accepted(wish.job_id, wish.submission_id, media_cost_usd=PRICE))
            else:
                assert permit.permission is Permission.HOLD

    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        stores = [await stack.enter_async_context(open_store(record.url, pool_size=20)) for _ in range(2)]
        for number in range(40):
            group.create_task(send(stores[number % 2]))

    assert len(paid) == 100
    assert await account(record) == (NOTHING, PRICE * 100)
    assert await record.status(paid[0]) == JobStatus.GENERATING
