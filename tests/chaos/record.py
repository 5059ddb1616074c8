"""The run's direct access to Postgres, bypassing the API: what is open, what has progressed, and the audit's data."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

MOVES = ("prompting", "dispatching", "completed", "failed", "expired")
"""Events that show a job's progress. Not `generating`, which a webhook causes without any worker, and nothing that a
caller causes."""

OPEN = ("queued", "prompting", "dispatching", "generating", "cancelling")
"""Open jobs that can continue on their own immediately."""

AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


@dataclass
class Record:
    """One connection, re-established whenever Postgres was unavailable."""

    database_url: str
    _connection: asyncpg.Connection | None = None

    async def rows(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """Return the rows of a query, waiting for up to a minute while Postgres is unavailable."""
        give_up = time.monotonic() + 60
        while True:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(self.database_url, timeout=5, command_timeout=30)
                return list(await self._connection.fetch(query, *values))
            except AWAY as error:
                if time.monotonic() > give_up or isinstance(
                    error, (asyncpg.SyntaxOrAccessError, asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
                ):
                    raise
                await self.close()
                await asyncio.sleep(0.1)

    async def value(self, query: str, *values: Any) -> Any:
        """Return the first column of the only row."""
        [row] = await self.rows(query, *values)
        return row[0]

    async def now(self) -> datetime:
        """Return the record's own time."""
        return await self.value("SELECT clock_timestamp()")  # type: ignore[no-any-return]  # asyncpg has no types

    async def counts(self) -> Counter[str]:
        """Return how many jobs are in each status."""
        return Counter({row[0]: row[1] for row in await self.rows("SELECT status, count(*) FROM jobs GROUP BY status")})

    async def open_jobs(self) -> int:
        """Return how many jobs can continue on their own."""
        return int(await self.value("SELECT count(*) FROM jobs WHERE status = ANY ($1)", list(OPEN)))

    async def first_move(self, after: datetime) -> datetime | None:
        """Return when some job first progressed after a given time."""
        return await self.value(  # type: ignore[no-any-return]  # asyncpg has no types
            "SELECT min(at) FROM job_events WHERE at > $1 AND status = ANY ($2)", after, list(MOVES)
        )

    async def begin_settling(self) -> None:
        """Make the reconciler search again for abandoned submissions, and ask for bills, now that all can be known."""
        await self.rows("UPDATE submissions SET looks = 0, looked_at = NULL WHERE state = 'superseded'")
        await self.rows("UPDATE bills SET looks = 0")

    async def unsettled(self) -> int:
        """Return how many jobs may still continue, how many submissions are to be searched for, and bills asked for.

        Of a bill that was claimed three times WaveSpeed has answered two questions.
        """
        return int(
            await self.value(
                "SELECT (SELECT count(*) FROM jobs WHERE completed_at IS NULL)"
                " + (SELECT count(*) FROM batches WHERE completed_at IS NULL)"
                " + (SELECT count(*) FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id"
                "    WHERE (j.completed_at IS NOT NULL AND s.state IN ('intended', 'unknown'))"
                "       OR (s.state = 'superseded' AND s.prediction_id IS NULL AND s.looks = 0))"
                " + (SELECT count(*) FROM bills WHERE looks < 3)"
            )
        )

    async def let_hours_pass(self) -> None:
        """Make everything due that the reconciler does minutes or hours after a job's end."""
        with suppress(*AWAY):
            await self.rows(
                "UPDATE submissions SET looked_at = looked_at - interval '2 h'"
                " WHERE looked_at IS NOT NULL AND state <> 'superseded'"
            )
            await self.rows("SELECT settle_stale_intents(5)")
            await self.rows(
                "UPDATE bills SET due_at = due_at - interval '4 h', changed_at = changed_at - interval '4 h'"
            )

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


@asynccontextmanager
async def open_record(database_url: str) -> AsyncIterator[Record]:
    """Open the connection."""
    record = Record(database_url)
    try:
        yield record
    finally:
        await record.close()
