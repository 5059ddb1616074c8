"""What a job was made from, and what was made from it, over generations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from promptmill.store.database import Database
from promptmill.store.job_lists import LISTED_COLUMNS
from sql.models import Job

GENERATIONS: Final = 50
"""How far up and down a family is followed."""

DESCENDANTS: Final = 1_000
"""How many of a job's descendants are looked at, the nearest generations first."""

_ABOVE: Final = f"""
    WITH RECURSIVE above (id, generation) AS (
        SELECT parent_job_id, 1 FROM jobs WHERE id = :id AND owner = :owner AND parent_job_id IS NOT NULL
        UNION ALL
        SELECT j.parent_job_id, a.generation + 1 FROM above AS a JOIN jobs AS j ON j.id = a.id
        WHERE j.parent_job_id IS NOT NULL AND a.generation < {GENERATIONS}
    )
    SELECT {LISTED_COLUMNS} FROM above JOIN jobs USING (id) WHERE owner = :owner ORDER BY generation
"""
BELOW: Final = f"""
    WITH RECURSIVE below (id, generation) AS (
        SELECT id, 1 FROM jobs WHERE parent_job_id = :id
        UNION ALL
        SELECT j.id, b.generation + 1 FROM below AS b JOIN jobs AS j ON j.parent_job_id = b.id
        WHERE b.generation < {GENERATIONS}
    )
    SELECT {LISTED_COLUMNS} FROM jobs
    WHERE id = ANY (ARRAY(SELECT id FROM below LIMIT {DESCENDANTS})) AND owner = :owner
      AND (CAST(:after_at AS timestamptz) IS NULL
           OR (created_at, id) > (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))
    ORDER BY created_at, id LIMIT :limit
"""
"""Breadth first, and no further than the limit: a parent is older than its children, so there are no circles."""


@dataclass(frozen=True)
class FamilyStore:
    """The jobs that others were made from. Every method raises `RecordUnavailable` while Postgres is unavailable."""

    database: Database

    async def ancestors(self, job_id: UUID, *, owner: str) -> list[Job]:
        """Return a job's parent, its parent and so on, without long inline outputs."""
        return await self.database.rows(Job, _ABOVE, id=job_id, owner=owner)

    async def descendants(
        self, job_id: UUID, *, owner: str, limit: int, after: tuple[datetime, UUID] | None = None
    ) -> list[Job]:
        """Return what was made from a job, and from that, oldest first, without long inline outputs.

        Args:
            job_id: The job.
            owner: Whose it is; all its family belongs to the same owner.
            limit: How many to return.
            after: Keyset: only those newer than this (created_at, id).
        """
        after_at, after_id = after or (None, None)
        return await self.database.rows(
            Job, BELOW, id=job_id, owner=owner, limit=limit, after_at=after_at, after_id=after_id
        )
