"""The family tree over HTTP and in the record: what a job was made from, and what was made from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from uuid_utils.compat import uuid7

from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobChange, JobStatus, Output, Relation
from promptmill.store import Store
from promptmill.store.database import _numbered
from promptmill.store.families import BELOW
from tests.fixtures.access import bearer, make_key
from tests.fixtures.mill import new_job
from tests.fixtures.plans import plan_of

PLAIN = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def child_of(store: Store, settings: Settings, parent: UUID, relation: Relation = Relation.EDIT) -> UUID:
    made = new_job(settings, parent_job_id=parent, parent_index=0, relation=relation)
    return (await store.jobs.accept(made))[0].id


async def with_output(store: Store, job_id: UUID) -> None:
    await store.jobs.begin(job_id)
    output = Output(index=0, kind="image", url="https://example.com/a.png")
    await store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED, outputs=(output,)))


async def family(client: httpx.AsyncClient, job_id: UUID, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/api/jobs/{job_id}/family", params=query)).raise_for_status().json()
    return found


def ids(jobs: list[dict[str, Any]]) -> list[UUID]:
    return [UUID(job["jobId"]) for job in jobs]


async def test_a_job_names_the_output_that_it_is_made_from(
    lonely_api: httpx.AsyncClient, store: Store, lonely_settings: Settings
) -> None:
    parent = (await store.jobs.accept(new_job(lonely_settings)))[0].id
    await with_output(store, parent)
    asked = PLAIN | {"parentJobId": str(parent), "parentIndex": 0, "relation": "edit"}

    made = await lonely_api.post("/api/jobs/create", json=asked)
    assert made.status_code == 202, made.text
    child = UUID(made.json()["jobId"])

    shown = (await lonely_api.get(f"/api/jobs/{child}")).json()
    assert (shown["parentJobId"], shown["parentIndex"], shown["relation"]) == (str(parent), 0, "edit")
    assert ids((await family(lonely_api, parent))["items"]) == [child]
    assert ids((await family(lonely_api, child))["ancestors"]) == [parent]

    # A retry is made from the same as the job that it retries.
    await store.jobs.advance(JobChange(job_id=child, status=JobStatus.FAILED))
    again = (await lonely_api.post(f"/api/jobs/{child}/retry", json={})).json()
    assert (again["parentJobId"], again["relation"], again["retryOf"]) == (str(parent), "edit", str(child))


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"relation": "edit"}, "/relation"),
        ({"parentIndex": 0}, "/parentIndex"),
        ({"parentJobId": str(uuid7())}, "/relation"),
        ({"parentJobId": str(uuid7()), "relation": "edit"}, "/parentJobId"),
        ({"parentJobId": str(uuid7()), "relation": "copy"}, "/relation"),
        ({"parentJobId": "0", "relation": "edit"}, "/parentJobId"),
        ({"parentJobId": str(uuid7()), "relation": "edit", "parentIndex": 2**15}, "/parentIndex"),
    ],
)
async def test_what_is_wrong_with_a_parent_is_told_at_its_field(
    lonely_api: httpx.AsyncClient, fields: dict[str, Any], pointer: str
) -> None:
    answer = await lonely_api.post("/api/jobs/create", json=PLAIN | fields)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])


async def test_anothers_job_is_no_parent_and_an_output_must_exist(
    lonely_api: httpx.AsyncClient, store: Store, lonely_settings: Settings
) -> None:
    parent = (await store.jobs.accept(new_job(lonely_settings, owner="team-a")))[0].id
    asked = PLAIN | {"parentJobId": str(parent), "relation": "edit"}
    mine, theirs = [bearer(await make_key(store, "operator", owner)) for owner in ("team-a", "team-b")]

    stolen = await lonely_api.post("/api/jobs/create", json=asked, headers=theirs)
    missing = await lonely_api.post("/api/jobs/create", json=asked | {"parentJobId": str(uuid7())}, headers=theirs)
    no_such = await lonely_api.post("/api/jobs/create", json=asked | {"parentIndex": 0}, headers=mine)

    assert stolen.status_code == 422
    assert [stolen.json()[name] for name in ("code", "detail", "errors")] == [
        missing.json()[name] for name in ("code", "detail", "errors")
    ]
    assert no_such.json()["errors"][0]["pointer"] == "/parentIndex"
    # Whatever the API checks, the record takes no parent of another owner.
    slipped, _ = await store.jobs.accept(
        new_job(lonely_settings, owner="team-b", parent_job_id=parent, relation=Relation.EDIT)
    )
    assert slipped.parent_job_id is None


async def test_a_repeated_request_is_answered_although_its_parent_is_gone(
    lonely_api: httpx.AsyncClient, store: Store, lonely_settings: Settings, sql: asyncpg.Connection
) -> None:
    parent = (await store.jobs.accept(new_job(lonely_settings)))[0].id
    asked = PLAIN | {"parentJobId": str(parent), "relation": "variation"}
    key = {"Idempotency-Key": "once"}
    first = await lonely_api.post("/api/jobs/create", json=asked, headers=key)
    await sql.execute("DELETE FROM jobs WHERE id = $1", parent)

    again = await lonely_api.post("/api/jobs/create", json=asked, headers=key)

    assert (again.status_code, again.json()["jobId"]) == (202, first.json()["jobId"])
    assert (again.json()["parentJobId"], again.json()["relation"]) == (None, "variation")


async def test_a_tree_is_read_upwards_and_in_pages_downwards(
    lonely_api: httpx.AsyncClient, store: Store, lonely_settings: Settings
) -> None:
    root = (await store.jobs.accept(new_job(lonely_settings)))[0].id
    first, second = [await child_of(store, lonely_settings, root) for _ in range(2)]
    grandchild = await child_of(store, lonely_settings, first, Relation.ANIMATE)
    third = await child_of(store, lonely_settings, root, Relation.UPSCALE)

    whole = await family(lonely_api, root)
    assert (ids(whole["items"]), whole["nextCursor"]) == ([first, second, grandchild, third], None)
    page = await family(lonely_api, root, limit=3)
    rest = await family(lonely_api, root, limit=3, cursor=page["nextCursor"])
    assert ids(page["items"] + rest["items"]) == ids(whole["items"])
    assert ids((await family(lonely_api, grandchild))["ancestors"]) == [first, root]
    assert ids((await family(lonely_api, second))["items"]) == []

    # An erased parent stays in the tree, without its words.
    await store.jobs.advance(JobChange(job_id=root, status=JobStatus.FAILED))
    await store.erasures.erase_job(root, owner="local")
    [above] = (await family(lonely_api, first))["ancestors"]
    assert (above["prompt"], above["input"], above["outputs"]) == (None, {}, [])


async def test_a_tree_is_found_by_its_index(sql: asyncpg.Connection, store: Store, lonely_settings: Settings) -> None:
    root = (await store.jobs.accept(new_job(lonely_settings)))[0].id
    await child_of(store, lonely_settings, root)
    query, names = _numbered(BELOW)
    values = {"id": root, "owner": "local", "limit": 50, "after_at": None, "after_id": None}
    # So few rows would be read as a whole, whatever indexes there are.
    await sql.execute("SET enable_seqscan = off")
    plan = await plan_of(sql, query, *(values[name] for name in names))
    assert plan.count("jobs_parent_job_id_idx") == 2
    assert "Seq Scan" not in plan
