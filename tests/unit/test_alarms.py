"""The log lines that docs/operations.md lists as alarms are those that the code writes, and all of its errors."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.markdown import MarkdownPage

ROOT = Path(__file__).parents[2]
CODE = sorted(
    path
    for folder in ("activities", "api", "promptmill", "worker", "workflows")
    for path in (ROOT / folder).rglob("*.py")
)
ERRORS = {"error", "exception", "critical"}
ALARMING = ERRORS | {"warning"}


@cache
def log_lines() -> frozenset[tuple[str, str]]:
    """Return level and event of every line that the code writes; of a sentence, what precedes its colon."""
    found = set()
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            logger = ast.unparse(node.func.value)
            event = node.args[0]
            if "log" in logger.lower() and isinstance(event, ast.Constant) and isinstance(event.value, str):
                found.add((node.func.attr, event.value.partition(":")[0]))
    return frozenset(found)


def documented() -> list[str]:
    rows = MarkdownPage.of(ROOT / "docs" / "operations.md").section("Alarms").rows("alarm", "means", "do")
    return [alarm.code[0] for alarm, _, _ in rows if not alarm.code[0].startswith("/")]


@pytest.mark.parametrize("alarm", sorted(set(documented())))
def test_a_documented_alarm_is_written_by_the_code(alarm: str) -> None:
    assert alarm in {event for level, event in log_lines() if level in ALARMING}


def test_every_error_of_the_code_is_documented() -> None:
    assert {event for level, event in log_lines() if level in ERRORS} - set(documented()) == set()


def test_a_metric_that_goes_with_its_process_is_asked_for_its_absence() -> None:
    """Where no worker is running, nothing exposes the number of its pollers: a 0 is never seen."""
    rows = MarkdownPage.of(ROOT / "docs" / "operations.md").section("Alarms").rows("condition", "means")
    told = [code for condition, _ in rows for code in condition.code if "temporal_num_pollers" in code]
    assert told
    assert all(code.startswith("absent(") for code in told)
