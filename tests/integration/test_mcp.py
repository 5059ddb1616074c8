"""Agents use an installation with the protocol's own client: over HTTP with a key, and over a program's pipes.

The package is imported by a fixture: that takes a second of CPU time, and every session collects this file.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from api.batches import bodies as table_bodies
from api.http.bodies import TABLE_BYTES
from promptmill.config.settings import Settings
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.contracts.store import JobFilter
from promptmill.store import Store
from sql.models import Job
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import storing
from tests.fixtures.session import ROOT
from tests.markdown import MarkdownPage

WISH = {"model": "wavespeed-ai/flux-dev", "prompt": "a lighthouse", "input": {"seed": 7}}
SPENDING = {"write_prompt", "create_job", "retry_job", "create_batch"}
ONCE = {"idempotencyKey": "lighthouse-1", "maxCostUsd": 0.05}
TOOLS = {
    "search_models", "get_model", "get_price", "write_prompt", "create_job", "get_job", "list_jobs", "wait_for_jobs",
    "cancel_job", "retry_job", "get_spend", "plan_batch", "create_batch", "get_batch",
}  # fmt: skip


@pytest.fixture(scope="module")
def mcp() -> Any:
    import mcp  # noqa: PLC0415
    import mcp.client.streamable_http  # noqa: PLC0415

    return mcp


@pytest.fixture
async def member(store: Store) -> str:
    return await make_key(store, "member")


Open = Callable[..., Any]


@pytest.fixture
def opened(mcp: Any, settings: Settings, member: str) -> Open:
    """Serve the API with its door for agents, and connect the protocol's client to it."""
    import httpx2  # noqa: PLC0415  # the client's own

    @asynccontextmanager
    async def _open(mode: str = "auto", *, key: str = member, **changed: Any) -> AsyncIterator[Any]:
        async with (
            open_api(settings.model_copy(update={"mcp": True, **changed})) as api,
            httpx2.AsyncClient(headers=bearer(key), timeout=60) as http,
            mcp.Client(
                mcp.client.streamable_http.streamable_http_client(f"{api.base_url}/mcp", http_client=http), mode=mode
            ) as client,
        ):
            yield client, api

    return _open


async def call(client: Any, tool: str, **arguments: Any) -> Any:
    """Call a tool and return its facts."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content[0].text
    return result.structured_content


async def refused(client: Any, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    text: str = result.content[0].text
    return text


async def jobs(mill: Mill) -> list[Job]:
    return await mill.store.jobs.list(LOCAL_OWNER, JobFilter())


async def test_agent_makes_a_picture_over_http_and_sees_it(idle_mill: Mill, opened: Open, tmp_path: Path) -> None:
    progress: list[tuple[float, float | None, str | None]] = []

    async def note(*told: Any) -> None:
        progress.append(told)

    async with storing(idle_mill, tmp_path) as mill, opened("legacy", outputs=str(tmp_path)) as (client, _):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        found = await call(client, "search_models", query="flux dev", kind="image")
        model = await call(client, "get_model", model=found["items"][0]["model"])
        price = await call(client, "get_price", **WISH)
        made = await client.call_tool("create_job", WISH | ONCE | {"waitSeconds": 60}, progress_callback=note)
        again = await call(client, "create_job", **WISH, **ONCE, waitSeconds=60)
        link = next(part for part in made.content if part.type == "resource_link")
        [file] = (await client.read_resource(link.uri)).contents
        written = await call(client, "write_prompt", instructions="a fox", idempotencyKey="fox-prompt", variants=2)
        spend = await call(client, "get_spend", by="model")
        listed = await call(client, "list_jobs", status="completed")

    assert tools.keys() == TOOLS
    assert all(tool.output_schema for tool in tools.values())
    assert {name for name, tool in tools.items() if tool.annotations.open_world_hint} == SPENDING
    assert {name for name, tool in tools.items() if tool.annotations.destructive_hint} == SPENDING | {"cancel_job"}
    assert {"idempotencyKey", "maxCostUsd"} <= set(tools["create_job"].input_schema["required"])
    assert found["items"][0]["model"] == "wavespeed-ai/flux-dev"
    assert "seed" in {field["name"] for field in model["fields"]}
    [job] = made.structured_content["items"]
    assert made.structured_content["ended"]
    assert (job["status"], job["mediaCostUsd"], job["maxPriceUsd"]) == ("completed", price["priceUsd"], 0.05)
    assert progress
    assert progress[-1][1] == 60
    assert again["items"][0]["jobId"] == job["jobId"]
    [picture] = [part for part in made.content if part.type == "image"]
    assert picture.mime_type == "image/webp"
    assert Image.open(io.BytesIO(base64.b64decode(picture.data))).format == "WEBP"
    assert Image.open(io.BytesIO(base64.b64decode(file.blob))).size == (1024, 1024)
    assert link.name.startswith("a-lighthouse-7")
    assert (written["status"], len(written["variants"])) == ("completed", 2)
    assert spend["spentUsd"] > 0
    assert [item["jobId"] for item in listed["items"]] == [job["jobId"]]
    assert len(await mill.wavespeed.charges()) == 1


async def test_agent_meets_the_limits_that_everybody_meets(idle_mill: Mill, opened: Open) -> None:
    viewer = await make_key(idle_mill.store, "viewer")
    async with opened(allow_private_addresses=False, streams_per_owner=2) as (client, api):
        first = await call(client, "create_job", **WISH, **ONCE)
        [job] = first["items"]
        reused = await refused(client, "create_job", **(WISH | {"prompt": "another"}), **ONCE)
        unpriced = await refused(client, "create_job", **WISH, idempotencyKey="lighthouse-2")
        wrong = await refused(client, "create_job", **(WISH | {"input": {"sead": 1}}), **ONCE)
        inner = await refused(client, "create_job", **WISH, **(ONCE | {"pictures": ["http://10.0.0.1/a.png"]}))
        retried = await refused(client, "retry_job", jobId=job["jobId"], idempotencyKey="lighthouse-again")
        elsewhere = await refused(client, "get_job", jobId="01a219f5-0000-7000-8000-000000000000")
        path = await refused(client, "get_job", jobId="../../owners/local/limits/aaaaaaaaaa")
        other = await refused(client, "get_model", model="../../elsewhere")
        unsendable = await refused(client, "create_job", **WISH, **(ONCE | {"idempotencyKey": "schlüssel-1"}))
        waited = await call(client, "wait_for_jobs", jobIds=[job["jobId"]], waitSeconds=0.3)
        cancelled = await call(client, "cancel_job", jobId=job["jobId"])
        answers = [
            await api.post("/mcp", json={}),
            await api.get("/mcp", headers=bearer(viewer)),
            await api.post("/mcp", json={}, headers=bearer(viewer) | {"Origin": "https://evil.example"}),
            await api.post("/mcp", content=b"x", headers=bearer(viewer) | {"Content-Type": "text/plain"}),
            await api.post("/mcp", json={"x": "y" * TABLE_BYTES}, headers=bearer(viewer)),
        ]
    async with opened(key=viewer) as (client, _):
        forbidden = await refused(client, "create_job", **WISH, **ONCE)
        assert (await call(client, "list_jobs"))["items"]
    async with open_api(idle_mill.settings) as api:
        off = await api.post("/mcp", json={}, headers=bearer(viewer))

    assert (first["ended"], waited["ended"]) == (False, False)
    assert cancelled["items"][0]["status"] in {"cancelled", "cancelling"}
    assert "idempotency_key_reused" in reused
    assert "maxCostUsd" in unpriced
    assert "/input/sead: Unknown field. Did you mean seed?" in wrong
    assert "/targetUrl" in inner
    assert "job_open" in retried
    assert "not_found" in elsewhere
    assert "jobId" in path
    assert "idempotencyKey" in unsendable
    assert "pattern" in other, "no path that leads to another application of the host, with the key"
    assert "scope_missing" in forbidden
    assert [answer.status_code for answer in answers] == [401, 405, 403, 415, 413]
    assert off.status_code == 404
    assert "PROMPTMILL_MCP" in off.json()["detail"]
    assert len(await jobs(idle_mill)) == 1


async def test_files_are_saved_in_one_folder_alone(
    mill: Mill, mcp: Any, settings: Settings, member: str, tmp_path: Path
) -> None:
    from promptmill.agents.calls import over_the_wire  # noqa: PLC0415
    from promptmill.agents.saving import Folder  # noqa: PLC0415
    from promptmill.agents.server import make_server  # noqa: PLC0415

    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "away").symlink_to(tmp_path)
    async with open_api(settings) as api:
        server = make_server(lambda _: over_the_wire(f"{api.base_url}", member), Folder(folder))
        async with mcp.Client(server) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            made = await call(client, "create_job", **WISH, **ONCE, waitSeconds=60)
            ids = [job["jobId"] for job in made["items"]]
            saved = await call(client, "save_outputs", jobIds=ids)
            twice = await call(client, "save_outputs", jobIds=ids)
            within = await call(client, "save_outputs", jobIds=ids, folder="ships")
            linked = await call(client, "save_outputs", jobIds=ids, folder="away")
            escapes = [
                await refused(client, "save_outputs", jobIds=ids, folder=name) for name in ("..", "a/b", "/x", "")
            ]
    assert tools == TOOLS | {"save_outputs"}
    [file] = saved["files"]
    assert Path(file["path"]).parent == folder
    with Image.open(file["path"]) as picture:
        assert picture.size == (1024, 1024)
    assert file["bytes"] == os.path.getsize(file["path"])  # noqa: ASYNC240, PTH202
    assert (twice["files"][0]["path"], "was not overwritten" in twice["files"][0]["problem"]) == (None, True)
    assert Path(within["files"][0]["path"]).parent == folder / "ships"
    assert linked["files"][0]["path"] is None
    assert all("folder" in why for why in escapes)
    assert os.listdir(tmp_path) == ["pictures"]  # noqa: PTH208
    assert sorted(os.listdir(folder)) == sorted(["away", "ships", Path(file["path"]).name])  # noqa: PTH208


async def test_agent_makes_a_batch_within_its_budget(mill: Mill, opened: Open) -> None:
    template = {"model": "wavespeed-ai/flux-dev", "prompt": "a {{animal}} in {{place}}"}
    table = {"template": template, "matrix": {"animal": ["fox", "owl"], "place": ["snow"]}}
    once = {"idempotencyKey": "animals-1", "maxCostUsd": 0.05}
    async with opened() as (client, _):
        plan = await call(client, "plan_batch", **table, maxCostUsd=0.02)
        faulty = await call(client, "plan_batch", template=template, rows=[{"animal": "fox"}])
        made = await call(client, "create_batch", **table, **once)
        ended = await call(client, "get_batch", batchId=made["batchId"], waitSeconds=120)
        text = "animal,place\nfox,snow\nowl,snow\n"
        again = await call(client, "create_batch", template=template, table=text, **once)
        torn = await call(client, "plan_batch", template=template, table='animal;place\nfox;snow\n"owl;snow\n')
        listed = await call(client, "list_jobs", batchId=made["batchId"])
        neither = await refused(client, "create_batch", template=template, **once)
    assert (plan["rows"], plan["cost"]["priceUsd"], plan["cost"]["affordableRows"]) == (2, 0.024, 1)
    assert (faulty["faultyRows"], faulty["faults"][0]["line"]) == (1, 1)
    assert (ended["state"], ended["counts"]["completed"], ended["spentUsd"]) == ("done", 2, 0.024)
    assert (again["batchId"], again["addedRows"]) == (made["batchId"], 0)
    assert (torn["rows"], torn["faults"][0]["line"], torn["faults"][0]["column"]) == (2, 2, "animal")
    assert {job["prompt"] for job in listed["items"]} == {"a fox in snow", "a owl in snow"}
    assert "exactly one of" in neither
    assert len(await mill.wavespeed.charges()) == 2


async def test_an_agents_table_may_be_as_large_as_any(
    mill: Mill, opened: Open, member: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = {"model": "wavespeed-ai/flux-dev", "prompt": "a {{animal}}"}
    cell = "x" * 11_000_000
    json_of = bearer(member) | {"Content-Type": "application/json"}
    async with opened() as (client, api):
        plan = await call(client, "plan_batch", template=template, table=f"animal\nfox\n{cell}\n")
        too_large = await api.post("/mcp", content=b" " * (TABLE_BYTES + 1), headers=json_of)
        form = await api.post("/mcp", files={"table": b"animal\nfox\n"}, headers=bearer(member))
        monkeypatch.setattr(table_bodies, "MOST_VALUES", 1_000)
        endless = await api.post("/mcp", content=b"[" + b"[]," * 1_000 + b"[]]", headers=json_of)
    assert (plan["rows"], plan["faultyRows"], [one["line"] for one in plan["faults"]]) == (2, 1, [2])
    assert (too_large.status_code, too_large.json()["code"]) == (413, "table_too_large")
    assert (form.status_code, form.json()["code"]) == (415, "unsupported_media_type")
    assert (endless.status_code, endless.json()["code"]) == (413, "table_too_large")


async def test_tool_says_so_if_nothing_answers(mcp: Any) -> None:
    from promptmill.agents.calls import over_the_wire  # noqa: PLC0415
    from promptmill.agents.server import make_server  # noqa: PLC0415

    async with mcp.Client(make_server(lambda _: over_the_wire("http://127.0.0.1:9", "secret-key"))) as client:
        told = await refused(client, "create_job", **WISH, **ONCE)
    assert "does not answer" in told
    assert "same idempotencyKey" in told
    assert "secret-key" not in told


PAGE = MarkdownPage.of(ROOT / "docs" / "mcp.md")
BLOCKS = {block.info: block.code for block in PAGE.blocks}


async def test_program_serves_the_tools_as_the_page_says(
    mill: Mill,
    settings: Settings,
    member: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    rows = PAGE.rows("tool", "what it does", "")
    assert {name for tools, *_ in rows for name in tools.code if name in TOOLS} == TOOLS
    assert {name for tools, _, kind in rows for name in tools.code if kind.text == "costs"} == SPENDING
    [program] = json.loads(BLOCKS["json client"])["mcpServers"].values()
    assert (program["command"], program["args"][0]) == (".venv/bin/promptmill", "mcp")
    assert set(BLOCKS) == {"json client", "python walk"}

    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    command = tmp_path / ".venv" / "bin" / "promptmill"
    path = ":".join([os.fspath(ROOT), *filter(None, sys.path)])
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec {sys.executable} -m promptmill "$@"\n')
    command.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    async with open_api(settings) as api:
        monkeypatch.setenv("PROMPTMILL_URL", f"{api.base_url}")
        monkeypatch.setenv("PROMPTMILL_API_KEY", member)
        await asyncio.to_thread(exec, BLOCKS["python walk"], {"__name__": "walk"})
    told = capfd.readouterr().out.splitlines()
    assert sum("$0.012" in line for line in told) == 2, told  # the price, and what was paid
    assert [line for line in told if line.endswith(".png") and (tmp_path / line).is_file()]
