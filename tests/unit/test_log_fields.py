"""Each thing has one name in the log: the names that the code writes are those in docs/logging.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from promptmill.contracts.reconciliation import DeletedRows
from tests.markdown import MarkdownPage

ROOT = Path(__file__).parents[2]
FOLDERS = ("activities", "api", "promptmill", "worker", "workflows")
METHODS = {"debug", "info", "warning", "error", "exception", "critical", "bind"}
WRITERS = {"job_changed", "prompt_job_changed", "bound_contextvars", "bind_contextvars"}
GATHERED = {"told", "fields", "ids"}
"""Variables in which fields are gathered, in modules that write lines."""

OF_THE_FORMAT = {
    *("at", "level", "process", "logger", "event", "exception", "trace_id", "span_id"),
    *("run_id", "workflow_type", "activity_type"),
}
"""What `promptmill.telemetry` adds."""


def names(node: ast.AST) -> Iterator[str]:
    """Yield the names of fields that a piece of code gives to a line."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=attr), keywords=given) if (
            attr in METHODS and "log" in ast.unparse(value).lower()
        ):
            yield from (one.arg for one in given if one.arg)
        case ast.Call(func=ast.Name(id=name), keywords=given) if name in WRITERS or name == "log":
            yield from (one.arg for one in given if one.arg)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys)) if name in GATHERED:
            yield from (str(key.value) for key in keys if isinstance(key, ast.Constant))
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key))]) if (
            name in GATHERED
        ):
            yield str(key)


@cache
def written() -> frozenset[str]:
    found: set[str] = set()
    for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        text = path.read_text()
        if "structlog" in text or "job_lines" in text:
            found |= {name for node in ast.walk(ast.parse(text)) for name in names(node)}
    return frozenset(found - {"exc_info"}) | set(DeletedRows.model_fields)


def documented() -> set[str]:
    rows = MarkdownPage.of(ROOT / "docs" / "logging.md").section("Fields").rows("field", "means")
    return {name for field, _ in rows for name in field.code}


def test_every_name_of_a_field_is_documented() -> None:
    """A new name needs a row: first look whether the thing has one already."""
    assert written() - documented() == set()


def test_every_documented_field_is_written() -> None:
    assert documented() - written() == OF_THE_FORMAT
