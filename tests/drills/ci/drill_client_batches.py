"""`make drills`: every method of the Python clients' batches, sync and async, against a running installation."""

from __future__ import annotations

import csv
import inspect
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from uuid_utils import uuid7

from promptmill.local.postgres import PostgresServer
from promptmill.local.temporal import TemporalServer
from promptmill_client import AsyncClient, Client
from promptmill_client.asynchronous_batches import AsyncBatch, AsyncBatches
from promptmill_client.sync_batches import Batch, Batches
from tests.fixtures.installation import MODEL, Installation, Servers, open_installation
from tests.fixtures.session import Session, WarmPython
from tests.fixtures.simulators import Simulators

TEMPLATE = {"model": MODEL, "prompt": "{{animal}} in the first snow"}
TABLE = b"animal,key\n" + b"".join(b"fox %d,%d\n" % (number, number) for number in range(1, 9))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mill(
    session: Session,
    postgres_server: PostgresServer,
    database_template: str,
    temporal_server: TemporalServer,
    simulators: Simulators,
    warm_python: WarmPython,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Installation]:
    servers = Servers(session, postgres_server, database_template, temporal_server, simulators, warm_python)
    folder = tmp_path_factory.mktemp("batches")
    async with open_installation(servers, f"batches-{uuid7()}", blocks={}, folder=folder) as opened:
        yield opened


class Spoken:
    """Calls the methods of an object of either client, and notes which."""

    def __init__(self, spoken: Any, said: set[str]) -> None:
        self._spoken = spoken
        self._said = said

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._spoken, name)
        if not inspect.ismethod(found):
            return found
        self._said.add(name)

        async def call(*values: Any, **named: Any) -> Any:
            made = found(*values, **named)
            if inspect.isawaitable(made):
                made = await made
            if hasattr(made, "__aiter__"):
                return [one async for one in made]
            if inspect.isgenerator(made):
                return list(made)
            return Spoken(made, self._said) if isinstance(made, Batch | AsyncBatch) else made

        return call


async def approved(batches: Any) -> None:
    """Have prompts proposed, and make a batch with two of our own instead."""
    question = {"model": MODEL, "instructions": "A fox"}
    asked = await batches.submit(template=question, prompts={"mode": "variants", "count": 2}, max_cost_usd=1)
    await asked.wait(120)
    assert (asked.state, asked.answer.rows) == ("awaiting_approval", 0)
    await asked.approve(["A fox in ink", "A fox in oil"])
    await asked.wait(120)
    rows = [(row.prompt, row.state) for row in await asked.rows()]
    assert rows == [("A fox in ink", "completed"), ("A fox in oil", "completed")]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
async def test_every_method_does_what_it_says(
    mill: Installation, kind: type[Client | AsyncClient], tmp_path: Path
) -> None:
    said: set[str] = set()
    wanted = {"template": TEMPLATE, "max_cost_usd": 1.0, "max_open": 1, "name": "Foxes"}
    async with AsyncExitStack() as stack:
        client = kind(str(mill.api.base_url))
        if isinstance(client, Client):
            stack.enter_context(client)
        else:
            await stack.enter_async_context(client)
        batches = Spoken(client.batches, said)

        plan = await batches.plan(file=TABLE, **wanted)
        assert (plan.rows, plan.faults, plan.cost.affordable_rows) == (8, [], 8)

        await mill.wavespeed.set_timing(min_seconds=600, max_seconds=600)
        made = await batches.submit(file=TABLE, idempotency_key=f"foxes-{kind.__name__}", **wanted)
        assert (made.created.added_rows, made.ended, made.paused) == (8, False, False)
        await made.pause()
        assert (made.paused, made.answer.pause_reason) == (True, "owner")
        await made.change(max_open=4, name="Many foxes")
        await made.resume()
        assert (made.state, made.answer.max_open, made.answer.name) == ("running", 4, "Many foxes")
        again = await batches.submit(file=TABLE, idempotency_key=f"foxes-{kind.__name__}", **wanted)
        assert (again.id, again.created.added_rows) == (made.id, 0)
        await made.cancel(open_jobs=True)
        await made.wait(120)
        assert (made.ended, made.state) == (True, "cancelled")

        await mill.wavespeed.set_timing(min_seconds=0, max_seconds=0)
        await mill.wavespeed.order("submit", "status", status=400)
        second = await batches.submit(file=TABLE, **wanted | {"max_open": 4})
        await second.wait(120)
        assert second.state == "done_with_failures"
        [failed] = await second.rows(state="failed")
        assert await second.retry_failed() == 1
        await second.wait(120)
        found = await batches.get(str(second.id))
        await second.refresh()
        assert found.state == second.state == "done"
        assert [row.state for row in await second.rows(limit=3)] == ["completed"] * 8
        assert second.id in [one.batch_id for one in await batches.list(state="done", limit=1)]
        await approved(batches)

        saved = await second.results(tmp_path / "foxes.csv")
        with saved.path.open(newline="", encoding="utf-8-sig") as table:
            assert failed.key in [row["key"] for row in csv.DictReader(table)]
        saved = await second.results(tmp_path / "foxes.jsonl", "jsonl")
        assert len([json.loads(line) for line in saved.path.read_text("utf-8").splitlines()]) == 8

    classes = (Batches, Batch) if kind is Client else (AsyncBatches, AsyncBatch)
    theirs = {name for one in classes for name, _ in inspect.getmembers(one, inspect.isfunction) if name[0] != "_"}
    assert said == theirs
