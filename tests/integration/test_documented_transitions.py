"""docs/transitions.md shows the state machines; Postgres holds them."""

from __future__ import annotations

import re
from pathlib import Path

from promptmill.commands.transitions_page import transitions_page
from promptmill.contracts.jobs import FINAL_STATUSES, JobStatus
from promptmill.store import open_store
from tests.markdown import MarkdownPage

DOCS = Path(__file__).parents[2] / "docs"
PAGE = MarkdownPage.of(DOCS / "transitions.md")


async def test_the_page_is_what_the_command_prints(database_url: str) -> None:
    async with open_store(database_url) as store:
        assert await transitions_page(store) == PAGE.text


def test_table_and_diagram_of_a_job_show_the_same() -> None:
    job = PAGE.section("A job")
    told = {(old.code[0], new) for old, allowed in job.rows("from", "to") for new in allowed.code}
    [diagram] = job.blocks
    arrows = set(re.findall(r"^ +(\w+) --> (\w+)$", diagram.code, re.MULTILINE))
    open_statuses = {old for old, _ in told}

    drawn = {(old, new) for start, new in arrows for old in (open_statuses if start == "open" else {start})}

    assert {(old, new) for old, new in drawn if old != new} == told
    assert open_statuses == set(JobStatus) - FINAL_STATUSES


def test_every_status_is_explained() -> None:
    rows = MarkdownPage.of(DOCS / "architecture.md").rows("status", "means", "final", "billed")
    assert {status.code[0]: final.text for status, _, final, _ in rows} == {
        status.value: "yes" if status in FINAL_STATUSES else "" for status in JobStatus
    }
    assert all(means.text and billed.text for _, means, _, billed in rows)
