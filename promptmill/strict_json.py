"""JSON that can be stored everywhere: Postgres rejects NUL characters, UTF-8 lone surrogates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final, NoReturn, TypeAlias, Union

MAX_DEPTH: Final = 32
"""Maximum nesting of objects and lists; WaveSpeed's models need three levels."""

MAX_PARTS: Final = 100_000
"""Maximum number of objects and lists in one text: four megabytes can hold a million of them."""

MAX_DIGITS: Final = 400
"""Maximum digits of one number: more are never meant, and slow to parse."""

_Place: TypeAlias = tuple[Union["_Place", None], str | int]
"""Where a part of a value stands: in which other part, and its name or number there."""

_SHOWN: Final = 100
"""Characters of a caller's own name in a message."""


class InvalidJson(ValueError):
    """A text is not JSON, or not JSON as accepted here: its message says why, as a sentence about a number or name."""


class NotJson(InvalidJson):
    """A text is no JSON at all: its message is the end of a sentence about it."""


def parse(text: str) -> Any:
    """Return the value of a JSON text. What of it cannot be stored is found by `problems`.

    Raises:
        InvalidJson: It is not JSON, or has a name twice, or a number that is too large.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short_int,
        )
    except json.JSONDecodeError as error:
        raise NotJson(f"is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None
    except RecursionError:
        raise NotJson(f"is nested deeper than {MAX_DEPTH} levels.") from None


def problems(value: Any, *, escapes: bool = True) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find strings that cannot be stored, nesting that is too deep, and too many parts; iteratively: it may be deep.

    A large body is mostly numbers and short strings: nothing is made for each of them.

    Args:
        escapes: Whether strings may have been written with escapes. A text without cannot have a wrong one.
    """
    todo: list[tuple[dict[str, Any] | list[Any], _Place | None, int]] = [([value], None, 0)]
    parts = 0
    while todo:
        item, place, depth = todo.pop()
        if (wrong := _wrong(item, depth, escapes=escapes)) is not None:
            yield _path(place), wrong
            continue
        for name, entry in item.items() if isinstance(item, dict) else enumerate(item):
            if isinstance(entry, dict | list):
                parts += 1
                if parts > MAX_PARTS:
                    yield (), f"has more than {MAX_PARTS:,} objects and lists"
                    return
                todo.append((entry, (place, name), depth + 1))
            elif escapes and isinstance(entry, str) and (error := text_error(entry)) is not None:
                yield _path((place, name)), error


def _wrong(item: dict[str, Any] | list[Any], depth: int, *, escapes: bool) -> str | None:
    """Return what is wrong with an object or a list itself."""
    if depth > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH} levels"
    names = item if escapes and isinstance(item, dict) else ()
    return next((f"has a name that {error}" for name in names if (error := text_error(name)) is not None), None)


def text_error(text: str) -> str | None:
    """Return why Postgres or UTF-8 cannot hold a string, or None."""
    if "\x00" in text:
        return "contains a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains a lone surrogate"
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            shown = name if len(name) <= _SHOWN else name[: _SHOWN - 1] + "…"
            raise InvalidJson(f"The name {shown!a} occurs twice in one object.")
        found[name] = value
    return found


def _no_constant(text: str) -> NoReturn:
    raise InvalidJson(f"{text} is not valid JSON.")


def _finite(text: str) -> float:
    number = float(text) if len(text) <= MAX_DIGITS else float("inf")
    if not isfinite(number):
        raise InvalidJson("A number is too large.")
    return number


def _short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise InvalidJson("A number is too large.")
    return int(text)


def _path(place: _Place | None) -> tuple[str | int, ...]:
    """Return where a part stands in the body, which itself stands in a list of its own."""
    path: list[str | int] = []
    while place is not None:
        place, name = place
        path.append(name)
    return tuple(reversed(path[:-1]))
