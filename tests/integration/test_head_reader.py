"""How a file begins is read from public hosts alone, and no more of it than that."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest

from promptmill.contracts.errors import OutputRefused, OutputUnavailable
from promptmill.contracts.outputs import Head
from promptmill.providers.outputs.heads import HEAD_BYTES, open_head_reader
from tests.raw_server import Conduct, http_answer, open_raw_server

PICTURE = bytes(range(256)) * 400


async def head(url: str, *, private: bool = True, leads_to: Sequence[str] | None = None) -> Head:
    async def named(host: str, port: int) -> Sequence[str]:
        assert leads_to is not None
        return leads_to

    resolver = None if leads_to is None else named
    async with open_head_reader(allow_private=private, resolver=resolver) as reader:
        return await reader.read(url)


async def test_only_the_beginning_is_asked_for_and_kept() -> None:
    """A server may ignore that, and send all of it."""
    async with open_raw_server(http_answer(200, PICTURE, {"Content-Type": "Image/PNG; q=1"})) as server:
        found = await head(f"{server.url}/a.png".replace("127.0.0.1", "localhost"))

    assert found == Head(200, "image/png", PICTURE[:HEAD_BYTES])
    assert f"range: bytes=0-{HEAD_BYTES - 1}".encode() in server.received.lower()


async def test_errors_are_answers_and_redirects_stay_within_the_host() -> None:
    moved = http_answer(302, b"", {"Location": "/there"})
    async with open_raw_server(moved, http_answer(404, b"gone")) as server:
        assert (await head(server.url)).status == 404
    async with open_raw_server(http_answer(302, b"", {"Location": "http://169.254.169.254/latest"})) as server:
        with pytest.raises(OutputUnavailable, match="redirect"):
            await head(server.url)
        assert server.requests == 1


async def test_inline_files_are_read_as_they_are() -> None:
    assert (await head(f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}")).begins == PICTURE[:HEAD_BYTES]
    with pytest.raises(OutputRefused):
        await head("data:image/png;base64,!")


async def test_nothing_is_sent_into_our_own_network() -> None:
    async with open_raw_server(http_answer(200, PICTURE)) as server:
        port = server.url.rpartition(":")[2]
        for url, leads_to in (
            (server.url, None),
            (f"https://a.example:{port}/1", ["127.0.0.1"]),
            (f"https://a.example:{port}/1", ["93.184.215.14", "10.0.0.1"]),
        ):
            with pytest.raises(OutputRefused):
                await head(url, private=False, leads_to=leads_to)
        with pytest.raises(OutputUnavailable, match="does not resolve"):
            await head("https://a.example/1", private=False, leads_to=[])
        assert server.connections == []


async def test_what_is_packed_or_broken_off_is_not_seen() -> None:
    for answer in (http_answer(200, PICTURE, {"Content-Encoding": "gzip"}), Conduct.CLOSE):
        async with open_raw_server(answer) as server:
            with pytest.raises(OutputUnavailable):
                await head(server.url)
