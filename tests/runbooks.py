"""Makes docs/runbooks, a page for each alert, from its rule and deploy/monitoring/runbooks.toml: `make runbooks`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.markdown import MarkdownPage

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "docs" / "runbooks"
WORDS: Final = ROOT / "deploy" / "monitoring" / "runbooks.toml"
RULES: Final = (ROOT / "deploy" / "monitoring" / "rules" / "alerts.yml", ROOT / "deploy" / "logging" / "alerts.yml")
MADE: Final = "<!-- Made by `make runbooks` from the rule and deploy/monitoring/runbooks.toml. -->"
INDEX: Final = "README.md"
URGENCY: Final = {"critical": "calls somebody now", "warning": "waits for the morning"}
GROUPS: Final = {
    "promptmill-gone": "Gone",
    "promptmill-queue": "Queue",
    "promptmill-errors": "Errors and providers",
    "promptmill-stopped": "Stopped or not running",
    "promptmill-money": "Money",
    "promptmill-objectives": "Objectives",
    "promptmill-log": "Log",
}
"""Headings of the index, by the rules' groups; another group stands under its own name."""

HEAD: Final = f"""\
{MADE}

# Runbooks

A page for each alert: what it means, what to look at, what to do, when it is over. The page has the alert's name.
[Operations](../operations.md) has the whole of each subject, [communication](../communication.md) what to say meanwhile
and [monitoring](../monitoring.md#alerts) how alerts get to people. If several fire at once, begin with the first here.
"""


@dataclass(frozen=True)
class Alert:
    """An alert: its rule, and what a person adds to it."""

    group: str
    file: Path
    rule: Mapping[str, Any]
    words: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.rule["alert"])

    @property
    def summary(self) -> str:
        """Its summary, with an ellipsis in place of what is known only when it fires."""
        summary = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"(\1)", self.rule["annotations"]["summary"])
        return re.sub(r"\{\{[^}]*\}\}", "…", summary)

    @property
    def urgency(self) -> str:
        return str(self.rule["labels"]["severity"])

    @property
    def concerns(self) -> str:
        return str(self.rule["labels"].get("contact", "whoever reads the log"))


def alerts() -> list[Alert]:
    """Return all alerts, in the order of the rules."""
    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    return [
        Alert(group["name"], file, rule, words.get(rule["alert"], {}))
        for file in RULES
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


def pages() -> dict[str, str]:
    """Return the text of each page by the name of its file."""
    found = alerts()
    return {INDEX: _index(found)} | {f"{alert.name}.md": page_of(alert) for alert in found}


def page_of(alert: Alert) -> str:
    """Return the page of an alert. Without words of a person, it has what the rule says."""
    rule, words = alert.rule, alert.words
    told = rule["annotations"]
    heard = f"{alert.urgency.capitalize()}: {URGENCY[alert.urgency]}. It concerns: {alert.concerns}."
    lasting = f" for {rule['for']}" if "for" in rule else ""
    rules = f"../../{alert.file.relative_to(ROOT).as_posix()}"
    return (
        "\n\n".join(
            [
                MADE,
                f"# {alert.name}",
                f"> {alert.summary}",
                f"{heard} [All runbooks](README.md)",
                "## What it means",
                *([words["means"]] if "means" in words else []),
                f"It fires when this holds{lasting} ([the rule]({rules})):",
                f"```promql\n{rule['expr'].strip()}\n```",
                "## What to look at",
                f"```sh\n{told['action']}\n```",
                *_list("*", words.get("look", ())),
                "## What to do",
                *_list("1.", words.get("do", ())),
                f"In full: {_section(told['runbook'])}.",
                "## When it is over",
                words.get("over", "The condition above no longer holds: the alert ends by itself."),
            ]
        )
        + "\n"
    )


def _index(found: Sequence[Alert]) -> str:
    parts = [HEAD]
    for group in dict.fromkeys(alert.group for alert in found):
        rows = [
            f"| [{each.name}]({each.name}.md) | {each.urgency} | {each.summary.replace('|', '&#124;')} |"
            for each in found
            if each.group == group
        ]
        parts.append("\n".join([f"## {GROUPS.get(group, group)}\n", "| alert | | says |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def _list(mark: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield "\n".join(f"{f'{place}.' if mark == '1.' else mark} {line}" for place, line in enumerate(lines, 1))


def _section(target: str) -> str:
    """Return a link to a section of the documents, called as its heading."""
    file, _, anchor = target.partition("#")
    heading = next(each for each in MarkdownPage.of(ROOT / file).headings if each.anchor == anchor)
    title = MarkdownPage.of(ROOT / file).headings[0].text
    return f"[{title}, {heading.text}](../{Path(file).name}#{anchor})"


def write() -> None:
    """Write all pages, and delete those whose alert is gone."""
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for file in FOLDER.glob("*.md"):
        if file.name not in made:
            file.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
