"""What a web page that the operator has open beside the Web UI can do to Temporal: nothing."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from api.http.callers import CallerRules
from promptmill.local.ports import LOOPBACK, Address, free_port, hidden_address
from promptmill.local.web_ui import HEAD_BYTES, serve_front
from tests.fixtures.web_ui import NAMESPACES, WebUi
from tests.support import eventually


async def exchange(address: Address, sent: bytes) -> bytes:
    """Send bytes on a new connection and return everything that comes back."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()


def request(*headers: str, method: str = "GET", target: str = NAMESPACES) -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", *headers, "", ""]).encode()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8233", "localhost:8233", "[::1]:8233", "ui.example.com", "UI.EXAMPLE.COM."]
)
async def test_a_person_gets_the_web_ui(host: str, web_ui: WebUi) -> None:
    assert status(await exchange(web_ui.front, request(f"Host: {host}"))) == 200


@pytest.mark.parametrize("host", ["evil.example.com:8233", "127.0.0.1.evil.example.com", "", "a@127.0.0.1"])
async def test_a_name_that_was_pointed_at_this_machine_learns_nothing(host: str, web_ui: WebUi) -> None:
    answer = await exchange(web_ui.front, request(f"Host: {host}"))
    assert status(answer) == 404
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: 127.0.0.1:8233", "Origin: https://evil.example.com"),
        ("Host: 127.0.0.1:8233", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"),
        ("Host: 127.0.0.1:8233", "Origin: null"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_another_page_can_send_nothing(headers: tuple[str, ...], method: str, web_ui: WebUi) -> None:
    assert status(await exchange(web_ui.front, request(*headers, method=method))) == 403


async def test_a_link_on_another_page_opens_the_web_ui(web_ui: WebUi) -> None:
    followed = ("Host: 127.0.0.1:8233", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")
    assert status(await exchange(web_ui.front, request(*followed))) == 200
    # A form submitted from there is not a link.
    assert status(await exchange(web_ui.front, request(*followed, method="POST"))) == 403


@pytest.mark.parametrize(
    "sent",
    [
        request(),
        request("Host: 127.0.0.1", "Host: evil.example.com"),
        request("Host: 127.0.0.1", "Host : evil.example.com"),
        request("Host: 127.0.0.1", " folded"),
        request("Host: 127.0.0.1", target="http://evil.example.com/"),
        b"GET / HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n",
        b"nonsense\r\n\r\n",
        request("Host: 127.0.0.1", f"X: {'x' * HEAD_BYTES}"),
    ],
)
async def test_a_malformed_head_is_refused(sent: bytes, web_ui: WebUi) -> None:
    assert status(await exchange(web_ui.front, sent)) == 400


async def test_a_second_request_on_a_connection_is_never_read(web_ui: WebUi) -> None:
    good = request("Host: 127.0.0.1:8233", "Connection: keep-alive")
    answer = await exchange(web_ui.front, good + request("Host: evil.example.com"))
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_no_port_of_the_server_lets_a_web_page_start_work(web_ui: WebUi) -> None:
    """As a page posts without asking first: any Host, an Origin of its own, a plain text."""
    body = b'{"workflowType": {"name": "GenerateMediaWorkflow"}, "taskQueue": {"name": "promptmill"}}'
    ports = {
        connection.laddr.port
        for connection in psutil.Process(web_ui.server.child.process.pid).net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port != web_ui.hidden.port
    }
    assert len(ports) > 1  # gRPC and, on a port drawn by chance, its HTTP API
    for port in ports:
        asked = urllib.request.Request(
            f"http://{LOOPBACK}:{port}/namespaces/default/workflows/by-a-page",
            body,
            {"Host": "evil.example.com", "Origin": "https://evil.example.com", "Content-Type": "text/plain"},
        )
        with pytest.raises((urllib.error.URLError, OSError, ValueError)):
            await asyncio.to_thread(urllib.request.urlopen, asked, None, 5)
    client = await Client.connect(web_ui.server.address)
    assert [found.id async for found in client.list_workflows()] == []


async def test_an_activity_without_a_workflow_cannot_be_started(web_ui: WebUi) -> None:
    client = await Client.connect(web_ui.server.address)
    with pytest.raises(RPCError):
        await client.start_activity(
            "submit_media",
            id="without-a-job",
            task_queue="promptmill-wavespeed",
            start_to_close_timeout=timedelta(seconds=5),
        )


def test_the_hidden_address_is_drawn_anew(tmp_path: Path) -> None:
    assert len({str(hidden_address()) for _ in range(8)}) > 1


async def test_a_front_that_stops_closes_the_connections_that_browsers_hold() -> None:
    front = Address(LOOPBACK, free_port())
    serving = asyncio.create_task(serve_front(front, hidden_address(), CallerRules(frozenset(), ())))
    reader, writer = await eventually(lambda: _connected(front))
    writer.write(b"GET / HTTP/1.1\r\n")
    await writer.drain()

    serving.cancel()

    async with asyncio.timeout(5):  # half of what a caller may take to send the rest
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert await reader.read() == b""
    writer.close()


async def _connected(to: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    with suppress(ConnectionRefusedError):
        return await asyncio.open_connection(to.host, to.port)
    return None
