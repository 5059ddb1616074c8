"""The account by key and with Grok's costs: each answer that xAI charged for counts once; and warnings of budgets."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod, Spend, SpendBy, SpendQuery
from promptmill.contracts.jobs import JobChange, JobResult, JobStatus
from promptmill.contracts.prompts import PromptResult, PromptSource
from promptmill.contracts.store import Permission, PromptEnd
from promptmill.contracts.usage import TokenUsage
from promptmill.store import job_input
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, new_prompt_job
from tests.support import eventually

PRICE = Decimal("0.03")
TOKENS = Decimal("0.002")


async def spent(record: Record, by: SpendBy, owner: str | None = None, *, all_names: bool = True) -> list[Spend]:
    day: datetime = await record.hand.fetchval("SELECT now()")
    today = day.astimezone(UTC).date()
    return await record.store.budgets.spend(
        SpendQuery(by=by, first=today, last=today, owner=owner, all_names=all_names)
    )


async def prompt_job_of(record: Record, **fields: Any) -> UUID:
    row, _ = await record.store.prompts.accept(new_prompt_job(**fields))
    return row.id


async def asked_grok(record: Record, prompt_job_id: UUID) -> int:
    """Begin an attempt and return its number."""
    return (await record.store.prompts.begin_attempt(prompt_job_id, "grok-4.3")).attempt_no


def answer(prompt_job_id: UUID, attempt_no: int, cost: Decimal | None = TOKENS) -> PromptEnd:
    result = PromptResult(
        prompt_job_id=prompt_job_id,
        prompt="a fox",
        source=PromptSource.GROK,
        grok_model="grok-4.3",
        cost_usd=cost,
        attempt_no=attempt_no,
    )
    return PromptEnd(prompt_job_id=prompt_job_id, attempt_no=attempt_no, result=result)


async def test_each_answer_of_grok_is_spent_once(record: Record) -> None:
    prompt_job = await prompt_job_of(record, key_id="aaaaaaaa")
    first = await asked_grok(record, prompt_job)
    for _ in range(2):
        await record.store.prompts.note_cost(prompt_job, first, TokenUsage(input_tokens=5, cost_usd=TOKENS / 2))
    second = await asked_grok(record, prompt_job)
    for _ in range(2):
        await record.store.prompts.finish(answer(prompt_job, second))
    untold = await prompt_job_of(record)
    await record.store.prompts.finish(answer(untold, await asked_grok(record, untold), None))

    [row] = await spent(record, SpendBy.MODEL)
    assert (row.name, row.spent_usd, row.grok_usd) == ("grok-4.3", TOKENS * 3 / 2, TOKENS * 3 / 2)
    kept = await record.store.prompts.get(prompt_job)
    assert (kept.cost_usd, kept.input_tokens) == (TOKENS * 3 / 2, 5)


async def test_what_grok_cost_takes_room_from_the_budgets(record: Record) -> None:
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, PRICE)
    await record.store.budgets.set(INSTALLATION, BudgetPeriod.TOTAL, PRICE)
    prompt_job = await prompt_job_of(record)
    wish = intent(await record.dispatching(), price_usd=PRICE)
    await record.store.prompts.finish(answer(prompt_job, await asked_grok(record, prompt_job)))

    assert (await record.store.submissions.permit(wish)).permission is Permission.HOLD
    assert [(budget.owner, budget.spent_usd) for budget in await record.store.budgets.all()] == [
        (INSTALLATION, TOKENS),
        (OWNER, TOKENS),
    ]


async def test_spending_is_told_by_key_and_keeps_the_name_of_a_revoked_one(record: Record) -> None:
    await record.hand.execute("""
        INSERT INTO api_keys (id, owner, name, digest, scopes, created_by, revoked_at)
        SELECT id, 'local', name, sha256(id::bytea), '{}', 'test', now()
        FROM (VALUES ('aaaaaaaa', 'Nightly'), ('bbbbbbbb', 'Nightly')) AS k (id, name)
    """)
    for key_id, owner in (("aaaaaaaa", OWNER), ("bbbbbbbb", OWNER), ("bbbbbbbb", "team-b"), (None, OWNER)):
        job_id = await record.dispatching(key_id=key_id, owner=owner)
        wish = intent(job_id, price_usd=PRICE, request_hash=new_id().hex)
        await record.store.submissions.permit(wish)
        await record.store.submissions.settle(accepted(job_id, wish.submission_id, f"p-{job_id}"))

    def told(rows: list[Spend]) -> list[tuple[str, str | None, Decimal]]:
        return [(row.name, row.key_id, row.spent_usd) for row in rows]

    assert told(await spent(record, SpendBy.KEY)) == [
        ("Nightly", "bbbbbbbb", PRICE * 2),
        ("Nightly", "aaaaaaaa", PRICE),
        ("no key", None, PRICE),
    ]
    theirs = await spent(record, SpendBy.KEY, "team-b", all_names=False)
    assert told(theirs) == [("pm_bbbbbbbb…", "bbbbbbbb", PRICE)], "whose key it is, is not theirs to know"


async def test_a_retry_is_paid_by_the_key_that_asks_for_it(record: Record) -> None:
    wanted = new_prompt_job(key_id="aaaaaaaa")
    old = await record.accept(
        key_id="aaaaaaaa", use_ai_prompt=True, prompt_job=wanted, prompt=None, prompt_source=None, original_prompt=None
    )
    await record.store.jobs.advance(JobChange(job_id=old, status=JobStatus.FAILED))

    again, _ = await record.store.jobs.retry(old, owner=OWNER, new_id=new_id(), key_id="bbbbbbbb")
    assert again.prompt_job_id is not None
    prompt_job = await record.store.prompts.get(again.prompt_job_id)
    kept = await record.store.jobs.get(old)

    assert (again.key_id, prompt_job.key_id, kept.key_id) == ("bbbbbbbb", "bbbbbbbb", "aaaaaaaa")


@pytest.mark.parametrize("owner", [OWNER, INSTALLATION])
async def test_a_budget_warns_once_at_each_threshold_and_anew_when_it_is_raised(record: Record, owner: str) -> None:
    budgets = record.store.budgets
    await budgets.set(owner, BudgetPeriod.DAY, Decimal(10))

    async def reach(usd: str) -> list[tuple[str, int, int]]:
        await record.hand.execute("DELETE FROM spending")
        await record.hand.execute(
            "INSERT INTO spending (owner, day, model, spent_usd) SELECT $1, (now() AT TIME ZONE 'UTC')::date, 'm', $2",
            OWNER,
            Decimal(usd),
        )
        return [(found.owner, found.percent, int(found.used_usd)) for found in await budgets.warn()]

    assert await reach("7.999999") == []
    assert await reach("8") == [(owner, 80, 8)]
    assert await reach("9") == []
    assert await reach("3") == []
    assert await reach("12") == [(owner, 100, 12)], "room that came back does not make it warn again"
    assert await reach("13") == []
    await budgets.set(owner, BudgetPeriod.DAY, Decimal(15))
    assert await reach("13") == [(owner, 80, 13)]
    await record.hand.execute("UPDATE budgets SET warned_since = warned_since - 1")
    assert await reach("13") == [(owner, 80, 13)], "another day"


async def test_warnings_and_permissions_lock_budgets_in_the_same_order(record: Record) -> None:
    for period in (BudgetPeriod.TOTAL, BudgetPeriod.DAY):
        await record.store.budgets.set(OWNER, period, PRICE)
    await record.hand.execute(
        "INSERT INTO spending (owner, day, model, spent_usd) VALUES ($1, (now() AT TIME ZONE 'UTC')::date, 'm', $2)",
        OWNER,
        PRICE * 9 / 10,
    )
    wish = intent(await record.dispatching(), price_usd=PRICE)

    async def waiting(number: int) -> bool:
        found: int = await record.hand.fetchval("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return found == number

    async with record.hand.transaction():
        await record.hand.execute("SELECT FROM budgets WHERE period = 'total' FOR UPDATE")
        warn = asyncio.create_task(record.store.budgets.warn())
        await eventually(lambda: waiting(1))
        permit = asyncio.create_task(record.store.submissions.permit(wish))
        await eventually(lambda: waiting(2))

    assert (await permit).permission is Permission.HOLD
    assert {(found.period, found.percent) for found in await warn} == {("day", 80), ("total", 80)}


async def test_what_grok_cost_a_restored_job_is_spent_on_the_day_of_its_acceptance(record: Record) -> None:
    job_id, prompt_job = await record.prompting()
    await record.store.prompts.finish(answer(prompt_job, await asked_grok(record, prompt_job)))
    row = await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))
    result = JobResult(**row.model_dump(include=set(JobResult.model_fields)))
    given = job_input(await record.store.jobs.get(job_id))
    given = given.model_copy(update={"created_at": given.created_at - timedelta(days=1)})
    await record.hand.execute("DELETE FROM spending")
    await record.hand.execute("DELETE FROM jobs")

    await record.store.operations.restore_row(given, result)

    assert await record.hand.fetch("SELECT day, provider, spent_usd FROM spending") == [
        (given.created_at.astimezone(UTC).date(), "grok", TOKENS)
    ]
