"""Limits and pauses over HTTP: what an owner may have and ask for, told where it is refused, and set by admins."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from promptmill.config.settings import Settings
from promptmill.contracts.audit import AuditFilter
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.limits import OUTPUT_INPUTS
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.fixtures.mill import IMAGE_MODEL

CREATE = "/api/jobs/create"
PLAIN: dict[str, Any] = {"model": IMAGE_MODEL, "prompt": "a fox"}
LOCAL = "/api/owners/local"


@pytest.fixture
async def limited(lonely_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An API whose installation allows 4 outputs and priority 6, and which may ask WaveSpeed, who is not there."""
    own = {"outputs_per_job": 4, "highest_priority": 6, "wavespeed_api_key": SecretStr("key-of-a-test")}
    async with open_api(lonely_settings.model_copy(update=own)) as client:
        yield client


async def change(api: httpx.AsyncClient, **limits: Any) -> None:
    (await api.patch(LOCAL, json=limits)).raise_for_status()


async def test_a_full_queue_is_told_and_its_place_comes_back(lonely_api: httpx.AsyncClient, store: Store) -> None:
    await change(lonely_api, openJobs=3)

    answers = await asyncio.gather(*(lonely_api.post(CREATE, json=PLAIN) for _ in range(12)))
    accepted = [answer.json()["jobId"] for answer in answers if answer.status_code == 202]
    refused = next(answer for answer in answers if answer.status_code != 202)

    assert Counter(answer.status_code for answer in answers) == {202: 3, 429: 9}
    assert (refused.json()["code"], refused.headers["Retry-After"]) == ("queue_full", "10")
    assert refused.json()["detail"] == "local has 3 open jobs, of at most 3."
    await store.jobs.advance(JobChange(job_id=accepted[0], status=JobStatus.FAILED))
    retried = await lonely_api.post(f"/api/jobs/{accepted[0]}/retry", json={})
    full = await lonely_api.post(CREATE, json=PLAIN)
    assert (retried.status_code, full.status_code) == (202, 429)


async def test_requests_a_minute_are_counted_and_told_in_headers(lonely_api: httpx.AsyncClient) -> None:
    await change(lonely_api, requestsPerMinute=3)

    first = await lonely_api.post(CREATE, json=PLAIN)
    wrong = await lonely_api.post(CREATE, json={})
    last = await lonely_api.post("/api/prompt/queue", json={"prompt": "a fox"})
    refused = await lonely_api.post(CREATE, json=PLAIN)
    free = [await lonely_api.get("/api/jobs"), await lonely_api.delete(f"/api/jobs/{first.json()['jobId']}")]

    assert [answer.status_code for answer in (first, wrong, last, refused)] == [202, 422, 202, 429]
    assert refused.json()["code"] == "rate_limited"
    assert {answer.headers["RateLimit-Policy"] for answer in (first, wrong, last, refused)} == {'"requests";q=3;w=60'}
    told = [answer.headers["RateLimit"].partition(";t=") for answer in (first, wrong, last, refused)]
    assert [left for left, _, _ in told] == [f'"requests";r={left}' for left in (2, 1, 0, 0)]
    assert all(1 <= int(seconds) <= 60 for _, _, seconds in told)
    assert refused.headers["Retry-After"] == told[-1][2]
    assert [answer.status_code for answer in free] == [200, 200]
    assert all("RateLimit" not in answer.headers for answer in free)
    await change(lonely_api, requestsPerMinute=None)
    assert "RateLimit" not in (await lonely_api.post(CREATE, json=PLAIN)).headers


async def test_every_method_that_writes_is_counted(lonely_api: httpx.AsyncClient) -> None:
    job = (await lonely_api.post(CREATE, json=PLAIN)).json()["jobId"]
    await change(lonely_api, requestsPerMinute=2)

    answers = [
        await lonely_api.put("/api/queue/pause"),
        await lonely_api.patch(f"/api/jobs/{job}/tags", json={"add": ["sea"]}),
        await lonely_api.patch(f"/api/jobs/{job}", json={"priority": 6}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 429]


async def test_models_priorities_and_outputs_are_compared_and_the_field_is_named(
    limited: httpx.AsyncClient, store: Store
) -> None:
    old = (await limited.post(CREATE, json=PLAIN | {"priority": 6}, headers={"Idempotency-Key": "old"})).json()["jobId"]
    await store.jobs.advance(JobChange(job_id=old, status=JobStatus.FAILED))

    too_much = [
        (PLAIN | {"priority": 7}, "limit_exceeded", "/priority"),
        *(
            (PLAIN | {"input": {name: 5}, "allowUnknownModel": True}, "limit_exceeded", f"/input/{name}")
            for name in OUTPUT_INPUTS
        ),
    ]
    for body, code, pointer in too_much:
        answer = await limited.post(CREATE, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await limited.post("/api/prompt/queue", json={"prompt": "a", "priority": 7})).status_code == 403

    await change(limited, models=["bytedance/*", "*/flux-schnell"], highestPriority=5)
    answers = [
        await limited.post(CREATE, json=PLAIN),
        await limited.post(f"/api/jobs/{old}/retry", json={}),
        await limited.post(CREATE, json={"model": "bytedance/seedream-v4", "prompt": "a fox"}),
        await limited.post(CREATE, json=PLAIN | {"priority": 6}, headers={"Idempotency-Key": "old"}),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 202, 202]
    for refused in answers[:2]:
        problem = refused.json()
        assert (problem["code"], problem["errors"][0]["pointer"]) == ("model_not_allowed", "/model")
        assert "bytedance/*, */flux-schnell" in problem["detail"]
    assert answers[3].json()["jobId"] == old, "what was accepted before is not compared again"


async def test_uploads_and_streams_have_limits_of_their_own(limited: httpx.AsyncClient) -> None:
    await change(limited, uploadsPerDay=1, streams=0)
    form = {"file": ("a.png", b"no image", "image/png")}

    uploads = [await limited.post("/api/uploads", files=form) for _ in range(2)]
    stream = await limited.get("/api/jobs/events")

    assert [(answer.status_code, answer.json()["code"]) for answer in uploads] == [
        (415, "picture_type"),
        (429, "rate_limited"),
    ]
    assert uploads[0].headers["RateLimit-Policy"] == '"uploads";q=1;w=86400'
    assert "1 uploads a day" in uploads[1].json()["detail"]
    assert (stream.status_code, stream.json()["code"]) == (429, "too_many_streams")


async def test_an_admin_pauses_and_resumes_an_owner(lonely_api: httpx.AsyncClient, store: Store) -> None:
    key = await make_key(store, owner="team-a")
    admin, team = bearer(await make_key(store)), bearer(key)

    paused = await lonely_api.put("/api/owners/team-a/pause", json={"reason": " Costs "}, headers=admin)
    refused = await lonely_api.post(CREATE, json=PLAIN, headers=team)
    others = await lonely_api.post(CREATE, json=PLAIN, headers=admin)
    read = await lonely_api.get("/api/jobs", headers=team)
    resumed = await lonely_api.delete("/api/owners/team-a/pause", headers=admin)
    accepted = await lonely_api.post(CREATE, json=PLAIN, headers=team)

    shown = paused.json()
    assert (shown["pausedReason"], shown["pausedBy"][:4]) == ("Costs", "key:")
    assert (refused.status_code, refused.json()["code"]) == (423, "owner_paused")
    assert refused.json()["detail"] == f"Team-a is paused by {shown['pausedBy']}: Costs."
    assert [answer.status_code for answer in (others, read, resumed, accepted)] == [202, 200, 200, 202]
    assert resumed.json()["pausedAt"] is None
    entries = await store.audit.list(AuditFilter(target="owner:team-a"))
    assert {"owner.pause", "owner.resume"} <= {entry.action for entry in entries}
    assert all(entry.request_id for entry in entries if entry.action == "owner.pause")


async def test_limits_are_shown_changed_one_by_one_and_checked(limited: httpx.AsyncClient) -> None:
    await change(limited, openJobs=5, streams=9)
    changed = (await limited.patch(LOCAL, json={"streams": None, "models": ["bytedance/*"]})).json()
    listed = (await limited.get("/api/owners")).json()

    own = {"openJobs": 5, "models": ["bytedance/*"]}
    assert {name: value for name, value in changed["limits"].items() if value is not None} == own
    assert [item["limits"] for item in listed["items"]] == [changed["limits"]]
    assert (listed["limits"]["outputsPerJob"], listed["limits"]["highestPriority"]) == (4, 6)
    assert listed["limits"]["openJobs"] is None
    for wrong, pointer in (
        ({"openJobs": -1}, "/openJobs"),
        ({"requestsPerMinute": 0}, "/requestsPerMinute"),
        ({"highestPriority": 11}, "/highestPriority"),
        ({"streams": "3"}, "/streams"),
        ({"models": ["a b"]}, "/models/0"),
        ({"jobs": 3}, "/jobs"),
    ):
        answer = await limited.patch(LOCAL, json=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    for method, path in (("PATCH", "/api/owners/nobody"), ("PUT", "/api/owners/nobody/pause")):
        answer = await limited.request(method, path, json={"reason": "x"} if method == "PUT" else {"streams": 1})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_owner")
    assert (await limited.put(f"{LOCAL}/pause", json={"reason": "  "})).status_code == 422
