"""Lints the SQL of revisions that no release has yet, with squawk: `python -m tests.migration_lint`.

What is linted is what Alembic runs, whether it stands in a file of SQL or in the revision's module.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from promptmill.store.migrations import revisions_after, script_between

RELEASED: Final = "0008"
"""The revision of the last release: what is released is not changed any more."""

OLDEST_POSTGRES: Final = "16"

NOT_HERE: Final[Mapping[str, str]] = {
    "require-lock-timeout": "the migrator sets it in every transaction (TABLE_LOCK_SECONDS)",
    "require-statement-timeout": "locks are bounded, and an index that is made beside the service takes its time",
    "prefer-bigint-over-int": "these columns hold settings and small counts, as their checks say",
    "prefer-bigint-over-smallint": "the same",
}
"""Rules that fit none of our revisions, and why."""

_REBUILT: Final = "a small table of counters or sums, whose key gets a column while the migrator holds it for a moment"

EXCEPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "0011": {
        "ban-drop-default": "the default was for the rows that there were",
        "ban-drop-constraint": _REBUILT,
        "constraint-missing-not-valid": _REBUILT,
        "adding-serial-primary-key-field": _REBUILT,
    },
    "0015": {"prefer-robust-stmts": "each index is dropped before it is made, so that the run can be repeated"},
    "0016": {
        "ban-drop-constraint": _REBUILT,
        "constraint-missing-not-valid": _REBUILT,
        "adding-serial-primary-key-field": _REBUILT,
    },
    "0021": {
        "ban-drop-constraint": "only one that a run of this revision left behind when it was broken off",
        "prefer-robust-stmts": "the index is dropped before it is made, so that the run can be repeated",
    },
    "0022": {
        "ban-drop-constraint": "one that a run left behind, and one that is made anew with a value more",
        "prefer-robust-stmts": "the index is dropped before it is made, so that the run can be repeated",
    },
    "0025": {
        "ban-drop-constraint": "only one that a run of this revision left behind when it was broken off",
        "prefer-robust-stmts": "each index is dropped before it is made, so that the run can be repeated",
        "require-concurrent-index-creation": "indexes of tables that are made here, and empty",
    },
    "0024": {"prefer-robust-stmts": "each index is dropped before it is made, so that the run can be repeated"},
}
"""What a revision does on purpose, and why."""


def lint(revision: str, script: str) -> str:
    """Return what squawk says against a revision's SQL; empty if nothing."""
    rules = sorted({*NOT_HERE, *EXCEPTIONS.get(revision, {})})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{revision}.sql")
        file.write_text(script, encoding="utf-8")
        done = subprocess.run(
            [_squawk(), f"--pg-version={OLDEST_POSTGRES}", "--reporter=gcc", f"--exclude={','.join(rules)}", str(file)],
            cwd=folder,  # not a .squawk.toml of whoever runs it
            capture_output=True,
            text=True,
            check=False,
        )
    told = f"{done.stdout}{done.stderr}".replace(f"{folder}{os.sep}", "").strip()
    return told if done.returncode == 0 or told else f"squawk ended with {done.returncode}"


def lint_all() -> str:
    """Lint every revision since the last release."""
    told = (lint(revision, script_between(before, revision)) for revision, before in revisions_after(RELEASED))
    return "\n".join(filter(None, told))


def _squawk() -> str:
    """Return the program of the development packages."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which("squawk", path=beside)
    if found is None:
        raise SystemExit("squawk is not there: install requirements-dev.txt (`make check` does).")
    return found


if __name__ == "__main__":
    found = lint_all()
    if found:
        print(found)  # noqa: T201  # a command's answer
    sys.exit(1 if found else 0)
