"""Which backups of the record there are, as far as somebody has told: an alert asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from promptmill.store.database import Database

KEPT_DAYS: Final = 90

_NOTE: Final = f"""
    WITH old AS (
        DELETE FROM backups WHERE taken_at < now() - interval '{KEPT_DAYS} days' AND name <> :name
    )
    INSERT INTO backups AS b (name, taken_at, verified_at)
    VALUES (:name, coalesce(CAST(:taken_at AS timestamptz), now()), CAST(:verified_at AS timestamptz))
    ON CONFLICT (name) DO UPDATE SET verified_at = coalesce(excluded.verified_at, b.verified_at)
"""


_KNOWN: Final = "SELECT max(taken_at) AS taken_at, max(verified_at) AS verified_at FROM backups"


@dataclass(frozen=True)
class KnownBackups:
    """When the newest backup was taken, and when one was last verified; None: never, as far as is known."""

    taken_at: datetime | None
    verified_at: datetime | None


@dataclass(frozen=True)
class BackupStore:
    """Notes backups, and tells of the newest."""

    database: Database

    async def note(self, name: str, *, taken_at: datetime | None = None, verified_at: datetime | None = None) -> None:
        """Note that a backup was taken (by default now), or verified. Forgets those that are older than is kept."""
        await self.database.run(_NOTE, name=name, taken_at=taken_at, verified_at=verified_at)

    async def known(self) -> KnownBackups:
        """Return what is known of the backups of the last `KEPT_DAYS`."""
        return KnownBackups(**await self.database.mapping(_KNOWN))
