"""What is read rather than tried: documents, the objectives' measures, reports of load and of tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET  # the operator's own file

from promptmill.checklist.findings import Fails, NotSeen
from promptmill.checklist.lines import ROOT, Line
from promptmill.checklist.target import Target
from promptmill.commands.slo import read_objectives
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.objectives import Objective, Verdict

WINDOW: Final = timedelta(days=30)
"""Over which the objectives are judged."""

OLD: Final = timedelta(days=90)
"""A report of load that is older proves nothing of this release."""

_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


async def documents_are_there(_: Target, line: Line) -> str:
    """Look for each `file#heading` in this release."""
    if not (ROOT / "README.md").is_file() or not (ROOT / "docs" / "operations.md").is_file():
        raise NotSeen("the documents are not here: run this in a checkout")
    missing = [name for name in line.of if not _is_there(name)]
    if missing:
        raise Fails(f"missing: {', '.join(missing)}")
    return f"in this release: {', '.join(line.of)}"


async def objective_is_met(target: Target, line: Line) -> str:
    """Judge the objective of this line's number as `promptmill slo` does."""

    async def measure() -> dict[str, Objective]:
        return {found.line: found for found in await read_objectives(target.settings, WINDOW)}

    found = (await target.once("objectives", measure))[line.number]
    told = f"{found.measured} (target: {found.target}), {found.rests_on}"
    if found.verdict is Verdict.FAIL:
        raise Fails(told)
    if found.verdict is Verdict.UNKNOWN:
        raise NotSeen(f"{told}: {found.verdict}")
    return told


async def load_was_borne(target: Target, _: Line) -> str:
    """Read the report of `promptmill load --json` on this installation."""
    file = target.options.load_report
    if file is None:
        raise NotSeen("no report of `promptmill load --json` was given (--load-report FILE)")
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
        made = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        told = (
            f"{report['accepted']} of {report['planned']} jobs accepted at {report['jobsPerMinute']} a minute, "
            f"ends {report['ends']}, on {made:%Y-%m-%d}"
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"--load-report: {file} is no report of a load ({error}).") from None
    if not report["ok"]:
        raise Fails(told)
    if datetime.now(UTC) - made > OLD:  # noqa: TID251  # not in a workflow
        raise NotSeen(f"{told}: older than {OLD.days} days")
    return told


def judge_tests(reports: Sequence[Path], names: Sequence[str]) -> str:
    """Look for tests in the reports of the suite and of the drills.

    Returns:
        What it says if all have passed.

    Raises:
        Fails: One has failed.
        NotSeen: One was skipped, or is in no report.
    """
    ends: dict[str, set[str]] = {}
    days = set()
    for report in reports:
        try:
            root = ET.parse(report).getroot()  # noqa: S314  # the operator's own file
        except (OSError, ET.ParseError) as error:
            raise ConfigurationError(f"--test-report: {report} is no report of tests ({error}).") from None
        days |= {suite.get("timestamp", "")[:10] for suite in root.iter("testsuite")}
        for name, end in _ends(root):
            ends.setdefault(name, set()).add(end)
    if failed := [name for name in names if ends.get(name, set()) & {"failure", "error"}]:
        raise Fails(f"failed: {', '.join(failed)}")
    if unseen := [name for name in names if ends.get(name) != {"passed"}]:
        raise NotSeen(f"not run, or skipped: {', '.join(unseen)}")
    return f"passed in the report of {' and '.join(sorted(days))}: {', '.join(names)}"


def _ends(root: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield each test as the checklist names it, without parameters, and how it ended."""
    for case in root.iter("testcase"):
        file = case.get("classname", "").replace(".", "/")
        name = case.get("name", "").partition("[")[0]
        yield f"{file}.py::{name}", next((child.tag for child in case if child.tag in _NOT_PASSED), "passed")


_NOT_PASSED: Final = ("failure", "error", "skipped")


def _is_there(name: str) -> bool:
    file, _, heading = name.partition("#")
    path = ROOT / file
    if not heading:
        return path.is_file()
    return path.is_file() and heading in map(_anchor, _HEADING.findall(path.read_text(encoding="utf-8")))


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
