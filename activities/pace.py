"""How long to wait between two polls of a result."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from activities.looks import Pauses, next_look
from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.jobs import MediaKind

_COUNT_FRESH_SECONDS = 2.0


@dataclass
class PollPace:
    """Paces all workers' polls: each prediction is polled less often the longer it takes and the more there are.

    Attributes:
        count_open: Returns how many predictions are open.
        pauses: Initial and maximum delay, by kind of media.
        polls_per_second: Limit across all workers.
    """

    count_open: Callable[[], Awaitable[int]]
    pauses: Mapping[MediaKind, Pauses]
    polls_per_second: float
    _open: int = field(default=0, init=False)
    _counted_at: float = field(default=float("-inf"), init=False)

    async def delay(self, kind: MediaKind, attempt: int) -> timedelta:
        """Return the delay after the given attempt (from 1)."""
        return timedelta(seconds=next_look(0, attempt, self.of(kind), usual=(), spacing=await self.spacing()))

    def of(self, kind: MediaKind) -> Pauses:
        """Return the pauses of a kind of media."""
        return self.pauses.get(kind, self.pauses[MediaKind.IMAGE])

    async def spacing(self) -> float:
        """Return how many seconds lie between two polls of a prediction if all open ones take turns."""
        return await self._open_predictions() / self.polls_per_second

    async def _open_predictions(self) -> int:
        if time.monotonic() - self._counted_at > _COUNT_FRESH_SECONDS:
            # A failure too is remembered: it may have taken as long as a statement may, and every look asks.
            with suppress(RecordUnavailable):
                self._open = await self.count_open()
            self._counted_at = time.monotonic()
        return self._open
