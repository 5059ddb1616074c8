"""`make drills`: through each door, with its real client, an empty installation makes a picture and keeps it."""

from __future__ import annotations

import asyncio
import csv
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from uuid_utils import uuid7

from promptmill.local.postgres import PostgresServer
from promptmill.local.temporal import TemporalServer
from tests.drills.ci.drill_generated_clients import GENERATOR, generate
from tests.fixtures.access import bearer
from tests.fixtures.installation import MODEL, Installation, Servers, open_installation
from tests.fixtures.session import ROOT, Session, WarmPython
from tests.fixtures.simulators import Simulators
from tests.markdown import MarkdownPage
from tests.node import NODE
from tests.support import eventually

BLOCKS = {
    f"{page} {block.info}": block.code
    for page in ("README.md", "docs/python.md", "docs/openai.md", "docs/mcp.md")
    for block in MarkdownPage.of(ROOT / page).blocks
}
FIFTY = BLOCKS["README.md sh fifty"]

TYPESCRIPT = f"""
import {{ Client }} from "{ROOT.as_uri()}/clients/typescript/index.js";
const client = new Client({{ url: "http://127.0.0.1:3000", key: process.env.PROMPTMILL_API_KEY }});
await client.run({{ model: "{MODEL}", prompt: "A fox in the first snow", maxPriceUsd: 0.05 }});
"""

GENERATED = """
from os import environ
from generated import AuthenticatedClient
from generated.api.jobs import create_job
from generated.models import CreateJob, JobAnswer

with AuthenticatedClient(base_url="http://127.0.0.1:3000", token=environ["PROMPTMILL_API_KEY"]) as client:
    wanted = CreateJob(model="wavespeed-ai/flux-dev", prompt="A fox in the first snow")
    made = create_job.sync(client=client, body=wanted, idempotency_key="door")
    assert isinstance(made, JobAnswer), made
"""

OVER_HTTP = """
import asyncio, os, httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

async def main():
    headers = {"Authorization": f"Bearer {os.environ['PROMPTMILL_API_KEY']}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=120) as http,
        Client(streamable_http_client("http://127.0.0.1:3000/mcp", http_client=http)) as client,
    ):
        wish = {"model": "wavespeed-ai/flux-dev", "prompt": "a lighthouse", "idempotencyKey": "door-over-http"}
        made = await client.call_tool("create_job", wish | {"maxCostUsd": 0.05, "waitSeconds": 60})
        assert not made.is_error, made

asyncio.run(main())
"""


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
    folder = tmp_path_factory.mktemp("doors")
    doors = {
        "PROMPTMILL_OUTPUTS": os.fspath(tmp_path_factory.mktemp("kept")),
        "PROMPTMILL_OPENAI_API": "true",
        "PROMPTMILL_MCP": "true",
    }
    async with open_installation(servers, f"doors-{uuid7()}", blocks=BLOCKS, folder=folder, settings=doors) as opened:
        # The first key ends open access, so it is an admin's; programs then have one of their own.
        admin = opened.shell('.venv/bin/promptmill keys create --name "my own" --role admin').split()[-1]
        opened.api.headers.update(bearer(admin))
        member = opened.shell('.venv/bin/promptmill keys create --name "programs" --role member').split()[-1]
        address = str(opened.api.base_url).rstrip("/")
        opened.environment.update(
            PROMPTMILL_URL=address, PROMPTMILL_API_KEY=member, XDG_CONFIG_HOME=os.fspath(folder / "config")
        )
        program = folder / ".venv" / "bin" / "promptmill"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec {warm_python.program} -m promptmill "$@"\n')
        program.chmod(0o755)
        yield opened


async def kept(mill: Installation, known: frozenset[str], jobs: int) -> list[dict[str, Any]]:
    """Wait until so many further jobs have ended and the installation has its own copy of what they made."""

    async def there() -> list[dict[str, Any]]:
        listed = (await mill.api.get("/api/jobs", params={"limit": 100})).raise_for_status().json()["items"]
        new = [job for job in listed if job["jobId"] not in known]
        assert [job["status"] for job in new] == ["completed"] * jobs
        assert {output["stored"]["state"] for job in new for output in job["outputs"]} == {"stored"}
        return new

    return await eventually(there, what=f"{jobs} kept pictures", within=300)


async def known_jobs(mill: Installation) -> frozenset[str]:
    listed = (await mill.api.get("/api/jobs", params={"limit": 100})).raise_for_status().json()["items"]
    return frozenset(job["jobId"] for job in listed)


def call(mill: Installation, *command: str, script: str, paths: Mapping[str, str] | None = None) -> None:
    """Run a script with a program that takes it as its last argument, against this installation."""
    address = mill.environment["PROMPTMILL_URL"]
    done = subprocess.run(
        [*command, script.replace("http://127.0.0.1:3000", address)],
        cwd=mill.folder, env=mill.environment | dict(paths or {}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("door", "jobs"),
    [
        ("docs/python.md python picture", 1),
        ("docs/openai.md python make", 2),
        ("docs/mcp.md python walk", 1),
        ("docs/openai.md sh curl", 1),
    ],
)
async def test_a_page_makes_a_picture_that_is_kept(mill: Installation, door: str, jobs: int) -> None:
    known = await known_jobs(mill)
    if " sh " in door:
        await asyncio.to_thread(mill.run, door)
    else:
        await asyncio.to_thread(call, mill, sys.executable, "-c", script=BLOCKS[door])

    await kept(mill, known, jobs)


async def test_an_agent_over_http_makes_a_picture_that_is_kept(mill: Installation) -> None:
    known = await known_jobs(mill)
    await asyncio.to_thread(call, mill, sys.executable, "-c", script=OVER_HTTP)

    await kept(mill, known, 1)


@pytest.mark.parametrize(("script", "jobs"), [(BLOCKS["docs/openai.md js make"], 1), (TYPESCRIPT, 1)])
async def test_node_makes_a_picture_that_is_kept(mill: Installation, script: str, jobs: int) -> None:
    known = await known_jobs(mill)
    # Packages are looked for beside a script, and a script on the command line is looked for in the current folder.
    link = mill.folder / "node_modules"
    if not link.exists():
        link.symlink_to(ROOT / "node_modules")
    await asyncio.to_thread(call, mill, NODE, "--input-type=module", "-e", script=script)

    await kept(mill, known, jobs)


async def test_a_generated_client_makes_a_picture_that_is_kept(mill: Installation) -> None:
    known = await known_jobs(mill)
    await generate(mill.api, mill.folder)
    await asyncio.to_thread(
        call, mill, os.fspath(GENERATOR / "bin" / "python"), "-c", script=GENERATED, paths={"PYTHONPATH": ""}
    )

    await kept(mill, known, 1)


async def test_a_line_makes_fifty_pictures_of_a_table_within_two_dollars(mill: Installation) -> None:
    """README's line, and the same again."""
    rows = [f"animal {number}" for number in range(1, 51)]
    (mill.folder / "animals.csv").write_text("\n".join(["animal", *rows]) + "\n")
    known = await known_jobs(mill)
    charged = len(await mill.wavespeed.charges())

    made = await asyncio.to_thread(mill.attempt, FIFTY)
    assert made.returncode == 0, made.stderr
    new = await kept(mill, known, 50)
    again = await asyncio.to_thread(mill.attempt, FIFTY)

    assert again.returncode == 0, again.stderr
    assert {job["prompt"] for job in new} == {f"{row} in the first snow" for row in rows}
    assert len(await mill.wavespeed.charges()) == charged + 50
    [batch] = (await mill.api.get("/api/batches")).json()["items"]
    assert (batch["state"], batch["rows"], batch["maxCostUsd"]) == ("done", 50, 2)
    assert 0 < batch["spentUsd"] <= 2
    results = await asyncio.to_thread(mill.attempt, f".venv/bin/promptmill batch results {batch['batchId']} made.csv")
    assert results.returncode == 0, results.stderr
    with (mill.folder / "made.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 50
