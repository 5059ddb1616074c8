"""What a submission will cost: asked while it is on its way, so that nobody waits for the answer."""

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
    """A price that was asked for; None where it cannot be learned."""

    answer: asyncio.Task[Decimal | None]

    @property
    def known(self) -> Decimal | None:
        """The price, if its answer has come by now. Never raises: a price must not disturb what is paid."""
        came = self.answer.done() and not self.answer.cancelled() and self.answer.exception() is None
        return self.answer.result() if came else None


@asynccontextmanager
async def asked_quote(account: WaveSpeedAccount, model: str, body: Mapping[str, Any]) -> AsyncIterator[Quote]:
    """Ask for the price of exactly these inputs, beside what the block does; at its end nothing is asked any more."""
    quote = Quote(asyncio.create_task(account.price(model, body)))
    try:
        yield quote
    finally:
        quote.answer.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await quote.answer
