"""What the API reports about waiting, once the record knows how long comparable jobs took."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from promptmill.contracts.jobs import JobChange, JobStatus, Output
from promptmill.store import Store
from tests.fixtures.record import accepted, intent_of_row

MODEL = "bytedance/seedream-v4"
OUTPUT = Output(index=0, kind="image", url="https://example.com/a.png")


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that makes time pass by editing the record."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def create(client: httpx.AsyncClient, **fields: Any) -> UUID:
    answer = await client.post("/api/jobs/create", json={"model": MODEL, "prompt": "a lighthouse"} | fields)
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["jobId"])


async def dispatching(client: httpx.AsyncClient, store: Store, **fields: Any) -> UUID:
    job_id = await create(client, **fields)
    await store.upkeep.mark_started(job_ids=[job_id])
    await store.jobs.begin(job_id)
    return job_id


async def generating(client: httpx.AsyncClient, store: Store, **fields: Any) -> UUID:
    job_id = await dispatching(client, store, **fields)
    permit = await store.submissions.permit(await intent_of_row(store, job_id))
    assert permit.submission_id is not None
    await store.submissions.settle(accepted(job_id, permit.submission_id, f"p-{job_id}"))
    return job_id


async def made(client: httpx.AsyncClient, store: Store, sql: asyncpg.Connection, seconds: float, **fields: Any) -> None:
    """Complete a job that took WaveSpeed this many seconds."""
    job_id = await generating(client, store, **fields)
    await store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.COMPLETED, outputs=(OUTPUT,)))
    await sql.execute(
        "UPDATE jobs SET dispatched_at = completed_at - $2 * interval '1 second' WHERE id = $1", job_id, seconds
    )


async def look(client: httpx.AsyncClient, job_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/api/jobs/{job_id}")).json()
    return found


async def test_wavespeeds_time_is_estimated_from_jobs_of_the_same_model(
    lonely_api: httpx.AsyncClient, store: Store, sql: asyncpg.Connection
) -> None:
    for seconds in (60, 61, 62):
        await made(lonely_api, store, sql, seconds)
    await made(lonely_api, store, sql, 5, model="wavespeed-ai/flux-dev")
    known = await look(lonely_api, await generating(lonely_api, store))
    other = await look(lonely_api, await generating(lonely_api, store, model="vendor/never-used"))

    assert known["wait"]["for"] == other["wait"]["for"] == "wavespeed"
    assert 50 < known["wait"]["estimateSeconds"] <= 61
    assert known["wait"]["estimateLowSeconds"] is None, "they agree"
    assert known["statusText"].startswith("Generating at WaveSpeed, about ")
    assert other["wait"]["estimateSeconds"] is None
    assert other["statusText"] == "Generating at WaveSpeed."


async def test_a_job_that_takes_longer_than_any_is_said_to(
    lonely_api: httpx.AsyncClient, store: Store, sql: asyncpg.Connection
) -> None:
    await made(lonely_api, store, sql, 5)
    job_id = await generating(lonely_api, store)
    await sql.execute("UPDATE jobs SET dispatched_at = dispatched_at - interval '1 minute' WHERE id = $1", job_id)

    told = await look(lonely_api, job_id)

    assert (told["wait"]["longerThanUsual"], told["wait"]["estimateSeconds"]) == (True, None)
    assert told["statusText"] == "Generating at WaveSpeed; taking longer than usual."


async def test_waiting_here_is_estimated_from_what_wavespeed_took_lately(
    lonely_api: httpx.AsyncClient, store: Store, sql: asyncpg.Connection
) -> None:
    for _ in range(2):
        await made(lonely_api, store, sql, 5)
    jobs = [await dispatching(lonely_api, store) for _ in range(2)]

    told = [await look(lonely_api, job_id) for job_id in jobs]

    assert [one["wait"]["for"] for one in told] == ["wavespeed_queue"] * 2
    # Two in one minute, or over two minutes if the clock has just ticked over.
    assert [one["wait"]["estimateSeconds"] for one in told] == pytest.approx([30, 60], rel=0.3)
    assert told[1]["wait"]["estimateLowSeconds"] < told[1]["wait"]["estimateSeconds"]
    assert told[1]["statusText"].startswith("Waiting to be submitted to WaveSpeed: 2nd of 2, about ")


async def test_what_is_being_handed_over_does_not_wait_here(lonely_api: httpx.AsyncClient, store: Store) -> None:
    job_id = await dispatching(lonely_api, store)
    await store.submissions.permit(await intent_of_row(store, job_id))

    told = await look(lonely_api, job_id)

    assert (told["wait"]["for"], told["wait"]["position"]) == ("wavespeed", None)
    assert told["statusText"] == "Being submitted to WaveSpeed."


async def test_a_deadline_that_may_come_first_is_warned_of(
    lonely_api: httpx.AsyncClient, store: Store, sql: asyncpg.Connection
) -> None:
    await made(lonely_api, store, sql, 300)
    in_time = await look(lonely_api, await generating(lonely_api, store))
    late = await look(lonely_api, await generating(lonely_api, store, deadlineSeconds=60))

    assert in_time["warnings"] == []
    (warning,) = late["warnings"]
    assert warning.startswith("The deadline may pass first: ")
    assert late["statusText"].endswith(warning)
