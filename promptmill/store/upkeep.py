"""For the reconciler: claiming, comparing with Temporal, restarting, late media, deleting expired records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from promptmill.contracts.names import job_workflow_id, prompt_workflow_id
from promptmill.contracts.reconciliation import KEY_DAYS, WEBHOOK_DAYS, DeletedRows, OpenRow
from promptmill.contracts.resolution import LatePrediction
from promptmill.store.database import Database, RowMapping, column_list
from sql.models import Job, PromptGenerationJob

WATERMARK: Final = "reconcile-watermark"
"""The switch that stores up to when closed runs were checked."""

_CLAIM_JOBS: Final = f"SELECT {column_list(Job)} FROM claim_stranded_jobs(:limit)"
_CLAIM_PROMPT_JOBS: Final = f"SELECT {column_list(PromptGenerationJob)} FROM claim_prompt_jobs(:limit)"
_RELEASE_JOBS: Final = (
    "UPDATE jobs SET claimed_at = NULL WHERE id = ANY (CAST(:ids AS uuid[])) AND workflow_started_at IS NULL"
)
_RELEASE_PROMPT_JOBS: Final = """
    UPDATE prompt_generation_jobs SET claimed_at = NULL
    WHERE id = ANY (CAST(:ids AS uuid[])) AND workflow_started_at IS NULL
"""
_MARK_STARTED: Final = """
    SELECT FROM mark_workflows_started(CAST(:job_ids AS uuid[]), CAST(:prompt_job_ids AS uuid[]))
"""
_SET_WATERMARK: Final = """
    INSERT INTO switches (name, value) VALUES (:name, :value)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = now()
"""
_CANCELS: Final = """
    SELECT table_name, id, status, true AS cancel_requested FROM (
        (SELECT 'jobs' AS table_name, id, status, cancel_requested_at FROM jobs
         WHERE status = 'cancelling' AND workflow_started_at IS NOT NULL
           AND cancel_requested_at < now() - CAST(:seconds AS double precision) * interval '1 second'
         ORDER BY cancel_requested_at LIMIT :limit)
        UNION ALL
        (SELECT 'prompt_generation_jobs', id, status, cancel_requested_at FROM prompt_generation_jobs
         WHERE status IN ('queued', 'processing') AND workflow_started_at IS NOT NULL AND job_id IS NULL
           AND cancel_requested_at < now() - CAST(:seconds AS double precision) * interval '1 second'
         ORDER BY cancel_requested_at LIMIT :limit)
    ) AS cancels ORDER BY cancel_requested_at LIMIT :limit
"""
_OPEN_ROWS: Final = """
    SELECT table_name, id, status, cancel_requested FROM take_open_rows(:limit, CAST(:ids AS uuid[]))
"""
_LATE: Final = """
    SELECT submission_id, job_id, prediction_id, model, kind, accepted_at
    FROM late_predictions AS l
    WHERE NOT EXISTS (SELECT FROM jobs AS j WHERE j.id = l.job_id AND j.erase_requested_at IS NOT NULL)
      AND accepted_at > now() - CAST(:days AS double precision) * interval '1 day'
      AND (looked_at IS NULL
           OR looked_at + look_pause(looks) <= clock_timestamp())
    ORDER BY looked_at NULLS FIRST, accepted_at LIMIT :limit
"""
_LOOKED_LATE: Final = """
    UPDATE submissions AS s
    SET looked_at = clock_timestamp(), looks = s.looks + 1,
        ended_at = CASE WHEN :ended THEN coalesce(s.ended_at, clock_timestamp()) END
    FROM (SELECT id, ended_at FROM submissions WHERE id = :id FOR UPDATE) AS before
    WHERE s.id = before.id
    RETURNING :ended AND before.ended_at IS NULL AS first
"""
_CLAIM_CALLBACKS: Final = """
    UPDATE jobs SET callback_claimed_at = clock_timestamp()
    WHERE id IN (
        SELECT id FROM jobs
        WHERE callback_url IS NOT NULL AND completed_at IS NOT NULL AND callback_started_at IS NULL
          AND (callback_claimed_at IS NULL OR callback_claimed_at < clock_timestamp() - claim_lease())
        ORDER BY completed_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
_CALLBACKS_STARTED: Final = """
    UPDATE jobs SET callback_started_at = clock_timestamp()
    WHERE id = ANY (CAST(:ids AS uuid[])) AND callback_started_at IS NULL
"""
_DELETE_EXPIRED: Final = """
    SELECT deleted_jobs AS jobs, deleted_prompt_jobs AS prompt_jobs, deleted_webhooks AS webhooks,
           deleted_idempotency_keys AS idempotency_keys, deleted_queue_minutes AS queue_minutes
    FROM delete_expired_records_v3(
        CAST(:keep_days AS double precision), CAST(:webhook_days AS double precision),
        CAST(:key_days AS double precision))
"""
_EXPIRED: Final = """
    SELECT (SELECT count(*) FROM jobs AS j
            WHERE CAST(:keep_days AS double precision) > 0
              AND j.completed_at < now() - CAST(:keep_days AS double precision) * interval '1 day'
              AND NOT EXISTS (SELECT FROM submissions AS s WHERE s.job_id = j.id AND may_surface(s))
              AND NOT EXISTS (SELECT FROM erasures AS e WHERE e.id = j.id)) AS jobs,
           (SELECT count(*) FROM prompt_generation_jobs AS p
            WHERE CAST(:keep_days AS double precision) > 0 AND p.job_id IS NULL
              AND p.completed_at < now() - CAST(:keep_days AS double precision) * interval '1 day'
              AND NOT EXISTS (SELECT FROM erasures AS e WHERE e.id = p.id)) AS prompt_jobs,
           (SELECT count(*) FROM webhook_deliveries
            WHERE processed_at < now() - greatest(CAST(:webhook_days AS double precision), 1) * interval '1 day'
               OR received_at < now() - greatest(CAST(:webhook_days AS double precision), 30) * interval '1 day')
               AS webhooks,
           (SELECT count(*) FROM idempotency_keys
            WHERE created_at < now() - greatest(CAST(:key_days AS double precision) * interval '1 day',
                                                idempotency_key_lifetime())) AS idempotency_keys,
           (SELECT count(*) FROM queue_minutes WHERE minute < now() - interval '48 hours') AS queue_minutes,
           (SELECT count(*) FROM audit_log
            WHERE CAST(:audit_days AS double precision) > 0
              AND at < now() - CAST(:audit_days AS double precision) * interval '1 day') AS audit_entries
"""
"""What `delete_expired_records_v3` and `delete_expired_audit` would delete in as many passes as it takes; a test holds
them equal."""


@dataclass(frozen=True)
class UpkeepStore:
    """Both job tables, as the reconciler sees them."""

    database: Database

    async def claim_stranded_jobs(self, limit: int) -> list[Job]:
        """Claim jobs without a workflow for a minute, for the caller to start. Never returns a claimed row."""
        return await self.database.rows(Job, _CLAIM_JOBS, limit=limit)

    async def claim_prompt_jobs(self, limit: int) -> list[PromptGenerationJob]:
        """Claim stand-alone prompt jobs without a workflow for a minute, for the caller to start."""
        return await self.database.rows(PromptGenerationJob, _CLAIM_PROMPT_JOBS, limit=limit)

    async def mark_started(self, *, job_ids: Sequence[UUID] = (), prompt_job_ids: Sequence[UUID] = ()) -> None:
        """Record that these rows have a workflow, and what those of jobs now wait for."""
        await self.database.run(_MARK_STARTED, job_ids=[*job_ids], prompt_job_ids=[*prompt_job_ids])

    async def release_claims(self, *, job_ids: Sequence[UUID] = (), prompt_job_ids: Sequence[UUID] = ()) -> None:
        """Release claims whose holder could not start the workflows."""
        await self.database.run(_RELEASE_JOBS, ids=[*job_ids])
        await self.database.run(_RELEASE_PROMPT_JOBS, ids=[*prompt_job_ids])

    async def cancels_to_send(self, older_than_seconds: float, limit: int) -> list[OpenRow]:
        """Return open rows whose cancel was requested long enough ago to be sent to Temporal again."""
        rows = await self.database.mappings(_CANCELS, seconds=older_than_seconds, limit=limit)
        return [_open_row(row) for row in rows]

    async def open_rows(self, *, limit: int, ids: Sequence[UUID] = ()) -> list[OpenRow]:
        """Return open rows with a workflow: the named ones, and the least recently compared; records the comparison."""
        return [_open_row(row) for row in await self.database.mappings(_OPEN_ROWS, limit=limit, ids=[*ids])]

    async def note_missing(self, row: OpenRow, missing: bool) -> float | None:  # noqa: FBT001  # the fact itself
        """Record whether Temporal knows a row's workflow; return the seconds since it first did not."""
        query = "SELECT note_missing_workflow(:table, :id, :missing)"
        seconds = await self.database.value(query, table=row.table, id=row.id, missing=missing)
        return seconds if seconds is None else float(seconds)

    async def restart(self, row: OpenRow) -> None:
        """Allow a row to be started again. Does nothing if a provider has already been called for it."""
        await self.database.run("SELECT FROM restart_workflow(:table, :id)", table=row.table, id=row.id)

    async def asked_provider(self, row: OpenRow) -> bool:
        """Return whether a provider has been called for this row."""
        return bool(await self.database.value("SELECT asked_provider(:table, :id)", table=row.table, id=row.id))

    async def late_predictions(self, limit: int, days: float) -> list[LatePrediction]:
        """Return paid predictions whose jobs ended without media, and that are due to be read.

        At once, and again 1, 2, 4, … minutes after each read, at most an hour, for `days` from their acceptance.
        The reader reports each read with `note_late_look`.
        """
        found = await self.database.mappings(_LATE, limit=limit, days=days)
        return [LatePrediction.model_validate(dict(row)) for row in found]

    async def note_late_look(self, submission_id: UUID, *, ended: bool = False) -> bool:
        """Record that a late prediction was read; return whether this was the first to find that it has ended.

        `ended`: nothing more will arrive, because its media has, or because WaveSpeed gave up on it.
        """
        return bool(await self.database.value(_LOOKED_LATE, id=submission_id, ended=ended))

    async def claim_callbacks(self, limit: int) -> list[UUID]:
        """Claim ended jobs with an undelivered callback for a minute, for the caller to start their workflows."""
        return [row["id"] for row in await self.database.mappings(_CLAIM_CALLBACKS, limit=limit)]

    async def mark_callback_started(self, ids: Sequence[UUID]) -> None:
        """Record that these jobs' callbacks have started, so that they are not claimed again."""
        await self.database.run(_CALLBACKS_STARTED, ids=[*ids])

    async def delete_expired(
        self, keep_days: float, *, webhook_days: float = WEBHOOK_DAYS, key_days: float = KEY_DAYS
    ) -> DeletedRows:
        """Delete expired records and return how many rows of each; ended jobs after `keep_days`, 0 keeps them."""
        values = {"keep_days": keep_days, "webhook_days": webhook_days, "key_days": key_days}
        [deleted] = await self.database.mappings(_DELETE_EXPIRED, **values)
        return DeletedRows.model_validate(dict(deleted))

    async def expired(
        self, keep_days: float, audit_days: float, *, webhook_days: float = WEBHOOK_DAYS, key_days: float = KEY_DAYS
    ) -> DeletedRows:
        """Count what is past its time, and deleted by the next passes. It changes nothing."""
        values = {"keep_days": keep_days, "webhook_days": webhook_days, "key_days": key_days}
        counted = await self.database.mapping(_EXPIRED, audit_days=audit_days, **values)
        return DeletedRows.model_validate(dict(counted))

    async def watermark(self) -> datetime | None:
        """Return up to when closed runs were checked; None before the first pass."""
        return self._time(await self.database.value("SELECT value FROM switches WHERE name = :name", name=WATERMARK))

    async def set_watermark(self, at: datetime) -> None:
        """Record up to when closed runs were checked."""
        await self.database.run(_SET_WATERMARK, name=WATERMARK, value=at.isoformat())

    @staticmethod
    def _time(value: str | None) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def _open_row(row: RowMapping) -> OpenRow:
    """Return a row with the id of its workflow."""
    of_job = row["table_name"] == "jobs"
    return OpenRow(
        id=row["id"],
        table=row["table_name"],
        status=row["status"],
        workflow_id=job_workflow_id(row["id"]) if of_job else prompt_workflow_id(row["id"]),
        cancel_requested=row["cancel_requested"],
    )
