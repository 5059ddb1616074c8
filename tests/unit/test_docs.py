"""What every page of prose must hold: its links lead somewhere, and it names no machine of ours."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sql/*.md")])


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        assert aim.exists(), target
        assert not anchor or anchor in anchors(aim), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_names_a_path_of_a_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w.])/(?:work|home|root|tmp|Users|opt)/\w", page.read_text())


def test_every_decision_has_its_date_its_four_parts_and_an_entry_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    decisions = sorted(folder.glob("0*.md"))
    assert [int(page.name[:4]) for page in decisions] == list(range(1, len(decisions) + 1))
    for page in decisions:
        headings = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Alternatives"], page.name
        lines = page.read_text().splitlines()
        assert re.fullmatch(r"\d{4}-\d\d-\d\d · (accepted|superseded by \[\d{4}\]\(.+\))", lines[2]), page.name
        title = lines[0].removeprefix(f"# {page.name[:4]}: ")
        assert f"[{page.name[:4]}]({page.name}) | {title} |" in index, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """Files alone, by their ending: a folder may be named as what is not there."""
    folders = r"(?:workflows|activities|api|worker|sql|promptmill|tests|docs|deploy)"
    for name in set(re.findall(rf"`({folders}/[\w./]+\.(?:py|sql|toml|md|js))`", page.read_text())):
        assert (ROOT / name).exists(), name


def test_package_changelog_and_image_have_one_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.findall(r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    tags = {service["image"] for service in compose["services"].values() if service["image"].startswith("promptmill:")}
    assert newest == version
    assert tags == {f"promptmill:{version}"}
