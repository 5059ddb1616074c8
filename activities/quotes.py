"""The price of a submission, requested while the submission is in progress, so that nothing waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from promptmill.providers.wavespeed.account import WaveSpeedAccount


@dataclass(frozen=True)
class Quote:
    """A requested price; None if it is unknown."""

    answer: asyncio.Task[Decimal | None]

    @property
    def known(self) -> Decimal | None:
        """The price, if it has arrived. Never raises: a price must not disturb a paid submission."""
        came = self.answer.done() and not self.answer.cancelled() and self.answer.exception() is None
        return self.answer.result() if came else None


@asynccontextmanager
async def requested_quote(account: WaveSpeedAccount, model: str, body: Mapping[str, Any]) -> AsyncIterator[Quote]:
    """Request the price of exactly these inputs while the block runs; abandon the request at its end."""
    quote = Quote(asyncio.create_task(account.price(model, body)))
    try:
        yield quote
    finally:
        quote.answer.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await quote.answer
