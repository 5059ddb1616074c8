"""Tags: an owner's words on jobs. The rules are in `sql/functions/tag_jobs.sql`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from promptmill.store.database import Database

MOST_TAGS: Final = 20
"""How many tags a job may have; `tag_jobs` refuses more."""

LIST: Final = """
    SELECT tag, count(*) AS jobs FROM job_tags
    WHERE owner = :owner AND (CAST(:after AS text) IS NULL OR tag > :after) GROUP BY tag ORDER BY tag LIMIT :limit
"""
_TAG: Final = """
    SELECT job_id, tags, problem
    FROM tag_jobs(:owner, CAST(:ids AS uuid[]), CAST(:add AS text[]), CAST(:remove AS text[]))
"""
MARKS: Final = """
    ARRAY(SELECT tag FROM job_tags AS t WHERE t.job_id = j.id ORDER BY tag COLLATE "C") AS tags,
    ARRAY(SELECT DISTINCT collection_id FROM collection_outputs AS o WHERE o.job_id = j.id ORDER BY 1) AS collections
"""
"""The columns of `Marks`, of jobs `j`."""
OF_JOBS: Final = f"SELECT j.id, {MARKS} FROM unnest(CAST(:ids AS uuid[])) AS j (id)"


class Tag(NamedTuple):
    """A tag, and how many jobs have it."""

    tag: str
    jobs: int


class Tagged(NamedTuple):
    """The tags that a job has now; or why they are as they were: `not_found`, `erased`, `too_many`."""

    job_id: UUID
    tags: list[str] | None
    problem: str | None


class Marks(NamedTuple):
    """The tags of a job, and the collections that have outputs of it."""

    tags: Sequence[str] = ()
    collections: Sequence[UUID] = ()


NO_MARKS: Final = Marks()


@dataclass(frozen=True)
class TagStore:
    """The table `job_tags`. Another owner's jobs are as none."""

    database: Database

    async def list(self, owner: str, *, limit: int, after: str | None = None) -> Any:
        """Return an owner's tags in the order of the database, those after one, each with its number of jobs."""
        rows = await self.database.mappings(LIST, owner=owner, after=after, limit=limit)
        return [Tag(row["tag"], row["jobs"]) for row in rows]

    async def apply(
        self, owner: str, job_ids: Sequence[UUID], *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> tuple[Tagged, ...]:
        """Add tags to jobs and remove others; return what came of it for each of the jobs, by id."""
        rows = await self.database.mappings(_TAG, owner=owner, ids=[*job_ids], add=[*add], remove=[*remove])
        return tuple(Tagged(row["job_id"], row["tags"], row["problem"]) for row in rows)

    async def of_jobs(self, job_ids: Iterable[UUID]) -> dict[UUID, Marks]:
        """Return tags and collections of jobs in one query; without ids it runs none."""
        ids = [*job_ids]
        rows = await self.database.mappings(OF_JOBS, ids=ids) if ids else ()
        return {row["id"]: Marks(row["tags"], row["collections"]) for row in rows}
