"""For operators and readiness: switches, counters, open work, the schema's version; and restoring rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.audit import Action
from promptmill.contracts.jobs import JobInput, JobResult, JobStatus
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.contracts.store import GoingOn, OpenWork
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database, column_list
from promptmill.store.failures import READ_ONLY
from promptmill.store.functions import APPLIED, differing, functions_in
from sql.models import Switch

DRAIN: Final = "drain"
"""The switch that stops intake."""

SUBMISSIONS_HELD: Final = "submissions_held"
"""The switch that holds paid submissions, for all jobs."""

AI_PROMPTS: Final = "ai-prompts"
"""The switch that allows new prompts from Grok; on by default."""

ANNOUNCEMENT: Final = "announcement"
"""The switch that holds what is announced to everybody: the text as its reason, an `Announcement` as its value."""

HIGHEST_SUBMISSION: Final = "highest-submission"
"""The switch that holds the highest number of submissions that were deleted, or lost with a restored backup."""

ON: Final = "on"
OFF: Final = "off"

# An error rather than a result: an error makes the pool discard its connections.
_PING: Final = f"""
    DO $$ BEGIN
        IF current_setting('transaction_read_only') = 'on' THEN
            RAISE EXCEPTION 'standby, or refuses writes' USING ERRCODE = '{READ_ONLY}';
        END IF;
    END $$
"""
_COUNTS: Final = """
    SELECT table_name, status, CAST(sum(n) AS bigint) AS n FROM status_counters
    WHERE CAST(:owner AS text) IS NULL OR owner = :owner GROUP BY table_name, status
"""
_OPEN_PREDICTIONS: Final = """
    SELECT CAST(coalesce(sum(n), 0) AS bigint) FROM status_counters WHERE table_name = 'jobs' AND status = 'generating'
"""
_SET_SWITCH: Final = audited(
    """
    INSERT INTO switches AS s (name, value, reason, changed_by)
    SELECT CAST(:name AS text), CAST(:value AS text), CAST(:reason AS text), CAST(:by_actor AS text)
    FROM (SELECT count(*) FROM prior) AS looked
    ON CONFLICT (name) DO UPDATE
    SET value = excluded.value, reason = excluded.reason, changed_by = excluded.changed_by, changed_at = now()
    WHERE (s.value, s.reason) IS DISTINCT FROM (excluded.value, excluded.reason)
    RETURNING name, value, reason
    """,
    prior="SELECT value, reason FROM switches WHERE name = :name FOR UPDATE",
    action=Action.SWITCH_SET,
    target="'switch:' || name",
    before="(SELECT jsonb_build_object('value', prior.value, 'reason', prior.reason) FROM prior)",
    after="jsonb_build_object('value', value, 'reason', reason)",
)
_GROK_IS_NOT_AT_WORK: Final = "(p.status = 'queued' OR p.next_attempt_at IS NOT NULL)"
_GOING_ON: Final = f"""
    WITH stopped AS (
        SELECT 'wavespeed' = ANY (braked)
               OR EXISTS (SELECT FROM switches WHERE name = '{SUBMISSIONS_HELD}' AND value = '{ON}') AS wavespeed,
               'grok' = ANY (braked) AS grok
        FROM CAST(:braked AS text[]) AS braked
    ),
    work AS (
        SELECT 'jobs' AS "table", j.id, j.status, j.created_at, b.billed,
               CASE j.status WHEN 'submit_unknown' THEN coalesce(s.unclear, false)
                                                       OR held.back AND NOT coalesce(s.sent, false)
                             WHEN 'dispatching' THEN held.back AND NOT coalesce(s.sent, false)
                             WHEN 'prompting' THEN stopped.grok AND {_GROK_IS_NOT_AT_WORK}
                             ELSE false END AS waiting
        FROM jobs AS j CROSS JOIN stopped LEFT JOIN prompt_generation_jobs AS p ON p.job_id = j.id LEFT JOIN LATERAL (
            SELECT bool_or(state = 'unknown') AS unclear, bool_or(state IN ('intended', 'accepted')) AS sent
            FROM submissions WHERE job_id = j.id) AS s ON true
        CROSS JOIN LATERAL (SELECT stopped.wavespeed OR j.owner IN (
            SELECT name FROM owners WHERE paused_at IS NOT NULL OR queue_paused_at IS NOT NULL) AS back) AS held
        CROSS JOIN LATERAL job_billed(j.id, j.prediction_id) AS b
        WHERE NOT is_final(j.status)
        UNION ALL
        SELECT 'prompt_generation_jobs', p.id, p.status, p.created_at, NULL, stopped.grok AND {_GROK_IS_NOT_AT_WORK}
        FROM prompt_generation_jobs AS p CROSS JOIN stopped
        WHERE p.status IN ('queued', 'processing') AND p.job_id IS NULL
    )
    (SELECT * FROM work WHERE waiting ORDER BY created_at, id LIMIT :limit)
    UNION ALL
    (SELECT * FROM work WHERE NOT waiting ORDER BY created_at, id LIMIT :limit)
"""
_HIGHEST: Final = f"""
    SELECT greatest((SELECT max(number) FROM submissions),
                    (SELECT CAST(value AS bigint) FROM switches WHERE name = '{HIGHEST_SUBMISSION}'), 0)
"""
_TRANSITIONS: Final = """
    SELECT f.status AS old, t.status AS new
    FROM unnest(CAST(:statuses AS text[])) WITH ORDINALITY AS f (status, place)
    CROSS JOIN unnest(CAST(:statuses AS text[])) WITH ORDINALITY AS t (status, place)
    WHERE transition_allowed(:table, f.status, t.status)
    ORDER BY f.place, t.place
"""
_RESTORE: Final = "SELECT restore_job(CAST(:input AS jsonb), CAST(:result AS jsonb))"


@dataclass(frozen=True)
class OperationsStore:
    """Switches, counters and versions."""

    database: Database

    async def ping(self) -> None:
        """Check that Postgres responds and accepts writes.

        Raises:
            RecordReadOnly: It is read-only. The next statement uses a new connection.
        """
        await self.database.run(_PING)

    async def notify_listeners(self, channel: str, payload: str) -> None:
        """Notify all listeners of a channel of something other than what it announces."""
        await self.database.run("SELECT pg_notify(:channel, :payload)", channel=channel, payload=payload)

    async def schema_revision(self) -> str | None:
        """Return the schema's revision; None while there is no schema."""
        if await self.database.value("SELECT CAST(to_regclass('alembic_version') AS text)") is None:
            return None
        revision = await self.database.value("SELECT version_num FROM alembic_version")
        return revision if revision is None else str(revision)

    async def differing_functions(self) -> list[str]:
        """Return the names of SQL functions that belong to another release, which is normal only during a deployment.

        Raises:
            RecordUnavailable: Postgres is unavailable, or its schema predates the table (revision 0006).
        """
        applied = {row["name"]: row["sha256"] for row in await self.database.mappings(APPLIED)}
        return [function.name for function in differing(functions_in(), applied)]

    async def transitions(self, table: str, statuses: Sequence[str]) -> list[tuple[str, str]]:
        """Return the allowed transitions of `jobs` or `prompt_generation_jobs`, from and to, in the statuses' order."""
        rows = await self.database.mappings(_TRANSITIONS, table=table, statuses=[*statuses])
        return [(row["old"], row["new"]) for row in rows]

    async def switches(self) -> dict[str, Switch]:
        """Return all switches by name."""
        query = f"SELECT {column_list(Switch)} FROM switches"
        return {switch.name: switch for switch in await self.database.rows(Switch, query)}

    async def set_switch(self, name: str, value: str | None, reason: str | None = None, *, by: By = BY_ITSELF) -> None:
        """Set a switch. One that is set so already stays as it is, and as old."""
        await self.database.run(_SET_SWITCH, name=name, value=value, reason=reason, **by_values(by))

    async def counts(self, owner: str | None = None) -> dict[str, dict[str, int]]:
        """Return the number of rows by table (`jobs`, `prompt_generation_jobs`) and status, zeros included.

        One owner's, or all. Read from the counters: it counts no rows.
        """
        counts: dict[str, dict[str, int]] = {
            "jobs": dict.fromkeys(map(str, JobStatus), 0),
            "prompt_generation_jobs": dict.fromkeys(map(str, PromptJobStatus), 0),
        }
        for row in await self.database.mappings(_COUNTS, owner=owner):
            counts[row["table_name"]][row["status"]] = row["n"]
        return counts

    async def open_predictions(self) -> int:
        """Return how many jobs wait for WaveSpeed to finish."""
        return int(await self.database.value(_OPEN_PREDICTIONS))

    async def drain(self) -> Switch | None:
        """Return the switch that stops intake; None while jobs are accepted."""
        return await self._switched_on(DRAIN)

    async def set_drain(self, reason: str | None = None, *, by: By = BY_ITSELF) -> None:
        """Stop intake."""
        await self.set_switch(DRAIN, ON, reason, by=by)

    async def clear_drain(self, reason: str | None = None, *, by: By = BY_ITSELF) -> None:
        """Reopen intake."""
        await self.set_switch(DRAIN, OFF, reason, by=by)

    async def ai_prompts_off(self) -> Switch | None:
        """Return the switch that refuses new prompts from Grok; None while they are allowed."""
        switch = (await self.switches()).get(AI_PROMPTS)
        return switch if switch is not None and switch.value == OFF else None

    async def what_goes_on(self, limit: int = 1000, *, braked: Collection[str] = ()) -> GoingOn:
        """Return what has not ended, oldest first, at most `limit` of each kind.

        What needs a person: unclear submissions; while submissions are held or their owner is paused, what would be
        submitted next; and what waits in the queue of a provider whose brake is on (`braked`: `grok`, `wavespeed`).
        """
        going: list[OpenWork] = []
        waiting: list[OpenWork] = []
        for row in await self.database.mappings(_GOING_ON, limit=limit, braked=[*braked]):
            (waiting if row["waiting"] else going).append(OpenWork.model_validate(dict(row)))
        return GoingOn(going=tuple(going), waiting=tuple(waiting))

    async def submissions_held(self) -> Switch | None:
        """Return the switch that stops paid submissions; None while they are made."""
        return await self._switched_on(SUBMISSIONS_HELD)

    async def hold_submissions(self, reason: str, *, by: By = BY_ITSELF) -> None:
        """Hold paid submissions for all jobs: `permit` returns `hold` from now on."""
        await self.set_switch(SUBMISSIONS_HELD, ON, reason, by=by)

    async def release_submissions(self, reason: str | None = None, *, at_least: int = 0, by: By = BY_ITSELF) -> None:
        """Release submissions, with numbers above `at_least`.

        Numbers that an older backup lost count as used, so that they never repeat and the next restore is detected too.
        """
        await self.database.run("SELECT FROM raise_submission_number(:number)", number=at_least)
        await self.set_switch(SUBMISSIONS_HELD, OFF, reason, by=by)

    async def highest_submission(self) -> int:
        """Return the highest submission number ever used; 0 before the first. It only grows.

        A lower one than before means that an older backup was restored.
        """
        return int(await self.database.value(_HIGHEST))

    async def restore_row(self, job: JobInput, result: JobResult | None = None) -> bool:
        """Restore a job that an older backup lost: the row, its prompt job, its accepted submission.

        Args:
            job: Its workflow's input.
            result: Its workflow's result; None while it runs.

        Returns:
            False if the row already exists: then nothing is changed.
        """
        values = {"input": job.model_dump_json(), "result": result.model_dump_json() if result else None}
        return bool(await self.database.value(_RESTORE, **values))

    async def _switched_on(self, name: str) -> Switch | None:
        switch = (await self.switches()).get(name)
        return switch if switch is not None and switch.value == ON else None
