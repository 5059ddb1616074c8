"""Sections 12, 16, 17 and 20: backups, what was tried on this installation, and what was left behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from promptmill.backups.errors import BackupUnusable
from promptmill.backups.folder import BackupFolder
from promptmill.checklist.findings import Fails, NotSeen
from promptmill.checklist.lines import Line
from promptmill.checklist.target import Target
from promptmill.contracts.audit import AuditFilter
from promptmill.contracts.backups import Manifest
from promptmill.formats import duration

VERIFIED_WITHIN: Final = timedelta(days=8)
"""As the alert `BackupUnverified` has it: one is tried every week."""

TRIED_WITHIN: Final = timedelta(days=90)
"""A trial that is older proves nothing of this release, nor of the people on call."""


async def backups_hold_every_table(target: Target, _: Line) -> str:
    """Compare the tables of the newest backup with the record's."""
    backup = _newest(target)
    missing = sorted(await target.store.catalogue.tables() - backup.tables.keys())
    if missing:
        raise Fails(f"{backup.name}, of revision {backup.revision}, lacks {', '.join(missing)}")
    return f"{backup.name} holds {len(backup.tables)} tables, and every one of the record's"


async def backup_was_tried(target: Target, _: Line) -> str:
    """Look when a backup of this record was last restored elsewhere and compared."""
    known = await target.store.backups.known()
    if known.taken_at is None:
        raise NotSeen("the record knows of no backup")
    if known.verified_at is None:
        told = f"backups were taken, the last at {known.taken_at:%F %T} UTC, and none was verified"
        if target.settings.backup_dir is None:  # another tool's, whose trials nobody notes
            raise NotSeen(told)
        raise Fails(told)
    return f"the last trial was {_within(TRIED_WITHIN, known.verified_at)}"


async def backup_is_whole(target: Target, _: Line) -> str:
    """Read the newest backup to its end, and look when one was last compared with what it should hold."""
    known = await target.store.backups.known()
    told = "the record knows of a backup that was verified"
    if target.settings.backup_dir is not None:
        backup, folder = _newest(target), BackupFolder(target.settings.backup_dir)
        try:
            await asyncio.to_thread(folder.require_whole, backup, target.settings.backup_keys)
        except OSError as error:
            raise BackupUnusable(f"{backup.file} cannot be read: {error}.") from error
        told = f"{backup.file} is what was written ({backup.size:,} bytes), and one was verified"
    elif known.verified_at is None:
        raise NotSeen("PROMPTMILL_BACKUP_DIR is not set, and the record knows of no backup that was verified")
    if known.verified_at is None:
        raise Fails("none was ever verified")
    return f"{told} {_within(VERIFIED_WITHIN, known.verified_at)}"


async def was_done_lately(target: Target, line: Line) -> str:
    """Look in the audit log whether each was done within the last months: an action, or an action and its target."""
    found = []
    for what in line.of:
        action, _, of = what.partition(" ")
        since = _now() - TRIED_WITHIN
        where = AuditFilter(action=action, target=of or None, since=since, limit=1)
        entries = await target.store.audit.list(where)
        if not entries:
            raise NotSeen(f"the audit log has no {what} of the last {TRIED_WITHIN.days} days")
        found.append(f"{what} on {entries[0].at:%F} by {entries[0].actor}")
    return f"the audit log has {', '.join(found)}"


async def nothing_is_left_in_postgres(target: Target, _: Line) -> str:
    """Look for databases and schemas of trials and restores. The machines are somebody's to look at."""
    left = await target.store.catalogue.leftovers()
    if left:
        raise Fails(f"Postgres still has {', '.join(left)}")
    raise NotSeen("Postgres has no database and no schema of a trial or a restore")


def _newest(target: Target) -> Manifest:
    if target.settings.backup_dir is None:
        raise NotSeen("PROMPTMILL_BACKUP_DIR is not set")
    backups = BackupFolder(target.settings.backup_dir).all()
    if not backups:
        raise Fails(f"there is no backup in {target.settings.backup_dir}", "promptmill backup create")
    return backups[0]


def _within(most: timedelta, then: datetime) -> str:
    """Say how long ago something was.

    Raises:
        Fails: Longer than that.
    """
    ago = _now() - then
    told = f"{duration(ago.total_seconds())} ago"
    if ago > most:
        raise Fails(f"{told}: more than {most.days} days")
    return told


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # not in a workflow
