"""What was found about a line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from promptmill.checklist.lines import Line
from promptmill.contracts.messages import Message

if TYPE_CHECKING:
    from promptmill.checklist.target import Target


class State(StrEnum):
    """The verdict on a line."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    PERSON = "a person signs"


class Finding(Message):
    """The verdict on a line: what was seen, and what to do if it fails."""

    number: str
    words: str
    state: State
    detail: str
    advice: str | None = None


class Fails(Exception):
    """A line does not hold; the message says what was seen, `advice` what to do if the line's own does not fit."""

    def __init__(self, detail: str, advice: str | None = None) -> None:
        super().__init__(detail)
        self.advice = advice


class NotSeen(Exception):
    """A line cannot be looked at here; the message says why. Nothing passes that was not looked at."""


Check = Callable[["Target", Line], Awaitable[str]]
"""Returns what was seen; raises `Fails` or `NotSeen`."""
