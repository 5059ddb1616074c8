"""Predictions: their states are computed from the clock alone, so that a waiting prediction costs nothing."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from promptmill.simulators.clock import now, rfc3339

KEPT_SECONDS = 7 * 86_400
"""Predictions and their outputs are deleted after seven days."""

REFUNDED = frozenset({"failed", "timeout"})
"""Endings that are refunded."""

CREATED_SHARE = 0.2
"""The fraction of a prediction's duration in which it is still `created`."""


@dataclass(frozen=True)
class Ending:
    """How a prediction ends."""

    status: str = "completed"
    code: int | None = None
    error: str = ""
    nsfw: bool = False
    outputs: list[Any] | None = None
    """What a completed prediction shows instead of the URLs of its own outputs."""


@dataclass
class Prediction:
    """One prediction. Times are epoch seconds, `usd` is its exact price; `finishes_at` is None if it never ends.

    `hidden` keeps it out of the history forever, `listed_from` until then. Of a `deleted` one
    only the charge is left.
    """

    id: str
    key: str
    model: str
    inputs: dict[str, Any]
    outputs: list[str]
    created_at: float
    starts_at: float
    finishes_at: float | None
    usd: str
    ending: Ending = field(default_factory=Ending)
    hidden: bool = False
    webhook: str | None = None
    listed_from: float = 0.0
    deleted: bool = False

    def ended(self, at: float | None = None) -> bool:
        """Return whether it has ended by a given time, now by default."""
        return self.finishes_at is not None and (now() if at is None else at) >= self.finishes_at

    def status(self, at: float | None = None) -> str:
        """Return its status at a given time, now by default."""
        moment = now() if at is None else at
        if self.ended(moment):
            return self.ending.status
        working_from = self.starts_at
        if self.finishes_at is not None:
            working_from += (self.finishes_at - self.starts_at) * CREATED_SHARE
        return "processing" if moment > working_from else "created"

    def as_json(self, base: str, *, at: float | None = None, with_inputs: bool = False) -> dict[str, Any]:
        """Return the prediction as WaveSpeed shows it.

        Args:
            base: The base URL of the request.
            at: The time to show, now by default.
            with_inputs: Include what was submitted.
        """
        moment = now() if at is None else at
        status, ended = self.status(moment), self.ended(moment)
        completed = status == "completed"
        milliseconds = round(((self.finishes_at or self.created_at) - self.created_at) * 1000) if ended else 0
        shown: dict[str, Any] = {
            "id": self.id,
            "model": self.model,
            "status": status,
            "outputs": self._shown_outputs(base) if completed else [],
            "urls": {"get": f"{base}/api/v3/predictions/{self.id}/result"},
            "has_nsfw_contents": [self.ending.nsfw for _ in self.outputs] if completed else [],
            "created_at": rfc3339(self.created_at),
            "error": self.ending.error if ended else "",
            "executionTime": milliseconds,
            "timings": {"inference": milliseconds},
        }
        if ended and self.ending.code is not None:
            shown["code"] = self.ending.code
        if with_inputs:
            shown["inputs"] = self.inputs
        return shown

    def _shown_outputs(self, base: str) -> list[Any]:
        return (
            [f"{base}/output/{name}" for name in self.outputs] if self.ending.outputs is None else self.ending.outputs
        )


@dataclass
class Predictions:
    """All predictions of all accounts."""

    _by_id: dict[str, Prediction] = field(default_factory=dict)
    _by_key: dict[str, list[Prediction]] = field(default_factory=dict)
    _slots: dict[str, list[float]] = field(default_factory=dict)

    def add(self, prediction: Prediction) -> None:
        """Store a prediction."""
        self._by_id[prediction.id] = prediction
        self._by_key.setdefault(prediction.key, []).append(prediction)

    def find(self, prediction_id: str, key: str | None = None) -> Prediction | None:
        """Return a prediction that has not expired; with a key, only one of that account."""
        found = self._by_id.get(prediction_id)
        if found is None or found.deleted or now() - found.created_at > KEPT_SECONDS:
            return None
        return found if key in (None, found.key) else None

    def of(self, key: str) -> list[Prediction]:
        """Return an account's predictions of the last seven days, newest first."""
        oldest = now() - KEPT_SECONDS
        kept = [found for found in self._by_key.get(key, []) if found.created_at >= oldest and not found.deleted]
        return kept[::-1]

    def start_time(self, key: str, concurrent: int | None, seconds: float) -> float:
        """Return when a new prediction starts, and reserve its slot: above the limit it waits for another to end."""
        moment = now()
        if concurrent is None:
            return moment
        slots = self._slots.setdefault(key, [])
        start = moment if len(slots) < concurrent else max(moment, heapq.heappop(slots))
        heapq.heappush(slots, start + seconds)
        return start

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self._by_id.values())
