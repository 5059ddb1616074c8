"""When each accepted prediction's result is read next. `docs/architecture.md` has the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from promptmill.store.database import Database

CHANNEL: Final = "promptmill_readings"
"""The channel on which `prompt_reading` announces that a reading is due at once."""

_AGENDA: Final = """
    SELECT EXISTS (SELECT FROM readings WHERE due_at IS NULL) AS unplanned,
           CAST(extract(epoch FROM (SELECT min(due_at) FROM readings) - clock_timestamp()) AS double precision)
               AS due_in
"""
_UNPLANNED: Final = """
    SELECT r.job_id, j.model, j.kind,
           CAST(extract(epoch FROM clock_timestamp() - r.accepted_at) AS double precision) AS waited
    FROM readings AS r JOIN jobs AS j ON j.id = r.job_id
    WHERE r.due_at IS NULL LIMIT :limit
"""
_TAKE: Final = """
    SELECT job_id, prediction_id, accepted_at, looks, leased_until, prompted, waits, model, kind
    FROM take_readings(:limit, CAST(:per_second AS double precision), CAST(:lease AS double precision))
"""
_PLAN: Final = """
    SELECT FROM plan_readings(CAST(:job_ids AS uuid[]), CAST(:seen AS timestamptz[]),
                              CAST(:seconds AS double precision[]))
"""
_END: Final = "SELECT FROM end_readings(CAST(:job_ids AS uuid[]), CAST(:prediction_ids AS text[]))"
_BACKLOG: Final = """
    SELECT CAST(count(*) AS integer) AS open,
           CAST(coalesce(extract(epoch FROM clock_timestamp() - min(coalesce(due_at, accepted_at))), 0)
                AS double precision) AS late_seconds
    FROM readings
"""


class Agenda(NamedTuple):
    """Whether readings wait to be planned, and in how many seconds the next one is due: below 0 is late, None never."""

    unplanned: bool
    due_in: float | None


class Unplanned(NamedTuple):
    """A reading without a plan, of a prediction that was accepted `waited` seconds ago."""

    job_id: UUID
    model: str
    kind: str
    waited: float


class Claim(NamedTuple):
    """A reading that this worker makes, until `leased_until`.

    Attributes:
        looks: How many times the prediction has been looked at, this one included.
        prompted: Whether it is due because of a webhook.
        waits: Whether the job still waits for the prediction; if not, its workflow is only to be told.
    """

    job_id: UUID
    prediction_id: str
    accepted_at: datetime
    looks: int
    leased_until: datetime
    prompted: bool
    waits: bool
    model: str
    kind: str


class Plan(NamedTuple):
    """When a reading is due next, in seconds from now; `seen` is the `due_at` that this replaces."""

    job_id: UUID
    seen: datetime | None
    seconds: float


class Backlog(NamedTuple):
    """How many readings are open, and how late the one that has been due longest is, in seconds."""

    open: int
    late_seconds: float


@dataclass(frozen=True)
class ReadingStore:
    """The `readings` table. Every method raises `RecordUnavailable` while Postgres is unavailable."""

    database: Database

    async def agenda(self) -> Agenda:
        """Return what is to be done next: two index lookups."""
        return Agenda(**await self.database.mapping(_AGENDA))

    async def unplanned(self, limit: int) -> list[Unplanned]:
        """Return readings that have no plan yet."""
        return [Unplanned(**row) for row in await self.database.mappings(_UNPLANNED, limit=limit)]

    async def take(self, limit: int, *, per_second: float, lease_seconds: float) -> list[Claim]:
        """Claim readings that are due: prompted ones, and as many planned ones as the rate of all workers allows."""
        values = {"limit": limit, "per_second": per_second, "lease": lease_seconds}
        return [Claim(**row) for row in await self.database.mappings(_TAKE, **values)]

    async def plan(self, plans: Sequence[Plan]) -> None:
        """Plan readings, except those that were prompted, claimed or planned since they were seen."""
        job_ids, seen, seconds = ([*column] for column in zip(*plans, strict=True))
        await self.database.run(_PLAN, job_ids=job_ids, seen=seen, seconds=seconds)

    async def end(self, readings: Sequence[tuple[UUID, str]]) -> None:
        """Remove readings whose workflows have been told, by job and prediction."""
        job_ids, prediction_ids = ([*column] for column in zip(*readings, strict=True))
        await self.database.run(_END, job_ids=job_ids, prediction_ids=prediction_ids)

    async def backlog(self) -> Backlog:
        """Return how much is open, and how late the readings are."""
        found = Backlog(**await self.database.mapping(_BACKLOG))
        return found._replace(late_seconds=max(found.late_seconds, 0.0))
