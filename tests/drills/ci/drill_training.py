"""`make drills`, docs/training: the scene is set, the check fails, the page's steps are taken, the check passes."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import pytest_asyncio
from uuid_utils import uuid7

from promptmill.local.postgres import PostgresServer
from promptmill.local.temporal import TemporalServer
from tests.fixtures.field_recipe import add_field
from tests.fixtures.installation import Installation, Servers, open_installation
from tests.fixtures.session import ROOT, Session, WarmPython
from tests.fixtures.simulators import Simulators
from tests.markdown import MarkdownPage

BLOCKS = {
    name: block.code
    for page in sorted((ROOT / "docs" / "training").glob("*.md"))
    for block in MarkdownPage.of(page).blocks
    for language, _, name in [block.info.partition(" ")]
    if language == "sh" and name != "untried"
}


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
    folder = tmp_path_factory.mktemp("training")
    async with open_installation(servers, f"training-{uuid7()}", blocks=BLOCKS, folder=folder) as opened:
        opened.environment["PROMPTMILL_DATA_DIR"] = str(folder / "data")
        opened.environment["PROMPTMILL_BACKUP_DIR"] = str(folder / "backups")
        yield opened


def attempt(
    mill: Installation, name: str, change: tuple[str, str] = ("", ""), **variables: str
) -> CompletedProcess[str]:
    """Run a block of a page against the installation; `change` is what the person fills in."""
    commands = BLOCKS[name].replace(*change) if change[0] else BLOCKS[name]
    for port, simulator in ((3900, mill.grok), (3901, mill.wavespeed)):
        commands = commands.replace(
            f"http://127.0.0.1:{port}/_simulator/accounts/local-simulator",
            f"{simulator.url}/_simulator/accounts/{simulator.account}",
        )
    return mill.attempt(commands, **variables)


def run(mill: Installation, name: str, change: tuple[str, str] = ("", ""), **variables: str) -> str:
    done = attempt(mill, name, change, **variables)
    assert done.returncode == 0, f"{name}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def missing(mill: Installation, name: str, change: tuple[str, str] = ("", ""), **variables: str) -> list[str]:
    """Run a check that must fail, and return what it misses."""
    done = attempt(mill, name, change, **variables)
    assert done.returncode == 1, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("✗")]


def labels(told: str) -> str:
    found = re.search(r"\{.*?\}", told)
    assert found is not None, told
    return found[0]


async def test_support(mill: Installation) -> None:
    told = run(mill, "support-scene")
    anna, _, cleo = re.findall(r"[0-9a-f-]{36}", told)[:3]
    unanswered = ("--answer reason=… --answer charged=…", "--answer charged=7")
    assert len(missing(mill, "support-check", unanswered)) == 4

    assert '"status":"submit_unknown"' in run(mill, "support-look", JOB=anna)
    prompt = (await mill.job(anna))["prompt"]
    book = json.loads(run(mill, "support-dashboard"))
    [prediction] = [each["id"] for each in book["predictions"] if each["inputs"]["prompt"] == prompt]
    run(mill, "support-adopt", JOB=anna, PREDICTION=prediction)
    again = json.loads(run(mill, "support-again", METADATA=labels(told)))
    await mill.reaches(anna, "completed")
    await mill.reaches(again["jobId"], "completed")
    cost = (await mill.job(cleo))["mediaCostUsd"]

    answered = ("reason=… --answer charged=…", f"reason=generation_moderated --answer charged={cost}")
    assert "✗" not in run(mill, "support-check", answered)
    assert not (await mill.wavespeed.book())["faults"]
    assert "No scene is set" in attempt(mill, "support-check", answered).stderr


async def test_developers(mill: Installation, tmp_path: Path) -> None:
    told = run(mill, "developer-scene")
    [job] = re.findall(r"[0-9a-f-]{36}", told)
    answer = ("--checkout . --answer reason=…", f"--checkout {tmp_path} --answer reason=grok_unavailable")
    wrong = (answer[0], f"--checkout {ROOT} --answer reason=grok_refused")
    assert len(missing(mill, "developer-check", wrong)) == 3

    add_field(tmp_path)
    looked = run(mill, "developer-look", JOB=job)
    assert "grok_unavailable" in looked
    assert len(missing(mill, "developer-check", answer)) == 1, "the picture"
    run(mill, "developer-mend")
    again = json.loads(run(mill, "developer-retry", JOB=job))  # refused if it is still being retried
    await mill.reaches(again.get("jobId", job), "completed")

    assert "✗" not in run(mill, "developer-check", answer)


async def test_operators(mill: Installation) -> None:
    told = run(mill, "operator-scene")
    begun = missing(mill, "operator-check")
    assert len(begun) == 8
    assert begun[-1].endswith("take look_pause back")

    created = run(mill, "operator-brake", METADATA=labels(told))
    [job] = set(re.findall(r'"jobId":"([0-9a-f-]{36})"', created))
    await mill.reaches(job, "dispatching")
    run(mill, "operator-drain")
    assert "Submissions have been released." in run(mill, "operator-restore")
    assert "look_pause" in run(mill, "operator-back")
    open_again = missing(mill, "operator-check")
    assert [line.partition(":")[0] for line in open_again] == [
        "✗ and is released",
        "✗ A job waited meanwhile, and has its picture now",
        "✗ and is open again",
    ]
    run(mill, "operator-open")
    await mill.reaches(job, "completed")

    assert "✗" not in run(mill, "operator-check")


def test_every_step_of_the_pages_is_taken_here() -> None:
    taken = re.findall(r'(?:run|missing|attempt)\(mill, "([\w-]+)"', Path(__file__).read_text())
    assert set(taken) == set(BLOCKS)


def test_a_drill_is_refused_where_it_could_do_harm(mill: Installation, database_url: str) -> None:
    for name, base in (("XAI_API_BASE", "https://api.x.ai"), ("WAVESPEED_API_BASE", "https://api.wavespeed.ai")):
        simulated_only = {"PROMPTMILL_SIMULATED_ONLY": "false", name: base}
        refused = mill.attempt(".venv/bin/promptmill drill support", **simulated_only)
        assert refused.returncode == 1
        assert "needs simulators alone" in refused.stderr
    swapped = mill.attempt(".venv/bin/promptmill drill support", WAVESPEED_API_BASE=mill.grok.url)
    assert "There is no simulator of wavespeed at" in swapped.stderr
    other = mill.attempt(".venv/bin/promptmill drill operator", DATABASE_URL=database_url)
    assert "another record than that of the API" in other.stderr
    nowhere = mill.attempt(".venv/bin/promptmill drill support", PROMPTMILL_DATA_DIR="/dev/null/there")
    assert "/dev/null/there/drills/support.json cannot be written" in nowhere.stderr
    assert "Traceback" not in nowhere.stderr
    unknown = mill.attempt(".venv/bin/promptmill drill operator --check --answer reason=x")
    assert "asks for no answer" in unknown.stderr
