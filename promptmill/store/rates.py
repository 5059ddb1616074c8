"""How fast paid POSTs may be made with a key, by what WaveSpeed answered. `docs/architecture.md` has the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from promptmill.config.tiers import SubmissionPace
from promptmill.store.database import Database

_NOTE: Final = """
    SELECT FROM note_rate_limit(:submission_id, CAST(:slowest AS double precision),
                                CAST(:per_second AS double precision), CAST(:pause AS double precision))
"""
_IN_FORCE: Final = """
    SELECT submission_rate(lowered_to, refused_at, CAST(:slowest AS double precision),
                           CAST(:per_second AS double precision), clock_timestamp()) AS per_second,
           lowered_at, refused_at
    FROM submission_rates WHERE provider_base = :base AND key_fingerprint = :key_fingerprint
"""


class RateInForce(NamedTuple):
    """Paid POSTs per second that are permitted now; since when it is lowered, and the latest 429, if it is."""

    per_second: float
    lowered_at: datetime | None = None
    refused_at: datetime | None = None


@dataclass(frozen=True)
class RateStore:
    """The `submission_rates` table. Every method raises `RecordUnavailable` while Postgres is unavailable."""

    database: Database

    async def note_rate_limit(self, submission_id: UUID, pace: SubmissionPace, *, pause: timedelta) -> None:
        """Lower the rate of a submission's key, since WaveSpeed answered 429; the next POST waits for the pause."""
        values = {"slowest": pace.slowest, "per_second": pace.per_second, "pause": pause.total_seconds()}
        await self.database.run(_NOTE, submission_id=submission_id, **values)

    async def in_force(self, base: str, key_fingerprint: str, pace: SubmissionPace) -> RateInForce:
        """Return the rate of a key now."""
        values = {"slowest": pace.slowest, "per_second": pace.per_second}
        for row in await self.database.mappings(_IN_FORCE, base=base, key_fingerprint=key_fingerprint, **values):
            if row["per_second"] < pace.per_second:
                return RateInForce(row["per_second"], row["lowered_at"], row["refused_at"])
        return RateInForce(pace.per_second)
