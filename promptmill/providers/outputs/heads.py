"""Reads how files begin whose addresses callers gave: from public hosts alone, and no more of them than that."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx

from promptmill.contracts.errors import OutputUnavailable
from promptmill.contracts.outputs import Head
from promptmill.providers.http.checked_hosts import CheckedHosts, Resolver, open_unpooled
from promptmill.providers.outputs.fetcher import inline
from promptmill.providers.outputs.opening import opened

HEAD_BYTES: Final = 1024
"""How much is read of a file: enough to tell a picture from a web page."""

HEAD_SECONDS: Final = 3.0
"""Total timeout of a file."""

RESOLVING: Final = 8
"""How many names are resolved at once, in threads of their own: one whose name servers are silent is occupied for long,
and must not hold back the rest of the process."""


@dataclass(frozen=True)
class HeadReader:
    """Reads heads, one connection each.

    Attributes:
        http: From `open_head_reader`.
        hosts: Where files may be.
    """

    http: httpx.AsyncClient
    hosts: CheckedHosts

    async def read(self, url: str) -> Head:
        """Return how a file begins.

        Raises:
            OutputRefused: It must not be fetched from there.
            OutputUnavailable: It did not come.
        """
        if url[:5].lower() == "data:":
            return Head(httpx.codes.OK, "", inline(url)[:HEAD_BYTES])
        only = {"Range": f"bytes=0-{HEAD_BYTES - 1}"}
        async with opened(self.http, self.hosts, url, seconds=HEAD_SECONDS, headers=only) as response:
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise OutputUnavailable("the server packed it, although it was asked not to")
            begins = b""
            async for piece in response.aiter_raw():
                begins += piece
                if len(begins) >= HEAD_BYTES:
                    break
            says = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return Head(response.status_code, says, begins[:HEAD_BYTES])


@asynccontextmanager
async def open_head_reader(*, allow_private: bool, resolver: Resolver | None = None) -> AsyncIterator[HeadReader]:
    """Open a reader and close it afterwards.

    Args:
        allow_private: Whether private networks are allowed.
        resolver: Resolves names to addresses; by default this machine's.
    """
    threads = ThreadPoolExecutor(RESOLVING, thread_name_prefix="names")

    async def resolve(host: str, port: int) -> Sequence[str]:
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(threads, ask)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    try:
        async with open_unpooled(timeout_seconds=HEAD_SECONDS) as http:
            yield HeadReader(http, CheckedHosts(resolver or resolve, HEAD_SECONDS, allow_private))
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
