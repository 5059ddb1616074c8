"""docs/transitions.md shows the state machines; Postgres holds them."""

from __future__ import annotations

import re
from pathlib import Path

from promptmill.commands.transitions_page import transitions_page
from promptmill.contracts.jobs import FINAL_STATUSES, JobStatus
from promptmill.store import open_store

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "transitions.md").read_text()


async def test_the_page_is_what_the_command_prints(database_url: str) -> None:
    async with open_store(database_url) as store:
        assert await transitions_page(store) == PAGE


def test_table_and_diagram_of_a_job_show_the_same() -> None:
    job = PAGE.partition("## A job\n")[2].partition("\n## ")[0]
    rows = [re.findall(r"`(\w+)`", line) for line in job.splitlines() if line.startswith("| `")]
    told = {(row[0], to) for row in rows for to in row[1:]}
    arrows = set(re.findall(r"^ +(\w+) --> (\w+)$", job, re.MULTILINE))
    open_statuses = {old for old, _ in told}

    drawn = {(old, new) for start, new in arrows for old in (open_statuses if start == "open" else {start})}

    assert {(old, new) for old, new in drawn if old != new} == told
    assert open_statuses == set(JobStatus) - FINAL_STATUSES


def test_every_status_is_explained() -> None:
    architecture = (DOCS / "architecture.md").read_text()
    explained = set(re.findall(r"^\| `(\w+)` \| .+ \| (?:yes)? ?\| .+ \|$", architecture, re.MULTILINE))
    assert explained == {status.value for status in JobStatus}
