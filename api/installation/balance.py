"""The balance at WaveSpeed, asked for at most once a minute, however many pages show it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from promptmill.contracts.errors import ProviderError
from promptmill.providers.wavespeed.account import WaveSpeedAccount

FRESH_SECONDS: Final = 60.0
"""How long an answer is cached, also that there was none."""

NO_KEY: Final = "WaveSpeed tells no balance without a key: set WAVESPEED_API_KEY."


@dataclass
class Balance:
    """Asks for the balance and caches it.

    Attributes:
        ask: Asks WaveSpeed; None if there is no key.
        clock: Monotonic seconds.
    """

    ask: Callable[[], Awaitable[Decimal]] | None
    clock: Callable[[], float] = time.monotonic
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _seen: tuple[Decimal | None, str | None] = field(default=(None, None), init=False)
    _good_until: float = field(default=0.0, init=False)

    @classmethod
    def of(cls, account: WaveSpeedAccount) -> Balance:
        """Return the balance of an account."""
        return cls(account.balance if account.has_key else None)

    async def look(self) -> tuple[Decimal | None, str | None]:
        """Return the balance in USD; None if it is unavailable, with a sentence why.

        Never raises because of WaveSpeed.
        """
        if self.ask is None:
            return None, NO_KEY
        async with self._turn:
            if self.clock() >= self._good_until:
                try:
                    self._seen = await self.ask(), None
                except ProviderError as error:
                    self._seen = None, str(error)
                self._good_until = self.clock() + FRESH_SECONDS
            return self._seen
