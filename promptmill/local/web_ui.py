"""A proxy in front of Temporal's Web UI, which accepts any Host and requires no password.

A web page can point a name of its own at this machine (DNS rebinding) and then read and start workflows through the Web
UI as if the user did. So the Web UI itself listens on an unguessable address, and this proxy forwards only requests
whose Host is loopback or allowed and that no other page has sent.

One request per connection: the Web UI is told to close after its response, so a second request, whose head was not
checked, is never read.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers

from api.http.callers import SAFE_METHODS, CallerRules
from promptmill.browsers import from_another_page
from promptmill.local.ports import Address

HEAD_BYTES: Final = 64 * 1024
"""Maximum size of a request's head."""

HEAD_SECONDS: Final = 10.0
"""Timeout for receiving the head of a request."""

MAX_CONNECTIONS: Final = 200

_PIECE: Final = 64 * 1024
_HOP: Final = frozenset({"connection", "keep-alive", "proxy-connection", "upgrade"})
"""Hop-by-hop headers."""

_REASONS: Final = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 502: "Bad Gateway"}


async def serve_front(listen: Address, upstream: Address, rules: CallerRules) -> None:
    """Forward what may reach the Web UI, until cancelled; then close every connection.

    Raises:
        OSError: The address cannot be bound.
    """
    places = asyncio.Semaphore(MAX_CONNECTIONS)
    connections: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with places:
                await _forward(reader, writer, upstream, rules)
        except OSError:
            pass  # either side has disconnected
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(take(reader, writer))
        connections.add(connection)
        connection.add_done_callback(connections.discard)

    async with await asyncio.start_server(accept, listen.host, listen.port, limit=HEAD_BYTES):
        try:
            await asyncio.Event().wait()
        finally:
            # Browsers keep idle connections open; on closing, Python 3.12 waits for them, 3.11 ignores them.
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections, return_exceptions=True)


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: Address, rules: CallerRules
) -> None:
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
        method, target, headers = read_head(head)
    except (ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return _refuse(writer, 400)
    if not rules.host_allowed(headers["host"]):
        # As if nothing were here: DNS rebinding must reveal nothing.
        return _refuse(writer, 404)
    if not _is_navigation(method, headers) and from_another_page(headers, headers["host"]):
        return _refuse(writer, 403)
    try:
        from_ui, to_ui = await asyncio.open_connection(upstream.host, upstream.port)
    except OSError:
        return _refuse(writer, 502)
    try:
        to_ui.write(_head_for_ui(method, target, headers))
        body = asyncio.create_task(_copy(reader, to_ui))
        try:
            await _copy(from_ui, writer)
        finally:
            body.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await body
    finally:
        to_ui.close()
    return None


def read_head(head: bytes) -> tuple[str, str, Headers]:
    """Return a request's method, target and headers.

    Raises:
        ValueError: It is malformed, or has not exactly one Host.
    """
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, version = first.split(" ")
    if version not in {"HTTP/1.0", "HTTP/1.1"} or not target.startswith("/"):
        raise ValueError("not a request of this kind")
    raw: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise ValueError("not a header")
        raw.append((name.lower().encode("latin-1"), value.strip().encode("latin-1")))
    headers = Headers(raw=raw)
    if len(headers.getlist("host")) != 1:
        raise ValueError("not exactly one Host")
    return method, target, headers


def _is_navigation(method: str, headers: Headers) -> bool:
    """Return whether a browser follows a link here: the page with the link cannot read the response."""
    return method in SAFE_METHODS and headers.get("sec-fetch-mode") == "navigate"


def _head_for_ui(method: str, target: str, headers: Headers) -> bytes:
    kept = [f"{name}: {value}" for name, value in headers.items() if name not in _HOP]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *kept, "connection: close", "", ""]).encode("latin-1")


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while piece := await source.read(_PIECE):
        target.write(piece)
        await target.drain()


def _refuse(writer: asyncio.StreamWriter, status: int) -> None:
    writer.write(
        f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode("ascii")
    )
