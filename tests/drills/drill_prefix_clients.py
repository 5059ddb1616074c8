"""Every kind of program against an API that is published under a prefix: each makes a picture and fetches it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from promptmill.config.settings import Settings
from promptmill.store import Store
from promptmill_client import AsyncClient
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import storing
from tests.fixtures.session import ROOT
from tests.node import run
from tests.pictures import drawn, saved
from tests.support import eventually

PREFIX = "/mill"
MODEL = "wavespeed-ai/flux-dev"
WISH = {"model": MODEL, "prompt": "a lighthouse"}
ONCE = {"maxCostUsd": 0.05, "waitSeconds": 60}


class Published(NamedTuple):
    """Where the API is published, a member's key, and what a program of ours needs to find it."""

    url: str
    key: str
    environment: dict[str, str]


@pytest.fixture
async def published(idle_mill: Mill, settings: Settings, store: Store, tmp_path: Path) -> AsyncIterator[Published]:
    key = await make_key(store, "member")
    kept = tmp_path / "kept"
    changed = {
        "root_path": PREFIX, "mcp": True, "openai_api": True, "sync_seconds": 120, "outputs": os.fspath(kept),
        "allow_private_addresses": True,
    }  # fmt: skip
    async with storing(idle_mill, kept), open_api(settings.model_copy(update=changed)) as api:
        url = f"{str(api.base_url).rstrip('/')}{PREFIX}"
        ours = {
            "PROMPTMILL_URL": url, "PROMPTMILL_API_KEY": key, "PROMPTMILL_ENV_FILE": os.devnull,
            "PYTHONPATH": os.pathsep.join([os.fspath(ROOT), *sys.path]), "HOME": os.fspath(tmp_path),
        }  # fmt: skip
        yield Published(url, key, os.environ | ours)


async def test_openais_client(published: Published) -> None:
    import openai  # noqa: PLC0415

    async with openai.AsyncOpenAI(api_key=published.key, base_url=f"{published.url}/v1", max_retries=0) as client:
        models = [model.id async for model in client.models.list()]

        async def ours() -> str | None:
            again = {"Idempotency-Key": "prefix"}
            made = await client.images.generate(
                model=MODEL, prompt="a lighthouse", response_format="url", extra_headers=again
            )
            url = (made.data or [])[0].url or ""
            return url if urlsplit(url).path.startswith(f"{PREFIX}/") else None

        url = await eventually(ours, what="the picture to be stored")
        edited = await client.images.edit(
            model=MODEL, prompt="at night", image=("fox.png", saved(drawn(), "PNG")), response_format="b64_json"
        )

    assert MODEL in models
    async with httpx.AsyncClient() as stranger:
        fetched = await stranger.get(url)
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "image/png")
    assert edited.data
    assert edited.data[0].b64_json


@pytest.mark.parametrize("way", ["over HTTP", "by the program"])
async def test_agents(published: Published, way: str) -> None:
    import httpx2  # noqa: PLC0415
    from mcp import Client, StdioServerParameters, stdio_client  # noqa: PLC0415
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    async def walk(client: Any) -> None:
        made = await client.call_tool("create_job", WISH | ONCE | {"idempotencyKey": f"prefix {way}"})
        assert not made.is_error, made
        assert [part.type for part in made.content] == ["text", "resource_link", "image"]
        [file] = (await client.read_resource(made.content[1].uri)).contents
        assert file.blob
        batch = await client.call_tool(
            "create_batch",
            {"template": WISH, "table": "seed\n1\n2\n", "maxCostUsd": 1, "idempotencyKey": f"prefix batch {way}"},
        )
        assert not batch.is_error, batch

    if way == "over HTTP":
        async with (
            httpx2.AsyncClient(headers=bearer(published.key), timeout=60) as http,
            Client(streamable_http_client(f"{published.url}/mcp", http_client=http)) as client,
        ):
            await walk(client)
        return
    program = StdioServerParameters(
        command=sys.executable, args=["-m", "promptmill", "mcp"], env=dict(published.environment)
    )
    async with Client(stdio_client(program)) as client:
        await walk(client)


async def test_our_python_client(published: Published, tmp_path: Path) -> None:
    async with AsyncClient(published.url, published.key) as client:
        picture = await client.files.upload(saved(drawn(), "PNG"), name="fox.png")
        job = await client.run(model="google/nano-banana/edit", prompt="at night", target_url=picture.url)
        [file] = await job.download(tmp_path / "pictures")
        assert file.path.read_bytes()
        batch = await client.batches.submit(template=WISH, repeat=2, max_cost_usd=1.0)
        await batch.wait(60)
        assert batch.state == "done"


async def test_our_typescript_client(published: Published, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(saved(drawn(), "PNG"))
    told = {"URL": published.url, "KEY": published.key, "PICTURE": os.fspath(tmp_path / "a.png")}
    env = published.environment | told

    done = await asyncio.to_thread(run, "node", "--test", "tests/clients/client.test.js", env=env)

    assert done.returncode == 0, done.stdout


async def test_the_command_line(published: Published, tmp_path: Path) -> None:
    (tmp_path / "foxes.csv").write_text("animal\nfox\nowl\n")

    async def said(*line: str) -> str:
        command = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "promptmill", *line,
            env=published.environment, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await command.communicate()
        assert command.returncode == 0, told.decode()
        return told.decode()

    await said("run", MODEL, "-p", "a fox", "--download", "{slug}.{ext}")
    assert "a-fox" in await asyncio.to_thread(lambda: [found.stem for found in tmp_path.iterdir()])
    assert "2 of 2 done" in await said("batch", "run", "foxes.csv", "-m", MODEL, "-p", "{{animal}}", "--max-cost", "1")
