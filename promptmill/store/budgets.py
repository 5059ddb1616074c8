"""Budgets, and what is reserved and spent. The SQL functions keep the account; this sets limits and reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.audit import Action
from promptmill.contracts.budgets import (
    WARN_AT_PERCENT,
    Budget,
    BudgetPeriod,
    BudgetWarning,
    HeldBy,
    Spend,
    SpendBy,
    SpendQuery,
)
from promptmill.contracts.reasons import ReasonCode
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database

PERIOD_SINCE: Final = """
    CASE b.period WHEN 'day' THEN CAST(now() AT TIME ZONE 'UTC' AS date)
                  WHEN 'month' THEN CAST(date_trunc('month', now() AT TIME ZONE 'UTC') AS date)
                  ELSE '-infinity' END
"""
"""The first day of a budget's current period."""

_LIST: Final = f"""
    SELECT b.owner, b.period, b.limit_usd, coalesce(sum(s.reserved_usd), 0) AS reserved_usd,
           coalesce(sum(s.spent_usd), 0) AS spent_usd
    FROM budgets AS b LEFT JOIN spending AS s ON (b.owner = '*' OR s.owner = b.owner) AND s.day >= {PERIOD_SINCE}
    GROUP BY b.owner, b.period ORDER BY b.owner <> '*', b.owner, b.period
"""
_WARN: Final = f"""
    WITH reached AS MATERIALIZED (
        SELECT used.*, (SELECT max(p) FROM unnest(CAST(:percents AS integer[])) AS p
                        WHERE used.usd * 100 >= used.limit_usd * p) AS percent
        FROM (SELECT b.owner, b.period, b.limit_usd, {PERIOD_SINCE} AS since,
                     coalesce((SELECT sum(s.reserved_usd + s.spent_usd) FROM spending AS s
                               WHERE (b.owner = '*' OR s.owner = b.owner) AND s.day >= {PERIOD_SINCE}), 0) AS usd
              FROM budgets AS b) AS used
    ), news AS MATERIALIZED ( -- locked in the order in which permissions lock them
        SELECT r.* FROM budgets AS b JOIN reached AS r USING (owner, period, limit_usd)
        WHERE r.percent > CASE WHEN b.warned_since = r.since AND b.warned_limit_usd = b.limit_usd
                               THEN b.warned_percent ELSE 0 END
        ORDER BY b.owner, b.period FOR UPDATE OF b
    )
    UPDATE budgets AS b
    SET warned_percent = n.percent, warned_limit_usd = b.limit_usd, warned_since = n.since
    FROM news AS n WHERE b.owner = n.owner AND b.period = n.period
    RETURNING b.owner, b.period, n.percent, b.limit_usd, n.usd AS used_usd
"""
_WHOSE: Final = "nullif(owner, '*')"
_TARGET: Final = "'budget:' || owner || '/' || period"
_SET: Final = audited(
    """
    SELECT CAST(:owner AS text) AS owner, CAST(:period AS text) AS period, CAST(:limit_usd AS numeric) AS limit_usd,
           set_budget(:owner, :period, CAST(:limit_usd AS numeric)) AS prior_usd
    """,
    action=Action.BUDGET_SET,
    owner=_WHOSE,
    target=_TARGET,
    before="jsonb_build_object('limitUsd', prior_usd)",
    after="jsonb_build_object('limitUsd', limit_usd)",
    when="prior_usd IS DISTINCT FROM limit_usd",
)
_REMOVE: Final = audited(
    "DELETE FROM budgets WHERE owner = :owner AND period = :period RETURNING owner, period, limit_usd",
    action=Action.BUDGET_REMOVE,
    owner=_WHOSE,
    target=_TARGET,
    before="jsonb_build_object('limitUsd', limit_usd)",
)
_SPEND: Final = """
    SELECT {name} AS name, {key_id} AS key_id, sum(reserved_usd) AS reserved_usd, sum(spent_usd) AS spent_usd,
           coalesce(sum(spent_usd) FILTER (WHERE provider = 'grok'), 0) AS grok_usd
    FROM {source}
    WHERE day BETWEEN CAST(:first AS date) AND CAST(:last AS date)
      AND s.owner = coalesce(CAST(:owner AS text), s.owner)
    GROUP BY 1, 2 HAVING sum(reserved_usd) <> 0 OR sum(spent_usd) <> 0 ORDER BY {order}
"""
_DEAREST: Final = "sum(spent_usd) DESC, 1, 2"
_ACCOUNT: Final = {"key_id": "CAST(NULL AS text)", "source": "spending AS s"}
# A key that acted for another owner belongs to an admin: only those who see all owners learn its name.
_BY_KEY: Final = {
    "name": "coalesce(k.name, CASE s.key_id WHEN '' THEN 'no key' ELSE 'pm_' || s.key_id || '…' END)",
    "key_id": "nullif(s.key_id, '')",
    "source": "spending AS s LEFT JOIN api_keys AS k ON k.id = s.key_id AND (:all_names OR k.owner = s.owner)",
}
_QUERIES: Final = {
    SpendBy.DAY: _SPEND.format(name="to_char(day, 'YYYY-MM-DD')", order="1", **_ACCOUNT),
    SpendBy.OWNER: _SPEND.format(name="s.owner", order=_DEAREST, **_ACCOUNT),
    SpendBy.MODEL: _SPEND.format(name="model", order=_DEAREST, **_ACCOUNT),
    SpendBy.KEY: _SPEND.format(order=_DEAREST, **_BY_KEY),
}
_NEWEST: Final = """
    CROSS JOIN LATERAL (SELECT reason_code, detail FROM job_events
                        WHERE job_id = asked.id ORDER BY sequence DESC LIMIT 1) AS newest
"""
"""The newest event of each job that is asked about."""

_PROBLEMS: Final = f"""
    SELECT asked.id, newest.detail ->> 'problem' AS problem
    FROM unnest(CAST(:ids AS uuid[])) AS asked (id) {_NEWEST}
    WHERE newest.reason_code = '{ReasonCode.BUDGET_EXHAUSTED}' AND NOT EXISTS (
        SELECT FROM submissions WHERE job_id = asked.id AND state IN ('intended', 'unknown', 'accepted'))
"""
_HELD: Final = f"""
    SELECT asked.id FROM jobs AS asked {_NEWEST}
    WHERE asked.status = 'dispatching' AND asked.owner = coalesce(nullif(:owner, '*'), asked.owner)
      AND (CAST(:batch_id AS uuid) IS NULL OR asked.batch_id = :batch_id)
      AND newest.reason_code = '{ReasonCode.BUDGET_EXHAUSTED}'
      AND newest.detail -> 'budget' = CAST(:noted AS jsonb)
    ORDER BY asked.priority DESC, asked.created_at, asked.id LIMIT :most
"""
_ROOM: Final = """
    SELECT pause_of(:owner) IS NULL AND NOT EXISTS (SELECT FROM refusing_budget(:owner, 0, clock_timestamp()))
       AND NOT EXISTS (SELECT FROM batches AS b WHERE b.id = :batch_id AND batch_problem(b, 0) IS NOT NULL) AS room
"""


@dataclass(frozen=True)
class BudgetStore:
    """The tables `budgets` and `spending`. Every method raises `RecordUnavailable` while Postgres is unavailable."""

    database: Database

    async def all(self) -> list[Budget]:
        """Return all budgets with what is used of each in its current period; the installation's first."""
        return [Budget.model_validate(dict(row)) for row in await self.database.mappings(_LIST)]

    async def set(self, owner: str, period: BudgetPeriod, limit_usd: Decimal, *, by: By = BY_ITSELF) -> None:
        """Set a budget. It bounds every permission from here on; what is permitted already stays permitted."""
        await self.database.run(_SET, owner=owner, period=period, limit_usd=limit_usd, **by_values(by))

    async def remove(self, owner: str, period: BudgetPeriod, *, by: By = BY_ITSELF) -> bool:
        """Remove a budget; return whether there was one."""
        return bool(await self.database.mappings(_REMOVE, owner=owner, period=period, **by_values(by)))

    async def warn(self) -> list[BudgetWarning]:
        """Return the budgets that have reached another of `WARN_AT_PERCENT`, each once in a period and for a limit."""
        return [
            BudgetWarning.model_validate(dict(row))
            for row in await self.database.mappings(_WARN, percents=[*WARN_AT_PERCENT])
        ]

    async def spend(self, query: SpendQuery) -> list[Spend]:
        """Return what was reserved and spent: days in order, the others the dearest first."""
        values = query.model_dump(exclude={"by", "all_names"})
        if query.by is SpendBy.KEY:
            values["all_names"] = query.all_names
        return [Spend.model_validate(dict(row)) for row in await self.database.mappings(_QUERIES[query.by], **values)]

    async def problem_of(self, job_id: UUID) -> str | None:
        """Return which budget had no room when a job last asked for permission; None if it waits for none."""
        return (await self.problems_of([job_id])).get(job_id)

    async def problems_of(self, job_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Return the same for those of these jobs that wait for a budget.

        The texts are what `refusing_budget` says, without a period at the end.
        """
        return {row["id"]: row["problem"] for row in await self.database.mappings(_PROBLEMS, ids=list(job_ids))}

    async def held(self, by: HeldBy, *, most: int) -> list[UUID]:
        """Return jobs that a budget held when they last asked for permission, in the queue's order."""
        values = {"owner": by.owner, "batch_id": by.batch_id, "noted": json.dumps(by.noted), "most": most}
        return [row["id"] for row in await self.database.mappings(_HELD, **values)]

    async def has_room(self, by: HeldBy) -> bool:
        """Return whether anything is left for jobs that a budget held, and their owner is not paused."""
        [row] = await self.database.mappings(_ROOM, owner=by.owner, batch_id=by.batch_id)
        return bool(row["room"])
