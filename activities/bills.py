"""Asks WaveSpeed what it charged for the predictions of ended jobs, and corrects the record by it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from promptmill.contracts.errors import ProviderError
from promptmill.providers.wavespeed.account import WaveSpeedAccount
from promptmill.store import Store

_log = structlog.get_logger(__name__)

BATCH: Final = 50
"""Predictions per question: with a charge and a refund each, its answer is one page."""

BATCHES_PER_PASS: Final = 20
SECONDS_PER_PASS: Final = 15.0


@dataclass(frozen=True)
class BillReader:
    """Reads bills that are due. What is charged in the end may differ from the quote, and be refunded.

    Attributes:
        days: Days after its acceptance during which a prediction's bill is asked for; 0: never.
    """

    store: Store
    account: WaveSpeedAccount
    days: float

    async def read_due(self) -> int:
        """Read what is due, some batches at most, and return how many bills brought news. The rest is due later.

        Safe to repeat: asking is free, and the record takes each amount once.
        """
        news = 0
        try:
            async with asyncio.timeout(SECONDS_PER_PASS):
                for _ in range(BATCHES_PER_PASS):
                    due = await self.store.bills.take(BATCH, self.days)
                    news += await self._read([bill.prediction_id for bill in due if bill.ended])
                    if len(due) < BATCH:
                        break
        except ProviderError as error:
            _log.warning("bills_not_read", error=str(error))
        except TimeoutError:
            _log.warning("bills_cut_short", news=news)
        return news

    async def _read(self, prediction_ids: list[str]) -> int:
        if not prediction_ids:
            return 0
        # Each in a transaction of its own: two jobs' locks are never held together.
        news = [bill for bill in await self.account.bills(prediction_ids) if await self.store.bills.record(bill)]
        for bill in news:
            charged, refunded = float(bill.charged_usd or 0), float(bill.refunded_usd)
            _log.info("billed", prediction_id=bill.prediction_id, charged_usd=charged, refunded_usd=refunded)
        await self.store.bills.end(prediction_ids)
        return len(news)
