"""A callback goes to the address that was checked, and nowhere else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import trustme

from promptmill.contracts.errors import ReceiverRefused, ReceiverUnavailable
from promptmill.local.ports import free_port
from promptmill.providers.callbacks.sender import CallbackSender, open_callback_sender
from promptmill.providers.http.checked_hosts import resolve
from tests.callback_receiver import deliveries
from tests.raw_server import LOOPBACK, Conduct, RawServer, http_answer, open_raw_server

NAME = "receiver.example.com"
UNROUTED = "2000::1"
"""A public address that nobody uses."""
OK = http_answer(204)


class Names:
    """A resolver that returns its answers in turn, the last one repeatedly, and records what it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@pytest.fixture
async def sender() -> AsyncIterator[CallbackSender]:
    """A sender that may deliver to this machine, with its own resolver."""
    async with open_callback_sender(timeout_seconds=60, allow_private=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def certificate(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def port_of(server: RawServer) -> int:
    port = urlsplit(server.url).port
    assert port is not None
    return port


async def send(sender: CallbackSender, url: str) -> int:
    return (await sender.send(url, content=b'{"a":1}', headers={"webhook-id": "callback-1"})).status


async def test_receiver_gets_body_and_headers(sender: CallbackSender) -> None:
    async with open_raw_server(OK) as server:
        assert await send(sender, f"{server.url}/hooks?key=1#part") == 204

    (got,) = deliveries(server)
    assert got.request_line == "POST /hooks?key=1 HTTP/1.1"
    assert got.body == {"a": 1}
    assert got.headers["webhook-id"] == "callback-1"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == urlsplit(server.url).netloc


async def test_name_is_resolved_once_and_what_was_judged_is_connected_to(
    authority: trustme.CA, trusted: ssl.SSLContext
) -> None:
    """TLS requests and verifies the name, although the connection goes to the address."""
    names = Names([LOOPBACK])
    async with (
        open_raw_server(OK, tls=certificate(authority, NAME)) as server,
        open_callback_sender(timeout_seconds=60, allow_private=True, resolver=names, trusted=trusted) as sender,
    ):
        assert await send(sender, f"https://{NAME}:{port_of(server)}/done") == 204

    (got,) = deliveries(server)
    assert got.headers["host"] == f"{NAME}:{port_of(server)}"
    assert names.asked == [(NAME, port_of(server))]


async def test_certificate_of_another_name_is_not_believed(authority: trustme.CA, trusted: ssl.SSLContext) -> None:
    """Not even one that is valid for the address itself."""
    async with (
        open_raw_server(OK, tls=certificate(authority, "other.example.com", LOOPBACK)) as server,
        open_callback_sender(
            timeout_seconds=60, allow_private=True, resolver=Names([LOOPBACK]), trusted=trusted
        ) as sender,
    ):
        with pytest.raises(ReceiverUnavailable, match="certificate"):
            await send(sender, f"https://{NAME}:{port_of(server)}/done")

    assert deliveries(server) == []


async def test_certificate_that_nobody_vouches_for_is_not_believed(authority: trustme.CA) -> None:
    async with (
        open_raw_server(OK, tls=certificate(authority, NAME)) as server,
        open_callback_sender(timeout_seconds=60, allow_private=True, resolver=Names([LOOPBACK])) as sender,
    ):
        with pytest.raises(ReceiverUnavailable, match="certificate"):
            await send(sender, f"https://{NAME}:{port_of(server)}/done")


@pytest.mark.parametrize(
    "found",
    [
        [LOOPBACK],
        ["10.0.0.7"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["203.0.113.9"],
        ["fe80::1%eth0"],
        ["8.8.8.8", LOOPBACK],
    ],
)
async def test_name_that_leads_inside_is_refused_before_anything_is_sent(found: list[str]) -> None:
    """One private address among public ones is enough."""
    async with (
        open_raw_server(OK) as server,
        open_callback_sender(timeout_seconds=60, allow_private=False, resolver=Names(found)) as sender,
    ):
        with pytest.raises(ReceiverRefused, match=r"private, loopback|zone"):
            await send(sender, f"https://{NAME}:{port_of(server)}/done")

    assert server.connections == []


async def test_rebound_name_is_refused_at_the_moment_it_leads_inside() -> None:
    """Public at the job's creation and the first delivery, private later."""
    names = Names([UNROUTED], [LOOPBACK])
    async with (
        open_raw_server(OK) as server,
        open_callback_sender(timeout_seconds=0.5, allow_private=False, resolver=names) as sender,
    ):
        url = f"https://{NAME}:{port_of(server)}/done"
        with pytest.raises(ReceiverUnavailable):
            await send(sender, url)
        with pytest.raises(ReceiverRefused):
            await send(sender, url)

    assert len(names.asked) == 2
    assert server.connections == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "http://example.com/",
        "https://user:secret@example.com/",
        "ftp://example.com/",
        "https://\u00ad.example.com/",
        "",
    ],
)
async def test_address_whose_text_is_forbidden_is_not_even_resolved(url: str) -> None:
    names = Names(["8.8.8.8"])
    async with open_callback_sender(timeout_seconds=60, allow_private=False, resolver=names) as sender:
        with pytest.raises(ReceiverRefused) as refused:
            await send(sender, url)

    assert names.asked == []
    assert "secret" not in str(refused.value)


async def test_metadata_service_is_refused_where_private_networks_are_allowed() -> None:
    async with open_callback_sender(
        timeout_seconds=60, allow_private=True, resolver=Names(["169.254.169.254"])
    ) as sender:
        with pytest.raises(ReceiverRefused):
            await send(sender, f"https://{NAME}/")


async def test_redirect_is_not_followed(sender: CallbackSender) -> None:
    async with (
        open_raw_server(OK) as inside,
        open_raw_server(http_answer(307, headers={"Location": inside.url})) as out,
    ):
        assert await send(sender, out.url) == 307

    assert inside.connections == []


async def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would resolve the name again, and elsewhere."""
    async with open_raw_server(OK) as proxy, open_raw_server(OK) as server:
        for variable in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, proxy.url)
        async with open_callback_sender(timeout_seconds=60, allow_private=True) as sender:
            assert await send(sender, server.url) == 204

    assert proxy.connections == []


async def test_next_address_is_tried_when_one_cannot_be_connected_to() -> None:
    async with (
        open_raw_server(OK) as server,
        open_callback_sender(timeout_seconds=60, allow_private=True, resolver=Names(["127.0.0.2", LOOPBACK])) as sender,
    ):
        assert await send(sender, f"http://printer.local:{port_of(server)}/") == 204


@pytest.mark.parametrize("conduct", [Conduct.SILENCE, Conduct.UNRESPONSIVE])
async def test_silent_receiver_holds_nothing_longer_than_the_timeout(conduct: Conduct) -> None:
    async with (
        open_raw_server(conduct) as server,
        # Reading an address takes a thread of its own, which a busy machine may not start in time.
        open_callback_sender(timeout_seconds=2, allow_private=True, resolver=Names([LOOPBACK])) as sender,
    ):
        with pytest.raises(ReceiverUnavailable, match="within 2 s"):
            await send(sender, server.url)


@pytest.mark.parametrize("conduct", [Conduct.CLOSE, Conduct.RESET, Conduct.CLOSE_AT_ONCE])
async def test_broken_connection_is_said(sender: CallbackSender, conduct: Conduct) -> None:
    async with open_raw_server(conduct) as server:
        with pytest.raises(ReceiverUnavailable):
            await send(sender, server.url)


async def test_nobody_listening_is_said(sender: CallbackSender) -> None:
    with pytest.raises(ReceiverUnavailable):
        await send(sender, f"http://{LOOPBACK}:{free_port()}/")


async def test_resolver_that_hangs_or_knows_nothing_is_said() -> None:
    async def hangs(host: str, port: int) -> Sequence[str]:
        return await resolve(host, port) if (await asyncio.Event().wait()) else []

    async def knows_nothing(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    for resolver in (hangs, knows_nothing):
        async with open_callback_sender(timeout_seconds=0.4, allow_private=False, resolver=resolver) as sender:
            with pytest.raises(ReceiverUnavailable, match="its name"):
                await send(sender, f"https://{NAME}/")


@pytest.mark.parametrize(("piece", "pause"), [(b"x" * 1_000_000, 0.0), (b"x", 0.05)])
async def test_endless_answer_is_cut_and_its_status_counts(sender: CallbackSender, piece: bytes, pause: float) -> None:
    """A flood is cut off by size, a trickle by time."""
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
                await asyncio.sleep(pause)
        writer.close()

    server = await asyncio.start_server(pour, LOOPBACK, 0)
    async with server:
        async with asyncio.timeout(60):
            assert await send(sender, f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/") == 200

    assert sent < 20_000_000


async def test_status_that_came_in_the_last_moment_counts() -> None:
    """The rest of the response has a timeout of its own."""
    held = http_answer(200, b"x" * 10)

    async def speaks_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(held[:-5])
        await reader.read()
        writer.close()

    server = await asyncio.start_server(speaks_late, LOOPBACK, 0)
    async with server, open_callback_sender(timeout_seconds=20, allow_private=True) as sender:
        assert await send(sender, f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/") == 200


async def test_wait_that_the_receiver_asks_for_is_told_up_to_an_hour(sender: CallbackSender) -> None:
    async with open_raw_server(
        http_answer(503, headers={"Retry-After": "90"}), http_answer(503, headers={"Retry-After": "86400"})
    ) as server:
        first = await sender.send(server.url, content=b"", headers={})
        second = await sender.send(server.url, content=b"", headers={})

    assert (first.ok, first.retry_after) == (False, timedelta(seconds=90))
    assert second.retry_after == timedelta(hours=1)


async def test_machines_own_resolver_reads_literal_addresses() -> None:
    """Names may not resolve where tests run; addresses need no name server."""
    assert await resolve(LOOPBACK, 80) == [LOOPBACK]
    assert await resolve("::1", 80) == ["::1"]
