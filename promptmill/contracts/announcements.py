"""An announcement: what an operator tells everybody who uses this installation, until it is over or taken back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from pydantic import AwareDatetime, ValidationError

from promptmill.contracts.messages import Message
from promptmill.contracts.texts import is_blank

TEXT_CHARACTERS: Final = 300
"""Maximum length of an announcement."""

DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Invisible characters that turn the order of what stands around them, so that a text reads as another."""


class Level(StrEnum):
    """How an announcement looks: a note, or something that concerns everybody's work."""

    INFO = "info"
    WARNING = "warning"


class Announcement(Message):
    """How long an announcement stands, and how it looks. Its text is the reason of its switch.

    Attributes:
        until: When it is over by itself; None: when somebody clears it.
    """

    level: Level = Level.INFO
    until: AwareDatetime | None = None

    @classmethod
    def of_switch(cls, value: str | None, now: datetime) -> Self | None:
        """Return what a switch announces now; None if that is nothing, or in words of a newer release."""
        try:
            found = cls.model_validate_json(value or "null")
        except ValidationError:
            return None
        return found if found.until is None or now < found.until else None


def announcement_text(text: str) -> str:
    """Return the text of an announcement without the blanks around it.

    Raises:
        ValueError: It is empty, too long, or has lines or invisible characters in it.
    """
    words = text.strip()
    printable = all(letter.isprintable() or letter in "\u200c\u200d" for letter in words)  # joiners, as in emoji
    if is_blank(words) or len(words) > TEXT_CHARACTERS or not printable or DIRECTIONS & set(words):
        raise ValueError(f"Say it in one line of 1 to {TEXT_CHARACTERS} printable characters.")
    return words
