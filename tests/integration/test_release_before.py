"""The release before on today's schema: what its code asks for is still there, so that code alone may go back.

`make drills` runs that release's worker: tests/drills/drill_deployment.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.record import Record
from tests.markdown import MarkdownPage
from tests.released import columns_of, functions_of

ROOT = Path(__file__).parents[2]
RELEASED = {path.stem: json.loads(path.read_text()) for path in (ROOT / "tests" / "data" / "released").glob("*.json")}
COUNTERS = {"queue_minutes", "status_counters"}
"""Tables that functions and triggers alone write."""

COLUMNS = (
    "release",
    "its revision",
    "its code on this schema",
    "its workers continue what began with this release",
    "to stay there",
)


@pytest.mark.parametrize("release", RELEASED)
async def test_each_function_that_it_calls_has_the_signature_that_it_knows(release: str, record: Record) -> None:
    today = await functions_of(record.hand)
    for name, signatures in RELEASED[release]["functions"].items():
        assert today.get(name) == signatures, name


@pytest.mark.parametrize("release", RELEASED)
async def test_each_column_that_it_knows_is_there_and_no_new_one_must_be_given(release: str, record: Record) -> None:
    today, known = await columns_of(record.hand), RELEASED[release]["columns"]
    for table, columns in known.items():
        assert columns.items() <= today[table].items(), table
        if table not in COUNTERS:
            added = {name: kind for name, kind in today[table].items() if name not in columns}
            assert not [name for name, kind in added.items() if kind.endswith("!")], table


def test_the_page_says_of_each_which_revision_it_knows() -> None:
    rows = MarkdownPage.of(ROOT / "docs" / "deployment.md").section("What may go back").rows(*COLUMNS)
    told = {release.text: (revision.text, stays.code) for release, revision, _, _, stays in rows}
    for release, known in RELEASED.items():
        assert told[release] == (known["revision"], (f"promptmill migrate --down-to {known['revision']}",))
