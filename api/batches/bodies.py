"""Reads a request with a table: JSON that has it as `table`, or a form with the JSON and the table as a file."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from api.access.door import CALLER
from api.http.errors import Refused, invalid
from api.http.strict_json import StrictRequest, StrictRoute, parse
from api.uploads.form import FormInMemory

REQUEST: Final = "request"
TABLE: Final = "table"
"""The parts of a form."""

AT_ONCE: Final = 2
"""How many tables one process works on at once: each may take seconds, and ten times the memory of its text."""

TURN_SECONDS: Final = 10
"""How long a request waits for its turn before its caller is asked to retry."""

MOST_VALUES: Final = 2_000_000
"""Values in a body with a table, roughly: what a program holds for each takes much more room than its text."""

FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [REQUEST, TABLE],
                    "properties": {
                        REQUEST: {"type": "string", "description": "The JSON of this request, without `table`."},
                        TABLE: {"type": "string", "format": "binary", "description": "The table: CSV or JSONL."},
                    },
                }
            }
        }
    }
}
"""The form that a route takes besides JSON, for the OpenAPI document."""


class TableTurns:
    """Whose turn it is to have a table read, of all callers of one process.

    A turn goes to the owner that holds the fewest, among these to who came first: tables whose files lie on silent
    servers take seconds each, and hold back their owner's others, not everybody's.
    """

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], str] = {}
        """The owner of each that waits, in the order in which they came."""
        self._held: Counter[str] = Counter()

    @asynccontextmanager
    async def hold(self, owner: str) -> AsyncIterator[None]:
        """Hold a turn.

        Raises:
            Refused: `overloaded`: there was none for a while.
        """
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = owner
        try:
            self._give()
            await _come(turn)
            yield
        finally:
            if self._waiting.pop(turn, None) is None:
                self._held -= Counter([owner])
                self._give()

    def _give(self) -> None:
        while self._waiting and self._held.total() < AT_ONCE:
            turn = min(self._waiting, key=lambda each: self._held[self._waiting[each]])
            self._held[self._waiting.pop(turn)] += 1
            if not turn.done():  # else whoever waited for it has just left, and gives it back
                turn.set_result(None)


async def _come(turn: asyncio.Future[None]) -> None:
    try:
        async with asyncio.timeout(TURN_SECONDS):
            await turn
    except TimeoutError:
        raise Refused("overloaded", "Too many tables are being read. Try again in a few seconds.") from None


class TableRoute(StrictRoute):
    """A route whose body may be a form; its function always gets JSON, with the form's file as `table`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, passing it our request class; whoever waits for a turn holds only its body."""
        handle = APIRoute.get_route_handler(self)

        async def read(request: Request) -> Response:
            form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
            given = await _form(request) if form else await request.body()
            turns: TableTurns = request.state.table_turns
            async with turns.hold(request.scope[CALLER].owner):
                return await handle(_TableRequest(request.scope, request.receive, given))

        return read


class _TableRequest(StrictRequest):
    """A request whose body was read: JSON, or what a form has."""

    def __init__(self, scope: Scope, receive: Receive, given: bytes | tuple[bytes, bytes]) -> None:
        super().__init__(scope, receive)
        self._given = given

    @property
    def headers(self) -> Headers:
        """Return the headers, by which FastAPI knows what `body` returns."""
        others = [(name, value) for name, value in self.scope["headers"] if name != b"content-type"]
        return Headers(raw=[*others, (b"content-type", b"application/json")])

    async def body(self) -> bytes:
        """Return what of the body is JSON."""
        return self._given if isinstance(self._given, bytes) else self._given[0]

    async def json(self) -> Any:
        """Return the parsed body, parsed once, in a thread: it may be large.

        Raises:
            Refused: It is not JSON as accepted here.
        """
        if not hasattr(self, "_json"):
            self._json = await asyncio.to_thread(_parsed, self._given)
        return self._json


def refuse_values(body: bytes) -> None:
    """Check that a body in JSON has no more values than a table may have, before it is parsed.

    Raises:
        Refused: `table_too_large`.
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MOST_VALUES:
        raise Refused("table_too_large", f"The body has more than {MOST_VALUES:,} values: send it in parts.")


def _parsed(given: bytes | tuple[bytes, bytes]) -> Any:
    body, table = (given, None) if isinstance(given, bytes) else given
    refuse_values(body)
    value = parse(body)
    if table is None or not isinstance(value, dict):
        return value
    if TABLE in value:
        raise invalid(f"/{TABLE}", "Leave it out: the form's file is the table.")
    # What is not UTF-8 is told by line and column, when the table is read.
    return value | {TABLE: table.decode("utf-8-sig", errors="surrogateescape")}


async def _form(request: Request) -> tuple[bytes, bytes]:
    """Return the parts of a form: the JSON, and the table.

    Raises:
        Refused: `table_form`.
    """
    parser = FormInMemory(Headers(scope=request.scope), request.stream(), max_files=2, max_fields=1)
    try:
        form = await parser.parse()
        found = {name: await _content(part) for name, part in form.multi_items()}
    except (MultiPartException, ClientDisconnect):
        raise Refused("table_form") from None
    finally:
        parser.close()
    if found.keys() != {REQUEST, TABLE} or len(form.multi_items()) != len(found):
        raise Refused("table_form")
    return found[REQUEST], found[TABLE]


async def _content(part: UploadFile | str) -> bytes:
    return await part.read() if isinstance(part, UploadFile) else part.encode()
