"""Erasing and exporting through the API and the commands: who may, what is answered, what the audit log has."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

import httpx
from typer.testing import CliRunner

from promptmill.cli import app
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key

WORDS = "a fox that nobody may see"


async def _cancelled(api: httpx.AsyncClient, **headers: str) -> str:
    """An ended job: nothing starts it here, so that it is cancelled at once."""
    body = {"model": "bytedance/seedream-v4", "prompt": WORDS, "metadata": {"who": "anna"}}
    made = (await api.post("/api/jobs/create", json=body, headers=headers)).json()
    assert (await api.delete(f"/api/jobs/{made['jobId']}", headers=headers)).json()["status"] == "cancelled"
    return str(made["jobId"])


async def test_an_ended_job_is_erased_and_stays_visible_as_that(lonely_api: httpx.AsyncClient, store: Store) -> None:
    created = {"model": "bytedance/seedream-v4", "prompt": WORDS}
    job_id = (await lonely_api.post("/api/jobs/create", json=created)).json()["jobId"]
    path = f"/api/jobs/{job_id}"
    refused = await lonely_api.post(f"{path}/erase")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_open")
    assert "cancel it first" in refused.json()["detail"]
    ended = (await lonely_api.delete(path)).json()
    assert ended["links"]["erase"] == f"{path}/erase"

    erased = await lonely_api.post(f"{path}/erase")

    told = erased.json()
    assert erased.status_code == 202
    assert (told["status"], told["prompt"], told["erasedAt"]) == ("cancelled", None, None)
    assert told["eraseRequestedAt"]
    assert (told["links"]["erase"], told["links"]["retry"]) == (None, None)
    await store.erasures.note_problem(UUID(job_id), "WaveSpeed is unreachable.")
    assert "It waits: WaveSpeed is unreachable." in (await lonely_api.get(path)).json()["statusText"]
    notices = (await lonely_api.get("/api/init")).json()["notices"]
    assert "1 waits; one because: WaveSpeed is unreachable." in [notice["text"] for notice in notices]
    for method, where in (("POST", "retry"), ("PUT", "rating")):
        answer = await lonely_api.request(method, f"{path}/{where}", json={"kept": True} if where == "rating" else None)
        assert (answer.status_code, answer.json()["code"]) == (409, "erased"), answer.text

    for pending in await store.erasures.take(10):
        await store.erasures.done(pending)
    again = await lonely_api.post(f"{path}/erase")
    assert (again.status_code, again.json()["links"]["temporal"]) == (200, None)
    assert again.json()["statusText"].endswith("Erased: its words, addresses and outputs are gone.")
    texts = [event["text"] for event in (await lonely_api.get(f"{path}/events")).json()["items"]]
    assert texts[-2:] == [
        "Its words, addresses and outputs were erased here.",
        "It was erased, at Temporal and WaveSpeed too.",
    ]
    assert WORDS not in (await lonely_api.get(path)).text


async def test_who_may_erase_and_export(lonely_api: httpx.AsyncClient, store: Store) -> None:
    """A member erases jobs of its own owner; owners as a whole are for admins."""
    admin, viewer = await make_key(store), await make_key(store, "viewer")
    member = await make_key(store, "member")
    job_id = await _cancelled(lonely_api, **bearer(member))
    paths = [f"/api/jobs/{job_id}/erase", "/api/owners/local/erase", "/api/owners/local/export"]
    bodies = [None, {"confirm": "local"}, None]

    codes = [
        [
            (
                await lonely_api.request("GET" if "export" in path else "POST", path, json=body, headers=bearer(key))
            ).status_code
            for path, body in zip(paths, bodies, strict=True)
        ]
        for key in (viewer, member, admin)
    ]

    assert codes == [[403, 403, 403], [202, 403, 403], [202, 202, 200]]


async def test_an_owner_is_erased_only_by_its_name_and_exports_are_told(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    job_id = await _cancelled(lonely_api)
    wrong = await lonely_api.post("/api/owners/local/erase", json={"confirm": "team-b"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/confirm")
    for path in ("/api/owners/nobody/export", "/api/owners/nobody/erase"):
        unknown = await lonely_api.request(
            "GET" if "export" in path else "POST", path, json=None if "export" in path else {"confirm": "nobody"}
        )
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_owner")

    exported = await lonely_api.get("/api/owners/local/export")
    asked = await lonely_api.post(
        "/api/owners/local/erase", json={"confirm": "local", "acceptedUntil": "2999-01-01T00:00:00Z"}
    )

    lines = [json.loads(line) for line in exported.text.splitlines()]
    assert exported.headers["content-type"].startswith("application/x-ndjson")
    assert lines[0]["kind"] == "job"
    assert lines[0]["data"]["prompt"] == WORDS
    assert asked.json()["acceptedUntil"] <= asked.json()["requestedAt"], "never what is accepted later"
    entries = (await lonely_api.get("/api/audit", params={"owner": "local"})).json()["items"]
    assert [(entry["action"], entry["target"]) for entry in entries[:2]] == [
        ("owner.erase", "owner:local"),
        ("owner.export", "owner:local"),
    ]
    assert WORDS not in json.dumps(entries)
    assert (await lonely_api.get(f"/api/jobs/{job_id}")).json()["eraseRequestedAt"] is None, "it begins with a pass"


async def test_the_commands_do_the_same(lonely_api: httpx.AsyncClient, database_url: str) -> None:
    environment = {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_SIMULATED_ONLY": "", "DATABASE_URL": database_url}
    job_id = await _cancelled(lonely_api)
    other = "01890000-0000-7000-8000-000000000000"

    async def run(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner(env={"TERM": "dumb"}).invoke, app, [*words], env=environment)
        return done.exit_code, done.output

    code, exported = await run("export", "--owner", "local")
    assert (code, json.loads(exported.splitlines()[-1])["kind"]) == (0, "end")
    code, told = await run("erase", "job", job_id, other)
    assert code == 1
    assert f"{job_id}: erased here" in told
    assert f"{other}: there is no such job." in told
    assert (await run("erase", "owner", "local", "--confirm", "locla"))[0] == 2
    code, told = await run("erase", "owner", "local", "--confirm", "local", "--until", "2026-01-01")
    assert (code, "until 2026-01-01 00:00:00 UTC" in told) == (0, True), told
