"""How long a batch takes, by the rates that are permitted and the newest jobs. Nothing is invented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from api.jobs.waiting import UNKNOWN, Estimate, RecentPace, ranged, still_to_go
from promptmill.formats import duration, rate

NO_JOBS = "The model has no recent jobs from which to estimate a duration."
NO_PROMPTS = "Grok has written no prompts in the last day from which to estimate a duration."


class Extent(NamedTuple):
    """How much there is to do: rows, and prompts for some of them; and how many may be open at once (None: any)."""

    rows: int
    prompts: int
    at_once: int | None


class Rates(NamedTuple):
    """What is permitted per second: submissions to WaveSpeed, and questions to Grok."""

    submissions: float
    prompts: float


@dataclass(frozen=True)
class Duration:
    """How long something takes, and in words."""

    estimate: Estimate
    text: str


async def duration_of(extent: Extent, model: str, rates: Rates, pace: RecentPace) -> Duration:
    """Return how long a batch takes.

    Raises:
        RecordUnavailable: Postgres is unavailable.
    """
    if not extent.rows:
        return Duration(UNKNOWN, "There is nothing to run.")
    running = still_to_go(await pace.wavespeed_seconds(model), 0)
    if running.seconds is None:
        return Duration(UNKNOWN, NO_JOBS)
    writing = Estimate(0.0)
    if extent.prompts:
        writing = still_to_go(await pace.grok_seconds(), 0)
        if writing.seconds is None:
            return Duration(UNKNOWN, NO_PROMPTS)

    def whole(each: Callable[[Estimate], float | None]) -> float:
        one = (each(running) or running.seconds or 0.0) + (each(writing) or writing.seconds or 0.0)
        submitted = extent.rows / rates.submissions
        written = extent.prompts / rates.prompts
        in_turns = extent.rows / extent.at_once * one if extent.at_once else 0.0
        # The slowest of them decides; the last job then still runs.
        return max(submitted, written, in_turns) + one

    about = whole(lambda one: one.seconds)
    estimate = ranged(about, whole(lambda one: one.low), whole(lambda one: one.high))
    limits = f"{rate(rates.submissions)} at most" + (f", {extent.at_once:,} at once" if extent.at_once else "")
    return Duration(
        estimate, f"About {duration(about)}: {limits}, each about {duration(running.seconds + (writing.seconds or 0))}."
    )
