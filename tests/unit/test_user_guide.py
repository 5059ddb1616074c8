"""The user guide names the page's controls as the page does, and shows the pictures that are taken for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.screenshots.scenes import SCENES

ROOT: Final = Path(__file__).parents[2]
GUIDE: Final = (ROOT / "docs" / "user-guide.md").read_text(encoding="utf-8")
NO_CONTROLS: Final = "## Questions"
"""From here on, questions are bold."""


def test_every_control_that_it_names_is_on_the_page() -> None:
    web = ROOT / "api" / "web"
    sources = [web / "index.html", web / "vocabulary.py", *(web / "workspace").rglob("*.js")]
    page = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    named = re.findall(r"\*\*([^*]+)\*\*", re.sub(r"\s+", " ", GUIDE.partition(NO_CONTROLS)[0]))
    # A number in a button's name is that of the jobs.
    controls = {re.sub(r" \d+…$", "", name).replace("'", "\u2019") for name in named}

    assert len(controls) > 50
    assert {name for name in controls if not re.search(rf"(?<!\w){re.escape(name)}(?![a-z])", page)} == set()


def test_its_pictures_are_those_that_are_taken_for_it() -> None:
    shown = set(re.findall(r"screenshots/([\w-]+)\.webp", GUIDE))
    stored = {path.stem for path in (ROOT / "docs" / "screenshots").iterdir()}

    assert shown == stored == set(SCENES)
