"""WaveSpeed's account levels: how fast each may submit, as https://wavespeed.ai/docs/account-levels publishes."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class WaveSpeedTier(StrEnum):
    """An account level; `auto` finds out by WaveSpeed's answers."""

    AUTO = "auto"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    ULTRA = "ultra"


class SubmissionPace(NamedTuple):
    """How fast paid POSTs may be made.

    Attributes:
        per_second: At most, across all workers.
        slowest: What a 429 can lower it to, per second; the same number where the rate is fixed.
        concurrency: At most at once, per worker.
    """

    per_second: float
    slowest: float
    concurrency: int

    @property
    def adapts(self) -> bool:
        """Whether a 429 lowers the rate."""
        return self.slowest < self.per_second


MAX_CONCURRENCY: Final = 1000
"""Of one worker. The higher levels allow more predictions at once than one worker can hand over."""

_AUTO: Final = (10.0, 8)
_PUBLISHED: Final = {
    WaveSpeedTier.BRONZE: (2, 2),
    WaveSpeedTier.SILVER: (500, 300),
    WaveSpeedTier.GOLD: (3000, 3000),
    WaveSpeedTier.ULTRA: (5000, 10_000),
}
"""Submissions a minute, and predictions at once; images and videos have the same numbers."""

_SLOWEST: Final = _PUBLISHED[WaveSpeedTier.BRONZE][0] / 60


def pace_of(tier: WaveSpeedTier, *, per_second: float | None, concurrency: int | None) -> SubmissionPace:
    """Return a tier's pace; a number that is given wins over the tier's."""
    if tier is WaveSpeedTier.AUTO:
        rate, at_once = _AUTO
    else:
        minute, predictions = _PUBLISHED[tier]
        rate, at_once = minute / 60, min(predictions, MAX_CONCURRENCY)
    rate = per_second or rate
    slowest = min(rate, _SLOWEST) if tier is WaveSpeedTier.AUTO else rate
    return SubmissionPace(per_second=rate, slowest=slowest, concurrency=concurrency or at_once)
