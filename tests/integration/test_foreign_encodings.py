"""A few compressed bytes expand to gigabytes: no client unpacks them, and a callback's response is not read at all."""

from __future__ import annotations

import ast
import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache

import pytest
from pydantic import SecretStr

from promptmill.contracts.errors import ProviderUnavailable, SubmitUnclear
from promptmill.providers.callbacks.sender import open_callback_sender
from promptmill.providers.grok.client import GrokQuestion, open_grok
from promptmill.providers.wavespeed.account import open_wavespeed_account
from promptmill.providers.wavespeed.client import boottime, open_wavespeed
from promptmill.providers.wavespeed.uploads import open_wavespeed_uploads
from tests.fixtures.session import ROOT
from tests.raw_server import http_answer, open_raw_server
from tests.support import eventually

KEY = SecretStr("a-key-of-a-test")
ZEROS = 64 * 1024 * 1024
QUESTION = GrokQuestion(model="grok-4.3", system="s", text="t")
Ask = Callable[[str], Awaitable[object]]


@cache
def bomb(times: int) -> bytes:
    """Return 64 MiB, compressed so many times: twice, they are some hundred bytes."""
    return gzip.compress(bomb(times - 1) if times > 1 else bytes(ZEROS), 9)


async def submit(base: str) -> object:
    async with open_wavespeed(base, KEY, submit_timeout_seconds=20) as client:
        return await client.submit("a/b", {}, post_by=boottime() + 20)


async def read_result(base: str) -> object:
    async with open_wavespeed(base, KEY, submit_timeout_seconds=20) as client:
        return await client.result("p1")


async def ask_grok(base: str) -> object:
    async with open_grok(base, KEY, timeout_seconds=20) as client:
        return await client.write(QUESTION)


async def ask_models(base: str) -> object:
    async with open_wavespeed_account(base, KEY) as account:
        return await account.models()


async def upload(base: str) -> object:
    async with open_wavespeed_uploads(base, KEY) as uploads:
        return await uploads.upload(b"x", "image/png")


@asynccontextmanager
async def little_memory(most: int) -> AsyncIterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encodings", ["gzip", "gzip, gzip", "br", "deflate", "x-own"])
@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (submit, SubmitUnclear),
        (read_result, ProviderUnavailable),
        (ask_grok, ProviderUnavailable),
        (ask_models, ProviderUnavailable),
        (upload, ProviderUnavailable),
    ],
)
async def test_an_encoding_that_nobody_asked_for_is_refused_unread(
    ask: Ask, error: type[Exception], encodings: str
) -> None:
    answer = http_answer(200, bomb(2 if "," in encodings else 1), {"Content-Encoding": encodings})
    async with open_raw_server(answer) as server, little_memory(ZEROS // 4):
        with pytest.raises(error, match="encoding"):
            await ask(server.url)

    assert b"accept-encoding: identity" in server.received.lower()


async def test_an_answer_without_encoding_is_read_as_it_is() -> None:
    answer = http_answer(200, {"code": 200, "data": {"id": "p1"}}, {"Content-Encoding": "Identity"})
    async with open_raw_server(answer) as server:
        assert await submit(server.url) == "p1"


async def test_nothing_of_a_receivers_answer_is_read_but_its_head() -> None:
    """It accepted the callback; the body can be anything."""
    taken, poured = 0, asyncio.Event()
    body = bomb(2)  # made before anything is measured

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n")
        try:
            while True:
                writer.write(body)
                await writer.drain()
                taken += len(body)
        except ConnectionError:
            poured.set()
        writer.close()

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    async with (
        server,
        little_memory(ZEROS // 4),
        open_callback_sender(timeout_seconds=20, allow_private=True) as sender,
    ):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert (await sender.send(url, content=b"{}", headers={})).status == 200
        await eventually(poured.is_set, what="the connection is closed")

    assert taken < ZEROS


def test_answers_are_read_in_one_place() -> None:
    """The other methods of httpx unpack the body without a limit.

    An output is read like this, but into a file; and of a file that a table names, the beginning.
    """
    ways = {"aread", "read", "aiter_bytes", "aiter_text", "aiter_lines", "aiter_raw", "iter_raw", "iter_bytes"}
    found = {
        path.name
        for path in (ROOT / "promptmill" / "providers").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ways
    }
    asked = {
        path.name
        for path in (ROOT / "promptmill" / "providers").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in {"http", "_http"}
        and node.attr != "stream"
    }

    assert found == {"answers.py", "fetcher.py", "heads.py"}
    assert asked == set()
