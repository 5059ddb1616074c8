"""The protocol's own inspector, from the command line, uses the tools both ways.

Its 120 packages are installed for this: they would be most of what this project locks for Node,
and test nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from promptmill.config.settings import Settings
from promptmill.store import Store
from tests import node
from tests.fixtures.access import make_key
from tests.fixtures.api import open_api
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import stored, storing
from tests.fixtures.session import ROOT

PACKAGE = "@modelcontextprotocol/inspector@2.12.0"


@pytest.fixture(scope="module")
def inspector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspector")
    (folder / "package.json").write_text('{"private": true}')
    done = node.run("npm", "install", "--prefix", os.fspath(folder), PACKAGE, "--loglevel=error")
    assert done.returncode == 0, done.stdout
    return folder / "node_modules" / ".bin" / "mcp-inspector"


async def test_inspector_makes_a_picture_both_ways_that_is_kept(
    idle_mill: Mill, settings: Settings, store: Store, inspector: Path, tmp_path: Path
) -> None:
    key = await make_key(store, "member")
    wish = ["--tool-name", "create_job", "--tool-arg", "model=wavespeed-ai/flux-dev", "prompt=a lighthouse"]
    once = ["idempotencyKey=inspected-1", "maxCostUsd=0.05", "waitSeconds=60"]
    kept = tmp_path / "kept"
    async with (
        storing(idle_mill, kept) as mill,
        open_api(settings.model_copy(update={"mcp": True, "outputs": os.fspath(kept)})) as api,
    ):
        over_http = [f"{api.base_url}/mcp", "--transport", "http", "--header", f"Authorization: Bearer {key}"]
        environment = {
            "PROMPTMILL_URL": f"{api.base_url}",
            "PROMPTMILL_API_KEY": key,
            "PROMPTMILL_ENV_FILE": os.devnull,
            "PYTHONPATH": os.pathsep.join([os.fspath(ROOT), *sys.path]),
        }
        given = [part for name, value in environment.items() for part in ("-e", f"{name}={value}")]
        program = [*given, sys.executable, "-m", "promptmill", "mcp", "--folder", os.fspath(tmp_path)]

        async def inspected(where: list[str], *asked: str) -> Any:
            called = await asyncio.create_subprocess_exec(
                node.NODE, os.fspath(inspector), "--cli", *where, *asked,
                env=os.environ | {"HOME": os.fspath(tmp_path)}, stdout=-1, stderr=-1,
            )  # fmt: skip
            told, wrong = await called.communicate()
            assert called.returncode == 0, told.decode() + wrong.decode()
            return json.loads(told)

        for way in (over_http, program):
            tools = await inspected(way, "--method", "tools/list", "--strict")
            made = await inspected(way, "--method", "tools/call", *wish, *once)
            assert {"create_job", "get_spend"} <= {tool["name"] for tool in tools["tools"]}
            [job] = made["structuredContent"]["items"]
            assert job["status"] == "completed", made
            assert await stored(mill, UUID(job["jobId"]))
        assert len(await mill.wavespeed.charges()) == 1
