"""`make drills`: a release is brought out and taken back while jobs go on; nothing is lost, nothing is paid twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from rich.console import Console

from promptmill.local.ports import LOOPBACK, free_port
from promptmill.local.processes import Child, start_child
from promptmill.local.readiness import answers, wait_ready
from promptmill.store.consistency import check_record
from tests.drills.versions import found_by, run_block, versions_of
from tests.fixtures.mill import Mill
from tests.fixtures.session import ROOT, Session, StartProcess
from tests.support import eventually, open_http

RELEASED = "e19fc4bed34a3ef1b65dc66b5e3b513333d65903"
"""The last commit of release 0.2.0."""

JOBS = 200
PATIENCE = 600.0
PICTURE = {"model": "wavespeed-ai/flux-dev", "prompt": "A red fox in the snow"}
Versioned = Callable[..., Child]


@pytest.fixture
def settings_environment(settings_environment: dict[str, str]) -> dict[str, str]:
    return settings_environment | {"PROMPTMILL_WAVESPEED_PER_SECOND": "1000"}


@pytest.fixture
def versioned(start_process: StartProcess, settings_environment: dict[str, str]) -> Versioned:
    """Starts a worker process of a version, by default of this release."""

    def start(version: str, module: str = "worker") -> Child:
        environment = {"PROMPTMILL_WORKER_VERSIONING": "true", "PROMPTMILL_WORKER_BUILD_ID": version}
        return start_process(f"worker-{version}", "-m", module, environment=settings_environment | environment)

    return start


@pytest.fixture
def released(tmp_path: Path, session: Session, settings_environment: dict[str, str]) -> Callable[..., Child]:
    """Starts a process of release 0.2.0."""
    archive = subprocess.run(["git", "-C", ROOT, "archive", RELEASED], capture_output=True, check=False)
    if archive.returncode != 0:
        pytest.skip("this checkout has no history: release 0.2.0 is not there")
    subprocess.run(["tar", "-x", "-C", tmp_path], input=archive.stdout, check=True)

    def start(module: str, **variables: str) -> Child:
        environment = dict(os.environ) | settings_environment | variables | {"PYTHONPATH": os.fspath(tmp_path)}
        command = [sys.executable, "-m", module]
        log = session.folder / f"released-{module}.log"
        return session.guard(start_child(module, command, log=log, environment=environment, folder=tmp_path))

    return start


async def test_from_release_0_2_0_to_this_one_and_back_by_its_code_alone(
    idle_mill: Mill, versioned: Versioned, released: Callable[..., Child]
) -> None:
    mill, port = idle_mill, free_port()
    await mill.wavespeed.set_timing(min_seconds=3600, max_seconds=3600)
    api_process = released("api", PROMPTMILL_PORT=str(port))
    old = released("worker")
    url = f"http://{LOOPBACK}:{port}"
    await asyncio.to_thread(wait_ready, api_process, lambda: answers(f"{url}/healthz"), within=60)
    async with open_http(url) as api:
        begun_before = await create(api)
        before = await mill.reaches(begun_before, "generating")
        assert set(await versions_of(mill, f"job-{begun_before}")) == {""}

        versioned("new")
        await run_block(mill.settings, "versions-current", "new")
        await asyncio.to_thread(old.stop, 10)
        begun_after = await create(api)
        after = await mill.reaches(begun_after, "generating")
        await mill.wavespeed.end(str(before.prediction_id))
        await mill.reaches(begun_before, "completed")

        old = released("worker")
        await run_block(mill.settings, "versions-none")
        await keep(mill, "new", 1)
        begun_again = await create(api)
        again = await mill.reaches(begun_again, "generating")
        for row in (after, again):
            await mill.wavespeed.end(str(row.prediction_id))
            await mill.reaches(row.id, "completed")
    for process in (old, api_process):
        await asyncio.to_thread(process.stop, 10)

    assert [*dict.fromkeys(await versions_of(mill, f"job-{begun_before}"))] == ["", "new"]
    assert set(await versions_of(mill, f"job-{begun_after}")) == {"new"}
    assert set(await versions_of(mill, f"job-{begun_again}")) == {""}
    await paid_once(mill, 3)


@pytest.mark.timeout(1800)
async def test_200_jobs_go_forward_to_a_release_with_other_steps_and_back(
    idle_mill: Mill, versioned: Versioned, capsys: pytest.CaptureFixture[str]
) -> None:
    mill, began = idle_mill, time.monotonic()
    jobs: list[UUID] = []
    await mill.wavespeed.set_timing(min_seconds=2, max_seconds=20)
    old = versioned("1")
    await run_block(mill.settings, "versions-current", "1")
    versioned("2", "tests.drills.next_release")

    async def quarter() -> None:
        for _ in range(JOBS // 4):
            jobs.append(await mill.create())
            await asyncio.sleep(0.1)

    await quarter()
    await run_block(mill.settings, "versions-ramp", "2")
    await quarter()
    await run_block(mill.settings, "versions-current", "2")
    old.kill()  # in the middle of what it does
    await quarter()
    versioned("1")
    await run_block(mill.settings, "versions-current", "1")
    await quarter()
    await keep(mill, "2", 1)
    for job_id in jobs:
        await mill.reaches(job_id, "completed", PATIENCE)

    taken = [await versions_of(mill, f"job-{job_id}") for job_id in jobs]
    seen = Counter("+".join(dict.fromkeys(versions)) for versions in taken)
    with capsys.disabled():
        Console().print(f"\n{JOBS} jobs by versions: {dict(seen)}; {time.monotonic() - began:.0f} s", highlight=False)
    assert {"1", "2", "1+2"} <= set(seen), "each way was taken"
    await paid_once(mill, JOBS)


async def create(api: httpx.AsyncClient) -> UUID:
    answer = await api.post("/api/jobs/create", json=PICTURE)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    return UUID(answer.json()["jobId"])


async def keep(mill: Mill, version: str, at_least: int) -> None:
    """Keep what a version has touched, once Temporal's search knows of it."""

    async def found() -> bool:
        return await found_by(mill, "versions-keep", version) >= at_least

    await eventually(found, what=f"workflows of {version} are found")
    await run_block(mill.settings, "versions-keep", version)


async def paid_once(mill: Mill, jobs: int) -> None:
    """Compare what WaveSpeed charged with the number of jobs, and the record with itself."""
    assert len(await mill.wavespeed.charges()) == jobs
    checks = await check_record(mill.store.consistency, keep_days=0, unclear_after=timedelta())
    assert [check for check in checks if check.findings] == []
