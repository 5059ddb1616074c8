"""What the user's commands promise, in short: tests/drills/ci/drill_user_commands.py runs all of docs/cli.md."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from promptmill.cli.user.orders import each_order, keys_of, usd
from promptmill.cli.user.saving import Place, place
from tests.fixtures.mill import IMAGE_MODEL, Mill
from tests.fixtures.session import ROOT, WarmPython
from tests.markdown import MarkdownPage

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(warm_python: WarmPython, tmp_path: Path) -> Run:
    """Run a line in an empty folder, as somebody who has never logged in; variables come from `named`."""

    def run_line(*line: str, given: str = "", **named: str) -> subprocess.CompletedProcess[str]:
        places = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PROMPTMILL_ENV_FILE": "", "COLUMNS": "200"}
        found = os.pathsep.join((str(ROOT), str(ROOT / "clients" / "python")))
        return subprocess.run(
            [warm_python.program, "-m", "promptmill", *line],
            env=os.environ | places | {"PYTHONPATH": found} | named,
            cwd=tmp_path,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    return run_line


async def test_the_same_line_finds_its_picture(
    mill: Mill, api_client: httpx.AsyncClient, run: Run, tmp_path: Path
) -> None:
    line = ("run", IMAGE_MODEL, "-p", "-", "-i", "seed=7", "--download", "out/{slug}-{seed}.{ext}")
    url = str(api_client.base_url)

    first = await asyncio.to_thread(run, *line, given="A fox", PROMPTMILL_URL=url)
    again = await asyncio.to_thread(run, *line, given="A fox", PROMPTMILL_URL=url)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert first.stdout == ""
    assert (tmp_path / "out" / "a-fox-7.png").is_file()
    assert "of an earlier run" in again.stderr
    assert "is there already" in again.stderr
    assert len(await mill.wavespeed.charges()) == 1


async def test_readme_s_line_makes_a_table_within_two_dollars(
    mill: Mill, api_client: httpx.AsyncClient, run: Run, tmp_path: Path
) -> None:
    """In short, with three lines: tests/drills/ci/drill_doors.py makes all fifty."""
    [line] = [block.code for block in MarkdownPage.of(ROOT / "README.md").blocks if block.info == "sh fifty"]
    (tmp_path / "animals.csv").write_text("animal\nfox\nowl\nhare\n")
    words = shlex.split(line)[1:]
    url = str(api_client.base_url)

    made = await asyncio.to_thread(run, *words, PROMPTMILL_URL=url)
    again = await asyncio.to_thread(run, *words, PROMPTMILL_URL=url)

    assert (made.returncode, again.returncode) == (0, 0), made.stderr + again.stderr
    assert "3 of 3 done" in made.stderr
    [batch] = (await api_client.get("/api/batches")).json()["items"]
    assert batch["maxCostUsd"] == 2
    prompts = {request["body"]["prompt"] for request in await mill.wavespeed.requests("submit")}
    assert prompts == {f"{animal} in the first snow" for animal in ("fox", "owl", "hare")}
    assert len(await mill.wavespeed.charges()) == 3
    not_one = tmp_path / "none.png"
    not_one.write_text("no picture")
    refused = await asyncio.to_thread(run, "upload", "none.png", PROMPTMILL_URL=url)
    assert "The file is not a JPEG, PNG or WebP image" in refused.stderr


async def test_exit_codes_and_profiles(lonely_api: httpx.AsyncClient, run: Run, tmp_path: Path) -> None:
    url = str(lonely_api.base_url).rstrip("/")

    kept = await asyncio.to_thread(run, "login", "work", "--url", url)
    waited = await asyncio.to_thread(run, "run", IMAGE_MODEL, "-p", "A fox", "--timeout", "0", "--profile", "work")
    wrong = await asyncio.to_thread(run, "run", IMAGE_MODEL, "-p", "x", "-i", "prompt=y", PROMPTMILL_URL=url)
    stranger = await asyncio.to_thread(run, "jobs", PROMPTMILL_URL=url, PROMPTMILL_API_KEY="pm_wrong")
    away = await asyncio.to_thread(run, "run", IMAGE_MODEL, "-i", "image=@none.png", PROMPTMILL_URL=url)

    nobody = await asyncio.to_thread(run, "run", IMAGE_MODEL, "-p", "x", "--again", PROMPTMILL_URL="http://127.0.0.1:9")
    assert (nobody.returncode, "with --key" in nobody.stderr) == (1, True), nobody.stderr
    assert kept.returncode == 0, kept.stderr
    file = tmp_path / "config" / "promptmill" / "profiles.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert waited.returncode == 124, waited.stderr
    [job_id] = set(re.findall(r"promptmill watch (\S+)", waited.stderr))
    assert (await lonely_api.get(f"/api/jobs/{job_id}")).json()["status"] == "queued"
    assert (wrong.returncode, "/input/prompt" in wrong.stderr, wrong.stdout) == (2, True, "")
    assert (stranger.returncode, "unauthorized" in stranger.stderr) == (3, True)
    assert (away.returncode, "none.png cannot be read" in away.stderr) == (2, True)


def test_a_limit_is_for_all_jobs_of_a_line_and_a_seed_counts_up() -> None:
    orders = each_order({"model": "a/b", "input": {"seed": 7}}, 3, usd("0.10"))

    assert [order["input"]["seed"] for order in orders] == [7, 8, 9]
    assert [order["maxPriceUsd"] for order in orders] == [0.033333] * 3
    assert each_order({"model": "a/b", "input": {"seed": -1}}, 2, None) == [{"model": "a/b", "input": {"seed": -1}}] * 2


def test_a_key_is_made_of_what_is_asked_for() -> None:
    orders = [{"model": "a/b", "prompt": "x"}] * 2

    assert len({*keys_of(orders, None, {})}) == 2
    assert keys_of(orders, None, {}) == keys_of(orders, None, {})
    assert keys_of(orders, None, {})[0] != keys_of([{"model": "a/b", "prompt": "y"}], None, {})[0]
    [one], [other] = ([{"model": "a/b", "input": {"image": url}}] for url in ("https://one", "https://other"))
    assert keys_of([one], None, {"https://one": "digest"}) == keys_of([other], None, {"https://other": "digest"})
    assert keys_of(orders, "mine", {}) == ["mine-1", "mine-2"]
    assert keys_of(orders[:1], "mine", {}) == ["mine"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("out/{model}/{slug}.{ext}", Place(Path("out"), "{model}/{slug}.{ext}")),
        ("{slug}.{ext}", Place(Path(), "{slug}.{ext}")),
        ("/tmp/a b/{slug}", Place(Path("/tmp/a b"), "{slug}")),
        ("out/fox.png", Place(Path("out"), "fox.png")),
        ("out/", Place(Path("out"), "{model}/{slug}-{seed}.{ext}")),
    ],
)
def test_a_template_begins_with_its_folder(text: str, found: Place) -> None:
    assert place(text) == found
