"""Ratings of prompts and results: the plain data between the record and the API."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from promptmill.contracts.messages import Message


class Rating(StrEnum):
    """The rating of a written prompt."""

    UP = "up"
    DOWN = "down"


class Results(Message):
    """How many results of a prompt were kept and discarded; unrated ones count as neither."""

    kept: int = 0
    discarded: int = 0


class Satisfaction(Message):
    """The ratings of the prompts and results of one Grok model and one prompt source.

    Attributes:
        grok_model: Null if Grok did not write the prompt.
        prompt_source: Who wrote the prompt.
        up: Prompts rated up.
        down: Prompts rated down.
        kept: Results kept.
        discarded: Results discarded.
        satisfaction_rate: The share of `up` and `kept` among all four, 0 to 1.
    """

    grok_model: str | None
    prompt_source: str | None
    up: int
    down: int
    kept: int
    discarded: int
    satisfaction_rate: float


def overall_satisfaction(groups: Sequence[Satisfaction]) -> float | None:
    """Return the share of positive ratings across all groups, 0 to 1; None without ratings."""
    good = sum(group.up + group.kept for group in groups)
    bad = sum(group.down + group.discarded for group in groups)
    return good / (good + bad) if groups else None
