"""Statistics: the right figures, of whom one may see, each from an index that holds all it needs."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any, Final

import httpx
import pytest

from promptmill.contracts.statistics import LikedBy, StatisticsQuery, Step
from promptmill.store import Store
from promptmill.store.statistics import JOBS, LIKES, MODELS, PROMPTS, SPENDING
from tests.fixtures.access import bearer, make_key
from tests.fixtures.plans import fill, plan_of
from tests.fixtures.record import OWNER, Record
from tests.support import eventually

FIRST: Final = date(2026, 3, 1)
LAST: Final = date(2026, 3, 3)


async def test_the_figures_of_some_days(record: Record) -> None:
    await fill(record.hand, 72)
    await fill(record.hand, 3, "team-b")
    store = record.store.statistics

    found = await store.of(StatisticsQuery(first=FIRST, last=LAST, owner=OWNER))
    hours = await store.of(StatisticsQuery(first=FIRST, last=FIRST, owner=OWNER, step=Step.HOUR))
    everybody = await store.of(StatisticsQuery(first=FIRST, last=LAST))
    later = await store.of(StatisticsQuery(first=date(2026, 3, 4), last=date(2026, 3, 4)))

    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
    assert [(row.at, row.written, row.minutes, row.busiest) for row in found.prompts] == [(d, 24, 24, 1) for d in days]
    assert [(row.at, row.jobs) for row in found.jobs] == [(day, 24) for day in days]
    assert (found.jobs[0].wait_seconds, found.jobs[0].making_seconds) == ((4, 4), (10, 10))
    assert [(row.day.day, row.model, float(row.spent_usd), float(row.charged_usd)) for row in found.spending][:2] == [
        (1, "a/dear", 4, 4),
        (1, "b/cheap", 4, 0),
    ]
    assert [(row.by, row.name, row.made, row.liked, row.disliked) for row in found.likes] == [
        (LikedBy.MODEL, "b/cheap", 48, 12, 12),
        (LikedBy.MODEL, "a/dear", 24, 6, 6),
        (LikedBy.STYLE, "anime", 36, 18, 0),
    ]
    assert [row.jobs for row in hours.jobs] == [1] * 24
    assert sum(row.jobs for row in everybody.jobs) == 75
    assert later == later.model_copy(update=dict.fromkeys(("prompts", "jobs", "spending", "likes"), ()))


async def test_models_beside_the_dearest_are_added_up(record: Record) -> None:
    await record.hand.execute(
        """INSERT INTO spending (owner, day, model, spent_usd)
           SELECT 'local', '2026-03-01', 'm/' || n, n FROM generate_series(1, $1) AS n""",
        MODELS + 2,
    )

    found = await record.store.statistics.of(StatisticsQuery(first=FIRST, last=FIRST, owner=OWNER))

    assert [row.model for row in found.spending] == [*sorted(f"m/{n}" for n in range(3, MODELS + 3)), None]
    assert float(found.spending[-1].spent_usd) == 1 + 2


@pytest.mark.parametrize(
    ("query", "more", "index"),
    [
        (PROMPTS, {"step": "day"}, "prompt_generation_jobs_made_idx"),
        (JOBS, {"step": "day"}, "jobs_made_idx"),
        (SPENDING, {"models": 7}, "submissions_charged_idx"),
        (LIKES[LikedBy.MODEL], {"names": 50}, "jobs_made_idx"),
        (LIKES[LikedBy.STYLE], {"names": 50}, "jobs_made_idx"),
    ],
)
async def test_each_figure_reads_a_range_of_its_index(record: Record, query: str, more: Any, index: str) -> None:
    await fill(record.hand, 300)
    values = {"first": FIRST, "until": date(2026, 3, 2), "owner": OWNER, **more}
    others = await record.hand.fetch(
        "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%completed_at%' AND indexname <> $1", index
    )
    # Of so few rows the planner would read all, or by an index of other uses: it is asked whether it could by this one.
    await record.hand.execute(f"DROP INDEX {', '.join(row['indexname'] for row in others)}; SET enable_seqscan = off")
    for name, value in values.items():
        quoted = f"'{value}'" if isinstance(value, str | date) else str(value)
        query = query.replace(f":{name}", quoted)
    plan = await plan_of(record.hand, query)
    assert f"Index Only Scan using {index}" in plan, plan


async def test_however_many_ask_they_take_one_connection(record: Record) -> None:
    waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    asked = StatisticsQuery(first=FIRST, last=LAST)
    async with record.hand.transaction():
        await record.hand.execute("LOCK TABLE prompt_generation_jobs IN ACCESS EXCLUSIVE MODE")
        answers = [asyncio.create_task(record.store.statistics.of(asked)) for _ in range(5)]

        async def some_wait() -> bool:
            return bool(await record.hand.fetchval(waiting))

        await eventually(some_wait)
        for _ in range(20):
            await record.store.limits.owner(OWNER)
        assert await record.hand.fetchval(waiting) == 1
    await asyncio.gather(*answers, return_exceptions=True)


async def test_statistics_over_http_are_the_callers_and_of_few_days(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    admin, team = bearer(await make_key(store)), bearer(await make_key(store, "viewer", "team-a"))

    async def ask(query: str, headers: dict[str, str]) -> tuple[int, Any]:
        answer = await lonely_api.get(f"/api/statistics?{query}", headers=headers)
        return answer.status_code, answer.json()

    status, own = await ask("from=2026-03-01&to=2026-03-03", team)
    assert (status, own["owner"], own["zone"], own["by"]) == (200, "team-a", "UTC", "day")
    assert (own["from"], own["to"], own["likes"]) == ("2026-03-01", "2026-03-03", [])
    assert (await ask("", admin))[1]["owner"] is None
    assert (await ask("owner=team-a", admin))[1]["owner"] == "team-a"
    assert (await ask("owner=local", team))[0] == 403
    for query, pointer in (
        ("from=2026-01-01&to=2027-01-02", "/query/from"),
        ("from=2026-03-02&to=2026-03-01", "/query/from"),
        ("from=yesterday", "/query/from"),
        ("by=minute", "/query/by"),
        ("by=hour&from=2026-03-01&to=2026-03-08", "/query/by"),
        ("by=hour", "/query/by"),
        ("style=anime", "/query/style"),
    ):
        status, problem = await ask(query, admin)
        assert (status, problem["errors"][0]["pointer"]) == (422, pointer), query
