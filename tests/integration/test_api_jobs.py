"""Jobs over HTTP: accepted, found, cancelled, with Temporal unavailable throughout."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from promptmill.config.settings import Settings
from promptmill.contracts.bills import Bill
from promptmill.contracts.jobs import JobChange, JobStatus, Output
from promptmill.contracts.prompts import PromptResult, PromptSource
from promptmill.contracts.store import JobFilter, PromptEnd
from promptmill.store import Store
from tests.fixtures.api import open_api
from tests.fixtures.mill import new_job
from tests.fixtures.record import accepted, intent_of_row

PLAIN = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}


async def create(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/api/jobs/create", json=PLAIN | fields)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


async def test_a_job_is_accepted_while_temporal_is_away(lonely_api: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        answer = await lonely_api.post("/api/jobs/create", json=PLAIN)
        await lonely_api.post("/api/jobs/create", json=PLAIN)

    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == job["links"]["self"] == f"/api/jobs/{job['jobId']}"
    assert (job["status"], job["billed"]) == ("queued", "no")
    assert job["statusText"] == "Accepted; starts as soon as Temporal is available."
    tries = [entry for entry in logs if entry["event"] == "temporal_away"]
    assert len(tries) == 1, "the breaker spares later requests the wait"
    assert tries[0]["error"], "it says why"


async def test_the_job_tells_what_was_asked_and_nothing_that_is_not_known(lonely_api: httpx.AsyncClient) -> None:
    asked = {
        "model": "wavespeed-ai/flux-dev",
        "input": {"size": "512*512", "seed": 7},
        "prompt": "a lighthouse",
        "priority": 9,
        "deadlineSeconds": 60,
        "metadata": {"order": "17"},
    }

    job = await create(lonely_api, **asked)
    found = (await lonely_api.get(f"/api/jobs/{job['jobId']}")).json()

    assert found == job
    assert {name: found[name] for name in ("model", "input", "prompt", "priority", "metadata")} == {
        name: asked[name] for name in ("model", "input", "prompt", "priority", "metadata")
    }
    assert (found["originalPrompt"], found["promptSource"], found["promptStatus"]) == (
        "a lighthouse",
        "caller",
        "not_requested",
    )
    assert found["createdAt"].endswith("Z")
    for unknown in ("mediaCostUsd", "promptCostUsd", "predictionId", "queuePosition", "estimatedWaitSeconds", "error"):
        assert found[unknown] is None
    assert found["wait"] == {
        "for": None,
        "position": None,
        "of": None,
        "capped": False,
        "stopped": None,
        "stoppedReason": None,
        "stoppedSince": None,
        "estimateSeconds": None,
        "estimateLowSeconds": None,
        "estimateHighSeconds": None,
        "longerThanUsual": False,
    }
    assert found["links"]["temporal"].endswith(f"/namespaces/default/workflows/job-{job['jobId']}")


async def test_a_job_with_a_prompt_job_shows_both(lonely_api: httpx.AsyncClient) -> None:
    job = await create(lonely_api, prompt="a lighthouse", useAiPrompt=True, metadata={"a": "b"})
    prompt_job = (await lonely_api.get(f"/api/prompt/queue/{job['promptJobId']}")).json()

    assert (job["prompt"], job["originalPrompt"], job["promptStatus"]) == (None, "a lighthouse", "pending")
    assert (prompt_job["jobId"], prompt_job["operation"], prompt_job["status"]) == (job["jobId"], "enhance", "queued")
    assert prompt_job["links"]["temporal"].endswith(f"/job-{job['jobId']}")


async def test_an_id_of_the_other_kind_says_where_to_look(lonely_api: httpx.AsyncClient) -> None:
    job = await create(lonely_api, useAiPrompt=True)

    wrong_job = await lonely_api.get(f"/api/jobs/{job['promptJobId']}")
    wrong_prompt = await lonely_api.get(f"/api/prompt/queue/{job['jobId']}")

    assert (wrong_job.status_code, wrong_prompt.status_code) == (404, 404)
    assert f"/api/prompt/queue/{job['promptJobId']}" in wrong_job.json()["detail"]
    assert f"/api/jobs/{job['jobId']}" in wrong_prompt.json()["detail"]


@pytest.mark.parametrize(
    "unknown", ["01900000-0000-7000-8000-000000000000", "x", "0190000000007000800000000000000a", "%00"]
)
async def test_an_unknown_id_is_not_found(lonely_api: httpx.AsyncClient, unknown: str) -> None:
    for method, path in (
        ("GET", "/api/jobs/{}"),
        ("DELETE", "/api/jobs/{}"),
        ("GET", "/api/jobs/{}/events"),
        ("GET", "/api/prompt/queue/{}"),
        ("DELETE", "/api/prompt/queue/{}"),
    ):
        answer = await lonely_api.request(method, path.format(unknown))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_a_job_without_a_workflow_is_cancelled_at_once(lonely_api: httpx.AsyncClient) -> None:
    job = await create(lonely_api, useAiPrompt=True)

    first = await lonely_api.delete(f"/api/jobs/{job['jobId']}")
    again = await lonely_api.delete(f"/api/jobs/{job['jobId']}")
    prompt_job = (await lonely_api.get(f"/api/prompt/queue/{job['promptJobId']}")).json()

    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert (again.status_code, again.json()) == (200, first.json())
    assert first.json()["links"]["cancel"] is None
    assert prompt_job["status"] == "cancelled"


async def test_a_running_job_is_cancelling_until_its_workflow_ends(lonely_api: httpx.AsyncClient, store: Store) -> None:
    job = await create(lonely_api)
    row = (await store.jobs.list("local", _all()))[0]
    await store.upkeep.mark_started(job_ids=[row.id])

    first = await lonely_api.delete(f"/api/jobs/{job['jobId']}")
    again = await lonely_api.delete(f"/api/jobs/{job['jobId']}")
    await store.jobs.advance(JobChange(job_id=row.id, status=JobStatus.CANCELLED))
    ended = await lonely_api.delete(f"/api/jobs/{job['jobId']}")

    assert (first.status_code, first.json()["status"]) == (202, "cancelling")
    assert (again.status_code, again.json()["status"]) == (202, "cancelling")
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")


async def test_the_timeline_tells_each_change_in_a_sentence(lonely_api: httpx.AsyncClient) -> None:
    job = await create(lonely_api)
    await lonely_api.delete(f"/api/jobs/{job['jobId']}")

    items = (await lonely_api.get(f"/api/jobs/{job['jobId']}/events")).json()["items"]

    assert [(event["sequence"], event["status"]) for event in items] == [(1, "queued"), (2, "cancelled")]
    assert items[0]["text"] == "Accepted."
    assert all(event["at"].endswith("Z") for event in items)


async def test_what_was_made_is_shown_with_its_cost(lonely_api: httpx.AsyncClient, store: Store) -> None:
    job = await create(lonely_api)
    row = (await store.jobs.list("local", _all()))[0]
    await store.jobs.begin(row.id)
    await store.jobs.advance(JobChange(job_id=row.id, status=JobStatus.GENERATING, prediction_id="p1"))
    generating = (await lonely_api.get(f"/api/jobs/{job['jobId']}")).json()
    output = Output(index=0, kind="image", url="https://cdn.example/a.png", nsfw=False)
    change = JobChange(job_id=row.id, status=JobStatus.COMPLETED, outputs=(output,), media_cost_usd="0.027")
    await store.jobs.advance(change)
    completed = (await lonely_api.get(f"/api/jobs/{job['jobId']}")).json()

    assert (generating["wait"]["for"], generating["statusText"]) == ("wavespeed", "Generating at WaveSpeed.")
    assert completed["outputs"] == [
        {
            "index": 0,
            "kind": "image",
            "url": "https://cdn.example/a.png",
            "text": None,
            "nsfw": False,
            "expiresAt": None,
            "stored": None,
        }
    ]
    assert (completed["mediaCostUsd"], completed["predictionId"]) == (0.027, "p1")
    assert completed["completedAt"] is not None


async def test_what_was_charged_and_refunded_is_shown(lonely_api: httpx.AsyncClient, store: Store) -> None:
    job = await create(lonely_api)
    job_id = UUID(job["jobId"])
    await store.jobs.begin(job_id)
    wish = await intent_of_row(store, job_id, price_usd=Decimal("0.03"))
    await store.submissions.permit(wish)
    await store.submissions.settle(accepted(job_id, wish.submission_id, "p-1", media_cost_usd=Decimal("0.03")))
    await store.jobs.note_list_price(job_id, Decimal("0.04"))
    await store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))

    seen = []
    for refunded in ("0", "0.024"):
        bill = Bill(prediction_id="p-1", charged_usd=Decimal("0.024"), refunded_usd=Decimal(refunded))
        await store.bills.record(bill)
        seen.append((await lonely_api.get(f"/api/jobs/{job_id}")).json())
    [listed] = (await lonely_api.get("/api/jobs")).json()["items"]

    assert [(one["billed"], one["mediaCostUsd"], one["mediaCostSource"]) for one in seen] == [
        ("yes", 0.024, "billed"),
        ("refunded", 0, "billed"),
    ]
    assert (seen[1]["paidText"], seen[1]["mediaListPriceUsd"]) == ("WaveSpeed has refunded it.", 0.04)
    assert (listed["billed"], listed["mediaCostUsd"]) == ("refunded", 0)
    events = (await lonely_api.get(f"/api/jobs/{job_id}/events")).json()["items"]
    assert events[-1]["text"] == "WaveSpeed charged $0.024, and refunded it."


async def test_a_failure_tells_why_and_what_to_do(lonely_api: httpx.AsyncClient, store: Store) -> None:
    job = await create(lonely_api)
    row = (await store.jobs.list("local", _all()))[0]
    await store.jobs.begin(row.id)
    change = JobChange(job_id=row.id, status=JobStatus.FAILED, reason_code="wavespeed_bad_key", error="WaveSpeed: no.")
    await store.jobs.advance(change)

    failed = (await lonely_api.get(f"/api/jobs/{job['jobId']}")).json()

    assert (failed["error"]["reasonCode"], failed["error"]["message"]) == ("wavespeed_bad_key", "WaveSpeed: no.")
    assert "WAVESPEED_API_KEY" in failed["error"]["hint"]


async def test_a_list_is_paged_newest_first_without_loss(lonely_api: httpx.AsyncClient) -> None:
    created = [(await create(lonely_api, metadata={"n": str(n)}))["jobId"] for n in range(5)]

    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = (await lonely_api.get("/api/jobs", params={"limit": 2, **cursor})).json()
        seen += [job["jobId"] for job in page["items"]]
        cursor = {"cursor": page["nextCursor"]} if page["nextCursor"] else {}

    assert seen == created[::-1]
    assert cursor == {}, "the last page has no cursor"


async def test_a_list_is_filtered(lonely_api: httpx.AsyncClient) -> None:
    fox = await create(lonely_api, model="a/fox", prompt="a red fox", metadata={"order": "A-100%", "group": "g-1"})
    owl = await create(lonely_api, model="a/owl", prompt="an owl")
    await lonely_api.delete(f"/api/jobs/{owl['jobId']}")

    async def found(**params: Any) -> list[str]:
        answer = await lonely_api.get("/api/jobs", params=params)
        assert answer.status_code == 200, answer.text
        return [job["model"] for job in answer.json()["items"]]

    assert await found() == ["a/owl", "a/fox"]
    assert await found(status="queued") == ["a/fox"]
    assert await found(status=["queued", "cancelled"]) == ["a/owl", "a/fox"]
    assert await found(model="a/owl") == ["a/owl"]
    assert await found(model=["a/owl", "a/fox"]) == ["a/owl", "a/fox"]
    assert await found(kind="image") == ["a/owl", "a/fox"]
    assert await found(kind="video") == []
    assert await found(liked="true") == await found(liked="false") == await found(minCostUsd="0") == []
    assert await found(group="g-1") == ["a/fox"]
    assert await found(group="g-1", q="owl") == []
    assert await found(q="A/Ow") == ["a/owl"]
    assert await found(q="RED") == ["a/fox"]
    assert await found(q="100%") == ["a/fox"]
    assert await found(q="%") == ["a/fox"]
    assert await found(q=owl["jobId"]) == ["a/owl"]
    assert await found(q=owl["jobId"][-9:].upper()) == ["a/owl"]
    assert await found(createdAfter=fox["createdAt"]) == ["a/owl"]
    assert await found(createdBefore=owl["createdAt"]) == ["a/fox"]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"statuz": "queued"}, "/query/statuz"),
        ({"status": "done"}, "/query/status/0"),
        ({"limit": "201"}, "/query/limit"),
        ({"limit": "0"}, "/query/limit"),
        ({"cursor": "nonsense"}, "/query/cursor"),
        ({"cursor": ""}, "/query/cursor"),
        ({"q": "\x00"}, "/query/q"),
        ({"createdAfter": "yesterday"}, "/query/createdAfter"),
    ],
)
async def test_a_wrong_filter_is_refused(lonely_api: httpx.AsyncClient, params: dict[str, str], pointer: str) -> None:
    answer = await lonely_api.get("/api/jobs", params=params)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_written_prompt_is_used_again_or_edited(lonely_api: httpx.AsyncClient, store: Store) -> None:
    queued = (await lonely_api.post("/api/prompt/queue", json={"prompt": "a fox of mine"})).json()
    too_early = await lonely_api.post("/api/jobs/create", json={"model": "a/b", "promptJobId": queued["promptJobId"]})
    await _write_prompt(store, queued["promptJobId"])

    as_written = await create(lonely_api, prompt=None, promptJobId=queued["promptJobId"])
    edited = await create(lonely_api, prompt="a blue fox", promptJobId=queued["promptJobId"])
    unknown = await lonely_api.post("/api/jobs/create", json={"model": "a/b", "promptJobId": edited["jobId"]})

    assert (as_written["prompt"], as_written["promptSource"]) == ("a written fox", "grok")
    assert as_written["promptJobId"] == queued["promptJobId"]
    assert (edited["prompt"], edited["promptSource"]) == ("a blue fox", "edited")
    assert as_written["originalPrompt"] == edited["originalPrompt"] == "a fox of mine", "what the caller wrote is kept"
    for refused in (too_early, unknown):
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/promptJobId"


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"model": "a/b", "targetUrl": "https://example.com/a.png"}, "The images are not used"),
        ({"model": "a/b", "targetUrl": "https://example.com/a.png", "useAiPrompt": True}, "go to Grok only"),
        ({"model": "bytedance/seedream-v4/edit", "targetUrl": "https://example.com/a.png"}, None),
        ({"instructions": "x"}, "instructions are ignored"),
        ({"callbackUrl": "https://example.com/done"}, None),
        ({}, None),
    ],
)
async def test_what_has_no_effect_is_said(
    lonely_api: httpx.AsyncClient, fields: dict[str, Any], warning: str | None
) -> None:
    job = await create(lonely_api, **fields)

    assert len(job["warnings"]) == (warning is not None)
    assert warning is None or warning in job["warnings"][0]


async def test_the_time_for_generating_follows_the_kind(lonely_api: httpx.AsyncClient, store: Store) -> None:
    await create(lonely_api, model="alibaba/wan-2.6/text-to-video")
    await create(lonely_api)
    await create(lonely_api, generateTimeoutSeconds=60)

    rows = await store.jobs.list("local", _all())

    assert [row.generate_timeout_seconds for row in rows] == [60, 900, 3600]


async def test_asking_twice_with_a_key_is_asking_once(lonely_api: httpx.AsyncClient) -> None:
    async def ask(key: str, body: str) -> httpx.Response:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        return await lonely_api.post("/api/jobs/create", content=body, headers=headers)

    first = await ask("k1", '{"model":"a/b","prompt":"x"}')
    await lonely_api.delete(first.headers["location"])
    again = await ask("k1", '{ "prompt": "x",\n "model": "a/b" }')
    another_body = await ask("k1", '{"model":"a/b","prompt":"y"}')
    another_key = await ask("k2", '{"model":"a/b","prompt":"x"}')

    assert (first.status_code, again.status_code, another_key.status_code) == (202, 202, 202)
    assert again.json()["jobId"] == first.json()["jobId"]
    assert again.json()["status"] == "cancelled", "the job of the first time, as it is now"
    assert (first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed")) == (None, "true")
    assert (another_body.status_code, another_body.json()["code"]) == (422, "idempotency_key_reused")
    assert another_key.json()["jobId"] != first.json()["jobId"]


async def test_a_key_belongs_to_its_path(lonely_api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    prompt_job = await lonely_api.post("/api/prompt/queue", json={"prompt": "x"}, headers=headers)
    replayed = await lonely_api.post("/api/prompt/queue", json={"prompt": "x"}, headers=headers)
    job = await lonely_api.post("/api/jobs/create", json=PLAIN, headers=headers)

    assert replayed.json()["promptJobId"] == prompt_job.json()["promptJobId"]
    assert replayed.headers["idempotency-replayed"] == "true"
    assert job.status_code == 422


async def test_the_same_key_at_the_same_time_makes_one_job(lonely_api: httpx.AsyncClient, store: Store) -> None:
    answers = await asyncio.gather(
        *(lonely_api.post("/api/jobs/create", json=PLAIN, headers={"Idempotency-Key": "k"}) for _ in range(8))
    )

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["jobId"] for answer in answers}) == 1
    assert len(await store.jobs.list("local", _all())) == 1


async def test_a_key_that_another_request_holds_is_busy(
    lonely_api: httpx.AsyncClient, store: Store, database_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    unfinished = connection.transaction()
    await unfinished.start()
    await connection.execute(
        "INSERT INTO idempotency_keys (owner, key, request_hash, job_id) VALUES ('local', 'k', 'x', gen_random_uuid())"
    )
    answer = await lonely_api.post("/api/jobs/create", json=PLAIN, headers={"Idempotency-Key": "k"})
    await unfinished.rollback()
    await connection.close()

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert int(answer.headers["retry-after"]) > 0
    assert await store.jobs.list("local", _all()) == []


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\xe9"])
async def test_a_malformed_key_is_refused(lonely_api: httpx.AsyncClient, store: Store, key: str) -> None:
    answer = await lonely_api.post("/api/jobs/create", json=PLAIN, headers={b"Idempotency-Key": key.encode("latin-1")})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"
    assert await store.jobs.list("local", _all()) == []


async def test_another_owners_job_is_not_found(lonely_settings: Settings, store: Store) -> None:
    row, _ = await store.jobs.accept(new_job(lonely_settings, owner="somebody"))
    async with open_api(lonely_settings) as client:
        looked = await client.get(f"/api/jobs/{row.id}")
        cancelled = await client.delete(f"/api/jobs/{row.id}")
        listed = await client.get("/api/jobs")

    assert (looked.status_code, cancelled.status_code, listed.json()["items"]) == (404, 404, [])
    assert (await store.jobs.get(row.id)).status == JobStatus.QUEUED


def _all() -> JobFilter:
    return JobFilter(limit=100)


async def _write_prompt(store: Store, prompt_job_id: str) -> None:
    """Complete a prompt job as its activity would."""
    id_ = UUID(prompt_job_id)
    await store.prompts.begin(id_)
    attempt = await store.prompts.begin_attempt(id_, "grok-4.3")
    result = PromptResult(prompt_job_id=id_, prompt="a written fox", source=PromptSource.GROK, grok_model="grok-4.3")
    await store.prompts.finish(PromptEnd(prompt_job_id=id_, attempt_no=attempt.attempt_no, result=result))


async def test_without_a_web_ui_there_is_no_link_to_it(lonely_settings: Settings) -> None:
    async with open_api(lonely_settings.model_copy(update={"temporal_ui_url": None})) as client:
        job = await create(client)
        page = (await client.get("/")).text

    assert job["links"]["temporal"] is None
    assert "Temporal Web UI" not in page


async def test_a_list_has_only_the_fields_that_are_asked_for(lonely_api: httpx.AsyncClient) -> None:
    job = await create(lonely_api)

    some = (await lonely_api.get("/api/jobs", params={"fields": ["jobId", "statusText", "wait"]})).json()
    unknown = await lonely_api.get("/api/jobs", params={"fields": ["jobId", "statusTxt"]})

    assert some["nextCursor"] is None
    assert [set(item) for item in some["items"]] == [{"jobId", "statusText", "wait"}]
    assert some["items"][0]["jobId"] == job["jobId"]
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/query/fields/1")
    assert "Did you mean statusText?" in unknown.json()["detail"]
