"""The maintenance calendar: the page, the timers and the CronJobs say the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from promptmill.cli import app
from tests.markdown import MarkdownPage

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
PROGRAM = "/opt/promptmill/.venv/bin/promptmill"
DAYS = {"": "*", "Sun ": "0", "Mon ": "1"}
WORDS = {"*": "daily", "0": "Sundays", "1": "Mondays"}


def timers() -> dict[str, tuple[str, list[str]]]:
    """The time as cron writes it, and the command, of each timer."""
    found = {}
    for path in SYSTEMD.glob("*.timer"):
        when = re.search(r"^OnCalendar=(\w* ?)\*-\*-\* (\d\d):(\d\d):00 UTC$", path.read_text(), re.MULTILINE)
        run = re.search(rf"^ExecStart={PROGRAM} (.+)$", path.with_suffix(".service").read_text(), re.MULTILINE)
        assert when is not None, path.name
        assert run is not None, path.name
        found[path.stem] = (f"{int(when[3])} {int(when[2])} * * {DAYS[when[1]]}", shlex.split(run[1]))
    return found


def cron_jobs() -> dict[str, Any]:
    documents = yaml.safe_load_all((ROOT / "deploy" / "kubernetes" / "maintenance.yaml").read_text())
    return {each["metadata"]["name"]: each["spec"] for each in documents if each["kind"] == "CronJob"}


def test_timers_cron_jobs_and_the_page_say_the_same() -> None:
    jobs = {
        name: (spec["schedule"], spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"][3:])
        for name, spec in cron_jobs().items()
    }
    page = MarkdownPage.of(ROOT / "docs" / "operations.md").section("Maintenance calendar")
    told = {(when.text, command.code[0]) for when, command, _ in page.rows("when", "command", "if it fails")}
    kept = set()
    for schedule, command in timers().values():
        minute, hour, *_, day = schedule.split()
        kept.add((f"{WORDS[day]}, {int(hour):02}:{int(minute):02}", shlex.join(["promptmill", *command])))

    assert jobs == timers()
    assert told == kept


@pytest.mark.parametrize("command", [command for _, command in timers().values()], ids=shlex.join)
def test_the_commands_exist(command: list[str]) -> None:
    group: Any = get_command(app)
    words = [*command]
    while hasattr(group, "commands"):
        group = group.commands[words.pop(0)]
    group.make_context("promptmill", words)
