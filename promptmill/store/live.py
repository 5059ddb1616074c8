"""Reads for live streams: changed jobs in bulk, and one job together with its newest events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from promptmill.store.database import Database, column_list, to_row
from promptmill.store.job_lists import LISTED_COLUMNS
from sql.models import Job, JobEvent

_JOBS: Final = f"SELECT {LISTED_COLUMNS} FROM jobs WHERE id = ANY (CAST(:ids AS uuid[]))"
_WITH_EVENTS: Final = f"""
    SELECT {column_list(Job)},
           (SELECT coalesce(max(sequence), 0) FROM job_events WHERE job_id = :id) AS latest,
           (SELECT CAST(coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.sequence), '[]') AS text)
            FROM job_events AS e WHERE e.job_id = :id AND e.sequence > :after) AS events
    FROM jobs WHERE id = :id
"""


class Followed(NamedTuple):
    """A job as of its newest event, `latest`, and its events after the requested one."""

    job: Job
    latest: int
    events: Sequence[JobEvent]


@dataclass(frozen=True)
class LiveStore:
    """Jobs for live streams. Every method raises `RecordUnavailable` while Postgres is unavailable."""

    database: Database

    async def jobs(self, ids: Sequence[UUID]) -> list[Job]:
        """Return the jobs that (still) exist, in no order, without long inline outputs."""
        return await self.database.rows(Job, _JOBS, ids=[*ids])

    async def job_with_events(self, job_id: UUID, after: int) -> Followed:
        """Return a job and its events with a sequence above `after`, as of one moment.

        Raises:
            RecordNotFound: There is no such job.
        """
        # One statement: read separately, a job could be newer or older than its events.
        row = await self.database.mapping(_WITH_EVENTS, id=job_id, after=after)
        events = [JobEvent.model_validate(event) for event in json.loads(row["events"])]
        return Followed(to_row(Job, row), row["latest"], events)
