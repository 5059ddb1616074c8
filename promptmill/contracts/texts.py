"""What counts as an empty text, for what people send and for what providers answer."""

from __future__ import annotations

import unicodedata
from typing import Final

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Mn", "Mc", "Me", "Zs", "Zl", "Zp"})
"""Unicode's categories that show nothing alone: controls and formats, marks, separators. Not what is unassigned: it may
be a letter of a newer Unicode than this Python's."""

_FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by category that are drawn as nothing: the Hangul fillers and the blank Braille pattern."""


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing at all: spaces, zero-width characters, controls, lone marks."""
    return all(letter in _FILLERS or unicodedata.category(letter) in _INVISIBLE for letter in text)
