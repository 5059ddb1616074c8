"""docs/operations.md, command by command: each named block is run as it stands there, against running processes.

Replaced are only the places where things are: `.venv/bin`, and the two ports.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from uuid_utils import uuid7

from promptmill.local.postgres import PostgresServer, programs_by_version
from promptmill.local.temporal import TemporalServer
from tests.fixtures import installation
from tests.fixtures.installation import MODEL, PICTURE, Installation, Servers, open_installation
from tests.fixtures.session import ROOT, Session
from tests.fixtures.simulators import Simulators
from tests.markdown import MarkdownPage
from tests.support import eventually

PAGE = MarkdownPage.of(ROOT / "docs" / "operations.md")
BLOCKS = {
    name: block.code
    for block in PAGE.blocks
    for language, _, name in [block.info.partition(" ")]
    if language == "sh" and name != "untried"
}

REVISIONS = sorted(file.name[:4] for file in (ROOT / "sql" / "migrations" / "versions").glob("0*.py"))
RELEASED = "0005"
"""The revision of the last release, 0.1.0: where the page says to go down to."""

README = MarkdownPage.of(ROOT / "README.md")
FIRST_JOB = [block.code for block in README.blocks if block.info == "sh first-job"]
SHOWN = [json.loads(block.code) for block in README.blocks if block.info == "json"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mill(
    session: Session,
    postgres_server: PostgresServer,
    database_template: str,
    temporal_server: TemporalServer,
    simulators: Simulators,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Installation]:
    """An API and a worker as processes, with the names of queues and ids that the page has."""
    servers = Servers(session, postgres_server, database_template, temporal_server, simulators)
    folder = tmp_path_factory.mktemp("operations")
    async with open_installation(servers, f"operations-{uuid7()}", blocks=BLOCKS, folder=folder) as opened:
        yield opened


def test_every_command_of_the_page_is_run_here() -> None:
    code = "".join(Path(file).read_text() for file in (__file__, installation.__file__))
    run_here = set(re.findall(r'(?:\.run|\.shows|\.braked)\(\s*"([\w-]+)"', code))
    assert run_here == set(BLOCKS)


def test_every_block_of_the_page_has_a_name_or_says_that_it_was_not_tried() -> None:
    names = [block.info for block in PAGE.blocks if block.info not in {"sh untried", "nginx", "dotenv"}]
    assert sorted(names) == sorted(f"sh {name}" for name in BLOCKS), "each name once"


def test_a_second_terminal_finds_another_temporal(mill: Installation) -> None:
    local_env = mill.folder / ".promptmill" / "local.env"
    local_env.parent.mkdir()
    local_env.write_text("TEMPORAL_ADDRESS='127.0.0.1:17233'\nTEMPORAL_NAMESPACE='elsewhere'\n")
    assert mill.run("where") == ""
    assert mill.shell(BLOCKS["where"] + "env").count("127.0.0.1:17233") == 1


async def test_the_first_job_of_the_readme_is_answered_as_it_says(mill: Installation) -> None:
    accepted = json.loads(mill.shell(FIRST_JOB[0]))
    completed = await mill.reaches(accepted["jobId"], "completed")
    changing = {"jobId", "prompt", "predictionId", "outputs", "promptCostUsd", "links"}
    for shown, answer in zip(SHOWN, (accepted, completed), strict=True):
        assert {name: answer[name] for name in shown.keys() - changing} == {
            name: value for name, value in shown.items() if name not in changing
        }
        assert shown.keys() <= answer.keys()
    assert completed["outputs"][0].keys() >= SHOWN[1]["outputs"][0].keys()


async def test_looking(mill: Installation) -> None:
    with mill.braked("brake-wavespeed"):
        job_id = await mill.create(priority=9)
        await mill.reaches(job_id, "dispatching")

        listed = await mill.shows("list", f"job-{job_id}")
        assert listed.count(f"job-{job_id}") == 2  # among the running ones, and by model and priority
        assert "Total: 1" in listed

        described = await mill.shows("describe", "submit_media", JOB=job_id)
        assert f'"jobId":"{job_id}"' in described
        assert "Waiting for **WaveSpeed**" in described
        assert "ActivityTaskScheduled" in described

        await mill.shows("queues", "ApproximateBacklogCount")
        checked = mill.run("check")
        assert '"totalQueued":0' in checked
        assert checked.count("✓") == 5
    await mill.reaches(job_id, "completed")


async def test_brake_on_wavespeed_holds_submissions_and_lets_paid_jobs_finish(mill: Installation) -> None:
    await mill.wavespeed.set_timing(min_seconds=2, max_seconds=2)
    try:
        paid = await mill.create()
        await mill.reaches(paid, "generating")
        with mill.braked("brake-wavespeed"):
            waiting = await mill.create()
            assert (await mill.queue("promptmill-wavespeed"))["stopped"] is True
            looked = mill.run("brake-look")
            assert looked.count("spending stopped") == 3, "Temporal's table, /api/init's queue and its notice"
            await mill.reaches(paid, "completed")
            assert (await mill.job(waiting))["status"] == "dispatching"
            assert (await mill.job(waiting))["billed"] == "no"
        assert (await mill.queue("promptmill-wavespeed"))["stopped"] is False
        await mill.reaches(waiting, "completed")
    finally:
        await mill.wavespeed.set_timing(min_seconds=0, max_seconds=0)


async def test_brake_on_grok_holds_questions(mill: Installation) -> None:
    with mill.braked("brake-grok"):
        job_id = await mill.create(prompt=None, useAiPrompt=True, instructions="A fox")
        await mill.reaches(job_id, "prompting")
        assert (await mill.queue("promptmill-grok"))["stopped"] is True
        asked = len(await mill.grok.requests("chat"))
    await mill.reaches(job_id, "completed")
    assert len(await mill.grok.requests("chat")) == asked + 1


@pytest.mark.parametrize("way", ["api", "temporal"])
async def test_cancel_of_one_ends_it_in_a_stopped_queue(mill: Installation, way: str) -> None:
    with mill.braked("brake-wavespeed"):
        job_id = await mill.create()
        await mill.reaches(job_id, "dispatching")
        if way == "api":
            assert job_id in mill.run("cancel-api", JOB=job_id)
        else:
            mill.run("cancel-one", JOB=job_id)
        job = await mill.reaches(job_id, "cancelled", within=40)
        assert job["billed"] == "no"
        assert mill.run_status(job_id) == "CANCELED"


async def test_cancel_by_query_ends_all(mill: Installation) -> None:
    with mill.braked("brake-wavespeed"):
        jobs = [await mill.create() for _ in range(3)]
        await mill.shows("list", f"job-{jobs[-1]}")
        printed = mill.run("cancel-query")
        assert "Total: 3" in printed
        for job_id in jobs:
            await mill.reaches(job_id, "cancelled")
            assert mill.run_status(job_id) == "CANCELED"


async def test_terminate_of_one_is_recorded_within_a_pass(mill: Installation) -> None:
    with mill.braked("brake-wavespeed"):
        job_id = await mill.create()
        await mill.reaches(job_id, "dispatching")
        mill.run("terminate-one", JOB=job_id)
        job = await mill.reaches(job_id, "terminated", within=40)
        assert job["error"]["reasonCode"] == "workflow_terminated"
        assert mill.run_status(job_id) == "TERMINATED"


async def test_terminate_while_the_post_is_out_keeps_the_prediction(mill: Installation) -> None:
    await mill.wavespeed.order("submit", "hold", after=True)
    sent = len(await mill.wavespeed.requests("submit"))
    job_id = await mill.create()
    await mill.wavespeed.asked("submit", sent + 1)
    mill.run("terminate-one", JOB=job_id)
    await mill.reaches(job_id, "terminated", within=40)
    await mill.wavespeed.release()

    async def known() -> dict[str, Any] | None:
        job = await mill.job(job_id)
        return job if job["predictionId"] else None

    job = await eventually(known, what="the prediction's id is stored")
    assert (job["status"], job["billed"]) == ("terminated", "yes")


async def test_terminate_by_query_is_recorded_for_all(mill: Installation) -> None:
    with mill.braked("brake-grok"):
        jobs = [await mill.create(prompt=None, useAiPrompt=True, instructions="A fox") for _ in range(2)]
        await mill.shows("list", f"job-{jobs[-1]}")
        assert "Total: 2" in mill.run("terminate-query")
        for job_id in jobs:
            job = await mill.reaches(job_id, "terminated", within=40)
            assert job["promptStatus"] == "failed"


async def test_reset_of_a_paid_job_pays_nothing_again(mill: Installation) -> None:
    await mill.wavespeed.set_timing(min_seconds=3, max_seconds=3)
    try:
        charges, asked = await mill.wavespeed.charges(), await mill.grok.requests("chat")
        job_id = await mill.create(prompt=None, useAiPrompt=True, instructions="A fox")
        before = await mill.reaches(job_id, "generating")
        mill.run("reset", JOB=job_id)
        job = await mill.reaches(job_id, "completed")
    finally:
        await mill.wavespeed.set_timing(min_seconds=0, max_seconds=0)
    assert job["predictionId"] == before["predictionId"]
    assert len(await mill.wavespeed.charges()) == len(charges) + 1
    assert len(await mill.grok.requests("chat")) == len(asked) + 1
    assert await eventually(lambda: mill.run_status(job_id) == "COMPLETED", what="the new run ends")


async def test_reset_of_an_ended_job_does_nothing(mill: Installation) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")
    charges = await mill.wavespeed.charges()
    mill.run("reset", JOB=job_id)
    await eventually(lambda: mill.run_status(job_id) == "COMPLETED", what="the new run ends")
    assert await mill.wavespeed.charges() == charges


async def test_unclear_submissions_are_found(mill: Installation) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    # The history would settle it at once; here it shows nothing.
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    await mill.shows("unknown", f"job-{job_id}")
    mill.run("cancel-api", JOB=job_id)
    assert (await mill.reaches(job_id, "cancelled"))["billed"] == "unknown"
    await mill.wavespeed.clear()


async def test_the_reconciler_runs_when_asked(mill: Installation) -> None:
    ran = mill.run("reconcile-now")
    assert '"started":0' in ran
    assert '"ok":true' in ran
    looked = mill.run("reconcile-look")
    assert "ReconcileWorkflow" in looked


async def test_the_reconciler_is_held_and_goes_on(mill: Installation) -> None:
    hold, go_on = BLOCKS["reconcile-hold"].splitlines()
    mill.shell(hold)
    assert (await mill.api.get("/api/init")).json()["temporal"]["schedule"]["paused"] is True
    mill.shell(go_on)
    mill.run("reconcile-hold")
    assert (await mill.api.get("/api/init")).json()["temporal"]["schedule"]["paused"] is False


async def test_installation_is_made_again_and_adopted(mill: Installation) -> None:
    assert "Search attributes and schedule are in place." in mill.run("init")
    assert mill.environment["TEMPORAL_NAMESPACE"] in mill.run("adopt")


def test_schema_goes_up_and_comes_down_to_the_revision_of_the_last_release(
    mill: Installation, empty_database_url: str
) -> None:
    assert "CREATE TABLE jobs" in mill.run("migrate", DATABASE_URL=empty_database_url)
    assert f"is at revision {RELEASED}." in mill.run("migrate-down", DATABASE_URL=empty_database_url)
    assert any(f"The newest is {REVISIONS[-1]};" in paragraph for paragraph in PAGE.paragraphs)


async def test_schema_with_jobs_in_it_does_not_come_down_to_nothing(mill: Installation) -> None:
    await mill.reaches(await mill.create(), "completed")
    refused = mill.attempt(BLOCKS["migrate-down"].replace(RELEASED, "base"))
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert (await mill.api.get("/api/jobs")).json()["items"]


def test_the_programs_of_the_local_postgres_are_where_the_page_says(mill: Installation) -> None:
    (mill.folder / ".venv").symlink_to(sys.prefix)
    assert mill.run("postgres-programs") == ""
    found = mill.shell(BLOCKS["postgres-programs"] + "command -v pg_dump\ncommand -v psql", PATH=os.defpath)
    assert {Path(line).resolve().parent for line in found.split()} == {max(programs_by_version().items())[1].resolve()}


async def test_the_record_is_backed_up(mill: Installation) -> None:
    await mill.create()
    assert "TABLE DATA public jobs" in mill.run("backup")


async def test_both_brakes_by_one_command(mill: Installation) -> None:
    assert mill.run("brake-on").count("stopped (spending stopped)") == 4
    assert mill.run("brake-off").count("open.") == 2


async def test_a_drain_stops_intake_until_it_is_resumed(mill: Installation) -> None:
    assert "Nothing is left." in mill.run("drain")
    try:
        refused = await mill.api.post("/api/jobs/create", json=PICTURE)
        assert (refused.status_code, refused.json()["code"]) == (503, "intake_stopped")
        assert "new disks" in refused.text
    finally:
        assert "open again" in mill.run("resume")


async def test_ai_prompts_are_off_until_they_are_on_again(mill: Installation) -> None:
    asked = {"model": MODEL, "useAiPrompt": True, "instructions": "A fox"}
    assert "ai-prompts: off since" in mill.run("flag-off")
    try:
        looked = mill.run("flag-look")
        assert looked.count("prompts are being reviewed") == 3, "the command, /api/init's switch and its notice"
        refused = await mill.api.post("/api/jobs/create", json=asked)
        assert (refused.status_code, refused.json()["code"]) == (403, "ai_prompts_off")
    finally:
        assert "ai-prompts: on since" in mill.run("flag-on")
    accepted = await mill.api.post("/api/jobs/create", json=asked)
    await mill.reaches(accepted.json()["jobId"], "completed")


async def test_a_restored_record_is_checked(mill: Installation) -> None:
    assert "Submissions have been released." in mill.run("restore-check")
    assert "Submissions have been released." in mill.run("restore-release")


async def test_metrics_are_there(mill: Installation) -> None:
    shown = mill.run("metrics")
    assert 'promptmill_recorded_jobs{status="completed"}' in shown
    assert '"ready":true' in shown
