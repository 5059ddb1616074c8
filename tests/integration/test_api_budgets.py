"""Money over HTTP: a used-up budget accepts no job, and what a single job may cost is stored with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from promptmill.config.settings import Settings
from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.store import JobFilter
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.mill import IMAGE_MODEL, new_job
from tests.fixtures.record import accepted, intent_of_row

CREATE = "/api/jobs/create"
PLAIN = {"model": IMAGE_MODEL, "prompt": "a fox"}


async def test_a_used_up_budget_accepts_no_job_and_says_which_it_is(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    key = {"Idempotency-Key": "once"}
    old = (await lonely_api.post(CREATE, json=PLAIN, headers=key)).json()["jobId"]
    await store.jobs.advance(JobChange(job_id=old, status=JobStatus.FAILED))
    await store.budgets.set(INSTALLATION, BudgetPeriod.TOTAL, Decimal(0))

    refused = [
        await lonely_api.post(path, json=body) for path, body in ((CREATE, PLAIN), (f"/api/jobs/{old}/retry", {}))
    ]
    replayed = await lonely_api.post(CREATE, json=PLAIN, headers=key)
    prompt_only = await lonely_api.post("/api/prompt/queue", json={"prompt": "a fox"})
    await store.budgets.set(INSTALLATION, BudgetPeriod.TOTAL, Decimal("0.000001"))
    accepted = await lonely_api.post(CREATE, json=PLAIN)

    for answer in refused:
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (402, "budget_exhausted")
        assert problem["detail"] == "The installation's total budget is used up; an operator can raise it."
    assert (replayed.status_code, replayed.json()["jobId"]) == (202, old), "it costs nothing again"
    assert prompt_only.status_code == 202
    assert accepted.status_code == 202
    assert len(await store.jobs.list("local", JobFilter())) == 2


async def test_a_jobs_highest_price_is_kept_and_goes_to_its_retry(lonely_api: httpx.AsyncClient, store: Store) -> None:
    created = (await lonely_api.post(CREATE, json=PLAIN | {"maxPriceUsd": 0.125})).json()
    await store.jobs.advance(JobChange(job_id=created["jobId"], status=JobStatus.FAILED))

    again = (await lonely_api.post(f"/api/jobs/{created['jobId']}/retry", json={})).json()
    plain = (await lonely_api.post(CREATE, json=PLAIN)).json()

    assert [job["maxPriceUsd"] for job in (created, again, plain)] == [0.125, 0.125, None]


@pytest.mark.parametrize("given", [0, -1, "1", True, 0.0000001, 999_999.5, [1]])
async def test_a_highest_price_is_a_positive_amount(lonely_api: httpx.AsyncClient, given: Any) -> None:
    answer = await lonely_api.post(CREATE, json=PLAIN | {"maxPriceUsd": given})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/maxPriceUsd"]


async def test_budgets_are_set_shown_and_removed(lonely_api: httpx.AsyncClient, store: Store) -> None:
    unknown = await lonely_api.put("/api/budgets/team-a/day", json={"limitUsd": 5})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_owner")
    await store.access.add_owner("team-a")
    missing = await lonely_api.delete("/api/budgets/team-a/day")
    team = await lonely_api.put("/api/budgets/team-a/day", json={"limitUsd": 5})
    everybody = await lonely_api.put("/api/budgets/*/month", json={"limitUsd": 100.5})
    raised = await lonely_api.put("/api/budgets/team-a/day", json={"limitUsd": 7.25})
    listed = (await lonely_api.get("/api/budgets")).json()["items"]
    removed = await lonely_api.delete("/api/budgets/team-a/day")

    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (team.status_code, everybody.status_code, removed.status_code) == (200, 200, 204)
    assert raised.json() == {"owner": "team-a", "period": "day", "limitUsd": 7.25, "reservedUsd": 0, "spentUsd": 0}
    assert listed == [everybody.json(), raised.json()]
    assert (await lonely_api.get("/api/budgets")).json()["items"] == [everybody.json()]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("team-a/week", {"limitUsd": 1}),
        ("%20/day", {"limitUsd": 1}),
        ("a%00b/day", {"limitUsd": 1}),
        ("a%0Ab/day", {"limitUsd": 1}),
        (f"{'x' * 101}/day", {"limitUsd": 1}),
        ("team-a/day", {"limitUsd": -1}),
        ("team-a/day", {"limitUsd": "1"}),
        ("team-a/day", {}),
    ],
)
async def test_a_wrong_budget_is_refused(lonely_api: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    answer = await lonely_api.put(f"/api/budgets/{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def spent_usd(store: Store, settings: Settings, usd: str, owner: str) -> None:
    job, _ = await store.jobs.accept(new_job(settings, owner=owner))
    wish = await intent_of_row(store, job.id, price_usd=Decimal(usd))
    await store.submissions.permit(wish)
    await store.submissions.settle(accepted(job.id, wish.submission_id, media_cost_usd=Decimal(usd)))


async def test_spending_is_added_up_and_comes_as_csv_too(
    lonely_api: httpx.AsyncClient, lonely_settings: Settings, store: Store
) -> None:
    await spent_usd(store, lonely_settings, "0.25", "team-a")
    await spent_usd(store, lonely_settings, "1.5", "=team-b")

    by_owner = (await lonely_api.get("/api/spend", params={"by": "owner"})).json()
    one = (await lonely_api.get("/api/spend", params={"by": "model", "owner": "team-a"})).json()
    empty = (await lonely_api.get("/api/spend", params={"from": "2020-01-01"})).json()
    csv = [
        await lonely_api.get("/api/spend", params={"by": "owner"} | more, headers=headers)
        for more, headers in (({"format": "csv"}, {}), ({}, {"Accept": "text/csv"}))
    ]

    assert [(row["name"], row["spentUsd"]) for row in by_owner["items"]] == [("=team-b", 1.5), ("team-a", 0.25)]
    assert (by_owner["spentUsd"], by_owner["reservedUsd"]) == (1.75, 0)
    assert [(row["name"], row["spentUsd"]) for row in one["items"]] == [(IMAGE_MODEL, 0.25)]
    assert (empty["from"], empty["to"], empty["items"]) == ("2020-01-01", "2020-01-31", [])
    for answer in csv:
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.text.splitlines() == [
            "owner,spent_usd,reserved_usd,grok_usd",
            "'=team-b,1.500000,0.000000,0.000000",
            "team-a,0.250000,0.000000,0.000000",
        ]


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2026-01-02", "to": "2026-01-01"},
        {"from": "2025-01-01", "to": "2026-01-02"},
        {"by": "hour"},
        {"from": "1"},
        {"from": "9999-12-31"},
        {"to": "0001-01-01"},
    ],
)
async def test_a_wrong_range_is_refused(lonely_api: httpx.AsyncClient, asked: dict[str, str]) -> None:
    answer = await lonely_api.get("/api/spend", params=asked)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_money_is_shown_to_whose_it_is(lonely_api: httpx.AsyncClient, store: Store) -> None:
    for owner, usd in (("team-a", 5), ("team-b", 7), (INSTALLATION, 100)):
        await store.budgets.set(owner, BudgetPeriod.DAY, Decimal(usd))
    member = bearer(await make_key(store, "member", "team-a"))
    admin = bearer(await make_key(store, "admin", "local"))

    own = await lonely_api.get("/api/budgets", headers=member)
    everybodys = await lonely_api.get("/api/budgets", headers=admin)
    spent = await lonely_api.get("/api/spend?owner=team-a", headers=member)
    anothers = await lonely_api.get("/api/spend?owner=team-b", headers=member)
    changed = await lonely_api.put("/api/budgets/team-a/day", json={"limitUsd": 500}, headers=member)

    assert [budget["owner"] for budget in own.json()["items"]] == ["team-a"]
    assert [budget["owner"] for budget in everybodys.json()["items"]] == ["*", "team-a", "team-b"]
    assert spent.status_code == 200
    assert [(answer.status_code, answer.json()["code"]) for answer in (anothers, changed)] == [
        (403, "scope_missing")
    ] * 2


async def test_a_budget_that_is_nearly_used_up_is_told_to_whom_it_bounds(
    lonely_api: httpx.AsyncClient, lonely_settings: Settings, store: Store
) -> None:
    for owner, period, usd in (
        ("team-a", BudgetPeriod.DAY, "1.25"),
        ("team-b", BudgetPeriod.MONTH, "9"),
        (INSTALLATION, BudgetPeriod.TOTAL, "1"),
    ):
        await store.budgets.set(owner, period, Decimal(usd))
    member, other = [bearer(await make_key(store, "member", owner)) for owner in ("team-a", "team-b")]
    operator = bearer(await make_key(store, "operator", "team-a"))
    admin = bearer(await make_key(store, "admin", "local"))
    await spent_usd(store, lonely_settings, "1", "team-a")

    async def told(headers: dict[str, str]) -> list[str]:
        notices = (await lonely_api.get("/api/init", headers=headers)).json()["notices"]
        return [notice["title"] for notice in notices if "budget" in notice["title"]]

    nearly = "The daily budget of team-a is nearly used up."
    assert await told(member) == [nearly]
    assert await told(other) == []
    assert await told(admin) == ["The installation's total budget is used up.", nearly]
    metrics = (await lonely_api.get("/metrics", headers=admin)).text
    assert 'promptmill_budget_limit_usd{owner="team-a",period="day"} 1.25' in metrics
    assert 'promptmill_budget_spent_usd{owner="*",period="total"} 1.0' in metrics
    assert 'promptmill_budget_reserved_usd{owner="team-b",period="month"} 0.0' in metrics
    balance = [await lonely_api.get("/api/balance", headers=headers) for headers in (member, operator)]
    assert [answer.status_code for answer in balance] == [403, 200]
    assert set(balance[1].json()) == {"balanceUsd", "reason"}


async def test_a_job_is_paid_by_the_key_that_creates_it(lonely_api: httpx.AsyncClient, store: Store) -> None:
    keys = [await make_key(store, "member", "team-a") for _ in range(2)]
    first, second = map(bearer, keys)
    created = (await lonely_api.post(CREATE, json=PLAIN | {"useAiPrompt": True}, headers=first)).json()
    alone = (await lonely_api.post("/api/prompt/queue", json={"prompt": "a fox"}, headers=first)).json()
    await store.jobs.advance(JobChange(job_id=created["jobId"], status=JobStatus.FAILED))
    again = (await lonely_api.post(f"/api/jobs/{created['jobId']}/retry", json={}, headers=second)).json()

    jobs = [await store.jobs.get(job["jobId"]) for job in (created, again)]
    prompts = [await store.prompts.get(job["promptJobId"]) for job in (created, alone, again)]
    ids = [key.removeprefix("pm_")[:8] for key in keys]
    assert [job.key_id for job in jobs] == ids
    assert [prompt.key_id for prompt in prompts] == [ids[0], ids[0], ids[1]]
