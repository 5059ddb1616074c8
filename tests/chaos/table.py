"""The run's batch: a table that is sent again and again, with a budget that is raised whenever it pauses the batch."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from tests.chaos.asking import Asker, NotAnswered
from tests.chaos.judgement import LOST_ROW, ROW_TWICE, Violation
from tests.chaos.plan import SEEDED_MODEL, SUBJECTS, Plan
from tests.chaos.record import Record

SHARE: Final = 0.3
"""Rows, for each other job of the run."""

MOST_OPEN: Final = 12
STEP_SHARE: Final = Decimal("0.003")
"""Of the budget's first amount, and of what is added each time, for each row: a quarter of a picture's price."""

LEFT_OVER: Final = Decimal("0.005")
"""Added to it, so that something is left that is too little."""

LOOK_EVERY_SECONDS: Final = 0.5
SEND_AGAIN_EVERY: Final = 10
"""Looks between two sendings of the same table."""

_ROWS: Final = """
    SELECT r.key, r.state, count(j.id) AS jobs
    FROM batch_rows AS r LEFT JOIN jobs AS j ON j.batch_id = r.batch_id AND j.row_key = r.key AND j.retry_of IS NULL
    GROUP BY r.batch_id, r.key ORDER BY r.number
"""
_OPEN: Final = "SELECT count(*) FROM batches WHERE completed_at IS NULL"


@dataclass
class Table:
    """Sends the table, and looks after its batch.

    Attributes:
        raised: How often its budget had paused it, and was raised.
    """

    api: Asker
    plan: Plan
    batch_id: str | None = None
    raised: int = 0
    wide: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(len(self.plan.jobs) * SHARE)

    @property
    def step(self) -> Decimal:
        """What its batch may cost first, and what is added each time."""
        return self.rows * STEP_SHARE + LEFT_OVER

    async def run(self) -> None:
        """Send it until it is accepted, and again from then on; raise its budget until it has ended."""
        looks = 0
        widened = False
        while True:
            if looks % SEND_AGAIN_EVERY == 0:
                await self._send()
            looks += 1
            batch: dict[str, Any] = (await self.api.ask("GET", f"/api/batches/{self.batch_id}", turn=looks)).json()
            if batch.get("completedAt"):
                return
            # Once there is to be room for all, at once: a job that it held before may ask again only after a minute.
            paused = batch.get("pauseReason") == "budget"
            if paused or (self.wide.is_set() and not widened):
                widened = self.wide.is_set()
                room = self.step * (self.rows if widened else 1)
                change = {"maxCostUsd": float(Decimal(str(batch["maxCostUsd"])) + room)}
                await self.api.ask("PATCH", f"/api/batches/{self.batch_id}", turn=looks, body=change)
                self.raised += paused
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _send(self) -> None:
        body = {
            "key": f"chaos-{self.plan.seed}",
            "maxCostUsd": float(self.step),
            "maxOpen": MOST_OPEN,
            "template": {"model": SEEDED_MODEL, "prompt": "{{subject}} in row {{key}}", "input": {"size": "1024*1024"}},
            "rows": [
                {
                    "key": f"row{number:05d}",
                    "subject": SUBJECTS[number % len(SUBJECTS)],
                    "meta.chaos": f"row{number:05d}",
                }
                for number in range(self.rows)
            ],
        }
        answer = await self.api.ask("POST", "/api/batches", turn=self.rows, body=body)
        if answer.status_code != HTTPStatus.ACCEPTED:
            raise NotAnswered(f"the table was refused: {answer.status_code} {answer.text}")
        self.batch_id = answer.json()["batchId"]


async def judge_rows(record: Record, wanted: int) -> list[Violation]:
    """Return which rows of the batch have not exactly one job, and whether it has not ended."""
    rows = [dict(row) for row in await record.rows(_ROWS)]
    return [*judged(rows, wanted), *[Violation(LOST_ROW, "the batch has not ended")] * await record.value(_OPEN)]


def judged(rows: list[dict[str, Any]], wanted: int) -> Iterator[Violation]:
    """Find rows that are lost, or have more than one job besides its retries."""
    if len(rows) != wanted:
        yield Violation(LOST_ROW, f"{len(rows)} of {wanted} rows")
    for row in rows:
        if row["jobs"] == 0:
            yield Violation(LOST_ROW, f"row {row['key']} is {row['state']}, and has no job")
        elif row["jobs"] > 1:
            yield Violation(ROW_TWICE, f"row {row['key']} has {row['jobs']} jobs")
