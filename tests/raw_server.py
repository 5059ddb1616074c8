"""A server on loopback that answers with exactly the bytes it was given, or not at all."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

LOOPBACK = "127.0.0.1"


class Conduct(Enum):
    """What a server does instead of answering."""

    CLOSE_AT_ONCE = "closes the connection before it reads"
    CLOSE = "reads the request, then closes the connection"
    RESET = "reads the request, then resets the connection"
    SILENCE = "reads the request and says nothing until the client goes"
    UNRESPONSIVE = "neither reads nor says anything until the client goes"


@dataclass
class Connection:
    """What one connection received."""

    received: bytearray = field(default_factory=bytearray)
    requests: int = 0


@dataclass
class RawServer:
    """A running server; `answers` are used in turn, the last one repeatedly."""

    answers: tuple[bytes | Conduct, ...]
    url: str = ""
    connections: list[Connection] = field(default_factory=list)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list, init=False)

    def hang_up(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.close()

    @property
    def received(self) -> bytes:
        """All that arrived."""
        return b"".join(bytes(connection.received) for connection in self.connections)

    @property
    def requests(self) -> int:
        """How many whole requests arrived."""
        return sum(connection.requests for connection in self.connections)

    @property
    def body(self) -> Any:
        """The JSON body of the last request."""
        return json.loads(self.connections[-1].received.rpartition(b"\r\n\r\n")[2])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection."""
        connection = Connection()
        self.connections.append(connection)
        self._writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._converse(connection, reader, writer)
        writer.close()

    async def _converse(
        self, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            answer = self.answers[min(len(self.connections) + connection.requests, len(self.answers)) - 1]
            if answer is Conduct.CLOSE_AT_ONCE:
                return
            if answer is Conduct.UNRESPONSIVE:
                connection.received += await reader.read()
                return
            await _read_request(connection, reader)
            if answer is Conduct.RESET:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            if isinstance(answer, Conduct):
                if answer is Conduct.SILENCE:
                    await reader.read()
                return
            writer.write(answer)
            await writer.drain()
            if b"content-length:" not in answer.lower() or b"cut short" in answer:
                return


async def _read_request(connection: Connection, reader: asyncio.StreamReader) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = await reader.read(65_536)
        if not piece:
            raise ConnectionError
        connection.received += piece
        head += piece
    head, _, body = head.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if length > len(body):
        connection.received += await reader.readexactly(length - len(body))
    connection.requests += 1


def http_answer(status: int = 200, body: Any = b"", headers: dict[str, str] | None = None) -> bytes:
    """Return an HTTP response; a body that is neither bytes nor text becomes JSON."""
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def cut_short(answer: bytes, keep: int) -> bytes:
    """Return the response with only the first `keep` bytes of the body that its headers promise, before a close."""
    head, _, body = answer.partition(b"\r\n\r\n")
    head = head.replace(f"Content-Length: {len(body)}".encode(), f"Content-Length: {len(body) + 100}".encode())
    return head + b"\r\nX-Note: cut short\r\n\r\n" + body[:keep]


@asynccontextmanager
async def open_raw_server(
    *answers: bytes | Conduct, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """Serve while the context is open, on that port or a free one."""
    raw = RawServer(answers)
    server = await asyncio.start_server(raw.serve, LOOPBACK, port, ssl=tls)
    raw.url = f"{'https' if tls else 'http'}://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    try:
        yield raw
    finally:
        server.close()
