"""The SQL functions of a release: one file each, applied whenever its text differs from the database's.

They belong to no revision. `applied_functions` records which text the database has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy import Connection, text

import sql
from promptmill.contracts.errors import RecordError
from sql.scripts import run_script

SQL_FOLDER: Final = Path(sql.__path__[0])
"""The folder of this release's SQL: `functions/` and `migrations/`."""

APPLIED: Final = "SELECT name, sha256 FROM applied_functions WHERE to_regproc(name) IS NOT NULL"
"""The SHA-256 of each applied function's text; one dropped since then counts as never applied."""

_TABLE: Final = "SELECT to_regclass('applied_functions') IS NOT NULL"
_HEAD: Final = """\
-- Every function of this release, and the SHA-256 of its file as `promptmill migrate` notes it.
-- Made by `promptmill functions`; a test holds it equal to the files.
-- By itself: psql -1 -f sql/functions.sql

\\set ON_ERROR_STOP on
SET LOCAL check_function_bodies = off; -- a function may call one that stands below it

"""


@dataclass(frozen=True)
class Function:
    """A file of `sql/functions`: the function's name, and the whole text."""

    name: str
    script: str

    @property
    def sha256(self) -> str:
        """The text's SHA-256 in hexadecimal."""
        return sha256(self.script.encode()).hexdigest()


@cache
def functions_in(folder: Path = SQL_FOLDER) -> tuple[Function, ...]:
    """Return the functions of the release whose SQL is in a folder, by name."""
    paths = sorted((folder / "functions").glob("*.sql"), key=lambda path: path.stem)
    return tuple(Function(path.stem, path.read_text(encoding="utf-8")) for path in paths)


def differing(functions: Sequence[Function], applied: Mapping[str, str]) -> list[Function]:
    """Return the functions whose text is not the applied one; `applied` has SHA-256 by name, as `APPLIED` gives it."""
    return [function for function in functions if applied.get(function.name) != function.sha256]


def functions_to_apply(connection: Connection, functions: Sequence[Function]) -> list[Function]:
    """Return the functions that the database lacks or has with another text; before revision 0006, all."""
    if not connection.execute(text(_TABLE)).scalar_one():
        return [*functions]
    return differing(functions, {row.name: row.sha256 for row in connection.execute(text(APPLIED))})


def apply_functions(connection: Connection, functions: Sequence[Function]) -> None:
    """Apply these functions to the database, in one transaction. Any others are left alone.

    Raises:
        RecordError: Postgres rejected a function; the error names its file, and nothing was changed.
    """
    with connection.begin():
        changed = functions_to_apply(connection, functions)
        if not changed:
            return
        # First without validation, since each may call any other; then again with it, to find errors inside.
        for checked in ("off", "on"):
            connection.execute(text(f"SET LOCAL check_function_bodies = {checked}"))
            for function in changed:
                _apply(connection, function)
        run_script(connection, _note(changed))


def dry_run(functions: Sequence[Function]) -> str:
    """Return the script that applies these functions."""
    names = ", ".join(function.name for function in functions)
    begin = f"-- Functions whose text differs: {names}.\nBEGIN;\n\nSET LOCAL check_function_bodies = off;\n"
    return "\n".join([begin, *(function.script for function in functions), _note(functions), "COMMIT;\n"])


def functions_file() -> str:
    """Return the text of `sql/functions.sql`, which `psql` applies all functions with."""
    functions = functions_in()
    return _HEAD + "".join(f"\\ir functions/{function.name}.sql\n" for function in functions) + "\n" + _note(functions)


def _apply(connection: Connection, function: Function) -> None:
    try:
        run_script(connection, function.script)
    except asyncpg.PostgresError as error:
        raise RecordError(
            f"sql/functions/{function.name}.sql could not be applied: {error}. No function was changed."
        ) from error


def _note(functions: Sequence[Function]) -> str:
    """Return the statement that records these texts as applied."""
    rows = ",\n".join(f"    ('{function.name}', '{function.sha256}')" for function in functions)
    return (
        f"INSERT INTO applied_functions (name, sha256) VALUES\n{rows}\n"
        "ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now();\n"
    )
