"""What `promptmill backup` shows of backups, and what is to be done after one was restored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from promptmill.backups.folder import Contents
from promptmill.contracts.backups import Manifest
from promptmill.formats import duration

NEXT: Final = (
    "Next:",
    "  1. Start workers and the API: jobs are accepted, and none is submitted.",
    "  2. `promptmill restore-check` recovers what Temporal and WaveSpeed know, and releases submissions.",
    "  3. Repeat the erasures made since the backup: docs/operations.md, Erase and export.",
)


def backup_lines(backups: Sequence[Manifest]) -> Iterator[str]:
    """Yield a line for each backup."""
    now = datetime.now(UTC)  # noqa: TID251  # a command, not a workflow
    for one in backups:
        age = duration((now - one.taken_at).total_seconds())
        sealed = "not encrypted" if one.key_id is None else f"key {one.key_id}"
        verified = "not verified" if one.verified_at is None else f"verified {one.verified_at:%F %T}"
        yield f"{one.name}  {age:>11} old  {megabytes(one.size):>12}  {one.rows:>13,} rows  {sealed}, {verified}"
    if not backups:
        yield "There are no backups: `promptmill backup create` takes one."


def backups_json(contents: Contents) -> str:
    """Return the manifests as JSON, and after them those that cannot be read, each with its `problem`."""
    readable = [one.model_dump(mode="json") for one in contents.backups]
    unreadable = [{"name": name, "problem": problem} for name, problem in contents.unreadable.items()]
    return json.dumps([*readable, *unreadable], indent=2)


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it."""
    return f"{size / 1e6:,.1f} MB"
