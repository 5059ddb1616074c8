"""Batches whose prompts Grok proposes: one question, and nothing is made before a person has approved prompts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from promptmill.config.settings import Settings
from promptmill.contracts.batches import BatchState
from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.prompts import PromptChange, PromptJobStatus, PromptSource
from promptmill.store import Store, open_store
from promptmill.store.batches import BatchStore
from promptmill.store.consistency import BATCHES
from tests.fixtures.mill import IMAGE_MODEL, Mill
from tests.support import eventually

TEMPLATE = {"model": IMAGE_MODEL, "instructions": "A fox in the first snow", "input": {"size": "512*512", "seed": 7}}
VARIANTS = {"mode": "variants", "count": 3}


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    async with open_store(settings.require_database_url()) as opened:
        yield opened


async def create(client: httpx.AsyncClient, status: int = 202, **fields: Any) -> dict[str, Any]:
    body = {"template": TEMPLATE, "maxCostUsd": 1, "prompts": VARIANTS} | fields
    answer = await client.post("/api/batches", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def approve(client: httpx.AsyncClient, batch: dict[str, Any], *prompts: str, status: int = 200) -> Any:
    answer = await client.post(f"/api/batches/{batch['batchId']}/approve", json={"prompts": prompts})
    assert answer.status_code == status, answer.text
    return answer.json()


async def look(client: httpx.AsyncClient, batch: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/api/batches/{batch['batchId']}")).json()
    return found


async def rows(client: httpx.AsyncClient, batch: dict[str, Any]) -> dict[str, str]:
    found = (await client.get(f"/api/batches/{batch['batchId']}/rows")).json()["items"]
    return {row["key"]: row["values"]["prompt"] for row in found}


async def test_what_is_approved_is_made_and_nothing_before(mill: Mill, api_client: httpx.AsyncClient) -> None:
    batch = await create(api_client, repeat=2, key="fox")
    assert (batch["state"], batch["rows"], batch["proposal"]["wanted"]) == ("awaiting_approval", 0, 3)
    assert batch["proposal"]["rows"] == 2

    async def proposed() -> dict[str, Any] | None:
        found = await look(api_client, batch)
        return found if found["proposal"]["state"] == "ready" else None

    await eventually(proposed, what="Grok's proposals")
    ready = await look(api_client, batch)  # the batch itself was read a moment before its proposals
    first, second, third = ready["proposal"]["prompts"]
    assert ready["proposal"]["problem"] is None
    assert len({first, second, third}) == 3
    [question] = await mill.grok.charges()
    assert ready["spentUsd"] == pytest.approx(float(question["usd"]), abs=1e-6)
    assert await mill.wavespeed.charges() == []

    edited = f"{third}, at night"
    begun = await approve(api_client, batch, second, edited)
    assert (begun["state"], begun["addedRows"], begun["proposal"]) == ("running", 4, None)

    async def done() -> bool:
        return bool((await look(api_client, batch))["state"] == BatchState.DONE)

    await eventually(done, what="the batch is done")
    charges = await mill.wavespeed.charges()
    assert len(charges) == 4
    assert await rows(api_client, batch) == {"1-1": second, "1-2": edited, "2-1": second, "2-2": edited}
    jobs = (await api_client.get("/api/jobs", params={"batch": batch["batchId"]})).json()["items"]
    made = {job["rowKey"]: (job["prompt"], job["input"]["seed"], job["promptSource"], job["variant"]) for job in jobs}
    assert made["2-1"] == (second, 8, PromptSource.GROK, 1)
    assert made["1-2"] == (edited, 7, PromptSource.EDITED, None)
    assert {job["promptJobId"] for job in jobs} == {ready["proposal"]["promptJobId"]}
    ended = await look(api_client, batch)
    paid = sum(Decimal(str(one["usd"])) for one in (question, *charges))
    assert ended["spentUsd"] == pytest.approx(float(paid), abs=1e-6)
    seen = await mill.store.consistency.check(BATCHES, unclear_after=timedelta(days=1))
    assert seen.shown == ()
    assert len(await mill.grok.charges()) == 1


async def test_sent_again_it_asks_nothing_again_and_another_request_is_refused(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    batch = await create(api_client, key="fox")
    again = await create(api_client, key="fox", maxCostUsd=5)
    assert (again["batchId"], again["proposal"], again["maxCostUsd"]) == (batch["batchId"], batch["proposal"], 1)
    other = TEMPLATE | {"instructions": "An owl"}
    assert (await create(api_client, 409, key="fox", template=other))["code"] == "batch_differs"
    given = {"model": IMAGE_MODEL, "prompt": "A fox"}
    assert (await create(api_client, 409, key="fox", template=given, repeat=1, prompts=None))["code"] == "batch_differs"
    await create(api_client, key="hare", template=given, repeat=1, prompts=None)
    assert (await create(api_client, 409, key="hare"))["code"] == "batch_differs"
    assert await store.batches.database.value("SELECT count(*) FROM prompt_generation_jobs") == 1


async def test_of_two_approvals_one_holds_and_one_that_was_broken_off_is_completed(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    batch = await create(api_client, repeat=2)
    batch_id = UUID(batch["batchId"])
    await store.batches.approve(batch_id, ["one", "two"], owner=batch["owner"])  # and its process is killed
    assert (await look(api_client, batch))["state"] == BatchState.PLANNING
    assert (await store.batches.feed(batch_id, at_once=9)).jobs == ()
    assert (await approve(api_client, batch, "three", status=409))["code"] == "batch_approved"
    whole = await asyncio.gather(*(approve(api_client, batch, "one", "two") for _ in range(3)))
    assert {(one["state"], one["rows"]) for one in whole} == {("running", 4)}
    assert sum(one["addedRows"] for one in whole) == 4
    assert (await approve(api_client, batch, "one", "two"))["addedRows"] == 0
    assert (await approve(api_client, batch, "one", status=409))["code"] == "batch_approved"

    other = await create(api_client)
    texts = ("a", "b", "c")
    answers = await asyncio.gather(
        *(api_client.post(f"/api/batches/{other['batchId']}/approve", json={"prompts": [text]}) for text in texts)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    [winner] = [text for text, answer in zip(texts, answers, strict=True) if answer.status_code == 200]
    assert await rows(api_client, other) == {"1-1": winner}


async def test_an_approval_is_completed_although_grok_has_answered_meanwhile(
    api_client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await create(api_client, repeat=2)
    whole = BatchStore.open
    monkeypatch.setattr(BatchStore, "open", gone)  # its rows are stored, and its process is killed
    await approve(api_client, batch, "one", "two", status=503)
    monkeypatch.setattr(BatchStore, "open", whole)
    await store.batches.database.run(
        """UPDATE prompt_generation_jobs SET status = 'completed', completed_at = now(), prompt_source = 'grok',
           generated_prompt = 'one', variants = '[{"prompt": "one"}]'"""
    )
    completed = await approve(api_client, batch, "one", "two")
    assert (completed["state"], completed["rows"], completed["addedRows"]) == ("running", 4, 0)


async def gone(*_: object) -> None:
    raise RecordUnavailable("Postgres is unavailable.")


async def test_a_question_that_failed_is_told_and_own_prompts_go_on(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    batch = await create(api_client, rows=[{"key": "big", "size": "1024*1024"}])
    question = UUID(batch["proposal"]["promptJobId"])
    await store.prompts.change(PromptChange(prompt_job_id=question, status=PromptJobStatus.FAILED, error="No."))
    failed = (await look(api_client, batch))["proposal"]
    assert (failed["state"], failed["prompts"]) == ("failed", [])
    assert failed["problem"] == "No."
    await approve(api_client, batch, "A fox at {{size}}")
    assert await rows(api_client, batch) == {"big-1": "A fox at {{size}}"}
    [job_id] = (await store.batches.feed(UUID(batch["batchId"]), at_once=9)).jobs
    job = (await api_client.get(f"/api/jobs/{job_id}")).json()
    assert (job["prompt"], job["promptSource"], job["promptJobId"]) == ("A fox at 1024*1024", PromptSource.CALLER, None)


async def test_what_waits_for_approval_is_exported_with_its_table(api_client: httpx.AsyncClient, store: Store) -> None:
    batches = [await create(api_client, table="size\n512*512\n") for _ in range(2)]
    await create(api_client, template={"model": IMAGE_MODEL, "prompt": "A fox"}, repeat=1, prompts=None)

    lines = [
        json.loads(line) for page in [one async for one in store.export.pages("local")] for line in page.splitlines()
    ]
    waiting = [line["data"] for line in lines if line["kind"] == "batchProposal"]

    assert [one["id"] for one in waiting] == [batch["batchId"] for batch in batches]
    assert waiting[0]["request"]["table"] == "size\n512*512\n"
    assert lines[-1]["lines"] == len(lines) - 1


async def test_a_cancelled_one_is_not_approved_and_ends(api_client: httpx.AsyncClient, store: Store) -> None:
    batch = await create(api_client)
    await api_client.post(f"/api/batches/{batch['batchId']}/cancel")
    assert (await approve(api_client, batch, "A fox", status=409))["code"] == "batch_ended"
    ended = (await store.batches.feed(UUID(batch["batchId"]), at_once=9)).batch
    assert (ended.state, ended.completed_at is None) == (BatchState.CANCELLED, False)
    assert (await look(api_client, batch))["proposal"] is None


async def test_its_budget_can_be_changed_while_it_waits_and_nothing_wakes_it(
    api_client: httpx.AsyncClient, store: Store
) -> None:
    batch = await create(api_client)
    changed = await api_client.patch(f"/api/batches/{batch['batchId']}", json={"maxCostUsd": 3})
    assert (changed.json()["state"], changed.json()["maxCostUsd"]) == ("awaiting_approval", 3)
    assert await store.batches.claim_due(10) == []


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"prompts": {"mode": "variants"}}, "/prompts/count"),
        ({"prompts": {"mode": "each", "count": 3}, "repeat": 1}, "/prompts/count"),
        ({"prompts": {"mode": "variants", "count": 21}}, "/prompts/count"),
        (
            {"template": TEMPLATE | {"instructions": "A {{animal}}"}, "rows": [{"animal": "fox"}]},
            "/template/instructions",
        ),
        ({"template": {"model": IMAGE_MODEL}}, "/template/useAiPrompt"),
        ({"template": TEMPLATE | {"style": "nobody's"}}, "/template/style"),
        ({"template": TEMPLATE | {"variant": 1}}, "/template/variant"),
        ({"rows": [{"prompt": "A fox"}]}, "/line/1/prompt"),
        ({"repeat": 4_000}, "/line/0"),
        ({"skipFaulty": True}, "/skipFaulty"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_field(
    api_client: httpx.AsyncClient, store: Store, fields: dict[str, Any], pointer: str
) -> None:
    refused = await create(api_client, 422, **fields)
    assert refused["errors"][0]["pointer"] == pointer
    assert await store.batches.database.value("SELECT count(*) FROM prompt_generation_jobs") == 0


@pytest.mark.parametrize("prompts", [[], ["one", " One "], ["  "], ["x" * 10_001], ["x"] * 21])
async def test_prompts_that_cannot_be_approved(api_client: httpx.AsyncClient, prompts: list[str]) -> None:
    batch = await create(api_client)
    refused = await approve(api_client, batch, *prompts, status=422)
    assert refused["errors"][0]["pointer"].startswith("/prompts")
    assert (await look(api_client, batch))["state"] == "awaiting_approval"


async def test_a_plan_counts_each_row_with_each_prompt_and_one_question(api_client: httpx.AsyncClient) -> None:
    sizes = ["512*512", "1024*1024"]
    body = {"template": TEMPLATE, "prompts": VARIANTS, "matrix": {"size": sizes}, "maxCostUsd": 1}
    answer = await api_client.post("/api/batches/plan", json=body)
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    assert (plan["rows"], plan["faultyRows"], plan["cost"]["prompts"]) == (2, 0, 1)
    assert sum(group["rows"] for group in plan["prices"]) == 6
    each = plan["cost"]["priceUsd"] / 6
    enough = body | {"maxCostUsd": round(each * 4.5, 6)}
    assert (await api_client.post("/api/batches/plan", json=enough)).json()["cost"]["affordableRows"] == 4

    wrong = body | {"matrix": {"seed": [1, 2, "x"]}}
    found = (await api_client.post("/api/batches/plan", json=wrong)).json()
    assert [(fault["line"], fault["column"]) for fault in found["faults"]] == [(3, "seed")]
