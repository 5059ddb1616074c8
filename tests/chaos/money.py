"""The run's budget: tight for some seconds, then wide again; bills; and what is wrong with the account at any moment.

Each statement sees one moment: what is reserved and spent must not exceed the limit, and must equal the submissions.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from promptmill.contracts.errors import RecordUnavailable
from promptmill.store import Store
from promptmill.store.consistency import ACCOUNT, BATCHES
from tests.chaos.asking import Asker
from tests.chaos.judgement import OVERSPENT, Violation, judge_audit
from tests.chaos.record import Record, open_record

OWNER = "local"
TIGHT_SECONDS = 6.0
WIDE_SECONDS = 25.0
TIGHT_USD = Decimal("0.06")
"""Room for a few jobs, of which several workers then want the last."""

WIDE_USD = Decimal(10_000)
LOOK_EVERY_SECONDS = 0.3

_LIMIT = """
    DO $$
    BEGIN -- a new limit is seen by the next permission, and counts from what all permissions before it have reserved
        INSERT INTO budgets (owner, period, limit_usd) VALUES ('{owner}', 'total', 0) ON CONFLICT DO NOTHING;
        PERFORM FROM budgets WHERE owner = '{owner}' FOR UPDATE;
        UPDATE budgets SET limit_usd = {room} + (SELECT coalesce(sum(reserved_usd + spent_usd), 0) FROM spending)
        WHERE owner = '{owner}';
    END;
    $$
"""
_USED = """
    SELECT coalesce(sum(reserved_usd + spent_usd), 0) AS used,
           (SELECT limit_usd FROM budgets WHERE owner = $1) AS limit_usd
    FROM spending WHERE provider = 'wavespeed'
"""
_BILLS_DUE = """
    UPDATE bills SET due_at = clock_timestamp() WHERE prediction_id IN (
        SELECT prediction_id FROM bills WHERE looks < 2 FOR UPDATE SKIP LOCKED)
"""
"""WaveSpeed's books are read while everything breaks, and not only minutes later."""

_HELD = "SELECT count(DISTINCT job_id) FROM job_events WHERE reason_code = 'budget_exhausted'"


@dataclass
class Purse:
    """Narrows and widens the budget, and looks at the account.

    Attributes:
        api: Where a budget that is wide again is set, too: that wakes the jobs that it held.
        wrong: Each way in which a moment was wrong, as it was seen first.
        held: How many jobs a budget has held, once the run is over.
    """

    database_url: str
    store: Store
    api: Asker
    wrong: dict[str, Violation] = field(default_factory=dict)
    held: int = 0

    async def begin(self) -> None:
        """Make the budget tight before the first job."""
        async with open_record(self.database_url) as record:
            await self._limit(record, TIGHT_USD)

    async def run(self) -> None:
        """Narrow and widen it until cancelled."""
        async with asyncio.TaskGroup() as group, open_record(self.database_url) as record:
            group.create_task(self._watch())
            while True:
                await asyncio.sleep(TIGHT_SECONDS)
                await self._limit(record, WIDE_USD)
                await self._wake(record)
                await asyncio.sleep(WIDE_SECONDS)
                await self._limit(record, TIGHT_USD)

    async def end(self) -> None:
        """Make room for everything that is left, and look once more."""
        async with open_record(self.database_url) as record:
            await self._limit(record, WIDE_USD)
            await self._look(record)
            self.held = await record.value(_HELD)

    async def _limit(self, record: Record, room: Decimal) -> None:
        await record.rows(_LIMIT.format(owner=OWNER, room=room))

    async def _wake(self, record: Record) -> None:
        [seen] = await record.rows(_USED, OWNER)
        limit = {"limitUsd": float(seen["limit_usd"])}
        await self.api.ask("PUT", f"/api/budgets/{OWNER}/total", turn=0, body=limit)

    async def _watch(self) -> None:
        async with open_record(self.database_url) as record:
            while True:
                await self._look(record)
                await record.rows(_BILLS_DUE)
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _look(self, record: Record) -> None:
        [seen] = await record.rows(_USED, OWNER)
        with suppress(RecordUnavailable):
            accounts = [
                await self.store.consistency.check(one, unclear_after=timedelta()) for one in (ACCOUNT, BATCHES)
            ]
            for violation in (*overspent(seen), *judge_audit(accounts)):
                self.wrong.setdefault(violation.rule, violation)


def overspent(seen: Any) -> list[Violation]:
    """Return what is wrong with the budget at one moment."""
    if seen["limit_usd"] is None or seen["used"] <= seen["limit_usd"]:
        return []
    return [Violation(OVERSPENT, f"{seen['used']} of {seen['limit_usd']}")]
