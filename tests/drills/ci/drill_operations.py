"""docs/operations.md, command by command: each named block is run as written, against running processes.

Only locations are replaced: `.venv/bin`, and the two ports.
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
from temporalio.client import WorkflowExecutionStatus
from uuid_utils import uuid7

from promptmill.checklist import trials
from promptmill.checklist.lines import read_checklist
from promptmill.config.payload_keys import KEY_BYTES
from promptmill.config.settings import Settings
from promptmill.contracts.access import FIRST_KEY
from promptmill.local.postgres import PostgresServer, programs_by_version
from promptmill.local.temporal import TemporalServer
from tests.fixtures import installation
from tests.fixtures.installation import MODEL, PICTURE, Installation, Servers, open_installation
from tests.fixtures.session import ROOT, Session, WarmPython
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

DEPLOYMENT = {
    block.info.partition(" ")[2]: block.code
    for block in MarkdownPage.of(ROOT / "docs" / "deployment.md").blocks
    if block.info.startswith("sh ")
}
LEFT_TO_A_PERSON = {
    *("series", "alerts", "load", "keys", "scopes", "rate", "objective", "job-lines", "lines-together"),
    *("backup-tables", "backup-tried", "backup-whole", "done-lately", "leftovers"),
}
"""Checks that cannot look at an installation that is new, has no backup, and whose Prometheus was not named."""

OF_THIS_MACHINE = {"18.1", "18.2", "18.4", "19.1"}
"""Lines that depend on how fast it is."""

REVISIONS = sorted(file.name[:4] for file in (ROOT / "sql" / "migrations" / "versions").glob("0*.py"))
RELEASED = "0005"
"""The revision of release 0.1.0, which the page says to migrate down to."""

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
    warm_python: WarmPython,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Installation]:
    """An API and a worker as processes, with the page's queue names and ids."""
    servers = Servers(session, postgres_server, database_template, temporal_server, simulators, warm_python)
    folder = tmp_path_factory.mktemp("operations")
    async with open_installation(servers, f"operations-{uuid7()}", blocks=BLOCKS, folder=folder) as opened:
        yield opened


async def test_a_new_installation_passes_every_line_of_the_checklist_that_it_can(
    mill: Installation,
) -> None:
    # First of all: nothing may have been logged as an error.
    # The prompt that is to be cancelled must not be written before; it may be cancelled before Grok is asked for it.
    await mill.grok.order("chat", "hold", contains=trials.TO_BE_CANCELLED)
    assert mill.attempt(DEPLOYMENT["preflight"]).returncode == 0

    found = _verified(mill)
    await mill.grok.release(held=0)
    await mill.grok.clear()

    looked = {line.number for line in read_checklist().lines if line.check and line.check not in LEFT_TO_A_PERSON}
    assert {number: each for number, each in found.items() if number in looked and each["state"] != "pass"} == {}
    assert {number for number, each in found.items() if each["state"] == "fail"} <= OF_THIS_MACHINE
    assert (found["19.4"]["state"], found["19.5"]["state"]) == ("pass", "pass")
    assert found["13.1"]["state"] == "a person signs"
    made = [job for job in (await mill.api.get("/api/jobs")).json()["items"] if job["eraseRequestedAt"]]
    assert [job["status"] for job in made] == ["completed", "completed"]


async def test_each_thing_that_is_broken_fails_by_its_line_with_what_to_do(mill: Installation) -> None:
    hold, go_on = BLOCKS["reconcile-hold"].splitlines()
    function = (ROOT / "sql" / "functions" / "look_pause.sql").read_text()
    apply = 'psql "$DATABASE_URL" -q -c "$FUNCTION"'
    mill.shell(apply, FUNCTION=function.replace("AS $$", "AS $$ -- changed by hand"))
    mill.shell(hold)
    try:
        with mill.braked("brake-wavespeed"):
            await mill.shows_queue("promptmill-wavespeed", stopped=True)
            found = _verified(mill)
    finally:
        mill.shell(go_on)
        mill.shell(apply, FUNCTION=function)

    failed = {number: each for number, each in found.items() if each["state"] == "fail"}
    assert failed.keys() - OF_THIS_MACHINE - {"4.4"} == {"1.1", "4.3", "17.1"}
    assert "look_pause" in failed["1.1"]["detail"]
    assert "psql -1 -f sql/functions.sql" in failed["1.1"]["advice"]
    assert "is paused" in failed["4.3"]["detail"]
    assert "temporal schedule toggle --unpause" in failed["4.3"]["advice"]
    assert "promptmill brake off" in failed["17.1"]["advice"]
    assert found["6.1"]["state"] == "a person signs", "nothing is made that could not end"


def test_the_schema_is_rehearsed_by_psql_and_nothing_is_left_of_it(mill: Installation) -> None:
    shown = mill.shell(f"cd {ROOT}\n{DEPLOYMENT['schema-dry-run']}")
    assert "-- The schema is at revision" in shown


def _verified(mill: Installation) -> dict[str, dict[str, Any]]:
    """Run `promptmill verify` as the page has it, and return its findings by line."""
    written = mill.folder / "sheet.json"
    written.unlink(missing_ok=True)
    done = mill.attempt(DEPLOYMENT["verify"])
    assert written.exists(), f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    sheet = json.loads(written.read_text())
    assert "deployed by | Ada Example" in (mill.folder / "sheet.md").read_text()
    return {each["number"]: each for each in sheet["findings"]}


def test_every_command_of_the_page_is_run_here() -> None:
    code = "".join(Path(file).read_text() for file in (__file__, installation.__file__))
    run_here = set(re.findall(r'(?:\.run|\.shows|\.braked|\.judged)\(\s*"([\w-]+)"', code))
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


def test_keys_are_made_and_revoked(mill: Installation, database_url: str) -> None:
    # In a database of its own: the first key shuts everybody else out.
    made = mill.run("first-key", DATABASE_URL=database_url).splitlines()
    keys = [line for line in made if line.startswith("pm_")]
    revoked = mill.run("revoke-key", DATABASE_URL=database_url, KEY=keys[1])

    assert (made[0], made[-1]) == (FIRST_KEY, keys[1])
    assert f"pm_{keys[0][3:11]}…  local  my own  [admin " in revoked
    assert revoked.splitlines()[-1] == "Key build server of team-a is revoked."


async def test_a_job_and_an_owner_are_erased_exported_and_erased_again(mill: Installation) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")
    mill.shell(".venv/bin/promptmill owners add team-a")

    assert f"{job_id}: erased here" in mill.run("erase-job", JOB=job_id)
    assert "What team-a had until" in mill.run("erase-owner")
    mill.run("export")
    assert f"{job_id}: erased" in mill.run("erase-again")

    assert json.loads((mill.folder / "team-a.jsonl").read_text()) == {"kind": "end", "lines": 0}


def test_more_outputs_are_stored_and_the_storage_is_compared(
    mill: Installation, database_url: str, tmp_path: Path
) -> None:
    own = {"DATABASE_URL": database_url, "PROMPTMILL_OUTPUTS": str(tmp_path)}
    assert "0 outputs are stored from the reconciler's next pass on" in mill.run("outputs-keep", **own)
    assert "0 outputs are stored; 0 are missing, 0 differ." in mill.run("outputs-verify", **own)


async def test_looking(mill: Installation) -> None:
    async with mill.stopped("wavespeed"):
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
    await mill.wavespeed.order("submit", "never")
    paid = await mill.create()
    prediction_id = (await mill.reaches(paid, "generating"))["predictionId"]
    with mill.braked("brake-wavespeed"):
        await mill.shows_queue("promptmill-wavespeed", stopped=True)
        waiting = await mill.create()
        looked = mill.run("brake-look")
        assert looked.count("spending stopped") == 3, "Temporal's table, /api/init's queue and its notice"
        await mill.reaches(waiting, "dispatching")
        await mill.wavespeed.end(prediction_id)
        await mill.reaches(paid, "completed")
        assert (await mill.job(waiting))["status"] == "dispatching"
        assert (await mill.job(waiting))["billed"] == "no"
    await mill.shows_queue("promptmill-wavespeed", stopped=False)
    await mill.reaches(waiting, "completed")


async def test_brake_on_grok_holds_questions(mill: Installation) -> None:
    with mill.braked("brake-grok"):
        await mill.shows_queue("promptmill-grok", stopped=True)
        job_id = await mill.create(prompt=None, useAiPrompt=True, instructions="A fox")
        await mill.reaches(job_id, "prompting")
        asked = len(await mill.grok.requests("chat"))
    await mill.reaches(job_id, "completed")
    assert len(await mill.grok.requests("chat")) == asked + 1


@pytest.mark.parametrize("way", ["api", "temporal"])
async def test_cancel_of_one_ends_it_in_a_stopped_queue(mill: Installation, way: str) -> None:
    async with mill.stopped("wavespeed"):
        job_id = await mill.create()
        await mill.reaches(job_id, "dispatching")
        if way == "api":
            assert job_id in mill.run("cancel-api", JOB=job_id)
        else:
            mill.run("cancel-one", JOB=job_id)
        job = await mill.reaches(job_id, "cancelled")
        assert job["billed"] == "no"
        await mill.closes(job_id, WorkflowExecutionStatus.CANCELED)


async def test_cancel_by_query_ends_all(mill: Installation) -> None:
    async with mill.stopped("wavespeed"):
        jobs = [await mill.create() for _ in range(3)]
        await mill.finds("cancel-query", len(jobs))
        assert "Total: 3" in mill.run("cancel-query")
        for job_id in jobs:
            await mill.reaches(job_id, "cancelled")
            await mill.closes(job_id, WorkflowExecutionStatus.CANCELED)


async def test_terminate_of_one_is_recorded_within_a_pass(mill: Installation) -> None:
    async with mill.stopped("wavespeed"):
        job_id = await mill.create()
        await mill.reaches(job_id, "dispatching")
        mill.run("terminate-one", JOB=job_id)
        job = await mill.reaches(job_id, "terminated")
        assert job["error"]["reasonCode"] == "workflow_terminated"
        await mill.closes(job_id, WorkflowExecutionStatus.TERMINATED)


async def test_terminate_while_the_post_is_out_keeps_the_prediction(mill: Installation) -> None:
    await mill.wavespeed.order("submit", "hold", after=True)
    sent = len(await mill.wavespeed.requests("submit"))
    job_id = await mill.create()
    await mill.wavespeed.asked("submit", sent + 1)
    mill.run("terminate-one", JOB=job_id)
    await mill.reaches(job_id, "terminated")
    await mill.wavespeed.release()

    async def known() -> dict[str, Any] | None:
        job = await mill.job(job_id)
        return job if job["predictionId"] else None

    job = await eventually(known, what="the prediction's id is stored")
    assert (job["status"], job["billed"]) == ("terminated", "yes")


async def test_terminate_by_query_is_recorded_for_all(mill: Installation) -> None:
    async with mill.stopped("grok"):
        jobs = [await mill.create(prompt=None, useAiPrompt=True, instructions="A fox") for _ in range(2)]
        await mill.finds("terminate-query", len(jobs))
        assert "Total: 2" in mill.run("terminate-query")
        for job_id in jobs:
            job = await mill.reaches(job_id, "terminated")
            assert job["promptStatus"] == "failed"


async def test_reset_of_a_paid_job_pays_nothing_again(mill: Installation) -> None:
    await mill.wavespeed.order("submit", "never")
    charges, asked = await mill.wavespeed.charges(), await mill.grok.requests("chat")
    job_id = await mill.create(prompt=None, useAiPrompt=True, instructions="A fox")
    before = await mill.reaches(job_id, "generating")
    mill.run("reset", JOB=job_id)
    await mill.wavespeed.end(before["predictionId"])
    job = await mill.reaches(job_id, "completed")
    assert job["predictionId"] == before["predictionId"]
    assert len(await mill.wavespeed.charges()) == len(charges) + 1
    assert len(await mill.grok.requests("chat")) == len(asked) + 1
    await mill.closes(job_id, WorkflowExecutionStatus.COMPLETED)


async def test_reset_of_an_ended_job_does_nothing(mill: Installation) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")
    charges = await mill.wavespeed.charges()
    mill.run("reset", JOB=job_id)
    await mill.closes(job_id, WorkflowExecutionStatus.COMPLETED)
    assert await mill.wavespeed.charges() == charges


async def test_unclear_submissions_are_found(mill: Installation) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    # The history would resolve it immediately; here it shows nothing.
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    await mill.shows("unknown", f"job-{job_id}")
    mill.run("cancel-api", JOB=job_id)
    assert (await mill.reaches(job_id, "cancelled"))["billed"] == "unknown"
    await mill.wavespeed.clear()


async def test_everybody_is_told_and_no_longer(mill: Installation) -> None:
    shown = mill.run("announce")
    told = (await mill.api.get("/api/init")).json()["announcement"]
    cleared = mill.run("announce-clear")

    assert shown.count(" (info): Maintenance tonight, 22:00 to 23:00 UTC") == 2
    assert (told["level"], told["text"][:19]) == ("info", "Maintenance tonight")
    assert cleared.strip() == "Nothing is announced."
    assert (await mill.api.get("/api/init")).json()["announcement"] is None
    refused = mill.attempt('.venv/bin/promptmill announce "now" --until yesterday')
    assert refused.returncode == 2
    assert "give a time with its zone" in refused.stderr


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


def test_what_retention_would_delete_is_told(mill: Installation, database_url: str) -> None:
    told = mill.run("retention", DATABASE_URL=database_url)
    assert [line.split()[0] for line in told.splitlines()] == ["0"] * 6


def test_what_a_purge_would_remove_is_told(mill: Installation, database_url: str) -> None:
    assert "--yes would remove 0 jobs" in mill.run("purge", DATABASE_URL=database_url)


async def test_the_record_is_backed_up(mill: Installation) -> None:
    await mill.create()
    assert "holds what it should" in mill.run("backup")


async def test_both_brakes_by_one_command(mill: Installation) -> None:
    # What it shows at the end may still be the state of a moment before.
    await eventually(lambda: mill.run("brake-on").count("(spending stopped). Nothing is submitted") == 4)
    assert mill.run("brake-off").count("open.") == 2
    told = mill.run("audit")
    assert told.count("  brake.set  provider:grok  ") >= 2
    assert told.count(",brake.set,provider:wavespeed,") >= 2


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


async def test_budgets_are_set_and_spending_is_shown(mill: Installation) -> None:
    await mill.reaches(await mill.create(), "completed")

    said = mill.run("budgets")
    assert "the installation (*), day: $50.00; " in said
    assert "local, month: $400.50; " in said
    shown = mill.run("spend")
    assert "In all: $0." in shown
    assert f"model,spent_usd,reserved_usd,grok_usd\n{MODEL},0." in shown.replace("\r", "")
    assert shown.count("The budget is removed.") == 2
    mistyped = mill.attempt(BLOCKS["budgets"].replace("local", "locla"))
    assert mistyped.returncode == 1
    assert "There is no owner locla" in mistyped.stderr


async def test_an_owner_is_limited_paused_and_resumed(mill: Installation) -> None:
    limited = mill.run("owner-limits")
    assert "open jobs: 40\n" in limited
    assert "streams: 200 (the installation)" in limited
    assert limited.count("open jobs") == 2, "the last command removes it"
    mistyped = mill.attempt(BLOCKS["owner-limits"].replace("open-jobs", "open-job"))
    assert mistyped.returncode == 2
    assert "LIMIT is one of open-jobs" in " ".join(mistyped.stderr.replace("│", " ").split())
    unknown = mill.attempt(BLOCKS["pause-owner"].replace("local", "locla"))
    assert "There is no owner locla" in unknown.stderr

    paused = mill.run("pause-owner")

    assert paused.count("local  paused since ") == 2
    assert paused.count(": costs are looked into (by cli:") == 2
    assert paused.rstrip().endswith("\nlocal"), "and resumed"


def test_a_key_for_payloads_is_made(mill: Installation) -> None:
    made = mill.run("payload-key").strip()

    assert [len(key.key) for key in Settings(payload_keys=made).payload_keys] == [KEY_BYTES]


async def test_a_restored_record_is_checked(mill: Installation) -> None:
    shown = mill.run("restore-check")
    assert "Submissions have been released." in shown
    assert "provider_call" not in shown, "a command tells people, and its log is of warnings alone"
    assert "Submissions have been released." in mill.run("restore-release")


async def test_metrics_are_there(mill: Installation) -> None:
    shown = mill.run("metrics")
    assert 'promptmill_recorded_jobs{status="completed"}' in shown
    assert '"ready":true' in shown


def test_the_record_agrees_with_itself_and_with_temporal(mill: Installation) -> None:
    shown = mill.run("audit-record")
    assert "✓ workflows: " in shown
    assert "✗" not in shown


def test_the_objectives_are_shown(mill: Installation) -> None:
    shown = mill.judged("slo")
    # On a busy machine the API may be slow: whether each is met is none of this test's business.
    assert [line.split()[1] for line in shown.splitlines()] == [
        *("18.1", "18.2", "18.3", "18.4", "18.5"),
        *("19.1", "19.2", "19.3", "19.4", "19.5"),
    ]
    assert "requests since the API was started" in shown


def test_the_installation_is_loaded(mill: Installation) -> None:
    shown = mill.run("load")
    assert "20 of 20 jobs accepted" in shown
    assert "ends: 20 completed" in shown
