"""What a web page that the operator has open beside the Web UI can do to Temporal: nothing."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from temporalio.client import Client
from temporalio.service import RPCError

from api.http.callers import CallerRules
from api.http.codec_pages import DECODE
from promptmill.config.settings import Settings
from promptmill.contracts.names import CODEC
from promptmill.local.ports import LOOPBACK, Address, free_port, hidden_address
from promptmill.local.temporal import TemporalServer, open_temporal
from promptmill.local.web_ui import HEAD_BYTES, serve_front
from promptmill.temporal.encryption import data_converter
from tests.fixtures.api import open_api
from tests.fixtures.payload_keys import NEW
from tests.fixtures.session import Session
from tests.support import eventually

NAMESPACES = "/api/v1/namespaces"


@dataclass(frozen=True)
class WebUi:
    """A Temporal server with its Web UI, and the proxy that browsers reach."""

    server: TemporalServer
    hidden: Address
    front: Address
    api_port: int


@pytest.fixture(scope="module")
def served(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TemporalServer, Address, int]]:
    hidden, api_port = hidden_address(), free_port()
    codec = f"http://{LOOPBACK}:{api_port}{CODEC}"
    log = tmp_path_factory.mktemp("web-ui") / "temporal.log"
    with open_temporal(port=free_port(), log=log, ui=hidden, codec=codec) as server:
        session.guard(server.child)
        yield server, hidden, api_port


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def web_ui(served: tuple[TemporalServer, Address, int]) -> AsyncIterator[WebUi]:
    server, hidden, api_port = served
    front = Address(LOOPBACK, free_port())
    serving = asyncio.create_task(serve_front(front, hidden, CallerRules(frozenset({"ui.example.com"}), ())))
    found = WebUi(server, hidden, front, api_port)
    await eventually(lambda: asyncio.to_thread(_answers, found))
    yield found
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


def _answers(web_ui: WebUi) -> bool:
    with suppress(OSError):
        return bool(urllib.request.urlopen(f"http://{web_ui.front}{NAMESPACES}").status == 200)
    return False


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


async def test_the_web_ui_works_behind_its_front_in_a_real_browser(web_ui: WebUi, browser: Browser) -> None:
    client = await Client.connect(web_ui.server.address)
    await client.start_workflow("Shown", id="shown-in-a-browser", task_queue="nobody-serves-it")
    page = await browser.new_page()
    try:
        await page.goto(f"http://{web_ui.front}/namespaces/default/workflows")
        await expect(page.get_by_text("shown-in-a-browser").first).to_be_visible(timeout=60_000)
        # Requests that change something have a body and the page's own Origin.
        await page.goto(f"http://{web_ui.front}/namespaces/default/workflows/shown-in-a-browser")
        await page.get_by_role("button", name="Request Cancellation").click(timeout=60_000)
        await page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
        await eventually(lambda: _cancel_requested(client))
    finally:
        await page.close()


async def test_the_web_ui_shows_encrypted_words_to_whoever_the_api_lets_in(
    web_ui: WebUi, browser: Browser, lonely_settings: Settings
) -> None:
    client = await Client.connect(web_ui.server.address, data_converter=data_converter([NEW]))
    await client.start_workflow("Hidden", "a very private fox", id="encrypted", task_queue="nobody-serves-it")
    settings = lonely_settings.model_copy(update={"temporal_ui_url": f"http://{web_ui.front}", "payload_keys": (NEW,)})
    url = f"http://{web_ui.front}/namespaces/default/workflows/encrypted"
    async with open_api(settings, web_ui.api_port) as api:
        page = await browser.new_page()
        try:
            await page.goto(url)
            await expect(page.get_by_text("a very private fox").first).to_be_visible(timeout=60_000)

            made = (await api.post("/api/keys", json={"name": "operator", "scopes": ["operate"]})).raise_for_status()
            async with page.expect_response(lambda answer: answer.url.split("?")[0].endswith(DECODE)) as refused:
                await page.goto(url)
            assert (await refused.value).status == 401
            await expect(page.get_by_role("alert")).to_contain_text("Codec Server could not connect", timeout=60_000)
            await expect(page.get_by_text("a very private fox")).to_have_count(0)

            # Temporal's command line sends a key.
            codec = ("--codec-endpoint", f"{api.base_url}".rstrip("/") + CODEC)
            shown = ("workflow", "show", "--workflow-id", "encrypted", "--output", "json", *codec)
            told = await asyncio.to_thread(web_ui.server.cli, *shown, "--codec-auth", f"Bearer {made.json()['key']}")
            [given] = json.loads(told.stdout)["events"][0]["workflowExecutionStartedEventAttributes"]["input"][
                "payloads"
            ]
            assert json.loads(b64decode(given["data"])) == "a very private fox"

            # Whoever is signed in at Promptmill's page is known here, if the Web UI is told to send credentials.
            signed_in = await page.request.post(f"{api.base_url}/api/session", data={"key": made.json()["key"]})
            assert signed_in.ok
            await page.evaluate(
                """endpoint => {
                    localStorage.setItem("endpoint", JSON.stringify(endpoint));
                    localStorage.setItem("overrideRemoteCodecConfiguration", "true");
                    localStorage.setItem("includeCredentials", "true");
                }""",
                codec[1],
            )
            await page.goto(url)
            await expect(page.get_by_text("a very private fox").first).to_be_visible(timeout=60_000)
        finally:
            await page.close()


async def _cancel_requested(client: Client) -> bool:
    history = await client.get_workflow_handle("shown-in-a-browser").fetch_history()
    return any(event.HasField("workflow_execution_cancel_requested_event_attributes") for event in history.events)


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
