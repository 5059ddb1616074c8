"""`make drills`: Temporal's Web UI in a real browser, behind its front; encrypted words for whoever the API lets in.

What the front answers, byte by byte, is tested in tests/integration/test_web_ui.py.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode

from playwright.async_api import Browser, expect
from temporalio.client import Client

from api.http.codec_pages import DECODE
from promptmill.config.settings import Settings
from promptmill.contracts.names import CODEC
from promptmill.temporal.encryption import data_converter
from tests.fixtures.api import open_api
from tests.fixtures.payload_keys import NEW
from tests.fixtures.web_ui import WebUi
from tests.local_servers import temporal_cli
from tests.support import eventually


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
            key = f"Bearer {made.json()['key']}"
            told = await asyncio.to_thread(temporal_cli, web_ui.server, *shown, "--codec-auth", key)
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
