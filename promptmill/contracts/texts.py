"""What counts as an empty text, in requests and in providers' responses."""

from __future__ import annotations

import unicodedata
from typing import Final

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Mn", "Mc", "Me", "Zs", "Zl", "Zp"})
"""Unicode categories that are invisible on their own: controls, formats, marks, separators. Not unassigned ones: they
may be letters in a newer Unicode version than this Python's."""

_FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by category that are rendered blank: the Hangul fillers and the blank Braille pattern."""


def is_blank(text: str) -> bool:
    """Return whether a text is entirely invisible: spaces, zero-width characters, controls, lone marks."""
    return all(letter in _FILLERS or unicodedata.category(letter) in _INVISIBLE for letter in text)
