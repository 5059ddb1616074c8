"""What the record says of the whole installation, for Prometheus: through indexes and counters, whatever its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from promptmill.contracts.jobs import FINAL_STATUSES, JobStatus
from promptmill.store.database import Database

ENDED_MINUTES: Final = 5
"""How far the figures about ended jobs look back."""

BOUNDS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0)
"""Seconds up to which the jobs of a stage are counted."""

_NOW: Final = """
    WITH open_rows AS MATERIALIZED ( -- an owner's oldest is one step through jobs_owner_status_created_at_idx
        SELECT c.status, extract(epoch FROM clock_timestamp() - oldest.created_at) AS seconds
        FROM (SELECT owner, status FROM status_counters
              WHERE table_name = 'jobs' AND status = ANY (CAST(:open_statuses AS text[]))
                AND (status <> 'dispatching' -- somebody wants those to wait
                     OR owner NOT IN (SELECT name FROM owners WHERE queue_paused_at IS NOT NULL))
              GROUP BY owner, status HAVING sum(n) > 0) AS c
        CROSS JOIN LATERAL (SELECT j.created_at FROM jobs AS j WHERE j.owner = c.owner AND j.status = c.status
                            ORDER BY j.created_at, j.id LIMIT 1) AS oldest
    )
    SELECT
        (SELECT jsonb_object_agg(status, seconds)
         FROM (SELECT status, max(seconds) AS seconds FROM open_rows GROUP BY status) AS o) AS oldest_job_seconds,
        (SELECT extract(epoch FROM clock_timestamp() - min(enqueued_at))::double precision
         FROM prompt_generation_jobs WHERE status = 'queued') AS oldest_prompt_job_seconds,
        (SELECT extract(epoch FROM clock_timestamp() - min(started_at))::double precision FROM (
            SELECT min(started_at) AS started_at FROM prompt_generation_jobs -- those that stand alone
            WHERE status = 'processing' AND workflow_started_at IS NOT NULL AND job_id IS NULL
            UNION ALL
            SELECT min(p.started_at) FROM jobs AS j JOIN prompt_generation_jobs AS p ON p.job_id = j.id
            WHERE p.status = 'processing' AND j.workflow_started_at IS NOT NULL
              AND NOT is_final(j.status)) AS s
        ) AS oldest_processing_seconds,
        u.unclear, u.unclear_seconds, u.reserved_usd,
        (SELECT jsonb_object_agg(s.provider, s.usd) FROM (
            SELECT provider, sum(spent_usd) AS usd FROM spending
            WHERE day = CAST(now() AT TIME ZONE 'UTC' AS date) GROUP BY provider) AS s) AS spent_today_usd,
        (SELECT jsonb_object_agg(s.provider, s.usd) FROM (
            SELECT provider, sum(spent_usd) AS usd FROM spending
            WHERE day BETWEEN CAST(now() AT TIME ZONE 'UTC' AS date) - 7 AND CAST(now() AT TIME ZONE 'UTC' AS date) - 1
            GROUP BY provider) AS s) AS spent_last_week_usd,
        (SELECT coalesce(jsonb_object_agg(name, value), '{}') FROM switches
         WHERE name = ANY (CAST(:switches AS text[]))) AS switches,
        (SELECT count(*) FROM owners WHERE paused_at IS NOT NULL) AS paused_owners,
        coalesce((SELECT extract(epoch FROM clock_timestamp() - min(received_at))::double precision
                  FROM webhook_deliveries WHERE processed_at IS NULL), 0) AS webhook_seconds,
        coalesce((SELECT extract(epoch FROM clock_timestamp() - min(completed_at))::double precision
                  FROM jobs WHERE callback_url IS NOT NULL AND completed_at IS NOT NULL
                              AND callback_started_at IS NULL), 0) AS callback_seconds,
        coalesce((SELECT extract(epoch FROM max(taken_at))::double precision FROM backups), 0) AS backup_at,
        coalesce((SELECT extract(epoch FROM max(taken_at))::double precision
                  FROM backups WHERE verified_at IS NOT NULL), 0) AS verified_backup_at
    FROM (SELECT count(*) FILTER (WHERE state = 'unknown') AS unclear,
                 coalesce(extract(epoch FROM clock_timestamp()
                                  - min(intended_at) FILTER (WHERE state = 'unknown')), 0)::double precision
                     AS unclear_seconds,
                 coalesce(sum(reserved_usd), 0)::double precision AS reserved_usd
          FROM submissions WHERE state IN ('intended', 'unknown')) AS u
"""
_ENDED: Final = """
    WITH ended AS MATERIALIZED (
        SELECT id, status, coalesce(reason_code, '') AS reason, created_at, dispatched_at, completed_at
        FROM jobs WHERE completed_at > now() - CAST(:minutes AS integer) * interval '1 minute'
    ), seconds AS MATERIALIZED (
        SELECT stage, extract(epoch FROM took)::double precision AS seconds
        FROM ended AS j
        LEFT JOIN prompt_generation_jobs AS p ON p.job_id = j.id AND p.status = 'completed'
        CROSS JOIN LATERAL (VALUES
            ('prompt', p.completed_at - j.created_at),
            ('dispatch', j.dispatched_at - coalesce(p.completed_at, j.created_at)),
            ('wait', j.dispatched_at - j.created_at), ('generation', j.completed_at - j.dispatched_at),
            ('all', j.completed_at - j.created_at)) AS s (stage, took)
        WHERE j.status = 'completed' AND took IS NOT NULL
    )
    SELECT (SELECT coalesce(jsonb_agg(jsonb_build_array(status, reason, n)), '[]')
            FROM (SELECT status, reason, count(*) AS n FROM ended GROUP BY status, reason) AS e) AS ended,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(stage, mean, p95)), '[]')
            FROM (SELECT stage, avg(seconds) AS mean, percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
                  FROM seconds GROUP BY stage) AS s) AS stages,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(stage, bucket, n, total)), '[]')
            FROM (SELECT stage, width_bucket(seconds, CAST(:bounds AS double precision[])) AS bucket, count(*) AS n,
                         sum(seconds) AS total
                  FROM seconds GROUP BY stage, bucket) AS s) AS buckets
"""
_PROMPTS: Final = """
    SELECT avg_wait_time_seconds, avg_processing_seconds, processed_per_minute, error_rate, retry_rate,
           retry_success_rate
    FROM get_prompt_queue_stats_v2(NULL)
"""


@dataclass(frozen=True)
class RecordFigures:
    """What the record says at one moment. Ages in seconds, 0 where there is nothing to wait for.

    Attributes:
        oldest_job_seconds: Since the acceptance of the oldest open job, by status.
        oldest_prompt_job_seconds: Since the oldest queued prompt job joined the queue; None if there is none.
        oldest_processing_seconds: Since Grok was first asked for the oldest prompt job in `processing`; None likewise.
        unclear: Submissions in `unknown`.
        unclear_seconds: Since the oldest of them was permitted.
        reserved_usd: The prices of submissions that may be charged.
        spent_today_usd: On this day of UTC, by provider.
        spent_last_week_usd: On the seven days before, by provider.
        switches: The values of those asked for, by name.
        paused_owners: How many there are.
        webhook_seconds: Since the oldest webhook arrived that is not processed.
        callback_seconds: Since the oldest job ended whose callback is not started.
        backup_at: When the newest backup was taken, in seconds since 1970; 0 if none is known.
        verified_backup_at: The same of those that were verified.
        ended: Status, reason (or nothing) and number of the jobs that ended in the last `ENDED_MINUTES`.
        stages: Stage, mean and 95th percentile of the seconds of those that completed.
        buckets: Stage, how many of `BOUNDS` are reached, and the number and sum of the seconds that lie there.
        prompts: The last hour's rates, by the columns of `get_prompt_queue_stats_v2`; None where there were none.
    """

    oldest_job_seconds: Mapping[str, float] = field(default_factory=dict)
    oldest_prompt_job_seconds: float | None = None
    oldest_processing_seconds: float | None = None
    unclear: int = 0
    unclear_seconds: float = 0.0
    reserved_usd: float = 0.0
    spent_today_usd: Mapping[str, float] = field(default_factory=dict)
    spent_last_week_usd: Mapping[str, float] = field(default_factory=dict)
    switches: Mapping[str, str | None] = field(default_factory=dict)
    paused_owners: int = 0
    webhook_seconds: float = 0.0
    callback_seconds: float = 0.0
    backup_at: float = 0.0
    verified_backup_at: float = 0.0
    ended: Sequence[tuple[str, str, int]] = ()
    stages: Sequence[tuple[str, float, float]] = ()
    buckets: Sequence[tuple[str, int, int, float]] = ()
    prompts: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class MonitoringStore:
    """All owners' rows together. Every method raises `RecordUnavailable` while Postgres is unavailable."""

    database: Database

    async def figures(self, switches: Sequence[str]) -> RecordFigures:
        """Return the figures, with the values of these switches."""
        values = {"open_statuses": sorted(set(JobStatus) - FINAL_STATUSES), "switches": [*switches]}
        now: dict[str, Any] = dict(await self.database.mapping(_NOW, **values))
        for name in ("oldest_job_seconds", "spent_today_usd", "spent_last_week_usd"):
            now[name] = now[name] or {}
        return RecordFigures(
            **now,
            **await self.database.mapping(_ENDED, minutes=ENDED_MINUTES, bounds=[*BOUNDS]),
            prompts=await self.database.mapping(_PROMPTS),
        )
