"""Parses a body as JSON that can be stored everywhere: Postgres rejects NUL characters, UTF-8 lone surrogates."""

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
"""Maximum nesting of objects and lists; WaveSpeed's models need three levels."""

MAX_DIGITS: Final = 400
"""Maximum digits of one number: more are never meant, and slow to parse."""


class StrictRequest(Request):
    """A request whose JSON is parsed strictly."""

    async def json(self) -> Any:
        """Return the parsed body, parsed once.

        Raises:
        Refused: The body is not JSON as accepted here.
        """
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route whose body is parsed by `StrictRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, passing it our request class."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def parse(body: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Raises:
        Refused: `invalid_json`, with a pointer if possible.
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
    errors = islice(_errors(value), MAX_ERRORS)
    found = [FieldError(pointer=pointer_to(path), message=message) for path, message in errors]
    if found:
        raise Refused("invalid_json", f"{found[0].pointer or 'The body'}: {found[0].message}", errors=found)
    return value


def canonical(value: Any) -> str:
    """Return the canonical JSON text of a value, independent of spacing and order."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Refused("invalid_json", f"The name {short_name(name)!a} occurs twice in one object.")
        found[name] = value
    return found


def _no_constant(text: str) -> NoReturn:
    raise Refused("invalid_json", f"{text} is not valid JSON.")


def _finite(text: str) -> float:
    number = float(text) if len(text) <= MAX_DIGITS else float("inf")
    if not isfinite(number):
        raise Refused("invalid_json", "A number is too large.")
    return number


def _short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise Refused("invalid_json", "A number is too large.")
    return int(text)


def _errors(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find strings that cannot be stored and nesting that is too deep; iteratively, because it may be deep."""
    todo: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while todo:
        path, item = todo.pop()
        if len(path) > MAX_DEPTH:
            yield path, f"nested deeper than {MAX_DEPTH} levels"
        elif isinstance(item, str) and (error := text_error(item)) is not None:
            yield path, error
        elif isinstance(item, list):
            todo.extend(((*path, index), entry) for index, entry in enumerate(item))
        elif isinstance(item, dict):
            bad = [name_error for name in item if (name_error := text_error(name)) is not None]
            yield from ((path, f"has a name that {name_error}") for name_error in bad[:1])
            todo.extend(((*path, name), entry) for name, entry in item.items() if not bad)


def text_error(text: str) -> str | None:
    """Return why Postgres or UTF-8 cannot hold a string, or None."""
    if "\x00" in text:
        return "contains a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains a lone surrogate"
    return None
