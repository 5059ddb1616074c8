"""The faults injected into the simulators, by the names that the report uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

SUBMIT_TIMEOUT_SECONDS = 3.0
"""What the run sets as PROMPTMILL_SUBMIT_TIMEOUT_SECONDS."""

ABSENT_AFTER_SECONDS = 4.0
"""What the run sets as PROMPTMILL_ABSENT_AFTER_SECONDS; nothing is hidden from the history for more than half of it."""


@dataclass(frozen=True)
class Order:
    """One fault of a simulator, and the kind under which the report counts it."""

    kind: str
    fault: dict[str, Any]


Table = Mapping[str, Callable[[Random], list[Order]]]


def _one(kind: str, where: str, name: str, **more: Any) -> Callable[[Random], list[Order]]:
    return lambda _: [Order(kind, {"where": where, "kind": name, **more})]


def _hidden(dice: Random) -> list[Order]:
    """Create the prediction, hide it from the history for a while, and drop both response and webhook."""
    hidden = {"where": "submit", "kind": "hidden", "seconds": dice.uniform(0.5, ABSENT_AFTER_SECONDS / 2)}
    return [
        Order("hidden from the history for a while", hidden),
        Order("connection cut after it was made", {"where": "submit", "kind": "cut", "after": True}),
        Order("webhook dropped", {"where": "webhook", "kind": "lost"}),
    ]


def _silent(dice: Random) -> list[Order]:
    """Cut the connection, before or after the prediction was created, and drop the webhook: only the history has it."""
    after = dice.random() < 0.5
    kind = "connection cut after it was made" if after else "connection cut before it was made"
    return [
        Order(kind, {"where": "submit", "kind": dice.choice(("cut", "reset")), "after": after}),
        Order("webhook dropped", {"where": "webhook", "kind": "lost"}),
    ]


_BEYOND = SUBMIT_TIMEOUT_SECONDS + 1.5

SUBMIT_FAULTS: Table = {
    "connection cut before it was made": _one("connection cut before it was made", "submit", "cut"),
    "connection cut after it was made": _one("connection cut after it was made", "submit", "cut", after=True),
    "only the history knows": _silent,
    "connection reset before it was made": _one("connection reset before it was made", "submit", "reset"),
    "connection reset after it was made": _one("connection reset after it was made", "submit", "reset", after=True),
    "answer cut in its middle": _one("answer cut in its middle", "submit", "cut_body"),
    "made later than the timeout": _one("made later than the timeout", "submit", "delay", seconds=_BEYOND),
    "answer later than the timeout": _one(
        "answer later than the timeout", "submit", "delay", seconds=_BEYOND, after=True
    ),
    "429": _one("429", "submit", "status", status=429, code=429, retry_after="1"),
    "500": _one("500", "submit", "status", status=500, code=500),
    "500 although it was made": _one("500 although it was made", "submit", "status", status=500, code=500, after=True),
    "502 with HTML": _one("502 with HTML", "submit", "html", status=502),
    "502 with HTML although it was made": _one(
        "502 with HTML although it was made", "submit", "html", status=502, after=True
    ),
    "200 with half a document": _one("200 with half a document", "submit", "not_json", status=200, after=True),
    "answer without an id": _one("answer without an id", "submit", "no_id"),
    "id beside an error code": _one("id beside an error code", "submit", "id_with_code", code=500),
    "hidden from the history for a while": _hidden,
    "generation fails": _one("generation fails", "submit", "ending", word="failed", code=1000, message="It failed."),
}
"""What may happen to a submission."""

WEBHOOK_FAULTS: Table = {
    "webhook dropped": _one("webhook dropped", "webhook", "lost"),
    "webhook doubled": _one("webhook doubled", "webhook", "duplicate"),
    "webhook delayed": lambda dice: [
        Order("webhook delayed", {"where": "webhook", "kind": "late", "seconds": dice.uniform(1, 6)})
    ],
    "webhook before the answer": _one("webhook before the answer", "webhook", "early"),
    "webhook with a wrong signature": _one("webhook with a wrong signature", "webhook", "wrong_signature"),
    "webhook replayed from long ago": _one("webhook replayed from long ago", "webhook", "old_timestamp"),
}
"""What may happen to a webhook; delayed and early ones arrive out of order."""

CHAT_FAULTS: Table = {
    "Grok: 429": _one("Grok: 429", "chat", "status", status=429, retry_after="1"),
    "Grok: 500": _one("Grok: 500", "chat", "status", status=500),
    "Grok: 502 with HTML": _one("Grok: 502 with HTML", "chat", "html", status=502),
    "Grok: connection cut": _one("Grok: connection cut", "chat", "cut", after=True),
    "Grok: answer is no JSON": _one("Grok: answer is no JSON", "chat", "invalid_json"),
}
"""What may happen to a request to Grok."""


def background_orders(jobs: int, seed: int, *, history: bool) -> list[Order]:
    """Return the faults that hit any job's free requests, most by their own seeded dice.

    Args:
        jobs: Number of jobs: with few, each request is hit more often.
        seed: The run's seed.
        history: Whether reading the history is hit as well; each hit makes an unclear submission wait longer.
    """

    def often(kind: str, where: str, name: str, probability: float, **more: Any) -> Order:
        fault = {"where": where, "kind": name, "probability": probability, "seed": seed, **more}
        return Order(kind, fault)

    reads = min(0.25, 0.03 + 10 / jobs)
    orders = [
        often("result: 500", "result", "status", reads, status=500),
        often("result: 502 with HTML", "result", "html", reads, status=502),
        often("result: connection cut", "result", "cut", reads),
        Order("bills: 500", {"where": "billing", "kind": "status", "status": 500, "times": 2}),
        Order("bills: connection cut", {"where": "billing", "kind": "cut", "after": True, "times": 2}),
    ]
    if history:
        orders += [
            often("history: 500", "history", "status", 0.02, status=500),
            often("history: 429", "history", "status", 0.02, status=429),
            often("history: empty list", "history", "hidden", 0.04),
            often("history: without inputs", "history", "without_inputs", 0.02),
        ]
    return orders
