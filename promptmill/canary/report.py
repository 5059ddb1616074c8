"""What a canary reports: each assumption with its verdict, and the form of every answer, without what it said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from promptmill.canary.assumptions import ASSUMPTIONS, Verdict
from promptmill.canary.seen import Seen
from promptmill.contracts.messages import Message

_MARKS: Final = {
    Verdict.HOLDS: ("✓", "green"),
    Verdict.DEVIATES: ("✗", "bold red"),
    Verdict.NOT_SEEN: ("☐", "yellow"),
}
_NAME: Final = re.compile(r"[A-Za-z_][\w.-]{0,60}")
"""A field's name; anything else is data that is used as one."""

_DEEPEST: Final = 8


class Row(Message):
    """One assumption, and what was seen of it."""

    name: str
    wanted: str
    relies: str
    verdict: Verdict
    seen: str


class Report(Message):
    """Everything that may be told: no key, no id, no address, nothing that an answer said in words.

    Attributes:
        providers: `real` or `simulated`, by name.
        marker: Is in the prompts of the paid requests.
        quoted_usd: What WaveSpeed's was quoted to cost.
        grok_at_most_usd: What Grok's could cost at most.
        paid: To which providers a paid request was sent.
        stopped: Why something was not tried, or how an unclear request is found.
        forms: The form of the last answer to each call.
    """

    at: str
    release: str
    providers: Mapping[str, str]
    marker: str
    model: str
    grok_model: str
    quoted_usd: str | None
    grok_at_most_usd: str | None
    paid: tuple[str, ...]
    stopped: tuple[str, ...]
    rows: tuple[Row, ...]
    forms: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether nothing deviates and nothing stopped it."""
        return not self.stopped and all(row.verdict is not Verdict.DEVIATES for row in self.rows)

    @property
    def summary(self) -> str:
        """The verdicts counted."""
        counts = Counter(row.verdict for row in self.rows)
        return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)


def judged(seen: Seen) -> tuple[Row, ...]:
    """Return every assumption with its verdict."""
    return tuple(
        Row(
            name=each.name,
            wanted=each.rule.words,
            relies=each.relies,
            verdict=each.judge(seen),
            seen=each.shown(seen),
        )
        for each in ASSUMPTIONS
    )


def forms_of(seen: Seen) -> dict[str, Any]:
    """Return the form of each answer, by the name of its call."""
    return {call: form(part.body) for call, part in seen.parts.items()}


def form(value: Any, depth: int = 0) -> Any:
    """Return names of fields and types of values; of a list its first item."""
    if isinstance(value, dict) and depth < _DEEPEST:
        named = {name: form(each, depth + 1) for name, each in value.items() if _NAME.fullmatch(str(name))}
        return named if len(named) == len(value) else {**named, "…": "names that are none of a field"}
    if isinstance(value, list) and depth < _DEEPEST:
        return [form(value[0], depth + 1)] if value else []
    return "null" if value is None else type(value).__name__


def report_lines(report: Report) -> Iterator[tuple[str, str]]:
    """Describe a report: lines with their styles."""
    for row in report.rows:
        mark, style = _MARKS[row.verdict]
        told = "" if row.verdict is Verdict.HOLDS else f"; seen: {row.seen}"
        yield f"{mark} {row.verdict:<8}  {row.name}: {row.wanted}{told}", style
        if row.verdict is Verdict.DEVIATES:
            yield f"{'':<12}{row.relies} relies on it", "yellow"
    for sentence in report.stopped:
        yield sentence, "bold red"
    yield f"{report.summary}. Paid requests: {', '.join(report.paid) or 'none'}.", "green" if report.ok else "bold red"
