"""Who may do what, and what owners see of each other: tried on every operation of the OpenAPI document."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from promptmill.config.settings import Settings
from promptmill.contracts.access import Scope
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.fixtures.operations import BODIES, Operation, operations_of
from tests.fixtures.record import written
from tests.support import eventually

NOTHING = "01890000-0000-7000-8000-000000000000"
PLAIN = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}
OURS = frozenset({"job_id", "prompt_job_id", "template_id", "collection_id", "batch_id"})
"""Parameters of paths that name what belongs to an owner."""

NAMED = {("model",), ("owner", "period"), ("token", "name"), ("style",), ("provider",)}
"""What stands in paths that are nobody's: the catalogue's models; budgets, which are set by admins alone;
what was shared with anyone who has the address; names of styles, which each owner has for itself; providers."""

OF_STORED_OUTPUTS = ("/archive", "/{shown}", "/share")
"""Ends of paths that are there for stored outputs alone (test_api_outputs.py)."""


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another client's connection."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def operations(client: httpx.AsyncClient) -> list[Operation]:
    return operations_of((await client.get("/openapi.json")).json())


def told(answer: httpx.Response, *ids: str) -> Any:
    """Return what an answer tells, apart from what names the request."""
    if not answer.is_closed or not answer.content:
        return answer.status_code
    text = re.sub("|".join(map(re.escape, ids)), "ID", answer.text) if ids else answer.text
    try:
        body = json.loads(text)
    except ValueError:
        return answer.status_code, text
    return answer.status_code, {name: value for name, value in body.items() if name != "requestId"}


async def test_each_operation_needs_its_scope_and_no_other(lonely_api: httpx.AsyncClient, store: Store) -> None:
    everything = await operations(lonely_api)
    closed = [one for one in everything if one.scopes]
    needed = {one.scopes for one in closed}
    lacking = {scopes: await make_key(store, frozenset(Scope) - scopes) for scopes in needed}
    having = {scope: await make_key(store, frozenset({Scope(scope)})) for scopes in needed for scope in scopes}
    assert {scope for scopes in needed for scope in scopes} == set(Scope), "each scope opens something"

    async def judge(one: Operation) -> None:
        refused = await one.call(lonely_api, lacking[one.scopes], NOTHING)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing"), one
        assert all(scope in refused.json()["detail"] for scope in one.scopes), one
        for scope in one.scopes:
            let_in = await one.call(lonely_api, having[scope], NOTHING)
            assert let_in.status_code not in {401, 403}, (one, let_in.text)
        nobody = await one.call(lonely_api, None, NOTHING)
        assert nobody.status_code == 401, one

    await asyncio.gather(*(judge(one) for one in closed))
    opened = {one.path for one in everything if not one.scopes}
    open_to_all = {"/api/session", "/api/webhooks/wavespeed/{job_id}", "/shared/{token}/{name}", "/healthz", "/readyz"}
    assert opened == open_to_all


async def test_a_forced_retry_needs_more_than_a_retry(lonely_api: httpx.AsyncClient, store: Store) -> None:
    member = await make_key(store, "member")
    job_id = (await lonely_api.post("/api/jobs/create", json=PLAIN, headers=bearer(member))).json()["jobId"]
    forced = await lonely_api.post(f"/api/jobs/{job_id}/retry", json={"force": True}, headers=bearer(member))
    plain = await lonely_api.post(f"/api/jobs/{job_id}/retry", json={}, headers=bearer(member))

    assert (forced.status_code, forced.json()["code"]) == (403, "scope_missing")
    assert "jobs:resolve" in forced.json()["detail"]
    assert plain.json()["code"] == "job_open"


class Team:
    """An owner with a key of the role operator."""

    def __init__(self, client: httpx.AsyncClient, key: str) -> None:
        self.client = client
        self.key = key

    async def get(self, path: str, **headers: str) -> Any:
        return (await self.client.get(path, headers=bearer(self.key, **headers))).json()

    async def create(self, path: str = "/api/jobs/create", **fields: Any) -> httpx.Response:
        key = fields.pop("idempotency_key", None)
        headers = {"Idempotency-Key": key} if key else {}
        body = PLAIN if path == "/api/jobs/create" else {"instructions": "a lighthouse"}
        return await self.client.post(path, json=body | fields, headers=bearer(self.key) | headers)

    async def new_job(self) -> str:
        return str((await self.create()).json()["jobId"])

    async def new_prompt_job(self) -> str:
        return str((await self.create("/api/prompt/queue")).json()["promptJobId"])


async def team(client: httpx.AsyncClient, store: Store, owner: str) -> Team:
    return Team(client, await make_key(store, "operator", owner))


async def test_anothers_ids_are_as_those_of_nothing(lonely_api: httpx.AsyncClient, store: Store) -> None:
    mine, theirs = await team(lonely_api, store, "team-a"), await team(lonely_api, store, "team-b")
    admin = await make_key(store, "admin", "team-c")
    job, prompt = await mine.new_job(), await mine.new_prompt_job()
    await store.jobs.advance(JobChange(job_id=UUID(job), status=JobStatus.FAILED))
    await lonely_api.post("/api/session", json={"key": mine.key})
    lonely_api.cookies.clear()
    [session] = (await lonely_api.get("/api/sessions", headers=bearer(admin))).json()["items"]
    own = {"job_id": job, "prompt_job_id": prompt, "key_id": mine.key[3:11], "session_id": session["id"]}
    none = {"job_id": NOTHING, "prompt_job_id": NOTHING, "key_id": "00000000", "session_id": NOTHING}
    kinds = (("template_id", "templates"), ("collection_id", "collections"), ("batch_id", "batches"))
    for name, path in kinds:
        body = BODIES[f"create_{name.removesuffix('_id')}"]
        made = await lonely_api.post(f"/api/{path}", json=body, headers=bearer(mine.key))
        own, none = own | {name: made.json()[name.split("_")[0] + "Id"]}, none | {name: NOTHING}
    own, none = own | {"owner": "team-a"}, none | {"owner": "nobody"}
    looks = (f"/api/jobs/{job}", f"/api/jobs/{job}/events", f"/api/prompt/queue/{prompt}")
    before = [await mine.get(path) for path in looks]
    with_ids = [one for one in await operations(lonely_api) if one.parameters and one.parameters not in NAMED]
    assert len(with_ids) > 10

    for one in with_ids:
        [parameter] = one.parameters
        assert parameter in own, f"{one.path}: say what {parameter} is"
        ours = bool(one.scopes) and parameter in OURS
        for key in (theirs.key, admin) if ours else (theirs.key,):
            for headers in ({}, {"Accept": "text/event-stream"}, {"Idempotency-Key": "k"}):
                found, missing = [await one.call(lonely_api, key, ids[parameter], **headers) for ids in (own, none)]
                assert told(found, own[parameter]) == told(missing, none[parameter]), one
                assert found.status_code == 404 or not ours, one
    assert [await mine.get(path) for path in looks] == before, "nothing has changed"

    for one in sorted(with_ids, key=lambda one: one.method == "delete"):
        [parameter] = one.parameters
        if one.scopes and parameter in OURS and not one.path.endswith(OF_STORED_OUTPUTS):
            known = await one.call(lonely_api, mine.key, own[parameter])
            assert known.status_code != 404, f"{one}: to its owner it exists"


async def test_owners_are_apart_wherever_no_id_is_given(lonely_api: httpx.AsyncClient, store: Store) -> None:
    one, other = await team(lonely_api, store, "team-a"), await team(lonely_api, store, "team-b")
    same = [await each.create(idempotency_key="same", metadata={"of": of}) for each, of in ((one, "a"), (other, "b"))]
    prompts = [await one.create("/api/prompt/queue", idempotency_key="prompt") for _ in range(2)]
    written_job = prompts[0].json()["promptJobId"]
    await store.prompts.begin(UUID(written_job))
    await store.prompts.begin_attempt(UUID(written_job), "grok-4")
    await store.prompts.finish(written(UUID(written_job), 1))
    rating = await lonely_api.put(
        f"/api/prompt/queue/{written_job}/rating", json={"rating": "up"}, headers=bearer(one.key)
    )
    reused = {"promptJobId": written_job, "prompt": None}
    reuse, stolen = [await each.create(**reused) for each in (one, other)]
    nothing = await other.create(**(reused | {"promptJobId": NOTHING}))

    assert [answer.status_code for answer in (*same, *prompts, rating, reuse)] == [202, 202, 202, 202, 200, 202]
    assert [answer.headers.get("idempotency-replayed") for answer in (*same, *prompts)] == [None, None, None, "true"]
    assert told(stolen, written_job) == told(nothing, NOTHING)
    assert stolen.status_code == 422
    lists = [(await each.get("/api/jobs"))["items"] for each in (one, other)]
    assert [[job["owner"] for job in items] for items in lists] == [["team-a"] * 2, ["team-b"]]
    assert [job["metadata"] for job in lists[1]] == [{"of": "b"}]
    found = [await each.get("/api/jobs?q=lighthouse") for each in (one, other)]
    assert [len(page["items"]) for page in found] == [1, 1]
    cursor = (await one.get("/api/jobs?limit=1"))["nextCursor"]
    assert {job["owner"] for job in (await other.get(f"/api/jobs?cursor={cursor}"))["items"]} <= {"team-b"}
    statistics = [await each.get("/api/prompt/queue") for each in (one, other)]
    assert [told_["totalCompleted"] for told_ in statistics] == [1, 0]
    assert [told_["jobs"]["queued"] for told_ in statistics] == [2, 1]
    assert [len(told_["satisfaction"]) for told_ in statistics] == [1, 0]


async def test_a_place_in_the_queue_tells_how_many_and_not_whose(lonely_api: httpx.AsyncClient, store: Store) -> None:
    one, other = await team(lonely_api, store, "team-a"), await team(lonely_api, store, "team-b")
    waiting = [await each.new_prompt_job() for each in (one, one, other)]
    for prompt_job_id in waiting:
        await store.prompts.begin(UUID(prompt_job_id))
    shown = await other.get(f"/api/prompt/queue/{waiting[2]}")

    assert (shown["wait"]["position"], shown["wait"]["of"]) == (2, 3)
    assert not re.search("team-a|" + "|".join(waiting[:2]), json.dumps(shown))


async def test_streams_are_apart_and_end_with_the_key(
    lonely_settings: Settings, store: Store, sql: asyncpg.Connection
) -> None:
    settings = lonely_settings.model_copy(update={"stream_heartbeat_seconds": 0.2})
    async with open_api(settings) as client:
        one, other = await team(client, store, "team-a"), await team(client, store, "team-b")
        listening = {"Accept": "text/event-stream"}
        async with (
            client.stream("GET", "/api/jobs/events", headers=bearer(one.key) | listening) as mine,
            client.stream("GET", "/api/jobs/events", headers=bearer(other.key) | listening) as theirs,
        ):
            got: dict[str, str] = {"mine": "", "theirs": ""}

            async def read(name: str, answer: httpx.Response) -> None:
                async for text in answer.aiter_text():
                    got[name] += text

            readers = [asyncio.create_task(read(*pair)) for pair in (("mine", mine), ("theirs", theirs))]
            job, hidden = await one.new_job(), await other.new_job()
            await eventually(lambda: job in got["mine"] and hidden in got["theirs"])
            await sql.execute("UPDATE api_keys SET revoked_at = now() WHERE id = $1", other.key[3:11])
            async with asyncio.timeout(60):
                await readers[1]
            after = await one.new_job()
            await eventually(lambda: after in got["mine"])
            readers[0].cancel()

    assert hidden not in got["mine"]
    assert job not in got["theirs"]
    assert after not in got["theirs"]


async def test_an_admin_acts_for_an_owner_by_a_header(lonely_api: httpx.AsyncClient, store: Store) -> None:
    theirs = await team(lonely_api, store, "team-a")
    admin, member = await make_key(store), await make_key(store, "member", "team-b")
    job = await theirs.new_job()
    path, acting = f"/api/jobs/{job}", {"Promptmill_Owner": "team-a"}
    without = await lonely_api.get(path, headers=bearer(admin))
    with_it = await lonely_api.get(path, headers=bearer(admin, **acting))
    created = await lonely_api.post("/api/jobs/create", json=PLAIN, headers=bearer(admin, **acting))
    not_theirs = await lonely_api.get(path, headers=bearer(member, **acting))
    own = await lonely_api.get("/api/jobs", headers=bearer(member, Promptmill_Owner="team-b"))
    nobody = await lonely_api.get(path, headers=bearer(admin, Promptmill_Owner="team-x"))
    hidden = await lonely_api.get(path, headers=bearer(member, Promptmill_Owner="team-x"))

    assert (without.status_code, with_it.status_code) == (404, 200)
    assert created.json()["owner"] == "team-a"
    assert (not_theirs.status_code, not_theirs.json()["code"]) == (403, "scope_missing")
    assert "Promptmill-Owner" in not_theirs.json()["detail"]
    assert own.status_code == 200
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown_owner")
    assert told(hidden) == told(not_theirs), "who may not act for others does not learn who exists"
    assert len((await theirs.get("/api/jobs"))["items"]) == 2
