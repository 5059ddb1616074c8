"""When the installation was up, as the API saw it: a row a minute, a bit for each ten seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from promptmill.contracts.objectives import Uptime
from promptmill.store.database import Database

SLOT: Final = timedelta(seconds=10)
"""What one bit stands for: an outage that is shorter may go unseen."""

KEPT_DAYS: Final = 90

_NOTE: Final = f"""
    WITH old AS (
        DELETE FROM up_minutes WHERE minute < now() - interval '{KEPT_DAYS} days'
    )
    INSERT INTO up_minutes AS m (minute, seen)
    SELECT date_trunc('minute', now()), 1 << CAST(floor(extract(second FROM now()) / {SLOT.seconds}) AS integer)
    ON CONFLICT (minute) DO UPDATE SET seen = m.seen | excluded.seen WHERE m.seen & excluded.seen = 0
"""
_UPTIME: Final = f"""
    WITH measured AS ( -- from the first ten seconds in which it was ever up
        SELECT greatest(now() - CAST(:window AS interval), (
            SELECT minute + (position('1' IN reverse(CAST(CAST(CAST(seen AS integer) AS bit(6)) AS text))) - 1)
                          * interval '{SLOT.seconds} seconds'
            FROM up_minutes ORDER BY minute LIMIT 1)) AS since
        WHERE EXISTS (SELECT FROM up_minutes)
    )
    SELECT m.since, extract(epoch FROM now() - m.since) AS seconds, least(
               extract(epoch FROM now() - m.since),
               (SELECT sum(bit_count(CAST(CAST(u.seen AS integer) AS bit(6)))) * {SLOT.seconds}
                FROM up_minutes AS u WHERE u.minute >= date_trunc('minute', m.since))) AS up_seconds
    FROM measured AS m
"""


@dataclass(frozen=True)
class UptimeStore:
    """Notes and reads when it was up."""

    database: Database

    async def note(self) -> None:
        """Note that it is up now: the write itself shows that Postgres is. Forgets what is older than is kept."""
        await self.database.run(_NOTE)

    async def read(self, window: timedelta) -> Uptime | None:
        """Return how long it was up within the window, or since it was first seen up; None if it never was."""
        for row in await self.database.mappings(_UPTIME, window=window):
            return Uptime.model_validate(dict(row))
        return None
