"""The audit log: what a spreadsheet gets, how a reason names its actor, and that no act forgets who did it."""

from __future__ import annotations

import ast
import csv
import inspect
import io
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from promptmill.commands.operator import operator
from promptmill.contracts.access import BY_ITSELF, with_actor
from promptmill.spreadsheets import csv_line
from promptmill.store.access import AccessStore
from promptmill.store.jobs import JobStore
from promptmill.store.operations import OperationsStore
from promptmill.store.prompts import PromptStore
from promptmill.store.purge import PurgeStore
from promptmill.store.resolution import ResolutionStore
from promptmill.temporal import brakes, installation

ROOT = Path(__file__).parents[2]
AUDITED = {
    name
    for part in (AccessStore, JobStore, OperationsStore, PromptStore, PurgeStore, ResolutionStore, brakes, installation)
    for name, function in vars(part).items()
    if inspect.isfunction(function) and "by" in inspect.signature(function).parameters
} - {"adopt"}  # takes a `ResolvedBy`


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", '=HYPERLINK("x")']
)
def test_no_cell_is_a_formula(cell: str) -> None:
    [[read]] = csv.reader(io.StringIO(csv_line([cell]), newline=""))

    assert read == f"'{cell}"


def test_a_line_of_csv() -> None:
    at = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    line = csv_line([7, at, None, "a, b\n", {"name": "Zo\u00eb"}, [], at.astimezone(UTC)])

    told = "2026-01-01T00:00:00Z"
    assert line.endswith("\r\n")
    assert list(csv.reader(io.StringIO(line, newline=""))) == [
        ["7", told, "", "a, b\n", '{"name": "Zo\u00eb"}', "[]", told]
    ]


@pytest.mark.parametrize(
    ("reason", "actor", "text"),
    [
        ("maintenance", "cli:anna", "maintenance (by cli:anna)"),
        ("Maintenance.", "cli:anna", "Maintenance (by cli:anna)"),
        (" ", "cli:anna", "by cli:anna"),
        ("An older backup was restored.", BY_ITSELF.actor, "An older backup was restored."),
        ("before 0012", None, "before 0012"),
        (None, None, None),
    ],
)
def test_a_reason_names_its_actor(reason: str | None, actor: str | None, text: str | None) -> None:
    assert with_actor(reason, actor) == text


def test_a_command_is_its_users_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = operator().actor
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")

    assert mine.startswith("cli:")
    assert operator().actor == mine


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_001)

    assert operator().actor == "cli:uid-4000000001"


def test_no_route_and_no_command_forgets_who_acts() -> None:
    """The service itself is who acts by default: right for the restore guard, wrong for people."""
    calls = [
        (file.name, call)
        for folder in ("api", "promptmill/commands")
        for file in (ROOT / folder).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and _name(call.func) in AUDITED and not _is_routes_own(call.func)
    ]
    silent = [
        f"{name}: {ast.unparse(call)}" for name, call in calls if "by" not in {keyword.arg for keyword in call.keywords}
    ]

    assert {"add_owner", "create_key", "set_switch", "request_cancel", "retry", "decide", "set_brake"} < AUDITED
    assert {_name(call.func) for _, call in calls} == AUDITED
    assert silent == []


def _name(function: Any) -> str | None:
    return getattr(function, "attr", None) or getattr(function, "id", None)


def _is_routes_own(function: Any) -> bool:
    """Return whether it is a function of the same name in a route: `browser.end_session`."""
    return ast.unparse(function).startswith(("browser.", "self.end_session"))
