"""Fetches an output into a file: from public hosts alone, within limits of size and time, never whole in memory.

What is fetched is not trusted: not its length, not its type, not its name. An output that came inline, as a data URL,
is written as it is.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

import httpx

from promptmill.contracts.errors import OutputRefused, OutputUnavailable
from promptmill.providers.http.checked_hosts import CheckedHosts, Resolver, open_unpooled, resolve
from promptmill.providers.outputs.opening import opened

WRITTEN_AT_ONCE: Final = 1024 * 1024
"""Bytes that are gathered before they are written."""

SILENCE_SECONDS: Final = 30.0
"""How long a server may say nothing, before or within its answer."""


@dataclass(frozen=True)
class Fetched:
    """A fetched file: its size, and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True)
class OutputFetcher:
    """Fetches outputs, one connection each.

    Attributes:
        http: From `open_output_fetcher`.
        hosts: Where outputs may be.
        timeout_seconds: Total timeout of a fetch.
        most_bytes: Largest output.
    """

    http: httpx.AsyncClient
    hosts: CheckedHosts
    timeout_seconds: float
    most_bytes: int

    async def fetch(self, url: str, into: Path) -> Fetched:
        """Fetch an output into a new file. What was written before an error is left there.

        Raises:
            OutputRefused: It must not be fetched from there, or is too large: trying again changes nothing.
            OutputUnavailable: It did not come, or not whole.
        """
        sink = _Sink(into, self.most_bytes)
        await self._fill(sink, url)
        return await sink.finish()

    async def read(self, url: str) -> bytes:
        """Return an output, which is then in memory whole. Raises as `fetch` does."""
        kept = _Kept(self.most_bytes)
        await self._fill(kept, url)
        return kept.all()

    async def _fill(self, sink: _Counted, url: str) -> None:
        if url.startswith("data:"):
            await sink.write(inline(url))
            return
        async with opened(self.http, self.hosts, url, seconds=self.timeout_seconds) as response:
            await _read(response, sink)


@asynccontextmanager
async def open_output_fetcher(
    *,
    timeout_seconds: float,
    most_bytes: int,
    allow_private: bool,
    resolver: Resolver = resolve,
    trusted: ssl.SSLContext | None = None,
) -> AsyncIterator[OutputFetcher]:
    """Open a fetcher and close it afterwards.

    Args:
        timeout_seconds: Total timeout of a fetch.
        most_bytes: Largest output.
        allow_private: Whether private networks are allowed.
        resolver: Resolves names to addresses.
        trusted: Trusted CAs; by default those of every other client.
    """
    async with open_unpooled(timeout_seconds=min(timeout_seconds, SILENCE_SECONDS), trusted=trusted) as http:
        hosts = CheckedHosts(resolver, min(timeout_seconds, SILENCE_SECONDS), allow_private)
        yield OutputFetcher(http, hosts, timeout_seconds, most_bytes)


class _Counted(ABC):
    """Takes an output in pieces, and no more of it than allowed."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._waiting = bytearray()
        self._size = 0

    def expect(self, announced: str | None) -> None:
        """Refuse at once what says that it is too large; what lies is refused when it comes."""
        if announced is not None and announced.isdecimal():
            self._check(int(announced))

    async def write(self, piece: bytes) -> None:
        """Take a piece.

        Raises:
            OutputRefused: It is too large with it.
        """
        self._size += len(piece)
        self._check(self._size)
        self._waiting += piece
        await self._taken()

    @abstractmethod
    async def _taken(self) -> None:
        """Do what is to be done with what waits."""

    @abstractmethod
    def _limit(self) -> str:
        """Return the limit in words."""

    def _check(self, size: int) -> None:
        if size > self._most:
            raise OutputRefused(f"it has more than {self._limit()}")

    def _refuse_nothing(self) -> None:
        if self._size == 0:
            raise OutputUnavailable("it is empty")


class _Kept(_Counted):
    """What stays in memory."""

    def all(self) -> bytes:
        """Return everything."""
        self._refuse_nothing()
        return bytes(self._waiting)

    async def _taken(self) -> None:
        """Leave it where it is."""

    def _limit(self) -> str:
        return f"{self._most // 2**20} MiB"


class _Sink(_Counted):
    """A file that is written in large pieces, outside of the event loop."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self._path = path
        self._hash = hashlib.sha256()

    async def finish(self) -> Fetched:
        """Write the rest."""
        await asyncio.to_thread(self._flush)
        self._refuse_nothing()
        return Fetched(self._size, self._hash.hexdigest())

    async def _taken(self) -> None:
        if len(self._waiting) >= WRITTEN_AT_ONCE:
            await asyncio.to_thread(self._flush)

    def _limit(self) -> str:
        return f"{self._most // 10**6} MB (PROMPTMILL_OUTPUTS_FILE_MAX_MB)"

    def _flush(self) -> None:
        with self._path.open("ab") as file:
            file.write(self._waiting)
        self._hash.update(self._waiting)
        self._waiting.clear()


async def _read(response: httpx.Response, sink: _Counted) -> None:
    if response.status_code != httpx.codes.OK:
        raise OutputUnavailable(f"the server answered {response.status_code}")
    # We asked for none; what is packed would unpack to any size.
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise OutputUnavailable("the server packed it, although it was asked not to")
    sink.expect(response.headers.get("Content-Length"))
    async for piece in response.aiter_raw():
        await sink.write(piece)


def inline(url: str) -> bytes:
    """Return the content of a data URL.

    Raises:
        OutputRefused: It has none.
    """
    head, _, body = url.partition(",")
    try:
        return base64.b64decode(body, validate=True) if head.endswith(";base64") else unquote_to_bytes(body)
    except ValueError:  # not its characters, not its padding, or not ASCII
        raise OutputRefused("it came inline, and is not base64") from None
