"""docs/architecture.md tells the state machine; Postgres holds it."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg

from promptmill.contracts.jobs import JobStatus

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text()


def told() -> set[tuple[str, str]]:
    """Return the transitions of the page's table."""
    table = PAGE.split("| from | to |\n|---|---|\n")[1].split("\n\n")[0]
    rows = [re.findall(r"`(\w+)`", line) for line in table.splitlines()]
    return {(row[0], to) for row in rows for to in row[1:]}


def drawn() -> set[tuple[str, str]]:
    """Return the arrows of the page's diagram."""
    diagram = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)```", PAGE, re.DOTALL)
    assert diagram is not None
    return set(re.findall(r"^\s+(\w+) --> (\w+)", diagram[1], re.MULTILINE))


async def test_the_table_of_transitions_is_what_postgres_allows(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        allowed = {
            (old.value, new.value)
            for old in JobStatus
            for new in JobStatus
            if await connection.fetchval("SELECT transition_allowed('jobs', $1, $2)", old.value, new.value)
        }
    finally:
        await connection.close()

    assert told() == allowed


def test_the_diagram_draws_nothing_that_the_table_does_not_tell() -> None:
    assert drawn()
    assert drawn() <= told()


def test_every_status_is_explained() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \| .+ \| (?:yes)? ?\| .+ \|$", PAGE, re.MULTILINE))
    assert explained == {status.value for status in JobStatus}
