"""Batches over HTTP: accepted, looked at, acted upon, and read as tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from api.batches import looking
from promptmill.config.settings import Settings
from promptmill.contracts.budgets import BudgetPeriod
from promptmill.store import Store, open_store
from tests.fixtures.mill import IMAGE_MODEL
from tests.raw_server import http_answer, open_raw_server

TEMPLATE = {"model": IMAGE_MODEL, "prompt": "A {{animal}} in the snow", "input": {"size": "512*512"}}
TABLE = "animal,key,meta.client\nfox,a,one\nowl,b,two\n=hare,c,three\n"


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    async with open_store(settings.require_database_url()) as opened:
        yield opened


async def create(client: httpx.AsyncClient, status: int = 202, **fields: Any) -> dict[str, Any]:
    body = {"template": TEMPLATE, "maxCostUsd": 1} | fields
    answer = await client.post("/api/batches", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def get(client: httpx.AsyncClient, path: str, status: int = 200, **params: Any) -> Any:
    answer = await client.get(f"/api/batches{path}", params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


async def act(client: httpx.AsyncClient, batch_id: str, act: str, status: int = 200, **body: Any) -> Any:
    answer = await client.post(f"/api/batches/{batch_id}/{act}", json=body or None)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_table_becomes_a_batch_and_sent_again_adds_what_is_new(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    batch = await create(api_client, table=TABLE, key="summer", name="Summer", maxOpen=2, stopAfterFailures=3)
    assert (batch["state"], batch["rows"], batch["addedRows"]) == ("running", 3, 3)
    assert batch["counts"] == {name: 3 if name == "waiting" else 0 for name in batch["counts"]}
    assert (batch["maxCostUsd"], batch["spentUsd"], batch["reservedUsd"], batch["leftUsd"]) == (1, 0, 0, 1)

    again = await create(api_client, table=TABLE + "lynx,d,four\n", key="summer", maxCostUsd=50)
    assert (again["batchId"], again["addedRows"], again["maxCostUsd"]) == (batch["batchId"], 1, 1)
    other = await create(api_client, 409, table="animal,key\nbear,b\n", key="summer")
    assert (other["code"], other["errors"][0]["pointer"]) == ("row_differs", "/line/1/key")
    assert "Row 1" in other["detail"]

    [fed] = [(await store.batches.feed(batch["batchId"], at_once=1)).jobs]
    job = (await api_client.get(f"/api/jobs/{fed[0]}")).json()
    assert (job["batchId"], job["rowKey"], job["prompt"]) == (batch["batchId"], "a", "A fox in the snow")
    assert job["metadata"] == {"client": "one"}
    listed = (await api_client.get("/api/jobs", params={"batch": batch["batchId"]})).json()
    assert [one["jobId"] for one in listed["items"]] == [str(fed[0])]
    assert (await get(api_client, f"/{batch['batchId']}"))["counts"]["open"] == 1
    page = await get(api_client, "", limit=1)
    assert ([one["batchId"] for one in page["items"]], page["nextCursor"]) == ([batch["batchId"]], None)
    assert (await get(api_client, "", state="paused"))["items"] == []


async def test_rows_that_a_batch_has_are_sent_again_though_their_files_have_gone(
    api_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "FITTING_SECONDS", 0)
    template = {"model": "google/nano-banana/edit", "prompt": "in ink"}
    async with open_raw_server(http_answer(200, b"\x89PNG\r\n\x1a\n"), http_answer(404)) as server:
        rows = [{"key": "a", "image": f"{server.url}/a.png"}]
        batch = await create(api_client, template=template, rows=rows, key="files")
        again = await create(api_client, template=template, rows=rows, key="files")
        more = await create(api_client, 422, template=template, rows=[*rows, rows[0] | {"key": "b"}], key="files")

    assert (again["batchId"], again["addedRows"]) == (batch["batchId"], 0)
    assert [one["pointer"] for one in more["errors"]] == ["/line/2/image"]


async def test_the_idempotency_key_names_a_batch_that_has_no_other(api_client: httpx.AsyncClient) -> None:
    body = {"template": TEMPLATE, "maxCostUsd": 1, "rows": [{"animal": "fox"}]}
    sent = [await api_client.post("/api/batches", json=body, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert [one.status_code for one in sent] == [202, 202]
    assert sent[0].json()["batchId"] == sent[1].json()["batchId"]
    assert [one.headers.get("idempotency-replayed") for one in sent] == [None, "true"]
    assert sent[1].json()["rows"] == 1


async def test_nothing_is_stored_of_a_faulty_table_unless_its_faults_are_skipped(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    rows = [{"animal": "fox"}, {"animal": "owl", "sise": "1*1"}, {}]
    refused = await create(api_client, 422, rows=rows)
    assert refused["code"] == "faulty_rows"
    assert [error["pointer"] for error in refused["errors"]] == ["/line/2/sise", "/line/3/animal"]
    assert "Did you mean size?" in refused["errors"][0]["message"]
    assert "Did you mean size?" in refused["detail"]
    assert (await get(api_client, ""))["items"] == []
    assert (await store.operations.counts())["jobs"]["queued"] == 0

    batch = await create(api_client, rows=rows, skipFaulty=True)
    assert (batch["rows"], batch["faultCount"], batch["counts"]["faulty"]) == (3, 2, 2)
    faulty = (await get(api_client, f"/{batch['batchId']}/rows", state="faulty"))["items"]
    assert [(row["number"], row["faults"][0]["column"]) for row in faulty] == [(2, "sise"), (3, "animal")]
    hopeless = await create(api_client, 422, rows=[{}], skipFaulty=True)
    assert hopeless["code"] == "faulty_rows"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"maxCostUsd": 0}, "/maxCostUsd"),
        ({"maxCostUsd": None}, "/maxCostUsd"),
        ({"maxOpen": 0}, "/maxOpen"),
        ({"stopAfterFailures": 0}, "/stopAfterFailures"),
        ({"key": "\u0007"}, "/key"),
        ({"callbackUrl": "ftp://example.com/x"}, "/callbackUrl"),
        ({"template": {"model": "no/such", "prompt": "x"}}, "/template/model"),
        ({"prompts": {"mode": "given"}, "template": TEMPLATE | {"useAiPrompt": True}}, "/prompts/mode"),
        ({"repeat": 2}, "/rows"),
    ],
)
async def test_what_is_wrong_with_a_request_is_named(
    wrong: dict[str, Any], pointer: str, api_client: httpx.AsyncClient
) -> None:
    refused = await create(api_client, 422, **({"rows": [{"animal": "fox"}]} | wrong))
    assert pointer in [error["pointer"] for error in refused["errors"]]


async def test_acts_say_why_they_are_refused(api_client: httpx.AsyncClient, store: Store) -> None:
    batch_id = (await create(api_client, repeat=3, template=TEMPLATE | {"prompt": "a fox"}, maxOpen=1))["batchId"]
    paused = await act(api_client, batch_id, "pause")
    assert (paused["state"], paused["pauseReason"], paused["pausedBy"]) == ("paused", "owner", "local")
    assert (await act(api_client, batch_id, "resume"))["state"] == "running"
    changed = await api_client.patch(
        f"/api/batches/{batch_id}", json={"maxCostUsd": 0.5, "maxOpen": 2, "priority": 7, "stopAfterFailures": None}
    )
    assert [changed.json()[name] for name in ("maxCostUsd", "maxOpen", "priority")] == [0.5, 2, 7]
    nothing = await api_client.patch(f"/api/batches/{batch_id}", json={"maxOpen": None})
    assert nothing.json()["errors"][0]["pointer"] == "/maxOpen"

    first = (await store.batches.feed(batch_id, at_once=1)).jobs
    cancelled = await act(api_client, batch_id, "cancel", openJobs="cancel")
    assert (cancelled["state"], cancelled["counts"]["skipped"]) == ("cancelled", 2)
    assert (await store.jobs.get(first[0])).status == "cancelled"
    for name in ("pause", "resume", "retry-failed"):
        assert (await act(api_client, batch_id, name, 409))["code"] == "batch_ended"
    assert (await act(api_client, "01890000-0000-7000-8000-000000000000", "pause", 404))["code"] == "not_found"
    told = (await api_client.get("/api/audit", params={"target": f"batch:{batch_id}"})).json()["items"]
    assert [entry["action"] for entry in told] == [
        "batch.cancel", "batch.change", "batch.resume", "batch.pause", "batch.create",
    ]  # fmt: skip


async def test_rows_are_paged_and_results_are_tables_without_formulas(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    batch_id = (await create(api_client, table=TABLE))["batchId"]
    await store.batches.feed(batch_id, at_once=1)
    first = await get(api_client, f"/{batch_id}/rows", limit=2)
    rest = await get(api_client, f"/{batch_id}/rows", limit=2, cursor=first["nextCursor"])
    rows = first["items"] + rest["items"]
    assert [(row["number"], row["key"], row["state"]) for row in rows] == [
        (1, "a", "open"), (2, "b", "waiting"), (3, "c", "waiting"),
    ]  # fmt: skip
    assert rows[1]["prompt"] == "A owl in the snow"
    assert rest["nextCursor"] is None
    wrong = await get(api_client, f"/{batch_id}/rows", 422, cursor="nonsense")
    assert wrong["errors"][0]["pointer"] == "/query/cursor"

    answer = await api_client.get(f"/api/batches/{batch_id}/results.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["input.animal"] for row in table] == ["fox", "owl", "'=hare"]
    assert (table[0]["row"], table[0]["status"], table[0]["outputs"]) == ("1", "queued", "")
    lines = (await api_client.get(f"/api/batches/{batch_id}/results.jsonl")).text.splitlines()
    assert [json.loads(line) for line in lines] == rows


async def test_a_large_table_is_accepted_in_pieces(api_client: httpx.AsyncClient) -> None:
    batch = await create(api_client, matrix={"animal": [f"fox {n}" for n in range(60)], "seed": list(range(10))})
    assert (batch["rows"], batch["addedRows"]) == (600, 600)


async def test_a_batch_over_its_owners_limits_is_refused(api_client: httpx.AsyncClient, store: Store) -> None:
    await store.limits.set("local", {"highest_priority": 3})
    refused = await create(api_client, 403, rows=[{"animal": "fox"}], priority=9)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("limit_exceeded", "/template/priority")
    await store.budgets.set("local", BudgetPeriod.DAY, Decimal(0))
    assert (await create(api_client, 402, rows=[{"animal": "fox"}], priority=2))["code"] == "budget_exhausted"
