"""Compares the record with itself: counters with rows, children with parents, the account with the submissions.

Nothing is written and nothing locked. What must agree stands in one statement, and so in one snapshot: whatever
commits meanwhile is seen by both sides or by neither. Big tables are read in pages by the key of an index, each page a
statement of its own, so that no snapshot is held for long and no more than a page's findings are kept.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from promptmill.contracts.audit import Action
from promptmill.contracts.consistency import MOST_SHOWN, Check, OpenWorkflowRow
from promptmill.store.budgets import PERIOD_SINCE
from promptmill.store.database import Database

PAGE: Final = 20_000
"""Rows read by one statement."""

_FIRST: Final = UUID(int=0)
_LAST: Final = UUID(int=2**128 - 1)


@dataclass(frozen=True)
class Comparison:
    """One check: a query of `key`, `compared` and `finding`, a row for each thing compared.

    A query with `:after` gives one page of at most `:limit`, by `key`; `finding` is null where all is well. With
    `of_loss` a finding shows that a row was lost.
    """

    name: str
    compares: str
    advice: str
    query: str
    of_loss: bool = False


_LOOK: Final = f"""
    SELECT CAST(coalesce(sum(compared), 0) AS bigint) AS compared, count(finding) AS findings,
           (array_agg(finding ORDER BY finding) FILTER (WHERE finding IS NOT NULL))[1:{MOST_SHOWN}] AS shown,
           max(CAST(key AS text)) AS reached
    FROM ({{query}}) AS looked
"""

COUNTERS: Final = Comparison(
    name="counters",
    compares="each owner's count of jobs and prompt jobs by status, with the rows",
    advice="The rows are right. Correct the counters: docs/objectives.md, Counters.",
    query="""
    WITH told AS (
        SELECT owner, table_name, status, sum(n) AS n FROM status_counters GROUP BY owner, table_name, status
    ), counted AS (
        SELECT owner, 'jobs' AS table_name, status, count(*) AS n FROM jobs GROUP BY owner, status
        UNION ALL
        SELECT owner, 'prompt_generation_jobs', status, count(*) FROM prompt_generation_jobs GROUP BY owner, status
    )
    SELECT NULL AS key, coalesce(counted.n, 0) AS compared,
           CASE WHEN coalesce(told.n, 0) <> coalesce(counted.n, 0)
                THEN format('%s of %s in %s: counted %s, rows %s', table_name, owner, status, coalesce(told.n, 0),
                            coalesce(counted.n, 0)) END AS finding
    FROM told FULL JOIN counted USING (owner, table_name, status)
    """,
)

ACCOUNT: Final = Comparison(
    name="spending",
    compares="what is reserved and spent at WaveSpeed by owner, day, model and key, with the submissions",
    advice="The submissions are right. More spent than they say: jobs of that day were deleted by hand. Otherwise "
    "correct the account: docs/objectives.md, Spending.",
    # what jobs have spent stays in the account when they are deleted, which may have happened before :kept_since
    query="""
    WITH meant AS (
        SELECT j.owner, CAST(s.intended_at AT TIME ZONE 'UTC' AS date) AS day, j.model,
               coalesce(j.key_id, '') AS key_id, count(*) AS n,
               coalesce(sum(s.reserved_usd) FILTER (WHERE s.state IN ('intended', 'unknown')), 0) AS reserved,
               coalesce(sum(coalesce(s.media_cost_usd, s.reserved_usd))
                        FILTER (WHERE s.state IN ('accepted', 'superseded')), 0) AS spent
        FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id
        WHERE s.reserved_usd IS NOT NULL
        GROUP BY 1, 2, 3, 4
    ), told AS (
        SELECT owner, day, model, key_id, reserved_usd AS reserved, spent_usd AS spent
        FROM spending WHERE provider = 'wavespeed'
    ), both_sides AS (
        SELECT owner, day, model, key_id, coalesce(meant.n, 0) AS n,
               coalesce(told.reserved, 0) AS reserved, coalesce(meant.reserved, 0) AS meant_reserved,
               coalesce(told.spent, 0) AS spent, coalesce(meant.spent, 0) AS meant_spent
        FROM told FULL JOIN meant USING (owner, day, model, key_id)
    )
    SELECT NULL AS key, n AS compared,
           CASE WHEN reserved <> meant_reserved OR spent < meant_spent
                     OR (spent > meant_spent AND day >= coalesce(CAST(:kept_since AS date), '-infinity'))
                THEN format('%s, %s, %s%s: %s reserved and %s spent, by the submissions %s and %s', owner, day, model,
                            CASE WHEN key_id <> '' THEN ', key ' || key_id END, reserved, spent, meant_reserved,
                            meant_spent) END AS finding
    FROM both_sides
    """,
)

BUDGETS: Final = Comparison(
    name="budgets",
    compares="what the submissions of each budget's period were permitted to cost, with its limit",
    advice="A permission was given without room. Stop spending (`promptmill brake on`), and report it.",
    # Left out is what may exceed a limit: charges above their price, submissions that a restored backup lost (they have
    # no token), what Grok costs, and everything if the limit was set after the last permission.
    query=f"""
    WITH permitted AS MATERIALIZED (
        SELECT j.owner, CAST(s.intended_at AT TIME ZONE 'UTC' AS date) AS day, max(s.intended_at) AS last_at,
               sum(least(s.media_cost_usd, s.reserved_usd)) AS usd
        FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id
        WHERE s.state <> 'rejected' AND s.callback_token <> '' AND EXISTS (SELECT FROM budgets)
        GROUP BY 1, 2
    )
    SELECT NULL AS key, 1 AS compared,
           CASE WHEN used.usd > b.limit_usd AND used.last_at > coalesce(
                    (SELECT max(a.at) FROM audit_log AS a
                     WHERE a.action = '{Action.BUDGET_SET}' AND a.target = 'budget:' || b.owner || '/' || b.period),
                    '-infinity')
                THEN format('%s/%s: %s of %s', b.owner, b.period, used.usd, b.limit_usd) END AS finding
    FROM budgets AS b CROSS JOIN LATERAL (
        SELECT sum(p.usd) AS usd, max(p.last_at) AS last_at FROM permitted AS p
        WHERE (b.owner = '*' OR p.owner = b.owner) AND p.day >= {PERIOD_SINCE}
    ) AS used
    """,
)

BATCHES: Final = Comparison(
    name="batches",
    compares="what each batch has reserved and spent, with its jobs' submissions and prompts, and with its budget",
    advice="More than its budget: a permission was given without room; stop spending (`promptmill brake on`), and "
    "report it. Otherwise the submissions are right: docs/objectives.md, Spending.",
    # What deleted jobs have spent stays. Charges above their price and what Grok costs may exceed a budget, and so does
    # what was permitted before somebody lowered it.
    query=f"""
    SELECT NULL AS key, 1 AS compared, CASE
        WHEN b.reserved_usd <> meant.reserved OR b.spent_usd < meant.spent
             OR (b.spent_usd > meant.spent AND NOT EXISTS (
                 SELECT FROM batch_rows AS r WHERE r.batch_id = b.id AND r.state = 'submitted'
                   AND NOT EXISTS (SELECT FROM jobs AS j WHERE j.id = r.job_id))
                 AND NOT EXISTS (
                 SELECT FROM batch_proposals AS a WHERE a.batch_id = b.id
                   AND NOT EXISTS (SELECT FROM prompt_generation_jobs AS p WHERE p.id = a.prompt_job_id)))
            THEN format('%s: %s reserved and %s spent, by its jobs %s and %s', b.id, b.reserved_usd, b.spent_usd,
                        meant.reserved, meant.spent)
        WHEN meant.permitted > b.max_cost_usd AND meant.last_at > coalesce(
                 (SELECT max(a.at) FROM audit_log AS a
                  WHERE a.action = '{Action.BATCH_CHANGE}' AND a.target = 'batch:' || b.id), '-infinity')
            THEN format('%s: %s of %s', b.id, meant.permitted, b.max_cost_usd) END AS finding
    FROM batches AS b CROSS JOIN LATERAL (
        SELECT coalesce(sum(s.reserved_usd) FILTER (WHERE s.state IN ('intended', 'unknown')), 0) AS reserved,
               coalesce(sum(coalesce(s.media_cost_usd, s.reserved_usd))
                        FILTER (WHERE s.state IN ('accepted', 'superseded')), 0)
               + (SELECT coalesce(sum(p.cost_usd), 0) FROM prompt_generation_jobs AS p JOIN jobs AS j ON j.id = p.job_id
                  WHERE j.batch_id = b.id)
               + (SELECT coalesce(sum(p.cost_usd), 0) FROM prompt_generation_jobs AS p
                  JOIN batch_proposals AS a ON a.prompt_job_id = p.id WHERE a.batch_id = b.id) AS spent,
               coalesce(sum(least(s.media_cost_usd, s.reserved_usd))
                        FILTER (WHERE s.state <> 'rejected' AND s.callback_token <> ''), 0) AS permitted,
               max(s.intended_at) AS last_at
        FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id WHERE j.batch_id = b.id
    ) AS meant
    """,
)

RESERVED: Final = Comparison(
    name="reserved for ended jobs",
    compares="submissions that may still be paid, with whether anything still looks for what became of them",
    advice="Look at WaveSpeed for a charge at that time, and settle it: docs/objectives.md, Reserved for an ended job.",
    # the reconciler looks for as long as WaveSpeed keeps its history
    query="""
    SELECT NULL AS key, 1 AS compared,
           CASE WHEN j.completed_at IS NOT NULL
                     AND s.post_before < now() - CAST(:unclear_seconds AS double precision) * interval '1 second'
                THEN format('%s: submission %s is %s, %s reserved', j.id, s.id, s.state, s.reserved_usd) END AS finding
    FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id
    WHERE s.state IN ('intended', 'unknown')
    """,
)

ONE_OPEN: Final = Comparison(
    name="one open submission",
    compares="jobs with submissions that may be paid, with the one that each may have",
    advice="It may be paid twice. Stop spending (`promptmill brake on`); then see that the index "
    "submissions_one_open_idx exists: docs/objectives.md, Two open submissions.",
    query="""
    SELECT NULL AS key, 1 AS compared,
           CASE WHEN count(*) > 1 THEN format('%s: %s submissions', job_id, count(*)) END AS finding
    FROM submissions WHERE state IN ('intended', 'unknown', 'accepted') GROUP BY job_id
    """,
)

STATUSES: Final = Comparison(
    name="statuses",
    compares="each job's status, with its end, its prompt job and its submission",
    advice="Somebody changed rows by hand, or a function is wrong: compare with the job's events, and report it.",
    query="""
    SELECT j.id AS key, 1 AS compared, CASE
        WHEN is_final(j.status) <> (j.completed_at IS NOT NULL)
            THEN format('%s: %s, and completed_at is %s', j.id, j.status,
                        coalesce(CAST(j.completed_at AS text), 'null'))
        WHEN is_final(j.status) AND EXISTS (
            SELECT FROM prompt_generation_jobs AS p WHERE p.job_id = j.id AND p.status IN ('queued', 'processing'))
            THEN format('%s: %s, and its prompt job is open', j.id, j.status)
        WHEN j.status = 'generating' AND NOT EXISTS (
            SELECT FROM submissions AS s
            WHERE s.job_id = j.id AND s.state = 'accepted' AND s.prediction_id = j.prediction_id)
            THEN format('%s: generating, without an accepted submission', j.id)
        END AS finding
    FROM (SELECT * FROM jobs WHERE id > :after ORDER BY id LIMIT :limit) AS j
    """,
)

EVENTS: Final = Comparison(
    name="events",
    compares="each job's events, with its status and the transitions that are allowed",
    advice="Somebody changed rows by hand, or a function is wrong: look at /api/jobs/<id>/events, and report it.",
    query="""
    SELECT j.id AS key, 1 AS compared, CASE
        WHEN told.n = 0 THEN format('%s: no events', j.id)
        WHEN told.n <> told.last_number THEN format('%s: %s events up to number %s', j.id, told.n, told.last_number)
        WHEN told.last_status <> j.status THEN format('%s: %s, its last event %s', j.id, j.status, told.last_status)
        WHEN told.jumped IS NOT NULL THEN format('%s: %s', j.id, told.jumped)
        END AS finding
    FROM (SELECT id, status, erase_requested_at FROM jobs WHERE id > :after ORDER BY id LIMIT :limit) AS j
    CROSS JOIN LATERAL (
        SELECT count(*) AS n, max(e.sequence) AS last_number,
               (array_agg(e.status ORDER BY e.sequence DESC))[1] AS last_status,
               min(format('%s to %s', coalesce(e.earlier, 'nothing'), e.status)) FILTER (WHERE CASE
                   WHEN e.earlier IS NULL -- a restored job begins where its workflow was; erased details say nothing
                       THEN e.status <> 'queued' AND NOT e.detail ? 'restored' AND j.erase_requested_at IS NULL
                   ELSE e.status <> e.earlier AND NOT transition_allowed('jobs', e.earlier, e.status) END) AS jumped
        FROM (SELECT sequence, status, detail, lag(status) OVER (ORDER BY sequence) AS earlier
              FROM job_events WHERE job_id = j.id) AS e
    ) AS told
    """,
)


def _orphans(table: str, column: str, parent: str, named: str) -> Comparison:
    return Comparison(
        name=f"orphans: {named}",
        compares=f"{table}.{column}, with {parent}",
        advice="A row was lost, or foreign keys were off: restore it from a backup, then `promptmill restore-check`.",
        query=f"""
        SELECT c.key, c.compared, CASE WHEN p.id IS NULL THEN CAST(c.key AS text) END AS finding
        FROM (SELECT {column} AS key, count(*) AS compared FROM {table}
              WHERE {column} > :after AND {column} <= coalesce(
                  (SELECT {column} FROM {table} WHERE {column} > :after ORDER BY {column} OFFSET :limit - 1 LIMIT 1),
                  '{_LAST}')
              GROUP BY {column}) AS c
        LEFT JOIN LATERAL (SELECT id FROM {parent} WHERE id = c.key LIMIT 1) AS p ON true
        """,
        of_loss=True,
    )


ORPHANS: Final = (
    _orphans("submissions", "job_id", "jobs", "submissions"),
    _orphans("job_events", "job_id", "jobs", "events"),
    _orphans("prompt_generation_jobs", "job_id", "jobs", "prompt jobs"),
    _orphans("jobs", "prompt_job_id", "prompt_generation_jobs", "prompts"),
    _orphans("readings", "job_id", "jobs", "readings"),
    _orphans("idempotency_keys", "job_id", "jobs", "idempotency keys"),
)

_OPEN_ROWS: Final = """
    SELECT "table", id, started, unchanged FROM (
        (SELECT 'jobs' AS "table", id, workflow_started_at IS NOT NULL AS started,
                updated_at < now() - CAST(:grace AS double precision) * interval '1 second' AS unchanged
         FROM jobs WHERE NOT is_final(status) AND id > :after ORDER BY id LIMIT :limit)
        UNION ALL
        (SELECT 'prompt_generation_jobs', id, workflow_started_at IS NOT NULL,
                updated_at < now() - CAST(:grace AS double precision) * interval '1 second'
         FROM prompt_generation_jobs
         WHERE status IN ('queued', 'processing') AND job_id IS NULL AND id > :after ORDER BY id LIMIT :limit)
    ) AS open_rows ORDER BY id LIMIT :limit
"""
_ENDS: Final = """
    SELECT id, completed_at FROM (
        SELECT id, completed_at FROM jobs WHERE id = ANY (CAST(:ids AS uuid[]))
        UNION ALL SELECT id, completed_at FROM prompt_generation_jobs WHERE id = ANY (CAST(:ids AS uuid[]))
    ) AS rows
"""

COMPARISONS: Final = (COUNTERS, ACCOUNT, BUDGETS, BATCHES, RESERVED, ONE_OPEN, STATUSES, EVENTS, *ORPHANS)


@dataclass(frozen=True)
class ConsistencyStore:
    """The comparisons. It only reads."""

    database: Database

    async def check(self, comparison: Comparison, *, keep_days: float = 0, unclear_after: timedelta) -> Check:
        """Make one comparison.

        Args:
            keep_days: After how many days ended jobs are deleted (`PROMPTMILL_KEEP_DAYS`), 0 never: what they have
                spent is then in the account alone.
            unclear_after: How long the submission of an ended job may stay unclear.
        """
        began = time.monotonic()
        compared, findings, after = 0, 0, _FIRST
        shown: list[str] = []
        query = _LOOK.format(query=comparison.query)
        while True:
            page = await self.database.mapping(
                query,
                after=after,
                limit=PAGE,
                kept_since=_kept_since(keep_days),
                unclear_seconds=unclear_after.total_seconds(),
            )
            compared += page["compared"]
            findings += page["findings"]
            shown += page["shown"] or []
            if page["reached"] is None:
                break
            after = UUID(page["reached"])
        return Check(
            name=comparison.name,
            compares=comparison.compares,
            compared=compared,
            findings=findings,
            shown=tuple(shown[:MOST_SHOWN]),
            advice=comparison.advice,
            seconds=time.monotonic() - began,
            lost=findings if comparison.of_loss else 0,
        )

    async def open_rows(self, grace: timedelta) -> AsyncIterator[Sequence[OpenWorkflowRow]]:
        """Yield pages of the open rows that have, or should have, a workflow of their own."""
        after = _FIRST
        while page := await self.database.mappings(_OPEN_ROWS, after=after, limit=PAGE, grace=grace.total_seconds()):
            yield [OpenWorkflowRow.model_validate(dict(row)) for row in page]
            after = page[-1]["id"]

    async def ends(self, ids: Sequence[UUID]) -> dict[UUID, datetime | None]:
        """Return when the jobs and prompt jobs with these ids ended; None for those that are open."""
        rows = await self.database.mappings(_ENDS, ids=[*ids])
        return {row["id"]: row["completed_at"] for row in rows}


async def check_record(consistency: ConsistencyStore, *, keep_days: float, unclear_after: timedelta) -> Sequence[Check]:
    """Make all comparisons of the record with itself, one after the other."""
    return [
        await consistency.check(comparison, keep_days=keep_days, unclear_after=unclear_after)
        for comparison in COMPARISONS
    ]


def _kept_since(keep_days: float) -> date | None:
    """Return the first day none of whose submissions may belong to a job that has been deleted; None: all days."""
    if keep_days == 0:
        return None
    return (datetime.now(UTC) - timedelta(days=keep_days)).date() + timedelta(days=1)  # noqa: TID251  # no workflow
