"""Connections that really break: faults below HTTP, for which uvicorn must expose its transport."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

TRANSPORT = "promptmill.transport"
"""The ASGI extension that carries the connection's transport."""

LINGER_NOT = struct.pack("ii", 1, 0)


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, which also passes the transport to each request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Remember the transport for every request on this connection."""
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[TRANSPORT] = {"transport": transport}
            await inner(scope, receive, send)

        self.app = with_transport


class CutConnection(Response):
    """No response at all: the TCP connection is closed (`reset`: with a reset instead of a clean close)."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__(status_code=500)
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection and wait until uvicorn has noticed."""
        del send  # nothing is sent
        transport: asyncio.Transport = scope["extensions"][TRANSPORT]["transport"]
        if self._reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class CutAnswer(CutConnection):
    """A truncated response: the headers of the whole one, half of its body, then nothing."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the first half and close the connection."""
        body = bytes(self._whole.body)
        start = {"type": "http.response.start", "status": self._whole.status_code, "headers": self._whole.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await super().__call__(scope, receive, send)
