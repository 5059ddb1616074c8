"""Intake stopped by an operator, and submissions held: what is refused, what continues, and how it is reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.store import JobFilter
from promptmill.store import Store
from promptmill.store.pool import Pool
from tests.fixtures.api import open_api
from tests.fixtures.mill import IMAGE_MODEL, new_job

PLAIN = {"model": IMAGE_MODEL, "prompt": "a fox"}


@pytest.fixture
async def ended(store: Store, lonely_settings: Settings) -> str:
    job, _ = await store.jobs.accept(new_job(lonely_settings))
    await store.jobs.begin(job.id)
    await store.jobs.advance(JobChange(job_id=job.id, status=JobStatus.FAILED))
    return str(job.id)


def asked(client: httpx.AsyncClient, ended: str) -> dict[str, Any]:
    """The requests that create new work."""
    return {
        "create": client.post("/api/jobs/create", json=PLAIN, headers={"Idempotency-Key": "k"}),
        "enqueue": client.post("/api/prompt/queue", json={"prompt": "a fox"}),
        "retry": client.post(f"/api/jobs/{ended}/retry"),
    }


async def test_while_drained_new_work_is_refused_with_the_reason(
    lonely_api: httpx.AsyncClient, store: Store, ended: str
) -> None:
    await store.operations.set_drain("an upgrade.")
    refused = {what: await question for what, question in asked(lonely_api, ended).items()}
    stored = await store.jobs.list("local", JobFilter())
    await store.operations.clear_drain()
    accepted = {what: await question for what, question in asked(lonely_api, ended).items()}

    for answer in refused.values():
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (503, "intake_stopped")
        assert int(answer.headers["retry-after"]) > 0
        assert "an upgrade." in problem["detail"]
    assert [str(job.id) for job in stored] == [ended]
    assert {what: answer.status_code for what, answer in accepted.items()} == dict.fromkeys(accepted, 202)


async def test_while_drained_everything_else_goes_on(lonely_api: httpx.AsyncClient, store: Store) -> None:
    job = (await lonely_api.post("/api/jobs/create", json=PLAIN)).json()
    await store.operations.set_drain()

    looked = await lonely_api.get(job["links"]["self"])
    dispatched = await lonely_api.post("/api/dispatch")
    cancelled = await lonely_api.delete(job["links"]["self"])

    assert [answer.status_code for answer in (looked, dispatched, cancelled)] == [200, 200, 200]


async def test_a_stopped_intake_outlives_the_api(lonely_settings: Settings, store: Store) -> None:
    async with open_api(lonely_settings) as client:
        await store.operations.set_drain("an upgrade")
        before = await client.post("/api/jobs/create", json=PLAIN)
    async with open_api(lonely_settings) as client:
        after = await client.post("/api/jobs/create", json=PLAIN)

    assert (before.status_code, after.status_code) == (503, 503)


async def test_init_and_readiness_say_what_is_stopped_why_and_since_when(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    await store.operations.set_drain("an upgrade")
    await store.operations.hold_submissions("The record is older than what was paid.")

    report = (await api_client.get("/api/init")).json()
    ready = await api_client.get("/readyz")

    assert (report["drain"]["on"], report["drain"]["reason"]) == (True, "an upgrade")
    assert report["drain"]["since"].endswith("Z")
    assert (report["submissionsHeld"]["on"], report["submissionsHeld"]["reason"]) == (
        True,
        "The record is older than what was paid.",
    )
    assert any("restore-check" in problem for problem in report["problems"])
    assert not any("upgrade" in problem for problem in report["problems"]), "that is what the operator wants"
    assert ready.status_code == 200, "it still answers, and what runs is still shown"
    assert ready.json()["notes"] == [
        "Intake has been stopped by an operator. See GET /api/init.",
        "Paid submissions are on hold. See GET /api/init.",
    ]


async def test_readiness_notes_functions_of_another_release_and_does_not_fail(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    """A rolling deployment migrates first: the older processes must stay in service."""
    await store.jobs.database.run("UPDATE applied_functions SET sha256 = 'another' WHERE name = 'move_job'")

    ready = await api_client.get("/readyz")

    assert ready.status_code == 200
    assert ready.json()["notes"] == [
        "SQL functions of another release: 1. Normal during a deployment, otherwise run `python -m promptmill migrate`."
    ]


async def test_readiness_keeps_its_other_notes_before_the_first_functions_are_noted(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    await store.operations.set_drain("an upgrade")
    await store.jobs.database.run("DROP TABLE applied_functions")

    ready = await api_client.get("/readyz")

    assert (ready.status_code, ready.json()["notes"]) == (
        200,
        ["Intake has been stopped by an operator. See GET /api/init."],
    )


async def test_a_job_that_waits_for_held_submissions_says_so(
    lonely_api: httpx.AsyncClient, store: Store, lonely_settings: Settings
) -> None:
    job, _ = await store.jobs.accept(new_job(lonely_settings))
    await store.jobs.begin(job.id)
    await store.operations.hold_submissions("The record is older than what was paid.")

    shown = (await lonely_api.get(f"/api/jobs/{job.id}")).json()

    assert (shown["wait"]["for"], shown["wait"]["stopped"]) == ("wavespeed_queue", True)
    assert shown["statusText"].endswith("This queue is stopped: The record is older than what was paid.")


async def test_where_webhooks_go_is_shown(lonely_settings: Settings) -> None:
    settings = lonely_settings.model_copy(update={"public_url": "https://mill.example"})
    async with open_api(settings) as client:
        report = (await client.get("/api/init")).json()

    assert report["webhooks"] == {"on": True, "publicUrl": "https://mill.example", "secret": "fetched"}


async def test_a_foreign_temporal_is_not_ready(api_client: httpx.AsyncClient, store: Store) -> None:
    await api_client.post("/api/init")
    well = await api_client.get("/readyz")
    await store.operations.set_switch("temporal_cluster_id", "another")
    ill = await api_client.get("/readyz")

    assert (well.status_code, ill.status_code) == (200, 503)
    assert ill.json()["problems"] == ["This Temporal is not the one that the record belongs to: see GET /api/init."]


KEPT_A_SECOND = ("FROM api_keys", "FROM owners")
"""What the guard knows of callers, which a slow machine reads again between two requests."""


async def test_accepting_a_job_and_showing_it_run_one_statement_each(
    lonely_settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switches are read where the job is stored, not in statements before it."""
    run: list[str] = []
    fetch = Pool.fetch

    async def noted(pool: Pool, query: str, arguments: Sequence[Any]) -> Sequence[Any]:
        if not any(table in query for table in KEPT_A_SECOND):
            run.append(query)
        return await fetch(pool, query, arguments)

    async with open_api(lonely_settings) as client:
        await client.post("/api/jobs/create", json=PLAIN)  # Temporal is known to be unavailable from here on
        monkeypatch.setattr(Pool, "fetch", noted)
        job = (await client.post("/api/jobs/create", json=PLAIN | {"useAiPrompt": True})).json()
        accepting = [query for query in run if "claimed_at = NULL" not in query]
        run.clear()
        shown = (await client.get(job["links"]["self"])).json()
        monkeypatch.undo()

    assert ["accept_job_v3" in query for query in accepting] == [True]
    assert len(run) == 1
    assert (shown["jobId"], shown["billed"], shown["promptRating"]) == (job["jobId"], "no", None)


async def test_a_request_with_a_key_that_was_accepted_is_refused_while_drained(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    first = await lonely_api.post("/api/jobs/create", json=PLAIN, headers={"Idempotency-Key": "before"})
    await store.operations.set_drain("an upgrade")
    again = await lonely_api.post("/api/jobs/create", json=PLAIN, headers={"Idempotency-Key": "before"})
    new = await lonely_api.post("/api/jobs/create", json=PLAIN, headers={"Idempotency-Key": "since"})
    await store.operations.clear_drain()
    late = await lonely_api.post("/api/jobs/create", json=PLAIN, headers={"Idempotency-Key": "since"})

    assert [answer.json()["code"] for answer in (again, new)] == ["intake_stopped", "intake_stopped"]
    assert (first.status_code, late.status_code) == (202, 202)
    assert "idempotency-replayed" not in late.headers, "a refusal claims no key"
