"""Generates `docs/transitions.md` from the SQL function that defines the transitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.store import Store

HEAD: Final = """\
# Transitions

Every change of status that is allowed. What each status means: [the life of a job](architecture.md#the-life-of-a-job).

This page is printed by `promptmill transitions` from the SQL function `transition_allowed`; a test keeps the two equal.
"""

Transition: TypeAlias = tuple[str, str]
"""The old status and the new one."""

TABLES: Final = (
    ("A job", "jobs", tuple(map(str, JobStatus))),
    ("A prompt job", "prompt_generation_jobs", tuple(map(str, PromptJobStatus))),
)
"""Headings, each with a table and its statuses."""


async def read_transitions(settings: Settings) -> str:
    """Return the page for the configured database.

    Raises:
        ConfigurationError: There is no `DATABASE_URL`, or it is wrong.
        RecordUnavailable: Postgres is unavailable, or has no schema.
    """
    async with open_record(settings) as store:
        return await transitions_page(store)


async def transitions_page(store: Store) -> str:
    """Return the text of `docs/transitions.md`.

    Raises:
        RecordUnavailable: Postgres is unavailable, or has no schema.
    """
    parts = [HEAD]
    for heading, table, statuses in TABLES:
        allowed = await store.operations.transitions(table, statuses)
        parts.append("\n".join([f"## {heading}\n", *_diagram(statuses, allowed), "", *_table(statuses, allowed), ""]))
    return "\n".join(parts)


def _table(statuses: Sequence[str], allowed: Sequence[Transition]) -> list[str]:
    targets = {old: ", ".join(f"`{new}`" for start, new in allowed if start == old) for old in statuses}
    return ["| from | to |", "|---|---|", *(f"| `{old}` | {targets[old] or '(final)'} |" for old in statuses)]


def _diagram(statuses: Sequence[str], allowed: Sequence[Transition]) -> list[str]:
    """Draw the arrows. A status reachable from every open one has a single arrow, to keep the diagram readable."""
    open_statuses = {old for old, _ in allowed}
    sources = {new: {old for old, target in allowed if target == new} for new in statuses}
    common = [new for new in statuses if len(sources[new]) > 2 and sources[new] | {new} >= open_statuses]  # noqa: PLR2004
    return [
        "```mermaid",
        "stateDiagram-v2",
        "    direction LR",
        f"    [*] --> {statuses[0]}",
        *(f"    {old} --> {new}" for old, new in allowed if new not in common),
        *(['    state "every open status" as open'] if common else []),
        *(f"    open --> {new}" for new in common),
        "```",
    ]
