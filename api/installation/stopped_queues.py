"""Which providers' queues an operator has stopped, read from Temporal at most every second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from temporalio.client import Client
from temporalio.service import RPCError

from promptmill.contracts.access import with_actor
from promptmill.temporal.brakes import Brake, read_brake

FRESH_SECONDS: Final = 1.0
"""How long an answer is cached: a person watching a queue notices no difference."""

PATIENCE_SECONDS: Final = 0.5
"""Timeout of one query: the answer only improves a status text."""


class Stop(NamedTuple):
    """Whether a queue is stopped (null if unknown), and the operator's reason with their name."""

    stopped: bool | None = None
    reason: str | None = None


@dataclass
class StoppedQueues:
    """Caches briefly what Temporal reports of each provider's queue.

    Attributes:
        ask: Asks Temporal for one provider's brake.
        clock: Monotonic seconds.
    """

    ask: Callable[[str], Awaitable[Brake]]
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[float, Stop]] = field(default_factory=dict, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @classmethod
    def of(cls, client: Client, task_queue: str) -> StoppedQueues:
        """Return the cache for an installation's queues."""
        return cls(lambda provider: read_brake(client, task_queue, provider))

    async def look(self, provider: str) -> Stop:
        """Return whether the queue of `grok` or `wavespeed` is stopped."""
        async with self._lock:
            at, seen = self._seen.get(provider, (0.0, None))
            if seen is None or self.clock() - at >= FRESH_SECONDS:
                seen = await self._ask(provider)
                self._seen[provider] = (self.clock(), seen)
            return seen

    async def _ask(self, provider: str) -> Stop:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                brake = await self.ask(provider)
        except (RPCError, RuntimeError, TimeoutError):
            # A lazy client raises RuntimeError if it cannot connect.
            return Stop()
        return Stop(brake.on, with_actor(brake.reason, brake.by) if brake.on else None)
