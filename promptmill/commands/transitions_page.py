"""`docs/transitions.md`, made from the SQL function that holds the transitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.store import Store, open_store

HEAD: Final = """\
# Transitions

Every change of a status that is allowed. A status that leads nowhere is final. What each one means, and a picture of
them, stands in [the life of a job](architecture.md#the-life-of-a-job).

This page is made by `promptmill transitions` from the SQL function `transition_allowed`; a test holds both equal.
"""

TABLES: Final = (
    ("A job", "jobs", tuple(map(str, JobStatus))),
    ("A prompt job", "prompt_generation_jobs", tuple(map(str, PromptJobStatus))),
)
"""Headings, each with its table and the statuses of it."""


async def read_transitions(settings: Settings) -> str:
    """Return the page as the database that the settings name has it.

    Raises:
        ConfigurationError: There is no `DATABASE_URL`, or it is wrong.
        RecordUnavailable: Postgres is away, or has no schema.
    """
    async with open_store(settings.require_database_url(), pool_size=1) as store:
        return await transitions_page(store)


async def transitions_page(store: Store) -> str:
    """Return the text of `docs/transitions.md`.

    Raises:
        RecordUnavailable: Postgres is away, or has no schema.
    """
    parts = [HEAD]
    for heading, table, statuses in TABLES:
        allowed = await store.operations.transitions(table, statuses)
        rows = [f"| `{old}` | {_targets(new for start, new in allowed if start == old)} |" for old in statuses]
        parts.append("\n".join([f"## {heading}\n", "| from | to |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def _targets(statuses: Iterable[str]) -> str:
    return ", ".join(f"`{status}`" for status in statuses) or "nothing: it is final"
