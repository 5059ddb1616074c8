"""An output is fetched whole, within limits, and from nowhere but where it is said to be."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from promptmill.contracts.errors import OutputRefused, OutputUnavailable
from promptmill.providers.http.checked_hosts import resolve
from promptmill.providers.outputs.fetcher import Fetched, open_output_fetcher
from tests.raw_server import Conduct, cut_short, http_answer, open_raw_server

PICTURE = bytes(range(256)) * 20


async def fetch(  # one fetcher a call: each test has its own limits
    url: str, into: Path, *, seconds: float = 60, most: int = 10**6, private: bool = True, leads_to: str | None = None
) -> Fetched:
    async def named(host: str, port: int) -> Sequence[str]:
        return await resolve(host, port) if leads_to is None else [leads_to]

    async with open_output_fetcher(
        timeout_seconds=seconds, most_bytes=most, allow_private=private, resolver=named
    ) as fetcher:
        return await fetcher.fetch(url, into)


async def test_what_is_served_is_written_and_hashed(tmp_path: Path) -> None:
    async with open_raw_server(http_answer(200, PICTURE)) as server:
        fetched = await fetch(f"{server.url}/a.png?key=1", tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == PICTURE
    assert fetched == Fetched(len(PICTURE), hashlib.sha256(PICTURE).hexdigest())
    assert b"GET /a.png?key=1 HTTP/1.1" in server.received
    assert b"identity" in server.received


async def test_inline_output_is_written_as_it_is(tmp_path: Path) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"

    assert (await fetch(url, tmp_path / "file")).size == len(PICTURE)
    assert (tmp_path / "file").read_bytes() == PICTURE
    for wrong in ("!", "é"):
        with pytest.raises(OutputRefused, match="not base64"):
            await fetch(f"data:image/png;base64,{wrong}", tmp_path / "other")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (http_answer(404), "answered 404"),
        (http_answer(200), "empty"),
        (cut_short(http_answer(200, PICTURE), 700), "peer closed connection"),
        (http_answer(200, PICTURE, {"Content-Encoding": "gzip"}), "packed"),
        (http_answer(302, b"", {"Location": "http://169.254.169.254/latest"}), "redirect"),
        (http_answer(302, b"", {"Location": "http://localhost:9/"}), "redirect"),
        (http_answer(302, b"", {"Location": "/"}), "redirect"),  # to itself, for ever
        (Conduct.CLOSE, "disconnected"),
    ],
)
async def test_what_did_not_come_whole_is_tried_again(answer: bytes | Conduct, problem: str, tmp_path: Path) -> None:
    async with open_raw_server(answer) as server:
        with pytest.raises(OutputUnavailable, match=problem):
            await fetch(server.url, tmp_path / "file")


async def test_redirect_within_the_host_is_followed(tmp_path: Path) -> None:
    moved = http_answer(302, b"", {"Location": "/there"})
    async with open_raw_server(moved, http_answer(200, PICTURE)) as server:
        assert (await fetch(f"{server.url}/here", tmp_path / "file")).size == len(PICTURE)

    assert b"GET /there" in server.received


async def test_size_is_limited_by_what_is_said_and_by_what_comes(tmp_path: Path) -> None:
    chunk = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 100
    async with open_raw_server(http_answer(200, PICTURE), endless) as server:
        for _ in range(2):
            with pytest.raises(OutputRefused, match="PROMPTMILL_OUTPUTS_FILE_MAX_MB"):
                await fetch(server.url, tmp_path / "file", most=len(PICTURE) - 1)

    written = (tmp_path / "file").stat().st_size if (tmp_path / "file").exists() else 0
    assert written < len(PICTURE)


async def test_time_is_limited(tmp_path: Path) -> None:
    async with open_raw_server(Conduct.SILENCE) as server:
        with pytest.raises(OutputUnavailable, match=r"for too long|within"):
            await fetch(server.url, tmp_path / "file", seconds=0.2)


async def test_one_that_never_ends_is_given_up(tmp_path: Path) -> None:
    """Each piece comes in time, the whole does not."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.02)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(OutputUnavailable, match=r"not there within 0\.3 s"):
            await fetch(f"http://127.0.0.1:{port}", tmp_path / "file", seconds=0.3)


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("http://cdn.example.com/a.png", None),
        ("https://127.0.0.1/a.png", None),
        ("https://metadata.internal/a.png", None),
        ("https://cdn.example.com/a.png", "10.0.0.7"),
        ("https://cdn.example.com/a.png", "169.254.169.254"),
        ("file:///etc/passwd", None),
    ],
)
async def test_nothing_is_fetched_from_where_nobody_may_send_us(url: str, leads_to: str | None, tmp_path: Path) -> None:
    with pytest.raises(OutputRefused):
        await fetch(url, tmp_path / "file", private=False, leads_to=leads_to)
