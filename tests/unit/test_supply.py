"""`make audit` and `make sbom`: what an audit's answer means, and what the tools' own lock holds."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from tests.supply import AUDITED, ROOT, TOOLS, judged

SAFE: dict[str, Any] = {"name": "pillow", "version": "12.0.0", "vulns": []}
KNOWN: dict[str, Any] = SAFE | {"vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["12.0.1"], "aliases": []}]}
SKIPPED: dict[str, Any] = {"name": "uvloop", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def printed(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("packages", "code", "told"),
    [
        ([SAFE], 0, "no known vulnerability in 1 packages"),
        ([SAFE, KNOWN], 1, "pillow 12.0.0: PYSEC-2026-1, mended in 12.0.1"),
        ([SAFE, SKIPPED], 0, "NOT AUDITED, because the service knows nothing of them: uvloop"),
        ([KNOWN, SKIPPED], 1, "1 known vulnerabilities in 1 packages"),
        ([SKIPPED], 0, "this is no pass"),
        ([], 0, "this is no pass"),
    ],
)
def test_an_answer_is_judged_by_its_packages(packages: list[dict[str, Any]], code: int, told: str) -> None:
    verdict = judged(1, printed(*packages), "")

    assert verdict.code == code
    assert told in "\n".join(verdict.lines)


@pytest.mark.parametrize(
    "told",
    [
        "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed: ConnectionError(MaxRetryError)",
        "requests.exceptions.ReadTimeout: Read timed out.",
        "503 Server Error: Service Unavailable for url: …",
    ],
)
def test_an_audit_that_nobody_answered_is_no_pass_and_fails_nothing(told: str) -> None:
    verdict = judged(1, "", told)

    assert verdict.code == 0
    assert "NOT AUDITED" in verdict.lines[0]
    assert not any("no known vulnerability" in line for line in verdict.lines)


@pytest.mark.parametrize("told", ["", "usage: pip-audit [-h]", "ERROR: requirements.txt: unpinned requirement"])
def test_an_audit_that_failed_fails(told: str) -> None:
    assert judged(2, "", told).code == 1


@pytest.mark.parametrize(("tools", "group"), [(TOOLS, "supply"), ("requirements-generator.txt", "generator")])
def test_the_tools_are_locked_with_hashes_and_without_an_index(tools: str, group: str) -> None:
    lock = (ROOT / tools).read_text()
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    wanted = {re.split(r"[><=]", each)[0] for each in groups[group]}
    locked = set(re.findall(r"(?m)^([\w.-]+)==", lock))

    assert wanted <= locked
    assert lock.count("--hash=sha256:") >= len(locked)
    assert "://" not in lock
    assert not wanted & set(re.findall(r"(?m)^([\w.-]+)==", (ROOT / "requirements-dev.txt").read_text()))
    assert all((ROOT / name).is_file() for name in AUDITED)
