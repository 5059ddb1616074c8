"""What a run would cost, asked of WaveSpeed: the same question once a minute, few at a time, never a flood."""

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
from promptmill.contracts.errors import ProviderError
from promptmill.providers.wavespeed.account import WaveSpeedAccount

FRESH_SECONDS: Final = 60.0
"""How long a price is told again without asking."""

FAILED_SECONDS: Final = 5.0
"""How long WaveSpeed is not asked the same question after it could not answer."""

AT_ONCE: Final = 4
"""Questions under way at once, from all callers of one process."""

TURN_SECONDS: Final = 0.25
"""How long a question keeps its turn at least: so many callers in haste ask for no more than 16 prices a second."""

WAIT_SECONDS: Final = 2.0
"""How long a caller waits for a turn."""

MOST_REMEMBERED: Final = 1_000

BUSY: Final = "Too many prices are being asked for at the moment. Ask again in a few seconds."
NO_KEY: Final = "WaveSpeed tells no price without a key: set WAVESPEED_API_KEY."


@dataclass(frozen=True)
class Price:
    """What a body costs in US dollars; None where that could not be learned, with a sentence why."""

    usd: Decimal | None
    reason: str | None
    asked_at: datetime


@dataclass
class Prices:
    """Asks for prices and remembers them for a moment.

    Attributes:
        ask: Asks WaveSpeed for the price of one model's body; None where there is no key to ask with.
        clock: Seconds that only grow.
    """

    ask: Callable[[str, Mapping[str, Any]], Awaitable[Decimal]] | None
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[float, Price]] = field(default_factory=dict, init=False)
    _open: dict[str, asyncio.Task[Price]] = field(default_factory=dict, init=False)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), init=False)

    async def of(self, model: str, body: Mapping[str, Any]) -> Price:
        """Return the price of exactly this body. Never raises for what WaveSpeed does."""
        if self.ask is None:
            return _price(None, NO_KEY)
        question = canonical([model, body])
        good_until, seen = self._seen.get(question, (0.0, None))
        if seen is not None and self.clock() < good_until:
            return seen
        task = self._open.get(question)
        if task is None:
            task = self._open[question] = asyncio.create_task(self._answer(self.ask, question, model, body))
            task.add_done_callback(lambda _: self._open.pop(question, None))
        # A caller who goes away must not end the question of the others.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Ask no more."""
        for task in (left := set(self._open.values())):
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _answer(
        self,
        ask: Callable[[str, Mapping[str, Any]], Awaitable[Decimal]],
        question: str,
        model: str,
        body: Mapping[str, Any],
    ) -> Price:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            return _price(None, BUSY)
        began_at = self.clock()
        try:
            price = _price(await ask(model, body), None)
        except ProviderError as error:
            price = _price(None, str(error))
        finally:
            left = began_at + TURN_SECONDS - self.clock()
            asyncio.get_running_loop().call_later(max(0.0, left), self._turns.release)
        self._remember(question, price)
        return price

    def _remember(self, question: str, price: Price) -> None:
        at = self.clock()
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen = {asked: known for asked, known in self._seen.items() if known[0] > at}
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen[question] = (at + (FAILED_SECONDS if price.usd is None else FRESH_SECONDS), price)


def _price(usd: Decimal | None, reason: str | None) -> Price:
    return Price(usd, reason, now())


@asynccontextmanager
async def open_prices(account: WaveSpeedAccount) -> AsyncIterator[Prices]:
    """Open what asks for prices in one process."""
    prices = Prices(account.quote if account.has_key else None)
    try:
        yield prices
    finally:
        await prices.close()
