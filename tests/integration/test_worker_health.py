"""The worker's health server: whoever holds connections to it takes no files from paid work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from promptmill import bounded_connections
from promptmill.local.ports import LOOPBACK, free_port
from tests.support import eventually
from worker.health import MAX_CONNECTIONS, Health, serve_health


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a worker's health server."""
    port = free_port()
    async with serve_health(Health(()), LOOPBACK, port):
        await eventually(lambda: _alive(port), what="the health server")
        yield port


async def _alive(port: int) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        with suppress(httpx.TransportError):
            return (await http.get(f"http://{LOOPBACK}:{port}/healthz")).status_code == httpx.codes.OK
    return False


async def _hold(port: int, number: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    return [await asyncio.open_connection(LOOPBACK, port) for _ in range(number)]


async def test_connections_beyond_the_limit_are_closed(port: int) -> None:
    held = await _hold(port, MAX_CONNECTIONS + 20)

    async def closed() -> bool:
        return sum(reader.at_eof() or reader.exception() is not None for reader, _ in held) >= 20

    await eventually(closed, what="those beyond the limit are closed")
    for _, writer in held:
        writer.close()
    await eventually(lambda: _alive(port), what="it answers again")


async def test_a_connection_without_a_request_is_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_connections, "HEAD_SECONDS", 0.3)
    [(reader, writer)] = await _hold(port, 1)

    assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()
