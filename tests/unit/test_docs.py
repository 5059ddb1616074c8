"""What every page of prose must hold: its links lead somewhere, and it names no machine of ours."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.markdown import MarkdownPage

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sql/*.md")])
PARTS = ["Context", "Decision", "Consequences", "Alternatives"]
"""Of a decision."""

read = cache(MarkdownPage.of)


@cache
def anchors(page: Path) -> frozenset[str]:
    return frozenset(each.anchor for each in read(page).headings)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in read(page).links:
        to = urlsplit(link)
        if to.scheme:
            continue
        aim = (page.parent / to.path).resolve() if to.path else page
        assert aim.exists(), link
        assert not to.fragment or to.fragment in anchors(aim), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_names_a_path_of_a_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w.])/(?:work|home|root|tmp|Users|opt)/\w", page.read_text())


def test_every_decision_has_its_date_its_four_parts_and_an_entry_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    pages = sorted(folder.glob("0*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    titles = {}
    for page in pages:
        decision = read(page)
        title, *parts = decision.headings
        assert [part.text for part in parts if part.level == 2] == PARTS, page.name
        assert re.fullmatch(r"\d{4}-\d\d-\d\d · (accepted|superseded by \d{4})", decision.paragraphs[0]), page.name
        titles[page.name] = title.text.removeprefix(f"{page.name[:4]}: ")
    index = read(folder / "README.md").rows("", "decision")
    assert {number.links[0]: title.text for number, title in index} == titles


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """Only files, by their extension: a folder may be mentioned because it does not exist."""
    folders = r"(?:workflows|activities|api|worker|sql|promptmill|tests|docs|deploy)"
    for code in read(page).code:
        assert not re.fullmatch(rf"{folders}/[\w./]+\.(?:py|sql|toml|md|js)", code) or (ROOT / code).exists(), code


def test_packages_changelog_and_image_have_one_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.findall(r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    compose = yaml.safe_load((ROOT / "docker-compose.base.yml").read_text())
    tags = {service["image"] for service in compose["services"].values()}
    clients = (
        tomllib.loads((ROOT / "clients/python/pyproject.toml").read_text())["project"]["version"],
        json.loads((ROOT / "clients/typescript/package.json").read_text())["version"],
    )
    assert newest == version
    assert clients == (version, version)
    assert tags == {f"promptmill:{version}"}
