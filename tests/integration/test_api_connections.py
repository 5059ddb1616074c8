"""What callers send has deadlines, what they hold open has limits, and a caller that disconnects is not an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import psutil
import pytest
import structlog.testing
from pydantic import SecretStr

from api.http import bodies, connections
from promptmill import bounded_connections
from promptmill.config.settings import Settings
from tests.fixtures.api import open_api
from tests.support import eventually

HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
JSON_HEAD = b"POST /api/jobs/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WEBHOOK = "/api/webhooks/wavespeed/01900000-0000-7000-8000-000000000000?token=t"
SHORT = 0.3


@dataclass
class Wire:
    """A plain connection to the API."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def status(self) -> int:
        return int((await asyncio.wait_for(self.reader.readline(), 60)).split()[1])

    async def end(self) -> bytes:
        """Return everything until the API closes."""
        return await asyncio.wait_for(self.reader.read(), 60)


@asynccontextmanager
async def wire(api: httpx.AsyncClient) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection(api.base_url.host, api.base_url.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


def is_held(connection: Wire) -> bool:
    """Return whether the API, which runs in this process, still has its side of a connection."""
    ours = connection.writer.get_extra_info("sockname")[:2]
    return any(each.raddr == ours for each in psutil.Process().net_connections("tcp"))


def now() -> float:
    return datetime.now(UTC).timestamp()  # noqa: TID251  # as a sender's clock


def webhook_head(length: int, *, at: float) -> bytes:
    signed = f"webhook-id: 1\r\nwebhook-timestamp: {int(at)}\r\nwebhook-signature: v3,x\r\n"
    return f"POST {WEBHOOK} HTTP/1.1\r\nHost: localhost\r\n{signed}Content-Length: {length}\r\n\r\n".encode()


@pytest.mark.parametrize("said", [b"", b"GET", HEAD])
async def test_a_request_whose_head_does_not_come_is_not_waited_for(
    lonely_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(bounded_connections, "HEAD_SECONDS", SHORT)
    async with wire(lonely_api) as held:
        await held.send(said)
        assert await held.end() == b""


async def test_a_second_request_on_a_connection_has_the_same_deadline(
    lonely_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one that trickles in byte by byte."""
    monkeypatch.setattr(bounded_connections, "HEAD_SECONDS", 1)
    async with wire(lonely_api) as held:
        await held.send(HEAD + b"\r\n")
        assert await held.status() == 200

        async def trickle() -> None:
            for each in HEAD * 100:
                await held.send(bytes([each]))
                await asyncio.sleep(0.1)

        trickling = asyncio.create_task(trickle())
        await held.end()
        trickling.cancel()


async def test_a_slow_answer_of_ours_is_not_cut(lonely_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream outlives every deadline for callers."""
    monkeypatch.setattr(bounded_connections, "HEAD_SECONDS", SHORT)
    monkeypatch.setattr(bounded_connections, "REST_SECONDS", SHORT)
    async with wire(lonely_api) as held:
        await held.send(b"GET /api/jobs/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await held.status() == 200
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(held.reader.readuntil(b"no such thing"), 4 * SHORT)


async def test_a_body_that_does_not_come_is_not_waited_for(
    lonely_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", SHORT)
    for head in (JSON_HEAD + b"Content-Length: 20\r\n\r\n{", webhook_head(20, at=now()) + b"{"):
        async with wire(lonely_api) as held:
            await held.send(head)
            answer = await held.end()
        assert b" 408 " in answer.splitlines()[0]
        assert b"body_too_slow" in answer


async def test_the_rest_of_a_refused_body_is_not_waited_for(
    lonely_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_connections, "REST_SECONDS", SHORT)
    async with wire(lonely_api) as held:
        await held.send(JSON_HEAD.replace(b"application/json", b"text/plain") + b"Content-Length: 1000\r\n\r\nx")
        assert b"unsupported_media_type" in await held.end()


@pytest.mark.parametrize(
    "head",
    [
        webhook_head(1000, at=0),
        b"POST " + WEBHOOK.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
        webhook_head(1000, at=now() + 100).replace(b"01900000", b"0190000x"),
    ],
)
async def test_a_webhook_is_refused_before_its_body(lonely_api: httpx.AsyncClient, head: bytes) -> None:
    """Anyone can send one: the body of an old or unsigned one is not read."""
    async with wire(lonely_api) as held:
        await held.send(head)
        assert await held.status() == 401


async def test_bodies_that_wait_are_counted(lonely_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks, which anyone can send, do not use up the others' limit."""
    monkeypatch.setattr(bodies, "IN_FLIGHT_BYTES", 1000)
    known = lonely_settings.model_copy(update={"wavespeed_webhook_secret": SecretStr("whsec_known")})
    async with open_api(known) as api:
        async with AsyncExitStack() as stack:
            held = [await stack.enter_async_context(wire(api)) for _ in range(3)]
            for each in held:
                await each.send(webhook_head(500, at=now()) + b"x" * 450)
            answers = [asyncio.create_task(each.status()) for each in held]
            done, waiting = await asyncio.wait(answers, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            assert [answer.result() for answer in done] == [503]
            created = await api.post("/api/jobs/create", json={"model": "a/b", "prompt": "x"})
            assert created.status_code == 202
            for answer in waiting:
                answer.cancel()

        async def room_again() -> bool:
            async with wire(api) as late:
                await late.send(webhook_head(900, at=now()) + b"x" * 900)
                return await late.status() != 503

        await eventually(room_again)


async def test_who_goes_away_is_no_error(lonely_api: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as lines:
        for head in (JSON_HEAD + b"Content-Length: 20\r\n\r\n{", webhook_head(20, at=now()) + b"{"):
            async with wire(lonely_api) as held:
                await held.send(head)
                await asyncio.sleep(0.1)

        def told() -> bool:
            return len([line for line in lines if line["event"] == "request"]) == 2

        await eventually(told)

    assert not [line for line in lines if line["log_level"] in {"error", "warning"}]


async def test_connections_beyond_the_limit_are_told_so(lonely_settings: Settings) -> None:
    """Open ones continue, and the liveness probe still responds: a flood must not get the process restarted."""
    async with open_api(lonely_settings.model_copy(update={"max_connections": 10})) as api, AsyncExitStack() as stack:
        first = await stack.enter_async_context(wire(api))
        await first.send(HEAD + b"\r\n")
        assert await first.status() == 200
        for _ in range(9):
            await stack.enter_async_context(wire(api))
        alive = await stack.enter_async_context(wire(api))
        await alive.send(HEAD + b"\r\n")
        assert await alive.status() == 200
        refused = await stack.enter_async_context(wire(api))
        await refused.send(HEAD.replace(b"/healthz", b"/api/jobs") + b"\r\n")
        answer = await refused.end()
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"overloaded" in answer
        assert b"retry-after" in answer.lower()
        await first.send(HEAD.replace(b"/healthz", b"/api/jobs") + b"\r\n")


async def test_far_beyond_the_limit_they_are_closed(lonely_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REFUSED_AT_ONCE", 1)
    async with open_api(lonely_settings.model_copy(update={"max_connections": 10})) as api, AsyncExitStack() as stack:
        held = [await stack.enter_async_context(wire(api)) for _ in range(12)]
        # Closed or reset, without a response.
        with suppress(ConnectionError):
            assert await held[-1].end() == b""


async def test_who_never_takes_its_answer_is_let_go(
    lonely_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_connections, "TAKE_SECONDS", SHORT)
    asked = b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with wire(lonely_api) as deaf:
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
        await eventually(lambda: is_held(deaf), what="the API accepts")
        await deaf.send(asked * 20)
        await eventually(lambda: not is_held(deaf), what="the API lets go")
        deaf.writer.transport.resume_reading()  # type: ignore[attr-defined]
        taken = 0
        with suppress(ConnectionError):
            while piece := await asyncio.wait_for(deaf.reader.read(1_000_000), 60):
                taken += len(piece)
    assert taken < 20 * 1_000_000


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/healthz", "/readyz", "/metrics", "/api/jobs", "/api/init", "/api/models", "/openapi.json"]
)
async def test_head_answers_wherever_get_does(lonely_api: httpx.AsyncClient, path: str) -> None:
    got, head = await lonely_api.get(path), await lonely_api.head(path)

    assert head.status_code == got.status_code
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.content == b""


async def test_head_of_a_stream_ends_at_once(lonely_api: httpx.AsyncClient) -> None:
    answer = await asyncio.wait_for(lonely_api.head("/api/jobs/events"), 60)

    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/jobs/01900000-0000-7000-8000-000000000000", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("DELETE", "/api/prompt/queue", {"GET", "HEAD", "POST"}),
        ("PATCH", "/api/init", {"GET", "HEAD", "POST"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("HEAD", "/api/dispatch", {"POST"}),
    ],
)
async def test_a_wrong_method_is_told_all_that_are_right(
    lonely_api: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await lonely_api.request(method, path)

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("createdBefore=0.5", "/query/createdBefore"),
        ("createdAfter=1700000000", "/query/createdAfter"),
        ("createdAfter=-1", "/query/createdAfter"),
        ("createdAfter=2026-01-01T00:00:00", "/query/createdAfter"),
        ("limit=5.0", "/query/limit"),
        ("limit=1_0", "/query/limit"),
        ("limit=%205", "/query/limit"),
        ("limit=%2B5", "/query/limit"),
    ],
)
async def test_a_query_is_read_strictly(lonely_api: httpx.AsyncClient, query: str, pointer: str) -> None:
    answer = await lonely_api.get(f"/api/jobs?{query}")

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_thousands_of_wrong_names_cost_little(lonely_api: httpx.AsyncClient) -> None:
    """Each used to cost a search for the nearest known name, and an entry of its own."""
    unknown = {f"unheardOf{number}{'x' * 200 if not number else ''}": 1 for number in range(8200)}
    nul = "[" + ",".join(['"\\u0000"'] * 20_000) + "]"
    wrong = await lonely_api.post("/api/jobs/create", json={"modle": 1} | unknown)
    unstorable = await lonely_api.post(
        "/api/jobs/create", content=nul.encode(), headers={"Content-Type": "application/json"}
    )
    twice = await lonely_api.post(
        "/api/jobs/create",
        content=b'{"%s": 1, "%s": 2}' % (b"y" * 1000, b"y" * 1000),
        headers={"Content-Type": "application/json"},
    )

    for answer in (wrong, unstorable, twice):
        assert answer.status_code == 422
        assert len(answer.content) < 20_000
    errors = wrong.json()["errors"]
    assert len(errors) == 50
    assert errors[0] == {"pointer": "/modle", "message": "Unknown field. Did you mean model?"}
    assert sum("Known fields:" in error["message"] or "Did you mean" in error["message"] for error in errors) == 5
    assert max(len(error["pointer"]) for error in errors) <= 101
    assert len(unstorable.json()["errors"]) == 50


async def test_a_long_path_is_logged_cut(lonely_api: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as lines:
        assert (await lonely_api.get("/" + "a" * 40_000)).status_code == 404
        # Logged once the response has been sent, which its receiver may see earlier.
        await eventually(lambda: any(line["event"] == "request" for line in lines), what="the request is logged")

    assert [len(line["path"]) for line in lines if line["event"] == "request"] == [200]
