"""The sheet of a deployment: findings with versions, people and contacts, for the terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from promptmill.checklist.findings import Finding, State
from promptmill.config.contacts import ROLES, Contact
from promptmill.contracts.messages import Message

_MARKS: Final = {State.PASS: ("✓", "green"), State.FAIL: ("✗", "bold red"), State.PERSON: ("☐", "yellow")}
_LINE: Final = "_" * 30


class Sheet(Message):
    """What was found at one time, of which versions and by whom.

    Attributes:
        command: `preflight` or `verify`.
        versions: Of the release, the schema, Postgres and Temporal, by name.
    """

    command: str
    at: datetime
    installation: str
    versions: Mapping[str, str]
    deployed_by: str | None
    verified_by: str | None
    contacts: tuple[Contact, ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Whether a line fails."""
        return any(finding.state is State.FAIL for finding in self.findings)

    @property
    def counts(self) -> Mapping[State, int]:
        """How many lines have each verdict."""
        return Counter(finding.state for finding in self.findings)

    @property
    def summary(self) -> str:
        """The counts in a sentence."""
        return ", ".join(f"{self.counts[state]} {state}" for state in State)


def finding_lines(finding: Finding) -> Iterator[tuple[str, str]]:
    """Describe a finding: lines with their styles."""
    mark, style = _MARKS[finding.state]
    yield f"{mark} {finding.number:<5} {finding.state:<14}  {finding.words}", style
    yield f"{'':<24}{finding.detail}", ""
    if finding.advice:
        yield f"{'':<24}{finding.advice}", "yellow"


def sheet_json(sheet: Sheet) -> str:
    """Return the sheet as JSON."""
    shown: dict[str, Any] = {"ok": not sheet.failed, **sheet.model_dump(mode="json", exclude={"contacts"})}
    shown["contacts"] = {contact.role: {"name": contact.name, "address": contact.address} for contact in sheet.contacts}
    return json.dumps(shown, indent=2, ensure_ascii=False)


def sheet_markdown(sheet: Sheet, sections: Mapping[str, str]) -> str:
    """Return the sheet as Markdown, with lines to sign."""
    return "\n".join([*_head(sheet), *_tables(sheet.findings, sections), *_sign_off(sheet), ""])


def record_sheet(file: Path, sheet: Sheet, sections: Mapping[str, str]) -> Path:
    """Write the sheet as Markdown, and as JSON beside it, whose path is returned."""
    beside = file.with_suffix(".json")
    file.write_text(sheet_markdown(sheet, sections), encoding="utf-8")
    beside.write_text(f"{sheet_json(sheet)}\n", encoding="utf-8")
    return beside


def _head(sheet: Sheet) -> Iterator[str]:
    yield f"# Deployment checklist: {sheet.command}, {sheet.at:%Y-%m-%d}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| at | {sheet.at:%Y-%m-%d %H:%M:%S} UTC |"
    yield f"| installation | {_cell(sheet.installation)} |"
    for name, version in sheet.versions.items():
        yield f"| {name} | {_cell(version)} |"
    yield f"| deployed by | {_cell(sheet.deployed_by or _LINE)} |"
    yield f"| verified by | {_cell(sheet.verified_by or _LINE)} |"
    yield f"| lines | {sheet.summary} |"


def _tables(findings: Sequence[Finding], sections: Mapping[str, str]) -> Iterator[str]:
    section = None
    for finding in findings:
        number = finding.number.split(".")[0]
        if number != section:
            section = number
            yield from (
                "",
                f"## {number}. {sections[number]}",
                "",
                "| line | asks | verdict | seen |",
                "|---|---|---|---|",
            )
        seen = f"{finding.detail} **To do:** {finding.advice}" if finding.advice else finding.detail
        state = f"**{finding.state}**" if finding.state is State.FAIL else finding.state
        signed = f"{state} {_LINE}" if finding.state is State.PERSON else state
        yield f"| {finding.number} | {_cell(finding.words)} | {signed} | {_cell(seen)} |"


def _sign_off(sheet: Sheet) -> Iterator[str]:
    named = {contact.role: contact for contact in sheet.contacts}
    yield from ("", "## Contacts", "", "| part | who | where |", "|---|---|---|")
    for role in ROLES:
        contact = named.get(role)
        yield f"| {role} | {_cell(contact.name) if contact else _LINE} | {_cell(contact.address) if contact else ''} |"
    yield from ("", "## Sign-off", "", "| | name | date | signature |", "|---|---|---|---|")
    yield f"| deployed | {_cell(sheet.deployed_by or '')} | | |"
    yield f"| verified | {_cell(sheet.verified_by or '')} | | |"
    yield "| approved | | | |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
