"""What the record says of an installation's objectives, for a window that ends now.

Jobs are found by their end, prompts and ratings by small indexes, so a short window of a long record is read quickly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from promptmill.contracts.audit import Action
from promptmill.contracts.objectives import Ended, Share, Throughput
from promptmill.store.database import Database
from promptmill.store.operations import ON, SUBMISSIONS_HELD

_SINCE: Final = "now() - CAST(:window AS interval)"
_HANDED_OVER: Final = (
    "coalesce(j.dispatched_at, (SELECT min(s.intended_at) FROM submissions AS s WHERE s.job_id = j.id), j.completed_at)"
)
"""When a job stopped waiting: its first submission, its end without one, or null."""

_OPEN: Final = """(
    SELECT * FROM jobs WHERE workflow_started_at IS NOT NULL AND NOT is_final(status)
    UNION ALL
    SELECT * FROM jobs WHERE workflow_started_at IS NULL AND status IN ('queued', 'prompting', 'dispatching')
)"""
"""Open jobs: those with a workflow, and those that wait for one, each by its index."""

ENDED: Final = f"""
    SELECT j.status, j.reason_code, count(*) AS jobs,
           sum(extract(epoch FROM {_HANDED_OVER} - j.created_at)) AS waited_seconds
    FROM jobs AS j WHERE j.completed_at >= {_SINCE}
    GROUP BY j.status, j.reason_code
"""
WAITING: Final = f"""
    SELECT 'waiting' AS status, NULL AS reason_code, count(*) AS jobs,
           coalesce(sum(extract(epoch FROM coalesce({_HANDED_OVER}, now()) - j.created_at)), 0) AS waited_seconds
    FROM {_OPEN} AS j WHERE {_HANDED_OVER} IS NULL
"""
THROUGHPUT: Final = f"""
    WITH work AS (
        SELECT j.created_at, {_HANDED_OVER} AS handed_over,
               CASE WHEN j.status = 'completed' THEN j.completed_at END AS done
        FROM jobs AS j WHERE j.completed_at >= {_SINCE}
        UNION ALL
        SELECT j.created_at, {_HANDED_OVER}, NULL FROM {_OPEN} AS j
    ), minutes AS (
        SELECT minute, sum(come) AS come, sum(gone) AS gone, sum(done) AS done FROM (
            SELECT date_trunc('minute', created_at) AS minute, count(*) AS come, 0 AS gone, 0 AS done
            FROM work GROUP BY 1
            UNION ALL
            SELECT date_trunc('minute', handed_over), 0, count(*), 0 FROM work WHERE handed_over IS NOT NULL GROUP BY 1
            UNION ALL
            SELECT date_trunc('minute', done), 0, 0, count(*) FROM work WHERE done IS NOT NULL GROUP BY 1
        ) AS changes GROUP BY minute
    ), looked AS ( -- waited: more had come before the minute than were handed over up to its end
        SELECT done, sum(come - gone) OVER (ORDER BY minute) - come > 0 AND done > 0 AS waited FROM minutes
    )
    SELECT coalesce(max(done), 0) AS best, coalesce(max(done) FILTER (WHERE waited), 0) AS best_waiting,
           count(*) FILTER (WHERE waited) AS waiting_minutes
    FROM looked
"""
RETRIES: Final = f"""
    SELECT count(*) FILTER (WHERE status = 'completed') AS good, count(*) AS "all" FROM (
        SELECT status FROM prompt_generation_jobs
        WHERE attempt_no > 1 AND status IN ('completed', 'failed') AND completed_at >= {_SINCE}
        UNION ALL
        SELECT status FROM jobs WHERE retry_of IS NOT NULL AND status <> 'cancelled' AND completed_at >= {_SINCE}
    ) AS retried
"""
RATINGS: Final = f"""
    SELECT count(*) FILTER (WHERE good) AS good, count(*) AS "all" FROM (
        SELECT rating = 1 AS good FROM prompt_generation_jobs WHERE rating IS NOT NULL AND created_at >= {_SINCE}
        UNION ALL
        SELECT kept FROM jobs WHERE kept IS NOT NULL AND created_at >= {_SINCE}
    ) AS rated
"""
_RESTORED: Final = f"""
    SELECT count(*) FROM audit_log
    WHERE at >= {_SINCE} AND action = '{Action.SWITCH_SET}' AND target = 'switch:{SUBMISSIONS_HELD}'
      AND after ->> 'value' = '{ON}'
"""


@dataclass(frozen=True)
class ObjectivesStore:
    """The measures. It only reads."""

    database: Database

    async def ended(self, window: timedelta) -> list[Ended]:
        """Return the jobs that ended in the window, by status and reason."""
        return [Ended.model_validate(dict(row)) for row in await self.database.mappings(ENDED, window=window)]

    async def waiting(self) -> Ended:
        """Return the open jobs that wait for their first submission, and how long they have waited."""
        return Ended.model_validate(dict(await self.database.mapping(WAITING)))

    async def throughput(self, window: timedelta) -> Throughput:
        """Return how many jobs were completed in the best minutes."""
        return Throughput.model_validate(dict(await self.database.mapping(THROUGHPUT, window=window)))

    async def retries(self, window: timedelta) -> Share:
        """Return the prompts that took more than one attempt, the jobs that are retries, and how many succeeded."""
        return Share.model_validate(dict(await self.database.mapping(RETRIES, window=window)))

    async def ratings(self, window: timedelta) -> Share:
        """Return what people said of the prompts and results that were accepted in the window."""
        return Share.model_validate(dict(await self.database.mapping(RATINGS, window=window)))

    async def backups_restored(self, window: timedelta) -> int:
        """Return how often submissions were held, because an older backup was in use."""
        return int(await self.database.value(_RESTORED, window=window))
