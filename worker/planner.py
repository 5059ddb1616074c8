"""When each reading is due: from its model's recent durations, and from how many predictions are open."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from activities.looks import next_look
from activities.pace import PollPace
from activities.results import NotFinished
from promptmill.contracts.errors import RecordError
from promptmill.contracts.jobs import MediaKind
from promptmill.store.pace import PaceStore

FRESH_SECONDS: Final = 30.0
"""How long a model's durations are used before they are read again."""

LONGEST_RETRY_AFTER: Final = timedelta(seconds=120)
"""Longest pause that WaveSpeed can ask for."""


@dataclass
class Planner:
    """Plans readings.

    Attributes:
        history: The models' recent durations.
        pace: The pauses without a history, and how rare the looks at each prediction must be.
        not_before: Seconds after acceptance during which a webhook is waited for; 0 if none is requested.
    """

    history: PaceStore
    pace: PollPace
    not_before: float
    _usual: dict[str, tuple[float, Sequence[float]]] = field(default_factory=dict, init=False)

    async def first(self, model: str, kind: str, waited: float) -> float:
        """Return in how many seconds a new prediction is looked at."""
        return await self._next(model, kind, waited, 0)

    async def again(
        self, found: NotFinished, model: str, kind: str, *, waited: float, looks: int, prompted: bool
    ) -> float:
        """Return in how many seconds a prediction that has not finished is looked at again."""
        pauses = self.pace.of(MediaKind(kind))
        if prompted and not found.failed:
            return pauses.first  # it was said to have finished
        pause = await self._next(model, kind, waited, looks)
        if not found.failed:
            return pause
        asked = min(found.retry_after or timedelta(), LONGEST_RETRY_AFTER)
        return max(pause, pauses.longest, asked.total_seconds())

    async def _next(self, model: str, kind: str, waited: float, looks: int) -> float:
        return next_look(
            waited,
            looks,
            self.pace.of(MediaKind(kind)),
            usual=await self._usual_seconds(model),
            spacing=await self.pace.spacing(),
            not_before=self.not_before,
        )

    async def _usual_seconds(self, model: str) -> Sequence[float]:
        read_at, seconds = self._usual.get(model, (float("-inf"), ()))
        if time.monotonic() - read_at < FRESH_SECONDS:
            return seconds
        # A failure too is remembered: it may have taken as long as a statement may, and every reading asks.
        with suppress(RecordError):
            seconds = await self.history.wavespeed_seconds(model)
        self._usual[model] = (time.monotonic(), seconds)
        return seconds
