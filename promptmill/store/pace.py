"""Recent throughput and durations, the basis of estimates. Each is one index lookup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from promptmill.store.database import Database

_GROK: Final = """
    SELECT CAST(extract(epoch FROM completed_at - started_at) AS double precision) AS seconds
    FROM prompt_generation_jobs
    WHERE status = 'completed' AND started_at IS NOT NULL AND completed_at > now() - interval '1 day'
    ORDER BY completed_at DESC LIMIT 50
"""
_WAVESPEED: Final = """
    SELECT CAST(extract(epoch FROM completed_at - dispatched_at) AS double precision) AS seconds
    FROM jobs
    WHERE status = 'completed' AND model = :model AND dispatched_at IS NOT NULL
      AND completed_at > now() - interval '7 days'
    ORDER BY completed_at DESC LIMIT 50
"""
_COSTS: Final = """
    SELECT cost_usd FROM prompt_generation_jobs
    WHERE status = 'completed' AND wanted_variants = 1 AND cost_usd IS NOT NULL
      AND completed_at > now() - interval '1 day'
    ORDER BY completed_at DESC LIMIT 50
"""
_MINUTES: Final = """
    SELECT CAST(least(extract(epoch FROM now() - minute) / 60, 1) AS double precision) AS length, done
    FROM (SELECT minute, CAST(sum(finished + failed) AS integer) AS done FROM queue_minutes
          WHERE minute > now() - interval '1 hour' GROUP BY minute) AS m
    WHERE done > 0 ORDER BY minute DESC LIMIT 10
"""
_SUBMISSIONS: Final = """
    SELECT CAST(least(extract(epoch FROM now() - minute) / 60, 1) AS double precision) AS length, done
    FROM (SELECT date_trunc('minute', outcome_at) AS minute, CAST(count(*) AS integer) AS done
          FROM (SELECT state, outcome_at FROM submissions ORDER BY number DESC LIMIT 500) AS newest
          WHERE state = 'accepted' AND outcome_at > now() - interval '1 hour' GROUP BY 1) AS m
    ORDER BY minute DESC LIMIT 10
"""


class Minute(NamedTuple):
    """A minute in which something completed. `length`: how much of it has elapsed, in minutes."""

    length: float
    done: int


@dataclass(frozen=True)
class PaceStore:
    """The recent past, newest first. Every method raises `RecordUnavailable` while Postgres is unavailable."""

    database: Database

    async def grok_seconds(self) -> Sequence[float]:
        """Return how long Grok's newest prompts of the last day took, retries included."""
        return [row["seconds"] for row in await self.database.mappings(_GROK)]

    async def wavespeed_seconds(self, model: str) -> Sequence[float]:
        """Return how long a model's newest jobs of the last week took at WaveSpeed."""
        return [row["seconds"] for row in await self.database.mappings(_WAVESPEED, model=model)]

    async def prompt_costs(self) -> Sequence[Decimal]:
        """Return what Grok's newest prompts of the last day cost, in USD."""
        return [row["cost_usd"] for row in await self.database.mappings(_COSTS)]

    async def prompt_minutes(self) -> Sequence[Minute]:
        """Return the last hour's newest minutes in which prompt jobs ended, and how many."""
        return [Minute(row["length"], row["done"]) for row in await self.database.mappings(_MINUTES)]

    async def submission_minutes(self) -> Sequence[Minute]:
        """Return the last hour's newest minutes in which WaveSpeed accepted submissions, and how many."""
        return [Minute(row["length"], row["done"]) for row in await self.database.mappings(_SUBMISSIONS)]
