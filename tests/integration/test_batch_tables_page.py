"""docs/batch-tables.md, as a person tries it: its files are sent as its commands say, its responses are real ones."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.fixtures.session import ROOT
from tests.markdown import MarkdownPage
from tests.support import eventually

PAGE = MarkdownPage.of(ROOT / "docs" / "batch-tables.md")
BLOCKS = {block.info: block.code for block in PAGE.blocks}


async def known_models(client: httpx.AsyncClient) -> bool:
    return bool((await client.get("/api/models")).json()["source"] == "wavespeed")


async def run(name: str, client: httpx.AsyncClient, folder: Path) -> Any:
    """Run a command in a folder that has the page's files."""
    for info, code in BLOCKS.items():
        _, _, file = info.partition(" ")
        if "." in file:
            (folder / file).write_text(code)
    command = BLOCKS[f"sh {name}"].replace("http://127.0.0.1:3000", str(client.base_url).rstrip("/"))
    done = await asyncio.to_thread(
        subprocess.run, ["/bin/sh", "-euc", command], cwd=folder, capture_output=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


async def test_the_plan_is_answered_as_the_page_shows(shop: httpx.AsyncClient, tmp_path: Path) -> None:
    await eventually(lambda: known_models(shop), what="WaveSpeed's list")
    shown = json.loads(BLOCKS["json plan"])

    answer = await run("plan", shop, tmp_path)

    assert {name: answer[name] for name in shown} == shown
    table = PAGE.section("What a plan tells").rows("field", "what it says")
    named = {code.partition(".")[0] for field, _ in table for code in field.code}
    assert answer.keys() == named | shown.keys() | {"faultCount", "readable"}


async def test_the_other_sources_are_taken_as_the_page_has_them(shop: httpx.AsyncClient) -> None:
    await eventually(lambda: known_models(shop), what="WaveSpeed's list")
    template = {"model": "wavespeed-ai/flux-dev", "prompt": "{{subject}}"}

    for body, rows in [
        (json.loads(BLOCKS["json matrix"]), 12),
        ({"template": template, "table": BLOCKS["jsonl foxes.jsonl"]}, 2),
        ({"template": template, "rows": [{"subject": "a fox"}]}, 1),
        ({"template": template | {"prompt": "a fox", "input": {"seed": 41}}, "repeat": 3}, 3),
        ({"template": template | {"prompt": "in ink"}, "pictures": ["https://a.example/1.png"]}, 1),
    ]:
        answer = (await shop.post("/api/batches/plan", json=body)).raise_for_status().json()
        assert (answer["rows"], answer["faults"]) == (rows, []), body
