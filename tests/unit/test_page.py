"""The page's modules: their unit tests, the API's types, and which of them load first."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import get_args

import pytest

from api.http.representations import takes_gzip
from api.schemas.fields import ModelPath
from api.web.files import WebFile, workspace
from api.web.vocabulary import vocabulary
from promptmill.contracts.audit import Action
from promptmill.contracts.jobs import JobStatus
from tests.api_types import TYPES, make_types
from tests.node import ROOT, run

LAZY = re.compile(r'import\("(\.[^"]+)"\)')
CSS_TEXT_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/', re.DOTALL)
WORKSPACE = ROOT / "api/web/workspace"
MODULES = sorted(name for name in workspace().files if name.endswith(".js"))


def lazy_imports(name: str) -> list[str]:
    """Return the modules that a module loads on demand."""
    targets = LAZY.findall(workspace().files[name].content.decode())
    return [normpath(join(dirname(name), target)) for target in targets]


def test_the_modules_own_tests_pass(tmp_path: Path) -> None:
    served = tmp_path / "served.json"
    served.write_text(json.dumps({name: workspace().files[name].content.decode() for name in MODULES}))
    given = os.environ | {"PROMPTMILL_VOCABULARY": vocabulary().model_dump_json(), "PROMPTMILL_SERVED": str(served)}
    options = ("--test", "--test-reporter=tap", "--import=./tests/page/setup.js")
    done = run("node", *options, "tests/page/*.test.js", env=given)

    assert done.returncode == 0, done.stdout
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed.group(1)) > 0, done.stdout


def test_style_sheets_are_served_as_they_are_written_without_comments() -> None:
    """Those of modules are compared by a parser: `tests/page/comments.test.js`."""
    written = {
        path.relative_to(WORKSPACE).as_posix(): path.read_text(encoding="utf-8") for path in WORKSPACE.rglob("*.css")
    }
    served = {name: file.content.decode() for name, file in workspace().files.items() if name.endswith(".css")}

    assert served.keys() == written.keys()
    assert served
    assert {name: code_of(text) for name, text in served.items()} == {n: code_of(text) for n, text in written.items()}


def code_of(style_sheet: str) -> list[str]:
    """Return the lines of a style sheet that say something, without comments; what looks like one in a text is none."""
    code = CSS_TEXT_OR_COMMENT.sub(lambda found: "" if found[0].startswith("/*") else found[0], style_sheet)
    return [line.strip() for line in code.splitlines() if line.strip()]


def test_the_types_of_the_api_are_those_of_its_document() -> None:
    """After a change of a request or a response: `make types`."""
    assert TYPES.read_text(encoding="utf-8") == make_types()


def test_no_lock_names_an_address_of_a_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)


def test_what_is_needed_first_is_what_main_imports_and_nothing_else() -> None:
    first = workspace().first_modules
    lazy = {target for name in MODULES for target in lazy_imports(name)}

    assert first[0] == "main.js"
    assert len(first) == len(set(first))
    assert {"core/dom.js", "live/event_stream.js"} <= set(first), "also what a module imports that main.js imports"
    assert lazy, "nothing is loaded when it is needed"
    assert not lazy & set(first)
    assert lazy < set(MODULES)


def test_the_words_of_what_loads_later_load_with_it() -> None:
    areas = ("admin", "common", "continue", "gallery", "inputs", "panel", "shortcuts", "viewer", "writing")
    later = {f"words/{area}.js" for area in areas}

    assert later < set(MODULES)
    assert not later & set(workspace().first_modules)


def test_every_module_is_used() -> None:
    """A module that neither loads first nor belongs to one loaded on demand is unused."""
    reached = ["main.js"]
    for name in reached:
        reached += [target for target in (*workspace().imports(name), *lazy_imports(name)) if target not in reached]

    assert sorted(reached) == MODULES


def test_every_action_of_the_audit_log_has_its_words() -> None:
    source = workspace().files["words/audit.js"].content.decode()
    words = dict(re.findall(r'^\s*"([a-z-]+\.[a-z-]+)": "([^"]+)",$', source, re.MULTILINE))

    assert set(words) == set(Action)
    assert len(set(words.values())) == len(words), "two actions that nobody can tell apart"


@pytest.mark.parametrize("name", MODULES)
def test_no_module_makes_elements_from_text(name: str) -> None:
    source = workspace().files[name].content.decode()

    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", source)


def test_every_status_has_its_word_and_a_group() -> None:
    words = vocabulary()

    assert [status.status for status in words.statuses] == list(JobStatus)
    assert {status.group for status in words.statuses} == {group.id for group in words.groups}
    assert [JobStatus(status.status).final for status in words.statuses] == [status.final for status in words.statuses]


def test_the_page_judges_models_by_the_pattern_of_the_api() -> None:
    patterns = [getattr(part, "pattern", None) for part in get_args(ModelPath)]

    assert vocabulary().model_pattern in patterns


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip, deflate, br, zstd", True),
        ("GZIP;q=0.5", True),
        ("br, *", True),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("identity", False),
    ],
)
def test_gzip_is_given_to_who_takes_it(header: str, *, taken: bool) -> None:
    assert takes_gzip(header) is taken


def test_a_file_is_the_same_bytes_in_every_process() -> None:
    """Otherwise the tag of its compressed form would not match its content."""
    assert WebFile(b"text" * 100, "text/css").compressed == WebFile(b"text" * 100, "text/css").compressed
