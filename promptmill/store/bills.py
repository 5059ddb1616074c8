"""Bills: when WaveSpeed is asked what it charged, and what it answered. The SQL functions hold the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from promptmill.contracts.bills import Bill, DueBill
from promptmill.metrics import billed_usd
from promptmill.store.database import Database

_TAKE: Final = "SELECT prediction_id, ended FROM take_bills(:limit, CAST(:days AS double precision))"
_RECORD: Final = """
    SELECT record_bill(:prediction_id, CAST(:charged_usd AS numeric), CAST(:refunded_usd AS numeric)) AS news,
           -- as they were before
           coalesce((SELECT charged_usd FROM submissions WHERE prediction_id = :prediction_id), 0) AS charged_usd,
           coalesce((SELECT refunded_usd FROM submissions WHERE prediction_id = :prediction_id), 0) AS refunded_usd
"""


@dataclass(frozen=True)
class BillStore:
    """The table `bills`, and what was charged. Every method raises `RecordUnavailable` while Postgres is away."""

    database: Database

    async def take(self, limit: int, days: float) -> list[DueBill]:
        """Claim bills that are due; nobody else gets them until they are due again.

        After `days` from a prediction's acceptance its bill is given up.
        """
        return [
            DueBill.model_validate(dict(row)) for row in await self.database.mappings(_TAKE, limit=limit, days=days)
        ]

    async def record(self, bill: Bill) -> bool:
        """Correct a submission, its job and the account by a bill; return whether it was news.

        Safe to repeat, and in any order: of two reports the higher amounts hold. Of a prediction that belongs to no
        submission nothing is recorded.
        """
        found = await self.database.mapping(_RECORD, **bill.model_dump())
        if found["news"]:
            for what, before, usd in (
                ("charged", found["charged_usd"], bill.charged_usd or 0),
                ("refunded", found["refunded_usd"], bill.refunded_usd),
            ):
                billed_usd.labels(what).inc(float(max(usd - before, 0)))
        return bool(found["news"])

    async def end(self, prediction_ids: Sequence[str]) -> None:
        """Forget those of these bills that are settled."""
        await self.database.run("SELECT FROM end_bills(CAST(:ids AS text[]))", ids=[*prediction_ids])
