"""`make drills`: each door below a prefix, behind nginx as the sample file sets it up, with its real client."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from promptmill.local.ports import LOOPBACK
from promptmill.store import Store
from promptmill_client import AsyncClient
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.fixtures.mill import IMAGE_MODEL, Mill
from tests.fixtures.outputs import storing
from tests.fixtures.proxies import NGINX_AT_PREFIX, NGINX_STRIPS, Sample, nginx_sample
from tests.fixtures.session import ROOT
from tests.pictures import drawn, saved
from tests.support import eventually

PREFIX = "/mill"
DOORS = {"root_path": PREFIX, "openai_api": True, "mcp": True, "sync_seconds": 120}
WISH = {"model": IMAGE_MODEL, "prompt": "a lighthouse", "maxCostUsd": 0.05, "waitSeconds": 60}


@pytest.mark.parametrize("changes", [NGINX_AT_PREFIX, NGINX_STRIPS], ids=["passed on", "stripped"])
async def test_every_door_makes_a_picture_below_a_prefix(
    idle_mill: Mill, store: Store, tmp_path: Path, changes: Mapping[str, str]
) -> None:
    key = await make_key(store, "member")
    async with storing(idle_mill, tmp_path / "kept") as mill:
        settings = mill.settings.model_copy(update={**DOORS, "outputs": os.fspath(tmp_path / "kept")})
        async with open_api(settings) as api:
            assert api.base_url.port is not None
            with nginx_sample(tmp_path, api.base_url.port, changes) as sample:
                url = f"https://{LOOPBACK}:{sample.mill}{PREFIX}"
                await by_openai(url, key, sample)
                await by_agent_over_http(url, key, sample)
                await by_python(url, key, sample)
                await by_programs(url, key, tmp_path, sample)

    assert len(await mill.wavespeed.charges()) == 7


async def by_openai(url: str, key: str, sample: Sample) -> None:
    """Make and change a picture with OpenAI's client, and open the address of one."""
    import httpx2  # noqa: PLC0415  # its own
    import openai  # noqa: PLC0415  # takes half a second

    async with (
        httpx2.AsyncClient(verify=sample.trust()) as http,
        openai.AsyncOpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0, http_client=http) as client,
    ):
        assert IMAGE_MODEL in [model.id async for model in client.models.list()]

        async def ours() -> str | None:
            """Ask again until the installation has its own copy: the same key is the same job."""
            made = await client.images.generate(
                model=IMAGE_MODEL, prompt="a red fox", response_format="url", extra_headers={"Idempotency-Key": "fox"}
            )
            address = (made.data or [])[0].url or ""
            return address if address.startswith(f"{url}/") else None

        address = await eventually(ours, what="an address below the prefix")
        picture = ("fox.png", saved(drawn(), "PNG"))
        await client.images.edit(model="bytedance/seedream-v4/edit", prompt="at night", image=picture)
        with pytest.raises(openai.NotFoundError) as unknown:
            await client.images.generate(model="nobody/knows", prompt="a red fox")
        assert "nobody/knows" in unknown.value.message
        assert (await http.get(address)).headers["content-type"] == "image/png"


async def by_agent_over_http(url: str, key: str, sample: Sample) -> None:
    """Make a picture with the client of the agents' protocol, and read the file."""
    import httpx2  # noqa: PLC0415  # its own
    from mcp import Client  # noqa: PLC0415
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    async with (
        httpx2.AsyncClient(headers=bearer(key), timeout=120, verify=sample.trust()) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
    ):
        await picture_by(client, "over-http")


async def picture_by(client: Any, name: str) -> None:
    progress: list[Any] = []

    async def note(*told: Any) -> None:
        progress.append(told)

    made = await client.call_tool("create_job", WISH | {"idempotencyKey": f"prefix-{name}"}, progress_callback=note)
    assert not made.is_error, made.content
    assert progress
    link = next(part for part in made.content if part.type == "resource_link")
    [file] = (await client.read_resource(link.uri)).contents
    assert file.blob


async def by_python(url: str, key: str, sample: Sample) -> None:
    """Follow a job and download its picture with our own client."""
    transport = httpx.AsyncHTTPTransport(verify=sample.trust())
    async with AsyncClient(url, key, transport=transport) as client:
        job = await client.submit(model=IMAGE_MODEL, prompt="A fox")
        updates = [update async for update in job.stream()]
        assert updates[-1].status == "completed"
        assert urlsplit(job.answer.links.self).path.startswith(f"{PREFIX}/api/jobs/")
        batch = await client.batches.submit(
            template={"model": IMAGE_MODEL, "prompt": "{{animal}}"}, rows=[{"animal": "an owl"}], max_cost_usd=1
        )
        assert (await batch.wait(60)).state == "done"


async def by_programs(url: str, key: str, folder: Path, sample: Sample) -> None:
    """Make a picture from the command line, and let an agent's program serve its tools."""
    from mcp import Client  # noqa: PLC0415
    from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: PLC0415

    sample.authority.cert_pem.write_to_path(folder / "authority.pem")
    environment = {
        **os.environ,
        "PROMPTMILL_URL": url,
        "PROMPTMILL_API_KEY": key,
        "SSL_CERT_FILE": os.fspath(folder / "authority.pem"),
        "PYTHONPATH": os.pathsep.join([os.fspath(ROOT), *filter(None, sys.path)]),
        "XDG_CONFIG_HOME": os.fspath(folder / "config"),
    }
    command = [sys.executable, "-m", "promptmill"]
    run = await asyncio.create_subprocess_exec(
        *command, "run", IMAGE_MODEL, "-p", "A fox", "--download", "{slug}.{ext}", cwd=folder, env=environment
    )
    assert await run.wait() == 0
    with Image.open(folder / "a-fox.png") as picture:
        assert picture.format == "PNG"
    program = StdioServerParameters(command=command[0], args=[*command[1:], "mcp"], env=environment, cwd=folder)
    async with Client(stdio_client(program)) as client:
        await picture_by(client, "program")
