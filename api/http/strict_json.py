"""Parses a body as JSON that can be stored everywhere, and writes the canonical text of a value."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from itertools import islice
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.http.errors import MAX_ERRORS, FieldError, Refused, pointer_to
from promptmill import strict_json


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
        value = strict_json.parse(body.decode())
    except UnicodeDecodeError as error:
        raise Refused("invalid_json", f"The body is not UTF-8 (byte {error.start}).") from None
    except strict_json.NotJson as error:
        raise Refused("invalid_json", f"The body {error}") from None
    except strict_json.InvalidJson as error:
        raise Refused("invalid_json", str(error)) from None
    # What is sent as it is cannot be wrong: the body is UTF-8, and JSON has no controls in strings.
    errors = islice(strict_json.problems(value, escapes=b"\\u" in body), MAX_ERRORS)
    found = [FieldError(pointer=pointer_to(path), message=message) for path, message in errors]
    if found:
        raise Refused("invalid_json", f"{found[0].pointer or 'The body'}: {found[0].message}", errors=found)
    return value


def canonical(value: Any) -> str:
    """Return the canonical JSON text of a value, independent of spacing and order."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
