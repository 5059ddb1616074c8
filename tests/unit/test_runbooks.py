"""docs/runbooks: a page for each alert, made from its rule; and each command that a page names exists."""

from __future__ import annotations

import re
import shlex
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from api.app import build_routes
from api.http.metrics import RequestMetrics
from promptmill.cli import app
from promptmill.config.settings import load_settings
from tests.markdown import MarkdownPage
from tests.runbooks import FOLDER, ROOT, WORDS, alerts, pages

PAGES = [
    *sorted(FOLDER.glob("*.md")),
    ROOT / "docs" / "communication.md",
    *sorted((ROOT / "docs" / "training").glob("*.md")),
]
PROGRAMS = {"grep", "tail", "kill", "systemctl", "git", "cp", "cd"}
"""What every machine has."""


def test_the_pages_are_what_the_rules_say() -> None:
    """After a change of a rule or of its words: `make runbooks`."""
    assert {file.name: file.read_text() for file in FOLDER.glob("*")} == pages()


def test_every_alert_has_words_of_its_own_and_no_words_are_left_over() -> None:
    words = tomllib.loads(WORDS.read_text())

    assert set(words) == {alert.name for alert in alerts()}, f"{WORDS.name} has other alerts than the rules"
    for name, each in words.items():
        assert each.keys() == {"means", "look", "do", "over"}, name
        assert all(text.endswith((".", "`")) for text in [each["means"], each["over"], *each["look"], *each["do"]]), (
            name
        )


def test_words_name_only_alerts_and_metrics_that_there_are() -> None:
    known = {alert.name for alert in alerts()}
    text = WORDS.read_text()
    named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`|\]\((\w+)\.md\)", text))

    assert {name for pair in named for name in pair if name} <= known
    metrics = (ROOT / "docs" / "monitoring.md").read_text()
    assert [name for name in re.findall(r"`(promptmill_\w+)`", text) if f"`{name}`" not in metrics] == []
    settings = (ROOT / ".env.example").read_text()
    assert [name for name in re.findall(r"\b(PROMPTMILL_\w+)", text) if name not in settings] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_exists(page: Path) -> None:
    for command in commands_of(page):
        problem = problem_with(command)
        assert problem is None, f"{command}: {problem}"


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (".venv/bin/promptmill backups list", "no command"),
        (".venv/bin/promptmill backup make", "no command"),
        (".venv/bin/promptmill backup create --for-ever", "no option"),
        (".venv/bin/temporal workflow remove", "operations.md"),
        ("curl -sS http://127.0.0.1:3000/api/nothing", "no route"),
        ("rm -rf /", "no program"),
        ("make money", "no target"),
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str, part: str) -> None:
    assert part in str(problem_with(command))


def commands_of(page: Path) -> list[str]:
    """Return the lines of a page's blocks, and the code in its text that begins like a command."""
    text = page.read_text()
    blocks = [block.code.splitlines() for block in MarkdownPage(text).blocks if block.info.partition(" ")[0] == "sh"]
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    spans = re.findall(r"`((?:\.venv/bin/|curl |make |tail |kill |systemctl )[^`]+)`", prose)
    return [line for block in blocks for line in block if line and not line.startswith("#")] + spans


def problem_with(command: str) -> str | None:
    """Return why a command cannot be run, or None."""
    program, *words = shlex.split(command, comments=True)
    match program:
        case ".venv/bin/promptmill":
            return _problem_of_promptmill(words)
        case ".venv/bin/temporal":
            # The subcommand: the words before the first option.
            start = re.match(r"\.venv/bin/temporal [a-z -]*?(?= --|$)", command)
            tried = start is not None and start[0] in _operations()
            return None if tried else "docs/operations.md runs no such command"
        case ".venv/bin/python":
            return None if words[0] == "-m" and (ROOT / words[1].replace(".", "/")).exists() else "no such module"
        case "curl":
            return _problem_of_curl(words)
        case "make":
            targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
            return None if words[0] in targets else "no target"
    return None if program in PROGRAMS else "no program that every machine has"


@cache
def _promptmill() -> Any:
    return typer.main.get_command(app)


def _problem_of_promptmill(words: list[str]) -> str | None:
    found = _promptmill()
    while words and not words[0].startswith("-") and hasattr(found, "commands"):
        if words[0] not in found.commands:
            return f"{found.name} has no command {words[0]}"
        found, words = found.commands[words[0]], words[1:]
    options = {option for parameter in found.params for option in parameter.opts}
    unknown = [word for word in words if word.startswith("-") and word not in options]
    return f"{found.name} has no option {unknown[0]}" if unknown else None


def _problem_of_curl(words: list[str]) -> str | None:
    addresses = [word for word in words if word.startswith("http")]
    for address in addresses:
        found = re.fullmatch(r"http://127\.0\.0\.1:(3000|390[01]|9464)(/[^?]*)(?:\?.*)?", address)
        if found is None:
            return f"{address} is not of this machine"
        if found[1] == "3000" and not any(re.fullmatch(route, found[2]) for route in _routes()):
            return f"no route {found[2]}"
    return None if addresses else "no address"


@cache
def _routes() -> tuple[str, ...]:
    routes: Any = build_routes(load_settings({"PROMPTMILL_ENV_FILE": ""}), RequestMetrics.create())
    paths = [*routes.openapi()["paths"], "/metrics", "/healthz", "/readyz"]
    return tuple(re.sub(r"\{[^}]+\}", "[^/]+", path) for path in paths)


@cache
def _operations() -> str:
    return "\n".join(block.code for block in MarkdownPage.of(ROOT / "docs" / "operations.md").blocks)
