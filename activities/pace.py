"""How long to wait between two polls of a result."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.jobs import MediaKind

_GROWTH = 1.25
_COUNT_FRESH_SECONDS = 2.0


@dataclass
class PollPace:
    """Paces all workers' polls: each prediction is polled less often the longer it takes and the more there are.

    Attributes:
        count_open: Returns how many predictions are open.
        seconds: Initial and maximum delay, by kind of media.
        polls_per_second: Limit across all workers.
    """

    count_open: Callable[[], Awaitable[int]]
    seconds: dict[MediaKind, tuple[float, float]]
    polls_per_second: float
    _open: int = field(default=0, init=False)
    _counted_at: float = field(default=float("-inf"), init=False)

    async def delay(self, kind: MediaKind, attempt: int) -> timedelta:
        """Return the delay after the given attempt (from 1)."""
        first, longest = self.seconds.get(kind, self.seconds[MediaKind.IMAGE])
        # The exponent is bounded: a day of polling has thousands of attempts.
        grown = min(first * _GROWTH ** min(attempt - 1, 40), longest)
        return timedelta(seconds=max(grown, await self._open_predictions() / self.polls_per_second))

    async def _open_predictions(self) -> int:
        if time.monotonic() - self._counted_at > _COUNT_FRESH_SECONDS:
            try:
                self._open = await self.count_open()
                self._counted_at = time.monotonic()
            except RecordUnavailable:
                return self._open
        return self._open
