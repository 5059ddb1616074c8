"""`promptmill audit`: who did what."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.audit import AuditFilter
from promptmill.spreadsheets import csv_line
from sql.models import AuditEntry

COLUMNS = tuple(AuditEntry.model_fields)


def time_before(ago: timedelta) -> datetime:
    """Return when that long ago was."""
    return datetime.now(UTC) - ago  # noqa: TID251  # no workflow runs here


async def print_audit(settings: Settings, where: AuditFilter, *, as_csv: bool, write: Callable[[str], object]) -> None:
    """Write the entries, newest first: as CSV, or one on a line.

    Raises:
        RecordUnavailable: Postgres is unreachable.
    """
    if as_csv:
        write(csv_line(COLUMNS))
    async with open_record(settings) as store:
        async for page in store.audit.pages(where):
            for entry in page:
                write(csv_line(getattr(entry, name) for name in COLUMNS) if as_csv else f"{entry_line(entry)}\n")


def entry_line(entry: AuditEntry) -> str:
    """Describe an entry on one line."""
    changed = " -> ".join(json.dumps(value, ensure_ascii=False) for value in (entry.before, entry.after) if value)
    words = [
        f"{entry.at:%F %T} UTC",
        entry.actor,
        entry.action,
        entry.target or "",
        f"owner {entry.owner}" if entry.owner else "",
        f"from {entry.address}" if entry.address else "",
        changed,
    ]
    return "  ".join(word for word in words if word)
