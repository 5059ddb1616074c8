"""Section 1: the schema is this release's, and its functions work."""

from __future__ import annotations

from typing import Final

from promptmill.checklist.findings import Fails
from promptmill.checklist.lines import Line
from promptmill.checklist.target import Target
from promptmill.store.migrations import newest_revision

SHOWN: Final = 5
"""Functions that are named."""


async def schema_is_current(target: Target, _: Line) -> str:
    """Compare the revision and the text of every function with this release's."""
    wanted = newest_revision()
    found = await target.store.operations.schema_revision()
    if found != wanted:
        raise Fails(f"the schema is at revision {found or 'none'}, this release needs {wanted}")
    altered = await target.store.catalogue.altered_functions()
    if altered:
        raise Fails(
            f"{len(altered)} functions are not this release's: {', '.join(altered[:SHOWN])}",
            "Find out who changed them, then apply this release's: psql -1 -f sql/functions.sql",
        )
    return f"revision {found}, and the text of every function is this release's"


async def columns_exist(target: Target, line: Line) -> str:
    """Look for each `table.column`."""
    tables = dict.fromkeys(name.split(".")[0] for name in line.of)
    found = {f"{table}.{column}" for table in tables for column in await target.store.catalogue.columns(table)}
    missing = [name for name in line.of if name not in found]
    if missing:
        raise Fails(f"{', '.join(missing)} is missing")
    return f"there are {', '.join(line.of)}"


async def functions_exist(target: Target, line: Line) -> str:
    """Look for each function with these arguments at least, in their order: `name(argument, …)`."""
    wanted = {name: arguments.rstrip(")") for name, _, arguments in (text.partition("(") for text in line.of)}
    found = await target.store.catalogue.signatures([*wanted])
    wrong = [
        f"{name}({arguments})"
        for name, arguments in wanted.items()
        if name not in found or not _arguments(found[name])[: len(arguments)].startswith(arguments)
    ]
    if wrong:
        raise Fails(f"{', '.join(wrong)} is missing, or takes something else")
    return "there are " + ", ".join(line.of)


async def functions_work(target: Target, _: Line) -> str:
    """Run them on a sample row, which is undone."""
    await target.store.catalogue.rehearse()
    return "a sample was queued, counted, claimed and completed by them, and undone"


def _arguments(told: str) -> str:
    """Return only the names of arguments: `p_job_id uuid, p_status text DEFAULT …` is `p_job_id, p_status`."""
    return ", ".join(argument.split()[0] for argument in told.split(", ") if argument)
