"""What is shipped, and what is known against it: `make sbom` and `make audit`, with tools in a place of their own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from promptmill.local.install import UNREACHABLE

ROOT: Final = Path(__file__).parents[1]
SHIPPED: Final = "requirements-tracing.txt"
"""What the image has."""

AUDITED: Final = (SHIPPED, "requirements-dev.txt")
"""What is shipped, and what it is developed with, of which some packages may have another version."""

TOOLS: Final = "requirements-supply.txt"
PLACE: Final = ROOT / ".venv" / "supply"
MOST_CHARACTERS: Final = 1000
BILL: Final = ROOT / "build" / "sbom.json"

NOBODY: Final = re.compile(
    rf"{UNREACHABLE.pattern}|ConnectionError|Max retries exceeded|[Tt]imed? ?out"
    r"|(?:HTTP|Server Error|status).{0,20}\b5\d\d\b|\b5\d\d Server Error"
)
"""What is printed when a service does not answer, or answers with an error of its own."""


@dataclass(frozen=True)
class Verdict:
    """What an audit has found.

    Attributes:
        code: The exit code.
    """

    code: int
    lines: Sequence[str]


def main(subject: str) -> int:
    """Write the bill of materials or audit; return the exit code."""
    problem = install_tools()
    if problem is not None:
        sys.stderr.write(problem)
        unreachable = subject == "audit" and NOBODY.search(problem) is not None
        if unreachable:
            sys.stderr.write("\n".join([*not_audited("The package index").lines, ""]))
        return 0 if unreachable else 1
    return write_bill() if subject == "sbom" else audit()


def install_tools(tools: str = TOOLS, place: Path = PLACE) -> str | None:
    """Install the tools, unless it is what was installed last; return what went wrong, or None."""
    lock, stamp = (ROOT / tools).read_text(encoding="utf-8"), place / ".installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == lock:
        return None
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(place)],
        [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(ROOT / tools)],
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            return done.stdout + done.stderr
    stamp.write_text(lock, encoding="utf-8")
    return None


def write_bill() -> int:
    """Write the bill of materials, the same for the same lock."""
    BILL.parent.mkdir(exist_ok=True)
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--of", "JSON", "-o", str(BILL)]
    done = subprocess.run(
        [str(PLACE / "bin" / "cyclonedx-py"), "requirements", SHIPPED, *options], cwd=ROOT, check=False
    )
    if done.returncode == 0:
        parts = json.loads(BILL.read_text(encoding="utf-8"))["components"]
        sys.stdout.write(f"{BILL.relative_to(ROOT)}: {len(parts)} packages, from {SHIPPED}\n")
    return done.returncode


def audit() -> int:
    """Ask for known vulnerabilities, and say what was found; a lock at a time, since pip-audit takes a package once."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    codes = []
    for lock in AUDITED:
        command = [str(PLACE / "bin" / "pip-audit"), *options, "-r", lock]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        verdict = judged(done.returncode, done.stdout, done.stderr)
        sys.stdout.write("\n".join([*(f"{lock}: {line}" for line in verdict.lines), ""]))
        codes.append(verdict.code)
    return max(codes)


def judged(code: int, printed: str, told: str) -> Verdict:
    """Return what pip-audit's exit code and output mean. An audit without an answer is no pass, and fails nothing."""
    try:
        packages: list[dict[str, Any]] = json.loads(printed)["dependencies"]
    except (ValueError, TypeError, KeyError):
        if NOBODY.search(told):
            return not_audited("The service that knows of vulnerabilities")
        return Verdict(1, [f"pip-audit failed with {code}:", told.strip()[:MOST_CHARACTERS]])
    known = [_line(package, each) for package in packages for each in package.get("vulns", ())]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if len(unknown) == len(packages):  # an index of one's own, which has packages and no such service
        return not_audited("A service that knows of these packages")
    left_out = [f"NOT AUDITED, because the service knows nothing of them: {', '.join(unknown)}"] if unknown else []
    asked = f"{len(packages) - len(unknown)} packages"
    if known:
        return Verdict(1, [*known, *left_out, f"{len(known)} known vulnerabilities in {asked}"])
    return Verdict(0, [*left_out, f"no known vulnerability in {asked}"])


def not_audited(service: str) -> Verdict:
    """Return that nobody answered."""
    return Verdict(0, [f"NOT AUDITED. {service} could not be reached: this is no pass, repeat `make audit`."])


def _line(package: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    mended = ", ".join(found["fix_versions"]) or "no version"
    return f"{package['name']} {package['version']}: {found['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
