"""Pauses over HTTP: of the caller's own queue, beside an admin's pause, and of a provider, by operators."""

from __future__ import annotations

from uuid import UUID

import httpx

from promptmill.contracts.access import Scope
from promptmill.contracts.audit import AuditFilter
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.mill import IMAGE_MODEL, Mill
from tests.support import eventually

CREATE = "/api/jobs/create"
PAUSE = "/api/queue/pause"
PLAIN = {"model": IMAGE_MODEL, "prompt": "a fox"}


async def test_an_owner_pauses_its_own_queue_and_lifts_no_admins_pause(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    admin = bearer(await make_key(store))
    team = bearer(await make_key(store, frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE}), "team-a"))
    others = bearer(await make_key(store, "member", "team-b"))

    paused = (await lonely_api.put(PAUSE, headers=team)).json()
    again = (await lonely_api.put(PAUSE, headers=team)).json()
    added = await lonely_api.post(CREATE, json=PLAIN, headers=team)
    seen = (await lonely_api.get("/api/queue", headers=team)).json()
    theirs = (await lonely_api.get("/api/queue", headers=others)).json()
    reported = (await lonely_api.get("/api/init", headers=team)).json()["queue"]

    assert (paused["owner"], paused["queuePausedBy"][:4], paused["pausedAt"]) == ("team-a", "key:", None)
    assert paused["queuePausedAt"]
    assert paused == again == seen == reported
    assert added.status_code == 202, "jobs can be added to a queue that its owner paused"
    assert (theirs["owner"], theirs["queuePausedAt"]) == ("team-b", None)

    await lonely_api.put("/api/owners/team-a/pause", json={"reason": "Costs"}, headers=admin)
    resumed = (await lonely_api.delete(PAUSE, headers=team)).json()
    refused = await lonely_api.post(CREATE, json=PLAIN, headers=team)
    shown = (await lonely_api.get("/api/owners", headers=admin)).json()["items"]

    assert (resumed["queuePausedAt"], resumed["pausedReason"]) == (None, "Costs")
    assert (refused.status_code, refused.json()["code"]) == (423, "owner_paused")
    [listed] = [item for item in shown if item["name"] == "team-a"]
    assert (listed["queuePausedAt"], bool(listed["pausedAt"])) == (None, True)
    entries = await store.audit.list(AuditFilter(owner="team-a"))
    assert {"queue.pause", "queue.resume", "owner.pause"} <= {entry.action for entry in entries}


async def test_without_keys_the_one_owner_pauses_too(lonely_api: httpx.AsyncClient) -> None:
    paused = (await lonely_api.put(PAUSE)).json()
    resumed = (await lonely_api.delete(PAUSE)).json()

    assert (paused["owner"], bool(paused["queuePausedAt"]), resumed["queuePausedAt"]) == ("local", True, None)


async def test_a_job_says_that_its_own_queue_is_paused_and_since_when(
    mill: Mill, api_client: httpx.AsyncClient
) -> None:
    job_id: UUID = await mill.accept()
    paused = (await api_client.put(PAUSE)).json()
    await mill.start(job_id)

    async def held() -> bool:
        return (await mill.store.jobs.events(job_id))[-1].reason_code == "owner_paused"

    await eventually(held, what="the pause holds it")
    shown = (await api_client.get(f"/api/jobs/{job_id}")).json()
    [listed] = (await api_client.get("/api/jobs")).json()["items"]

    assert shown["wait"]["for"] == listed["wait"]["for"] == "own_resumption"
    assert shown["wait"]["stoppedSince"] == paused["queuePausedAt"]
    assert shown["statusText"] == f"Waiting: the queue of local is paused by {paused['queuePausedBy']}."
    assert await mill.wavespeed.requests("submit") == []


async def test_operators_pause_a_provider_with_a_reason_and_resume_it(
    mill: Mill, api_client: httpx.AsyncClient
) -> None:
    wrong = [
        await api_client.put("/api/providers/grok/pause", json={"reason": "  "}),
        await api_client.put("/api/providers/openai/pause", json={"reason": "Costs"}),
    ]
    paused = (await api_client.put("/api/providers/wavespeed/pause", json={"reason": " Costs "})).json()

    async def listed() -> bool:
        items = (await api_client.get("/api/providers")).json()["items"]
        return [(item["provider"], item["paused"]) for item in items] == [("grok", False), ("wavespeed", True)]

    await eventually(listed, what="Temporal tells the pause")
    resumed = (await api_client.delete("/api/providers/wavespeed/pause")).json()

    assert [answer.status_code for answer in wrong] == [422, 422]
    assert (paused["paused"], paused["reason"], bool(paused["by"]), bool(paused["since"])) == (
        True,
        "Costs",
        True,
        True,
    )
    assert resumed["paused"] is False
    entries = await mill.store.audit.list(AuditFilter(target="provider:wavespeed"))
    assert [entry.after and entry.after["perSecond"] for entry in entries] == [None, 0]
