"""`make drills`: what openapi-python-client makes of the document, without a warning, makes a job."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Final

import httpx

from promptmill.store import Store
from tests.fixtures.access import make_key
from tests.supply import PLACE, install_tools

TOOLS: Final = "requirements-generator.txt"
GENERATOR: Final = PLACE.with_name("generator")

SCRIPT: Final = """
import sys
from generated import AuthenticatedClient
from generated.api.jobs import create_job, get_job
from generated.models import CreateJob, JobAnswer, JobStatus, Problem

with AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2]) as client:
    wanted = CreateJob(model="wavespeed-ai/flux-dev", prompt="A fox in the first snow")
    made = create_job.sync(client=client, body=wanted, idempotency_key="drill")
    assert isinstance(made, JobAnswer), made
    found = get_job.sync(made.job_id, client=client)
    assert isinstance(found, JobAnswer) and found.status is JobStatus.QUEUED, found
    refused = create_job.sync(client=client, body=CreateJob(model="wavespeed-ai/flux-dev"))
    assert isinstance(refused, Problem) and refused.code == "invalid_request", refused
    print(made.job_id)
"""


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    # It formats what it makes with the ruff that lies beside it.
    path = f"{GENERATOR / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


async def generate(api: httpx.AsyncClient, folder: Path) -> None:
    """Make a client of an installation's document, as the package `generated` in a folder."""
    assert await asyncio.to_thread(install_tools, TOOLS, GENERATOR) is None
    (folder / "openapi.json").write_bytes((await api.get("/openapi.json")).content)

    made = await asyncio.to_thread(
        run,
        *(str(GENERATOR / "bin" / "openapi-python-client"), "generate", "--path", "openapi.json"),
        *("--meta", "none", "--output-path", "generated", "--fail-on-warning"),
        cwd=folder,
    )

    assert made.returncode == 0, made.stdout + made.stderr
    assert "warning" not in (made.stdout + made.stderr).lower()


async def test_a_generated_client_makes_a_job(lonely_api: httpx.AsyncClient, store: Store, tmp_path: Path) -> None:
    await generate(lonely_api, tmp_path)

    key = await make_key(store, "member", "team-a")
    python = str(GENERATOR / "bin" / "python")
    done = await asyncio.to_thread(run, python, "-c", SCRIPT, str(lonely_api.base_url), key, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    jobs = (await lonely_api.get("/api/jobs", headers={"Authorization": f"Bearer {key}"})).json()["items"]
    assert [job["jobId"] for job in jobs] == [done.stdout.strip()]
