"""Statistics of some days (of UTC): what was made, how long it waited, what it cost, and what was liked."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from promptmill.contracts.messages import Message


class Step(StrEnum):
    """How long each step of the figures over time is."""

    HOUR = "hour"
    DAY = "day"


class LikedBy(StrEnum):
    """What likes are added up by."""

    MODEL = "model"
    STYLE = "style"


class StatisticsQuery(Message):
    """Which statistics: of the days from `first` to `last`, and of one owner, or of all."""

    first: date
    last: date
    owner: str | None = None
    step: Step = Step.DAY


class PromptsWritten(Message):
    """How many prompts were written in a step, in how many minutes at all, and in the busiest of those."""

    at: datetime
    written: int
    minutes: int
    busiest: int


class JobsMade(Message):
    """How many jobs completed in a step, and their seconds until WaveSpeed had them, and there: median, and p95."""

    at: datetime
    jobs: int
    wait_seconds: tuple[float, float]
    making_seconds: tuple[float, float]


class DaySpending(Message):
    """What a model cost on a day: reserved, spent, and what its provider has charged so far, as far as is known.

    Without a model: all those beside the dearest.
    """

    day: date
    provider: str | None
    model: str | None
    reserved_usd: Decimal
    spent_usd: Decimal
    charged_usd: Decimal


class Liked(Message):
    """How many completed jobs of a model (or another grouping) there are, and how many are liked and disliked."""

    by: LikedBy
    name: str
    made: int
    liked: int
    disliked: int


class Statistics(Message):
    """The figures."""

    prompts: tuple[PromptsWritten, ...]
    jobs: tuple[JobsMade, ...]
    spending: tuple[DaySpending, ...]
    likes: tuple[Liked, ...]
