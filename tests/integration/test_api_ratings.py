"""Ratings over HTTP: of a written prompt, of a result, and the statistics of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest
from uuid_utils.compat import uuid7

from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobChange, JobStatus, Output
from promptmill.store import Store
from tests.fixtures.mill import IMAGE_MODEL, Mill, new_job, new_prompt_job
from tests.fixtures.record import written

OUTPUT = Output(index=0, kind="image", url="https://example.com/a.png")
QUEUE = "/api/prompt/queue"


@pytest.fixture
async def prompt(store: Store) -> str:
    """The path of a written prompt that belongs to no job."""
    prompt_job, _ = await store.prompts.accept(new_prompt_job())
    await store.prompts.begin(prompt_job.id)
    attempt = await store.prompts.begin_attempt(prompt_job.id, "grok-4")
    await store.prompts.finish(written(prompt_job.id, attempt.attempt_no))
    return f"{QUEUE}/{prompt_job.id}"


async def ended(store: Store, job_id: UUID) -> str:
    """The path of a job that has ended with an output."""
    await store.jobs.begin(job_id)
    await store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED, outputs=(OUTPUT,)))
    return f"/api/jobs/{job_id}"


@pytest.fixture
async def result(store: Store, lonely_settings: Settings) -> str:
    """The path of a job with an output, whose prompt the caller wrote."""
    return await ended(store, (await store.jobs.accept(new_job(lonely_settings)))[0].id)


async def rated(client: httpx.AsyncClient, address: str, **body: Any) -> dict[str, Any]:
    answer = await client.put(f"{address}/rating", json=body)
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()
    assert row == (await client.get(address)).json(), "the answer is the row as it is shown"
    return row


async def test_a_prompt_is_rated_rated_again_and_not_rated(lonely_api: httpx.AsyncClient, prompt: str) -> None:
    before = (await lonely_api.get(prompt)).json()
    up = await rated(lonely_api, prompt, rating="up", reason="the light")
    down = await rated(lonely_api, prompt, rating="down", reason=" ")
    none = await rated(lonely_api, prompt, rating=None)

    shown = [(told["rating"], told["ratingReason"]) for told in (before, up, down, none)]
    assert shown == [(None, None), ("up", "the light"), ("down", None), (None, None)]
    assert none == before


async def test_a_result_is_kept_discarded_and_neither(lonely_api: httpx.AsyncClient, result: str) -> None:
    before = (await lonely_api.get(result)).json()
    told = [await rated(lonely_api, result, kept=kept) for kept in (True, False, None)]

    assert [job["kept"] for job in (before, *told)] == [None, True, False, None]
    assert told[-1] == before


async def test_what_is_not_made_yet_cannot_be_rated(lonely_api: httpx.AsyncClient) -> None:
    body = {"model": IMAGE_MODEL, "useAiPrompt": True, "instructions": "a fox"}
    job = (await lonely_api.post("/api/jobs/create", json=body)).json()

    prompt = await lonely_api.put(f"{QUEUE}/{job['promptJobId']}/rating", json={"rating": "up"})
    result = await lonely_api.put(f"/api/jobs/{job['jobId']}/rating", json={"kept": True})

    assert [(answer.status_code, answer.json()["code"]) for answer in (prompt, result)] == [
        (409, "prompt_not_written"),
        (409, "no_outputs"),
    ]
    assert prompt.json()["detail"].startswith("The prompt job has no written prompt (it is queued). Wait until")
    assert result.json()["detail"].startswith("The job has no outputs (it is queued). Only a job with `outputs`")


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ({}, "/rating", "required"),
        ({"rating": "UP"}, "/rating", "'up' or 'down'"),
        ({"rating": 1}, "/rating", "'up' or 'down'"),
        ({"rating": "up", "reason": "x" * 501}, "/reason", "500"),
        ({"rating": "up", "reason": 7}, "/reason", "string"),
        ({"rating": None, "reason": "x"}, "/reason", "Only valid with"),
        ({"rating": "up", "reasons": "x"}, "/reasons", "Did you mean reason?"),
    ],
)
async def test_a_rating_is_read_strictly(
    lonely_api: httpx.AsyncClient, prompt: str, body: dict[str, Any], pointer: str, words: str
) -> None:
    refused = await lonely_api.put(f"{prompt}/rating", json=body)

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    [error] = refused.json()["errors"]
    assert error["pointer"] == pointer
    assert words in error["message"]
    assert (await lonely_api.get(prompt)).json()["rating"] is None


@pytest.mark.parametrize(
    ("body", "pointer"), [({}, "/kept"), ({"kept": "true"}, "/kept"), ({"kept": 1}, "/kept"), ({"keep": True}, "/keep")]
)
async def test_a_word_on_a_result_is_read_strictly(
    lonely_api: httpx.AsyncClient, result: str, body: dict[str, Any], pointer: str
) -> None:
    refused = await lonely_api.put(f"{result}/rating", json=body)

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    assert pointer in [error["pointer"] for error in refused.json()["errors"]]
    assert (await lonely_api.get(result)).json()["kept"] is None


async def test_a_reason_of_500_characters_is_kept_whole(lonely_api: httpx.AsyncClient, prompt: str) -> None:
    assert (await rated(lonely_api, prompt, rating="up", reason="ä" * 500))["ratingReason"] == "ä" * 500


async def test_what_is_not_there_cannot_be_rated(lonely_api: httpx.AsyncClient, prompt: str, result: str) -> None:
    nobody = uuid7()
    job_id, prompt_job_id = result.rpartition("/")[2], prompt.rpartition("/")[2]
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        (f"{QUEUE}/{nobody}", {"rating": "up"}),
        (f"{QUEUE}/{job_id}", {"rating": "up"}),
        (f"/api/jobs/{nobody}", {"kept": True}),
        (f"/api/jobs/{prompt_job_id}", {"kept": True}),
    )

    answers = [await lonely_api.put(f"{address}/rating", json=body) for address, body in asked]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 4
    assert answers[1].json()["detail"] == f"This is a job: see /api/jobs/{job_id}."


async def test_anothers_rows_are_not_there(
    lonely_api: httpx.AsyncClient, store: Store, lonely_settings: Settings
) -> None:
    job, _ = await store.jobs.accept(new_job(lonely_settings, owner="another"))
    await ended(store, job.id)

    refused = await lonely_api.put(f"/api/jobs/{job.id}/rating", json={"kept": True})

    assert refused.status_code == 404
    assert (await store.jobs.get(job.id)).kept is None


async def test_a_jobs_answer_has_its_prompts_rating_and_the_prompts_has_its_results(
    lonely_api: httpx.AsyncClient, store: Store, prompt: str, result: str
) -> None:
    body = {"model": IMAGE_MODEL, "promptJobId": prompt.rpartition("/")[2]}
    jobs = [(await lonely_api.post("/api/jobs/create", json=body)).json() for _ in range(3)]
    for job, kept in zip(jobs, (True, False, None), strict=True):
        await rated(lonely_api, await ended(store, UUID(job["jobId"])), kept=kept)
    await rated(lonely_api, prompt, rating="down")

    shown = (await lonely_api.get(prompt)).json()
    listed = {job["jobId"]: job for job in (await lonely_api.get("/api/jobs")).json()["items"]}
    single = [(await lonely_api.get(job["links"]["self"])).json() for job in jobs]

    assert shown["results"] == {"kept": 1, "discarded": 1}
    assert [job["promptRating"] for job in single] == ["down"] * 3
    assert [listed[job["jobId"]] for job in jobs] == single, "lists show the same"
    assert listed[result.rpartition("/")[2]]["promptRating"] is None


async def test_statistics_have_the_satisfaction_by_model_and_source(
    lonely_api: httpx.AsyncClient, prompt: str, result: str
) -> None:
    empty = (await lonely_api.get(QUEUE)).json()["satisfaction"]
    await rated(lonely_api, prompt, rating="up")
    await rated(lonely_api, result, kept=False)

    told = (await lonely_api.get(QUEUE)).json()["satisfaction"]

    none = {"up": 0, "down": 0, "kept": 0, "discarded": 0}
    assert empty == []
    assert sorted(told, key=lambda group: group["promptSource"]) == [
        {"model": None, "promptSource": "caller", "satisfactionRate": 0.0} | none | {"discarded": 1},
        {"model": "grok-4", "promptSource": "grok", "satisfactionRate": 1.0} | none | {"up": 1},
    ]


async def test_the_documentation_tells_what_can_be_refused(lonely_api: httpx.AsyncClient) -> None:
    paths = (await lonely_api.get("/openapi.json")).json()["paths"]

    for path in ("/api/jobs/{job_id}/rating", f"{QUEUE}/{{prompt_job_id}}/rating"):
        assert {"200", "404", "409", "413", "415", "422", "503"} <= set(paths[path]["put"]["responses"])


async def test_a_job_that_was_really_made_is_rated(mill: Mill, api_client: httpx.AsyncClient) -> None:
    body = {"model": IMAGE_MODEL, "useAiPrompt": True, "instructions": "a fox"}
    job = (await api_client.post("/api/jobs/create", json=body)).json()
    await mill.reaches(UUID(job["jobId"]), "completed")

    await rated(api_client, job["links"]["self"], kept=True)
    await rated(api_client, f"{QUEUE}/{job['promptJobId']}", rating="up")

    [group] = (await api_client.get(QUEUE)).json()["satisfaction"]
    row = await mill.prompt_job(UUID(job["promptJobId"]))
    assert (group["model"], group["promptSource"]) == (row.grok_model, "grok")
    assert (group["up"], group["kept"], group["satisfactionRate"]) == (1, 1, 1.0)
