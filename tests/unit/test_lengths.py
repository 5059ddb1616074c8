"""No file of ours outgrows its idea: past these lengths it has a second one, which gets a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("workflows", "activities", "api", "worker", "sql", "promptmill", "tests", "deploy")
PAGE = ROOT / "api" / "web"
LONGEST = 400
LONGEST_OF_THE_PAGE = 300

EXCEPT = {
    "sql/prompt-queue-schema.sql": "the whole schema in one place is what it is for; its rules stand in functions/",
    "sql/migrations/versions/*.up.sql": "what a database has once run is never changed, nor cut in two",
    "sql/migrations/versions/*.down.sql": "the same",
}
"""Files that may be longer, as patterns, with the reason."""


def kept_short() -> Iterator[tuple[Path, int]]:
    """Return every file that has a limit, and the limit in lines."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            own = path.relative_to(ROOT)
            if path.suffix in {".js", ".css", ".html"} and path.is_relative_to(PAGE):
                yield own, LONGEST_OF_THE_PAGE
            elif path.suffix in {".py", ".sql"} and not any(own.match(pattern) for pattern in EXCEPT):
                yield own, LONGEST


FILES = dict(kept_short())


def test_no_file_holds_a_second_idea() -> None:
    lengths = {own: len((ROOT / own).read_text().splitlines()) for own in FILES}
    too_long = {own.as_posix(): lines for own, lines in lengths.items() if lines > FILES[own]}
    assert too_long == {}, "what is too long holds a second idea, which belongs in a file of its own"


@pytest.mark.parametrize(
    ("own", "limit"),
    [
        ("promptmill/config/settings.py", LONGEST),
        ("tests/unit/test_lengths.py", LONGEST),
        ("sql/functions/accept_job.sql", LONGEST),
        ("api/web/workspace/main.js", LONGEST_OF_THE_PAGE),
    ],
)
def test_files_of_every_kind_are_looked_at(own: str, limit: int) -> None:
    assert FILES[Path(own)] == limit


@pytest.mark.parametrize("pattern", EXCEPT)
def test_each_exception_is_still_there(pattern: str) -> None:
    assert list(ROOT.glob(pattern))
