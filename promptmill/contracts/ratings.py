"""What people say of prompts and results: the plain data between the record and the API."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from promptmill.contracts.messages import Message


class Rating(StrEnum):
    """A person's word on a written prompt."""

    UP = "up"
    DOWN = "down"


class Results(Message):
    """How many results of a prompt people kept, and how many they discarded; those without a word are in neither."""

    kept: int = 0
    discarded: int = 0


class Satisfaction(Message):
    """The ratings of the prompts and results of one Grok model and one prompt source.

    Attributes:
        grok_model: Null where the prompt is not Grok's.
        prompt_source: Who wrote the prompt.
        up: Prompts rated up.
        down: Prompts rated down.
        kept: Results kept.
        discarded: Results discarded.
        satisfaction_rate: The share of `up` and `kept` in all four, 0 to 1.
    """

    grok_model: str | None
    prompt_source: str | None
    up: int
    down: int
    kept: int
    discarded: int
    satisfaction_rate: float


def overall_satisfaction(groups: Sequence[Satisfaction]) -> float | None:
    """Return the share of good words in all groups together, 0 to 1; None where nobody has said a word."""
    good = sum(group.up + group.kept for group in groups)
    bad = sum(group.down + group.discarded for group in groups)
    return good / (good + bad) if groups else None
