"""How long something will take, judged by what was really done lately. Unknown stays unknown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles
from typing import Final, NamedTuple

from promptmill.store.pace import Minute

FEW: Final = 3
"""With fewer examples than these, half and double are as likely as what they say."""

CLOSE_SECONDS: Final = 2.0
CLOSE_SHARE: Final = 0.2
"""A range narrower than either is no news."""


class Estimate(NamedTuple):
    """How long something will take, in seconds; null while nobody knows. `low` and `high` where it is uncertain."""

    seconds: float | None = None
    low: float | None = None
    high: float | None = None


UNKNOWN: Final = Estimate()


def until_turn(position: int, minutes: Sequence[Minute]) -> Estimate:
    """Return how long a place in a queue is waited for, at the speed of the minutes in which something was done."""
    if not minutes:
        return UNKNOWN
    # A minute that has just begun shows less than it will hold; less than a minute in all says little.
    length = max(sum(minute.length for minute in minutes), 1.0)
    about = position * 60 * length / sum(minute.done for minute in minutes)
    whole = [minute.done for minute in minutes if minute.length >= 1]
    if len(whole) < FEW:
        return _ranged(about, about / 2, about * 2)
    return _ranged(about, min(about, position * 60 / max(whole)), max(about, position * 60 / min(whole)))


def still_to_go(seconds: Sequence[float], elapsed: float) -> Estimate:
    """Return how long something that runs will take, judged by those that took longer than it has by now.

    Unknown where nothing is known, and where all were faster.
    """
    left = [each - elapsed for each in seconds if each > elapsed]
    if not left:
        return UNKNOWN
    about = median(left)
    if len(left) < FEW:
        return _ranged(about, about / 2, about * 2)
    tenths = quantiles(left, n=10, method="inclusive")
    return _ranged(about, tenths[0], tenths[-1])


def _ranged(about: float, low: float, high: float) -> Estimate:
    if high - low <= max(CLOSE_SECONDS, CLOSE_SHARE * about):
        return Estimate(round(about, 1))
    return Estimate(round(about, 1), round(low, 1), round(high, 1))
