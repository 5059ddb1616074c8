"""`make drills`: docs/cli.md and docs/python.md, block by block, against a running installation."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from uuid_utils import uuid7

from api.clock import now
from promptmill.local.postgres import PostgresServer
from promptmill.local.temporal import TemporalServer
from promptmill.providers.callbacks.signature import CallbackSigner
from promptmill_client import WrongSignature
from tests.callback_receiver import SECRET
from tests.fixtures.installation import MODEL, Installation, Servers, open_installation
from tests.fixtures.session import ROOT, Session, WarmPython
from tests.fixtures.simulators import Simulators
from tests.markdown import MarkdownPage
from tests.pictures import drawn, saved

BLOCKS = {
    block.info.partition(" ")[2]: block.code
    for page in ("cli.md", "python.md")
    for block in MarkdownPage.of(ROOT / "docs" / page).blocks
    if block.info.startswith(("sh ", "python "))
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
    folder = tmp_path_factory.mktemp("commands")
    async with open_installation(servers, f"commands-{uuid7()}", blocks=BLOCKS, folder=folder) as opened:
        opened.environment["PROMPTMILL_URL"] = str(opened.api.base_url).rstrip("/")
        opened.environment["XDG_CONFIG_HOME"] = str(folder / "config")
        opened.environment["COLUMNS"] = "200"
        for name in ("fox.png", "snow.png"):
            (folder / name).write_bytes(saved(drawn(size=(64, len(name) * 8)), "PNG"))
        yield opened


def attempt(mill: Installation, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return mill.attempt(f".venv/bin/promptmill {line}", **variables)


def jobs_of(told: str) -> list[str]:
    return re.findall(r"(?m)^job ([0-9a-f-]{36})", told)


def test_every_block_is_run() -> None:
    code = Path(__file__).read_text().partition("def test_every_block_is_run")[2]

    assert [name for name in BLOCKS if f'"{name}"' not in code] == []


async def test_a_line_makes_a_picture_once(mill: Installation) -> None:
    first = mill.attempt(BLOCKS["run"])
    assert first.returncode == 0, first.stderr
    assert first.stdout == ""
    assert "Completed." in first.stderr
    [picture] = (mill.folder / "pictures").rglob("*.png")
    assert str(picture.relative_to(mill.folder)) == f"pictures/{MODEL.replace('/', '-')}/a-fox-in-the-first-snow-7.png"
    assert picture.read_bytes().startswith(b"\x89PNG")

    again = mill.attempt(BLOCKS["again"])
    assert again.returncode == 0, again.stderr
    assert f"job {jobs_of(first.stderr)[0]} of an earlier run" in again.stderr
    assert "is there already" in again.stderr
    assert len(await mill.wavespeed.charges()) == 2, "one is made again"


async def test_files_and_words_are_given(mill: Installation) -> None:
    before = len(await mill.wavespeed.requests("upload"))
    edited = mill.attempt(BLOCKS["edit"])
    once_more = mill.attempt(BLOCKS["edit"])
    assert edited.returncode == once_more.returncode == 0, edited.stderr + once_more.stderr
    assert jobs_of(edited.stderr) == jobs_of(once_more.stderr)
    assert len(await mill.wavespeed.requests("upload")) == before + 2, "each file once"
    body = (await mill.wavespeed.requests("submit"))[-1]["body"]
    assert len(body["images"]) == 2

    written = mill.attempt(BLOCKS["grok"])
    assert written.returncode == 0, written.stderr
    jobs = [await mill.job(found) for found in jobs_of(written.stderr)]
    assert [(job["instructions"], job["maxPriceUsd"]) for job in jobs] == [("A lighthouse in the fog", 0.033333)] * 3


def test_scripts_get_json_alone(mill: Installation) -> None:
    told = mill.run("scripts")

    job = json.loads((mill.folder / "job.json").read_text())
    assert job["model"] == MODEL
    assert "A fox at night" in told
    assert (mill.folder / "pictures" / f"{job['jobId']}.png").is_file()


def test_what_is_there_is_shown(mill: Installation) -> None:
    told = mill.run("there")
    for part in (MODEL, "num_images", "https://", "completed"):
        assert part in told.replace("http://", "https://"), part

    assert re.search(rf"{MODEL} +\$0\.", mill.run("money"))


def test_a_table_is_planned(mill: Installation) -> None:
    told = mill.run("table")
    assert "at WaveSpeed" in told

    (mill.folder / "wrong.csv").write_text("animal,sed\nfox,1\n")
    wrong = attempt(mill, f"batch plan wrong.csv -m {MODEL} -p 'An {{{{animal}}}}'")
    assert wrong.returncode == 2, wrong.stderr
    assert "seed" in wrong.stdout
    assert attempt(mill, "batch plan wrong.csv").returncode == 2


async def test_a_batch_is_made_once(mill: Installation) -> None:
    before = len(await mill.wavespeed.charges())
    mill.run("table")
    told = mill.run("batch")
    again = mill.attempt(BLOCKS["batch"].splitlines()[0])

    assert "done: 2 of 2 done" in told
    assert "0 rows are tried again" in told
    assert "2 rows, 0 of them new" in again.stderr
    assert (mill.folder / "foxes-made.csv").read_text().count("completed,completed") == 2
    assert len(await mill.wavespeed.charges()) == before + 2

    broke = attempt(mill, f"batch run foxes.csv -m {MODEL} -p '{{{{animal}}}}' --max-cost 0.000001 --again")
    assert broke.returncode == 4, broke.stderr
    assert attempt(mill, "batch run foxes.csv --max-cost 1").returncode == 2


async def test_of_proposed_prompts_only_the_chosen_ones_are_made(mill: Installation) -> None:
    before = len(await mill.wavespeed.charges())
    told = mill.run("variants")

    assert "awaiting_approval" in told
    assert "running: 0 of 2 done" in told
    assert len(await mill.wavespeed.charges()) == before + 2
    both = attempt(mill, "batch approve 01890000-0000-7000-8000-000000000000 --take 1 --prompts x")
    assert both.returncode == 2


async def test_a_terminal_asks_which_of_the_proposed_prompts_are_made(mill: Installation) -> None:
    before = len(await mill.wavespeed.charges())
    ours, its = pty.openpty()
    line = f"-m promptmill batch run --variants 3 -m {MODEL} -p owl --max-cost 1 --again".split()
    running = await asyncio.create_subprocess_exec(
        mill.python.program,
        *line,
        stdin=its,
        stderr=its,
        stdout=its,
        cwd=mill.folder,
        env=mill.environment,
    )
    os.close(its)
    seen = await asyncio.to_thread(_read_until, ours, "decide later")
    os.write(ours, b"9\n")
    seen = await asyncio.to_thread(_read_until, ours, "decide later")
    assert "numbers from 1 to 3" in seen
    os.write(ours, b"2\n")
    await asyncio.to_thread(_read_until, ours, "done: 1 of 1 done")
    assert await running.wait() == 0
    os.close(ours)
    assert len(await mill.wavespeed.charges()) == before + 1


def _read_until(terminal: int, words: str) -> str:
    """Return what a terminal shows until these words."""
    shown = ""
    while words not in shown:
        shown += os.read(terminal, 65_536).decode(errors="replace")
    return shown


async def test_profiles_are_kept_privately(mill: Installation) -> None:
    told = mill.run("login", KEY="")
    assert "work: http://127.0.0.1" in told
    assert "The profile is removed." in told

    wrong = mill.attempt("echo pm_wrong | .venv/bin/promptmill login work --url http://127.0.0.1:3000")
    assert wrong.returncode == 3
    file = mill.folder / "config" / "promptmill" / "profiles.json"
    assert json.loads(file.read_text()) == {}
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    unknown = attempt(mill, "jobs --profile home")
    assert unknown.returncode == 2
    assert "there is no profile home" in " ".join(unknown.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        (f"run {MODEL}", 2, "prompt"),
        (f"run {MODEL} -p x -i sise=1", 2, "sise"),
        (f"run {MODEL} -p x -i seed", 2, "key=value"),
        (f"run {MODEL} -p x -i image=@nothing.png", 2, "nothing.png"),
        (f"run {MODEL} -p x --max-cost cheap", 2, "no amount"),
        (f"run {MODEL} -p x --download '{{prompt}}.png'", 2, "{prompt} is unknown"),
        (f"run {MODEL} -p x --max-cost 0.000001", 4, "price_above_max"),
        ("show 01890000-0000-7000-8000-000000000000", 1, "not_found"),
        ("jobs", 3, "unauthorized"),
        ("schema no/model", 1, "not listed"),
    ],
)
def test_exit_codes_tell_what_happened(mill: Installation, line: str, code: int, told: str) -> None:
    done = attempt(mill, line, **({"PROMPTMILL_API_KEY": "pm_wrong"} if code == 3 else {}))

    assert done.returncode == code, done.stderr
    assert told in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


async def test_a_command_that_ends_leaves_its_job(mill: Installation) -> None:
    line = ("run", MODEL, "-p", "A fox that waits")
    assert (await mill.api.put("/api/queue/pause")).is_success
    try:
        waited = attempt(mill, f"run {MODEL} -p 'A fox that waits' --timeout 0.1")
        assert waited.returncode == 124
        [job_id] = jobs_of(waited.stderr)
        assert f"promptmill watch {job_id}" in waited.stderr

        # A process of its own: signals do not reach the others.
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "promptmill", *line), cwd=ROOT, env=mill.environment, stderr=asyncio.subprocess.PIPE
        )
        assert command.stderr is not None
        first = (await command.stderr.readline()).decode()
        assert first.startswith(f"job {job_id} of an earlier run"), first
        command.send_signal(signal.SIGINT)
        rest = (await command.stderr.read()).decode()
        assert await command.wait() == 130, rest
        assert f"Job {job_id} goes on: promptmill watch {job_id}" in rest
    finally:
        assert (await mill.api.delete("/api/queue/pause")).is_success
    assert attempt(mill, f"watch {job_id}").returncode == 0


def test_completion_is_there(mill: Installation) -> None:
    script = attempt(mill, "--show-completion", _PROMPTMILL_COMPLETE="source_bash", SHELL="/bin/bash")

    assert "_PROMPTMILL_COMPLETE" in script.stdout


def python(mill: Installation, name: str) -> str:
    command = [sys.executable, "-c", BLOCKS[name]]
    done = subprocess.run(command, cwd=mill.folder, env=mill.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python_makes_pictures(mill: Installation) -> None:
    price, *saved_at = python(mill, "picture").splitlines()
    assert "WaveSpeed" in price
    assert [(mill.folder / path).is_file() for path in saved_at] == [True]

    lines = python(mill, "live").splitlines()
    assert lines[-1].startswith("http")
    assert "Completed." in lines

    assert "/input/sise" in python(mill, "errors")


def test_python_believes_signed_callbacks_alone() -> None:
    names: dict[str, Any] = {}
    exec(BLOCKS["callbacks"], names)  # the page's own words
    at = now()
    body = b'{"type": "job.completed", "timestamp": "2026-01-31T12:00:00Z", "data": {}}'
    headers = CallbackSigner.of(SecretStr(SECRET)).headers("callback-1", at, body)

    assert names["receive"](body, headers, SECRET).id == "callback-1"
    with pytest.raises(WrongSignature):
        names["receive"](body + b" ", headers, SECRET)
