"""What somebody who misspelt a name may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

MAX_GUESSES: Final = 5
"""How many unknown names get the nearest known one: finding it takes time, and few people make many typos."""

_COMPARED: Final = 100
"""Characters of a name that are compared."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to one, or None if none is near."""
    by_plain_name = {_plain(candidate): candidate for candidate in known}
    near = get_close_matches(_plain(name[:_COMPARED]), by_plain_name, n=1, cutoff=0.5)
    return by_plain_name[near[0]] if near else None


def _plain(name: str) -> str:
    """Return a name normalised for comparison."""
    return name.replace("_", "").replace("-", "").lower()
