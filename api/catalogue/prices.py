"""Price estimates from WaveSpeed: cached for a minute, with bounded concurrency and rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from api.clock import now
from api.http.strict_json import canonical
from promptmill.contracts.bills import Quote
from promptmill.contracts.errors import ProviderError
from promptmill.providers.wavespeed.account import WaveSpeedAccount

FRESH_SECONDS: Final = 60.0
"""How long a price is cached."""

FAILED_SECONDS: Final = 5.0
"""Pause before the same request is repeated after a failure."""

AT_ONCE: Final = 4
"""Maximum concurrent requests, from all callers of one process."""

TURN_SECONDS: Final = 0.25
"""Minimum time a request holds its slot, which limits the rate to 16 prices per second."""

WAIT_SECONDS: Final = 2.0
"""How long a caller waits for a slot."""

MAX_REMEMBERED: Final = 1_000

ANY_SEED: Final = 0
"""Placeholder for the random seed of a submission: the same run must have the same body."""

BUSY: Final = "Too many prices are being requested at the moment. Try again in a few seconds."
NO_KEY: Final = "WaveSpeed returns no price without a key: set WAVESPEED_API_KEY."


@dataclass(frozen=True)
class Price:
    """What a body costs in US dollars; None if unavailable, with a sentence why. `list_usd`: without its discount."""

    usd: Decimal | None
    reason: str | None
    asked_at: datetime
    list_usd: Decimal | None = None


@dataclass
class Prices:
    """Requests prices and caches them briefly.

    Attributes:
        ask: Asks WaveSpeed for the price of one model's body; None if there is no key.
        clock: Monotonic seconds.
    """

    ask: Callable[[str, Mapping[str, Any]], Awaitable[Quote]] | None
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[float, Price]] = field(default_factory=dict, init=False)
    _open: dict[str, asyncio.Task[Price]] = field(default_factory=dict, init=False)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), init=False)

    async def of(self, model: str, body: Mapping[str, Any]) -> Price:
        """Return the price of exactly this body. Never raises because of WaveSpeed."""
        if self.ask is None:
            return _unknown(NO_KEY)
        question = canonical([model, body])
        good_until, seen = self._seen.get(question, (0.0, None))
        if seen is not None and self.clock() < good_until:
            return seen
        task = self._open.get(question)
        if task is None:
            task = self._open[question] = asyncio.create_task(self._answer(self.ask, question, model, body))
            task.add_done_callback(lambda _: self._open.pop(question, None))
        # A caller that disconnects must not cancel the request of the others.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Stop requesting prices."""
        for task in (left := set(self._open.values())):
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _answer(
        self,
        ask: Callable[[str, Mapping[str, Any]], Awaitable[Quote]],
        question: str,
        model: str,
        body: Mapping[str, Any],
    ) -> Price:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            return _unknown(BUSY)
        began_at = self.clock()
        try:
            quote = await ask(model, body)
            price = Price(quote.usd, None, now(), quote.list_usd)
        except ProviderError as error:
            price = _unknown(str(error))
        finally:
            left = began_at + TURN_SECONDS - self.clock()
            asyncio.get_running_loop().call_later(max(0.0, left), self._turns.release)
        self._remember(question, price)
        return price

    def _remember(self, question: str, price: Price) -> None:
        at = self.clock()
        if len(self._seen) >= MAX_REMEMBERED:
            self._seen = {asked: known for asked, known in self._seen.items() if known[0] > at}
        if len(self._seen) >= MAX_REMEMBERED:
            self._seen.clear()
        self._seen[question] = (at + (FAILED_SECONDS if price.usd is None else FRESH_SECONDS), price)


def _unknown(reason: str) -> Price:
    return Price(None, reason, now())


@asynccontextmanager
async def open_prices(account: WaveSpeedAccount) -> AsyncIterator[Prices]:
    """Open one process's price cache."""
    prices = Prices(account.quote if account.has_key else None)
    try:
        yield prices
    finally:
        await prices.close()
