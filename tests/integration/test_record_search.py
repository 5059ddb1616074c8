"""A search covers the newest jobs, says how far it got, and continues from there; a complete id is always found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from promptmill.contracts.store import JobFilter
from promptmill.store import Store, job_lists
from tests.fixtures.mill import IMAGE_MODEL
from tests.fixtures.record import OWNER, Record


async def multiply(record: Record, job_id: UUID, number: int) -> None:
    """Store copies of a job that are a second older each."""
    rows = await record.hand.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'jobs'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    names = ", ".join(f'"{row[0]}"' for row in rows if row[0] not in {"id", "created_at"})
    await record.hand.execute(
        f"INSERT INTO jobs (id, created_at, {names}) SELECT gen_random_uuid(), created_at - n * interval '1 s', "
        f"{names} FROM jobs, generate_series(1, {number}) AS n WHERE id = '{job_id}'"
    )


async def test_a_search_without_hits_reads_a_bounded_number_of_jobs(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_lists, "SEARCHED", 500)
    await multiply(record, await record.accept(prompt="a fox"), 20_000)
    await record.hand.execute("ANALYZE jobs")
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(type(record.store.jobs.database), "rows", _noting(calls))

    await record.store.jobs.list(OWNER, JobFilter(q="no such text"))

    plan = "\n".join(
        row["QUERY PLAN"]
        for row in await record.store.jobs.database.mappings(
            f"EXPLAIN (ANALYZE, COSTS OFF) {calls[0][0]}", **calls[0][1]
        )
    )
    assert "Rows Removed by Filter: 500" in plan, "the rows that were looked at"
    assert "jobs_owner_created_at_idx" in plan
    assert "Seq Scan" not in plan


def _noting(calls: list[tuple[str, dict[str, Any]]]) -> object:
    async def rows(_database: object, _model: object, query: str, /, **values: Any) -> list[object]:
        calls.append((query, values))
        return []

    return rows


async def test_a_search_goes_on_where_it_ended(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_lists, "SEARCHED", 2)
    job_ids = [
        await record.accept(prompt=f"{animal} {n}") for n, animal in enumerate(("lynx", "owl", "owl", "lynx", "owl"))
    ]
    store = record.store.jobs
    seen: list[list[UUID]] = []
    where = JobFilter(q="lynx")
    while True:
        seen.append([job.id for job in await store.list(OWNER, where)])
        edge = await store.search_edge(OWNER, where)
        if edge is None:
            break
        where = where.model_copy(update={"before": edge})

    assert seen == [[job_ids[3]], [], [job_ids[0]]]


async def test_a_whole_id_is_found_however_old_the_job_is(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_lists, "SEARCHED", 1)
    job_id, prompt_job_id = await record.prompting()
    await record.accept(owner="somebody")
    for _ in range(3):
        await record.accept()
    store = record.store.jobs

    for text in (str(job_id), str(prompt_job_id), job_id.hex):
        assert [job.id for job in await store.list(OWNER, JobFilter(q=text))] == [job_id]
        assert await store.list("somebody", JobFilter(q=text)) == []
    assert await store.list(OWNER, JobFilter(q=str(job_id), statuses=("completed",))) == []


async def test_a_job_found_by_its_whole_id_is_not_on_every_page(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller who follows `nextCursor` gets it immediately, and again when the search reaches it."""
    monkeypatch.setattr(job_lists, "SEARCHED", 2)
    ids = [await record.accept() for _ in range(7)]
    where = JobFilter(q=str(ids[0]))

    pages: list[int] = []
    while True:
        pages.append(len(await record.store.jobs.list(OWNER, where)))
        edge = await record.store.jobs.search_edge(OWNER, where)
        if edge is None:
            break
        where = where.model_copy(update={"before": edge})

    assert pages == [1, 0, 0, 1]


async def test_the_list_says_how_far_it_was_searched(
    lonely_api: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_lists, "SEARCHED", 2)
    made = [
        (await lonely_api.post("/api/jobs/create", json={"model": IMAGE_MODEL, "prompt": f"{animal}"})).json()
        for animal in ("a fox", "an owl", "an owl", "an owl")
    ]

    async def page(**query: str) -> tuple[list[str], str | None, str | None]:
        answer = (await lonely_api.get("/api/jobs", params=query)).json()
        return [job["jobId"] for job in answer["items"]], answer["searchedUntil"], answer["nextCursor"]

    nothing, until, cursor = await page(q="fox")
    assert (nothing, until) == ([], made[2]["createdAt"])
    assert cursor is not None
    found, until, _ = await page(q="fox", cursor=cursor)
    assert (found, until) == ([made[0]["jobId"]], made[0]["createdAt"])
    assert (await page())[1:] == (None, None), "a list without a search is whole"
    assert (await page(q="owl", limit="1"))[1] is None, "the page is full: it goes on after its last job"


async def test_jobs_are_found_by_rating_cost_and_kind(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [await record.accept(prompt=f"owl {n}") for n in range(6)]
    for place, (kept, cost, kind) in enumerate(
        [
            (True, "0.5", "image"),
            (False, "1", "image"),
            (True, "2", "video"),
            (None, None, "image"),
            (True, "3", "audio"),
        ]
    ):
        await record.hand.execute(
            "UPDATE jobs SET kept = $1, media_cost_usd = $2, kind = $3 WHERE id = $4",
            kept,
            None if cost is None else Decimal(cost),
            kind,
            ids[place],
        )
    store = record.store.jobs

    async def found(**where: Any) -> list[int]:
        return [ids.index(job.id) for job in await store.list(OWNER, JobFilter(**where))]

    assert await found(liked=True) == [4, 2, 0]
    assert await found(liked=False) == [1]
    assert await found(liked=True, min_cost_usd="1", max_cost_usd="2") == [2]
    assert await found(min_cost_usd="1") == [4, 2, 1], "what is not known is not in any range"
    assert await found(kind="image", q="owl") == [5, 3, 1, 0]
    assert await found(liked=True, statuses=("completed",)) == []
    assert await found(liked=True, q=str(ids[1])) == []
    assert await found(liked=True, q=str(ids[2])) == [2]
    assert await store.list("somebody", JobFilter(liked=True)) == []

    monkeypatch.setattr(job_lists, "SEARCHED", 2)
    where = JobFilter(liked=True)
    assert await found(liked=True) == [4, 2], "looked for among the rated ones alone"
    where = where.model_copy(update={"before": await store.search_edge(OWNER, where)})
    assert [job.id for job in await store.list(OWNER, where)] == [ids[0]]


@pytest.mark.parametrize(
    ("where", "index"),
    [
        (JobFilter(models=("no/such",), kind="video", group="none"), "jobs_owner_created_at_idx"),
        (JobFilter(statuses=("queued",), max_cost_usd=Decimal(1)), "jobs_owner_"),
        (JobFilter(liked=False, statuses=("queued",), q="none"), "jobs_kept_idx"),
    ],
)
async def test_every_filter_looks_at_a_bounded_number_of_jobs(
    record: Record, monkeypatch: pytest.MonkeyPatch, where: JobFilter, index: str
) -> None:
    monkeypatch.setattr(job_lists, "SEARCHED", 100)
    await multiply(record, await record.accept(prompt="a fox"), 5_000)
    await record.hand.execute("UPDATE jobs SET kept = true WHERE id IN (SELECT id FROM jobs LIMIT 500)")
    await record.hand.execute("ANALYZE jobs")
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(type(record.store.jobs.database), "rows", _noting(calls))

    await record.store.jobs.list(OWNER, where)

    ((query, values),) = calls
    plan = "\n".join(
        row["QUERY PLAN"]
        for row in await record.store.jobs.database.mappings(f"EXPLAIN (ANALYZE, COSTS OFF) {query}", **values)
    )
    assert "Rows Removed by Filter: 100" in plan, plan
    assert index in plan
    assert "Seq Scan" not in plan
