"""The one-statement-at-a-time form of a migration's SQL file: asyncpg takes no more than one in each execute."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op
from sqlalchemy import text

MARKER: Final = "-- next"
"""The line between two statements. A semicolon will not do: bodies of functions have many."""


def split_statements(script: str) -> list[str]:
    """Return the statements of a migration's file, without their last semicolons."""
    parts = "\n".join("\0" if line.rstrip() == MARKER else line for line in script.splitlines()).split("\0")
    return [statement for part in parts if (statement := part.strip().removesuffix(";"))]


def run_sql_file(path: Path) -> None:
    """Run a migration's file inside Alembic, or print it in a dry run."""
    for statement in split_statements(path.read_text(encoding="utf-8")):
        op.execute(text(statement.replace(":", "\\:")))  # no colon here is a parameter
