"""The audit log as admins read it: pages, filters, CSV, and the command."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from promptmill.cli import app
from promptmill.commands.operator import operator
from promptmill.config.settings import Settings
from promptmill.store import Store, audit
from tests.fixtures.access import bearer, make_key

AUDIT = "/api/audit"


async def items(client: httpx.AsyncClient, key: str, **filters: str) -> list[dict[str, Any]]:
    answer = await client.get(AUDIT, params=filters, headers=bearer(key))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_who_did_what_from_where_with_which_request(lonely_api: httpx.AsyncClient, store: Store) -> None:
    admin = await make_key(store)
    for_team = bearer(admin, X_Request_Id="-7")
    await lonely_api.post("/api/owners", json={"name": "team-a"}, headers=for_team)
    made = (await lonely_api.post("/api/keys", json={"name": "=ci", "owner": "team-a", "role": "viewer"},
                                  headers=for_team)).json()  # fmt: skip
    signed_in = await lonely_api.post("/api/session", json={"key": made["key"]})
    await lonely_api.delete("/api/session", headers={"Cookie": signed_in.headers["set-cookie"].partition(";")[0]})
    lonely_api.cookies.clear()
    for _ in range(2):
        assert (await lonely_api.post("/api/session", json={"key": "wrong"})).status_code == 401
        assert (await lonely_api.get("/api/jobs", headers=bearer("wrong"))).status_code == 401
    await lonely_api.delete(f"/api/keys/{made['id']}", headers=for_team)

    found = await items(lonely_api, admin)
    refused = await items(lonely_api, admin, action="session.refuse")

    did = [(entry["action"], entry["actor"]) for entry in found[::-1] if entry["action"] != "session.refuse"]
    by_admin, by_team = f"key:{admin[3:11]}", f"key:{made['id']}"
    assert did[-5:] == [
        ("owner.add", by_admin), ("key.create", by_admin), ("session.begin", by_team),
        ("session.end", f"{found[-4]['target']} {by_team}"), ("key.revoke", by_admin),
    ]  # fmt: skip
    assert {entry["address"] for entry in found if entry["requestId"]} == {"127.0.0.1"}
    assert found[0]["requestId"] == "-7"
    assert {(entry["actor"], entry["target"]) for entry in refused} == {("unknown", None)}
    assert len({entry["at"][:16] for entry in refused}) == len(refused) <= 2, "one a minute"
    assert made["key"] not in str(found)


async def test_pages_filters_and_csv_are_the_same_entries(
    lonely_api: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 2)
    admin = await make_key(store)
    for name in ("team-a", "team-b", "team-c"):
        await lonely_api.post("/api/owners", json={"name": name}, headers=bearer(admin, X_Request_Id="-7"))
    everything = await items(lonely_api, admin)
    pages: list[list[dict[str, Any]]] = []
    cursor: str | None = None
    while not pages or cursor:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = await lonely_api.get(AUDIT, params=params, headers=bearer(admin))
        pages.append(answer.json()["items"])
        cursor = answer.json()["nextCursor"]

    since, until = everything[1]["at"], everything[0]["at"]
    between = await items(lonely_api, admin, since=since, until=until)
    of_team = await items(lonely_api, admin, owner="team-b", actor=f"key:{admin[3:11]}", target="owner:team-b")
    by_format = await lonely_api.get(AUDIT, params={"format": "csv"}, headers=bearer(admin))
    by_accept = await lonely_api.get(AUDIT, headers=bearer(admin, Accept="text/csv"))

    assert [entry for page in pages for entry in page] == everything
    assert [len(page) for page in pages][:2] == [2, 2]
    assert between == everything[1:2]
    assert [entry["owner"] for entry in of_team] == ["team-b"]
    assert by_format.text == by_accept.text
    assert by_format.headers["content-type"] == "text/csv; charset=utf-8"
    assert "audit.csv" in by_format.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(by_format.text, newline="")))
    assert [(line["id"], line["at"]) for line in lines] == [(str(one["id"]), one["at"]) for one in everything]
    assert lines[0]["request_id"] == "'-7", "no formula"


@pytest.mark.parametrize(
    "asked", ["cursor=x", "limit=0", "limit=201", "action=nonsense", "since=today", "format=xml", "actr=x", "actor=%00"]
)
async def test_a_wrong_question_is_named(lonely_api: httpx.AsyncClient, asked: str) -> None:
    answer = await lonely_api.get(f"{AUDIT}?{asked}")

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == f"/query/{asked.partition('=')[0]}"


async def test_only_admins_read_it(lonely_api: httpx.AsyncClient, store: Store) -> None:
    for role in ("viewer", "member", "operator", "metrics"):
        answer = await lonely_api.get(AUDIT, headers=bearer(await make_key(store, role)))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_commands_are_told_and_the_command_shows_them(
    lonely_settings: Settings, database_url: str, store: Store
) -> None:
    environment = {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_SIMULATED_ONLY": "", "DATABASE_URL": database_url}

    async def run(*words: str, status: int = 0) -> list[str]:
        done = await asyncio.to_thread(CliRunner(env={"TERM": "dumb"}).invoke, app, words, env=environment)
        assert done.exit_code == status, f"{done.output} {done.exception}"
        return done.stdout.splitlines()

    await run("owners", "add", "team-a")
    off = await run("flag", "ai-prompts", "off", "--reason", "costs")
    await run("flag", "ai-prompts", "off", "--reason", "costs")
    lines = await run("audit", "--since", "7d", "--actor", operator().actor)
    [flag] = await run("audit", "--action", "switch.set", "--target", "switch:ai-prompts")
    table = await run("audit", "--owner", "team-a", "--csv")
    await run("audit", "--action", "nonsense", status=2)

    assert f" UTC by {operator().actor} (costs). " in off[0]
    assert len(lines) == 2
    assert lines[0] == flag
    assert flag.endswith(f'{operator().actor}  switch.set  switch:ai-prompts  {{"value": "off", "reason": "costs"}}')
    assert table[0] == "id,at,actor,owner,action,target,before,after,request_id,address"
    assert f"{operator().actor},team-a,owner.add,owner:team-a,,,," in table[1]
    assert len(table) == 2


async def test_who_is_refused_by_a_switch_reads_who_set_it(lonely_api: httpx.AsyncClient, store: Store) -> None:
    await store.operations.set_drain("maintenance", by=operator())
    wanted = {"model": "wavespeed-ai/flux-dev", "prompt": "a fox", "allowUnknownModel": True}

    refused = await lonely_api.post("/api/jobs/create", json=wanted)
    report = (await lonely_api.get("/api/init")).json()

    named = f"maintenance (by {operator().actor})"
    assert refused.status_code == 503
    assert refused.json()["detail"].endswith(f"Reason: {named}")
    drain = report["drain"]
    assert (drain["reason"], drain["by"]) == ("maintenance", operator().actor)
    assert f"{named}. Running jobs continue." in [notice["text"] for notice in report["notices"]]
