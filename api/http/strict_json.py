"""Reads a body as JSON that every neighbour can store: Postgres refuses NUL characters, UTF-8 lone surrogates."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator
from itertools import islice
from math import isfinite
from typing import Any, Final, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.http.errors import MAX_ERRORS, FieldError, Refused, pointer_to, short_name

MAX_DEPTH: Final = 32
"""Levels of objects and lists; what WaveSpeed's models take needs three."""

MAX_DIGITS: Final = 400
"""Digits of one number: more is no number that anyone means, and slow to read."""


class StrictRequest(Request):
    """A request whose JSON is read strictly."""

    async def json(self) -> Any:
        """Return the parsed body, parsed once.

        Raises:
            Refused: The body is not JSON as we take it.
        """
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route whose body is read by `StrictRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, given our kind of request."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def parse(body: bytes) -> Any:
    """Return what a JSON text in UTF-8 means.

    Raises:
        Refused: `invalid_json`, with a pointer where there is one.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short_int,
        )
    except UnicodeDecodeError as error:
        raise Refused("invalid_json", f"The body is not UTF-8 (byte {error.start}).") from None
    except json.JSONDecodeError as error:
        raise Refused(
            "invalid_json", f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise Refused("invalid_json", f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    troubles = islice(_troubles(value), MAX_ERRORS)
    found = [FieldError(pointer=pointer_to(path), message=message) for path, message in troubles]
    if found:
        raise Refused("invalid_json", f"{found[0].pointer or 'The body'}: {found[0].message}", errors=found)
    return value


def canonical(value: Any) -> str:
    """Return the one JSON text of a value, whatever its spacing and order were."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Refused("invalid_json", f"The name {short_name(name)!a} stands twice in one object.")
        found[name] = value
    return found


def _no_constant(text: str) -> NoReturn:
    raise Refused("invalid_json", f"{text} is not JSON.")


def _finite(text: str) -> float:
    number = float(text) if len(text) <= MAX_DIGITS else float("inf")
    if not isfinite(number):
        raise Refused("invalid_json", "A number is too large.")
    return number


def _short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise Refused("invalid_json", "A number is too large.")
    return int(text)


def _troubles(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find texts that cannot be stored, and nesting that is too deep; without recursion, for it may be deep."""
    todo: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while todo:
        path, item = todo.pop()
        if len(path) > MAX_DEPTH:
            yield path, f"nested deeper than {MAX_DEPTH} levels"
        elif isinstance(item, str) and (trouble := text_trouble(item)) is not None:
            yield path, trouble
        elif isinstance(item, list):
            todo.extend(((*path, index), entry) for index, entry in enumerate(item))
        elif isinstance(item, dict):
            bad = [trouble for name in item if (trouble := text_trouble(name)) is not None]
            yield from ((path, f"a name in it {trouble}") for trouble in bad[:1])
            todo.extend(((*path, name), entry) for name, entry in item.items() if not bad)


def text_trouble(text: str) -> str | None:
    """Return why Postgres or UTF-8 cannot hold a text, or None."""
    if "\x00" in text:
        return "contains a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains half of a surrogate pair"
    return None
