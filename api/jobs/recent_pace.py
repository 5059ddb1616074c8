"""How fast things went lately, read every few seconds at most: estimates need no more, and many ask for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from promptmill.store import Store
from promptmill.store.pace import Minute

FRESH_SECONDS: Final = 3.0
"""How long an answer is good."""

MAX_MODELS: Final = 200
"""How many answers are remembered; callers name models as they like."""


@dataclass
class RecentPace:
    """Remembers for a moment what the record says of the recent past.

    Every method raises `RecordUnavailable` while Postgres is away.

    Attributes:
        store: The record.
        clock: Seconds that only grow.
    """

    store: Store
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[float, Sequence[Any]]] = field(default_factory=dict, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def grok_seconds(self) -> Sequence[float]:
        """Return how long the newest prompts took."""
        return await self._look("grok", self.store.pace.grok_seconds)

    async def wavespeed_seconds(self, model: str) -> Sequence[float]:
        """Return how long a model's newest jobs took at WaveSpeed."""
        return await self._look(f"model {model}", lambda: self.store.pace.wavespeed_seconds(model))

    async def prompt_minutes(self) -> Sequence[Minute]:
        """Return how many prompt jobs ended in each of the newest busy minutes."""
        return await self._look("prompts", self.store.pace.prompt_minutes)

    async def submission_minutes(self) -> Sequence[Minute]:
        """Return how many submissions WaveSpeed accepted in each of the newest busy minutes."""
        return await self._look("submissions", self.store.pace.submission_minutes)

    async def _look(self, name: str, read: Callable[[], Awaitable[Sequence[Any]]]) -> Sequence[Any]:
        async with self._lock:
            known = self._seen.get(name)
            if known is not None and self.clock() - known[0] < FRESH_SECONDS:
                return known[1]
            found = await read()
            if len(self._seen) >= MAX_MODELS:
                self._seen.clear()
            self._seen[name] = (self.clock(), found)
            return found
