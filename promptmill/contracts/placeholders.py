"""Words to be filled in: `{{word}}` in a text, as templates have them.

A word begins with a letter or digit of any script and goes on with those, `_`, `-`, `.` and whatever else words of
other scripts have in them: vowel signs, joiners. Spaces around it do not count. Anything else between braces is text.
What is filled in is not searched for words again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

WORD_CHARACTERS: Final = 64

WORD: Final = re.compile(rf"\w(?:[^\x00-\xbf\s]|(?=[\x00-\xbf])[\w.-]){{0,{WORD_CHARACTERS - 1}}}")
"""What a word is, as a whole; for Python alone, whose `\\w` is not that of other engines."""

WORDED: Final = ("prompt", "instructions", "input")
"""The fields of a job's body in which words are filled in."""

MOST_FILLED: Final = 200_000
"""Characters of a body whose words are filled in: more than any may have."""

_PLACE: Final = re.compile(rf"\{{\{{ {{0,3}}({WORD.pattern}) {{0,3}}\}}\}}")


def words_in(value: Any) -> tuple[str, ...]:
    """Return the words of a text, or of all texts in a list or object, each once, in the order in which they come."""
    return tuple(dict.fromkeys(word for text in _texts(value) for word in _PLACE.findall(text)))


def filled(value: Any, words: Mapping[str, str]) -> Any:
    """Return a copy of a text, or of a list or object with texts in it, whose words are replaced.

    A word without a value stays as it is: `missing` says which those are. Names in objects are not touched.
    """
    if isinstance(value, str):
        return _PLACE.sub(lambda place: words.get(place[1], place[0]), value)
    if isinstance(value, list):
        return [filled(part, words) for part in value]
    if isinstance(value, dict):
        return {name: filled(part, words) for name, part in value.items()}
    return value


def length_filled(value: Any, words: Mapping[str, str]) -> int:
    """Return how many characters the texts have once they are filled: a short one may name a long value many times."""
    return sum(
        len(text) + sum(len(words[place[1]]) - len(place[0]) for place in _PLACE.finditer(text) if place[1] in words)
        for text in _texts(value)
    )


def missing(value: Any, words: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that have no value."""
    return tuple(word for word in words_in(value) if word not in words)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value if isinstance(value, list) else value.values():
            if isinstance(part, str | list | dict):
                yield from _texts(part)
