"""Statistics of some days, one query for each figure. Each reads a range of an index that holds all it needs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from promptmill.contracts.statistics import (
    LikedBy,
    Statistics,
    StatisticsQuery,
)
from promptmill.store.database import Database

MODELS: Final = 7
"""How many models are told apart in what was spent, the dearest: more colours are not told apart either."""

NAMES: Final = 50
"""How many models, or others, likes are told of, those with most of them."""

_MADE: Final = """
    status = 'completed' AND completed_at >= CAST(:first AS date) AT TIME ZONE 'UTC'
    AND completed_at < CAST(:until AS date) AT TIME ZONE 'UTC' AND owner = coalesce(CAST(:owner AS text), owner)
"""
PROMPTS: Final = f"""
    WITH minutes AS (
        SELECT date_trunc('minute', completed_at) AS minute, count(*) AS written
        FROM prompt_generation_jobs WHERE {_MADE} GROUP BY 1
    )
    SELECT date_trunc(:step, minute, 'UTC') AS at, CAST(sum(written) AS bigint) AS written, count(*) AS minutes,
           max(written) AS busiest
    FROM minutes GROUP BY 1 ORDER BY 1
"""
_SHARES: Final = "ARRAY[0.5, 0.95]"
JOBS: Final = f"""
    SELECT date_trunc(:step, completed_at, 'UTC') AS at, count(*) AS jobs,
           percentile_cont({_SHARES}) WITHIN GROUP (ORDER BY extract(epoch FROM dispatched_at - created_at)::float8)
               AS wait_seconds,
           percentile_cont({_SHARES}) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - dispatched_at)::float8)
               AS making_seconds
    FROM jobs WHERE {_MADE} AND dispatched_at IS NOT NULL GROUP BY 1 ORDER BY 1
"""
# What xAI tells is its charge; WaveSpeed's comes later, from its books.
SPENDING: Final = """
    WITH charged AS (
        SELECT CAST(s.intended_at AT TIME ZONE 'UTC' AS date) AS day, 'wavespeed' AS provider, j.model,
               sum(s.charged_usd - s.refunded_usd) AS charged_usd
        FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id
        WHERE s.charged_usd IS NOT NULL AND s.intended_at >= CAST(:first AS date) AT TIME ZONE 'UTC'
          AND s.intended_at < CAST(:until AS date) AT TIME ZONE 'UTC'
          AND j.owner = coalesce(CAST(:owner AS text), j.owner)
        GROUP BY 1, 2, 3
    ), spent AS (
        SELECT day, provider, model, sum(reserved_usd) AS reserved_usd, sum(spent_usd) AS spent_usd
        FROM spending
        WHERE day >= CAST(:first AS date) AND day < CAST(:until AS date)
          AND owner = coalesce(CAST(:owner AS text), owner)
        GROUP BY day, provider, model
    ), dearest AS (
        SELECT provider, model FROM spent GROUP BY provider, model
        ORDER BY sum(spent_usd + reserved_usd) DESC, provider, model LIMIT :models
    )
    SELECT s.day, d.provider, d.model, sum(s.reserved_usd) AS reserved_usd, sum(s.spent_usd) AS spent_usd,
           coalesce(sum(CASE s.provider WHEN 'grok' THEN s.spent_usd ELSE c.charged_usd END), 0) AS charged_usd
    FROM spent AS s LEFT JOIN dearest AS d USING (provider, model) LEFT JOIN charged AS c USING (day, provider, model)
    GROUP BY s.day, d.provider, d.model
    HAVING sum(s.reserved_usd) <> 0 OR sum(s.spent_usd) <> 0
    ORDER BY s.day, d.provider NULLS LAST, d.model
"""
_LIKES: Final = f"""
    WITH rated AS (
        SELECT {{name}} AS name, count(*) FILTER (WHERE kept) AS liked, count(*) FILTER (WHERE NOT kept) AS disliked
        FROM jobs WHERE {_MADE} AND kept IS NOT NULL AND created_at < CAST(:until AS date) AT TIME ZONE 'UTC'
        GROUP BY 1 ORDER BY liked DESC, disliked DESC, 1 LIMIT :names
    ), made AS (SELECT {{name}} AS name, count(*) AS made FROM jobs WHERE {_MADE} GROUP BY 1)
    SELECT name, made, liked, disliked FROM rated JOIN made USING (name) WHERE name IS NOT NULL
    ORDER BY liked DESC, disliked DESC, name
"""
LIKES: Final = {by: _LIKES.format(name=by.value) for by in LikedBy}
"""The query of each grouping: a column of jobs."""


@dataclass(frozen=True)
class StatisticsStore:
    """What some days were like. Raises `RecordUnavailable` while Postgres is unavailable."""

    database: Database
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    """One answer at a time: however many ask, they take one connection, and the others are left to everything else."""

    async def of(self, query: StatisticsQuery) -> Statistics:
        """Return the figures of some days."""
        values = {"first": query.first, "until": query.last + timedelta(days=1), "owner": query.owner}

        # One after the other: all at once they would take the connections that submissions need.
        async def rows(text: str, **more: Any) -> list[dict[str, Any]]:
            return [dict(row) for row in await self.database.mappings(text, **values, **more)]

        async with self._turn:
            found: dict[str, Any] = {
                "prompts": await rows(PROMPTS, step=query.step),
                "jobs": await rows(JOBS, step=query.step),
                "spending": await rows(SPENDING, models=MODELS),
                "likes": [{"by": by, **row} for by, text in LIKES.items() for row in await rows(text, names=NAMES)],
            }
        return Statistics.model_validate(found)
