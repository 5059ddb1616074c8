"""Takes pictures of the page (`make screenshots`): the user guide's, and those that its appearance is compared with.

Each of the guide's is one state on a Promptmill of its own, whose outputs are paintings that fit their prompts.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from tests.fixtures.browser import open_workspace, serving
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import storing
from tests.screenshots.appearance import DECODED, appearances, stored
from tests.screenshots.paintings import painting
from tests.screenshots.scenes import DESKTOP, PHONE, SCENES

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
MAX_BYTES: Final = 150_000
MAX_STORED_BYTES: Final = 60_000
OUTPUT: Final = re.compile(r"/api/jobs/([0-9a-f-]{36})/outputs/(\d+)/(file|thumbnail|poster)")
NONE_YET: Final = "0"


@pytest.fixture
async def studio(idle_mill: Mill, tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Mill]]:
    """A running Promptmill that stores outputs, and its API."""
    async with storing(idle_mill, tmp_path / "outputs") as mill, serving(mill) as client:
        await client.post("/api/init")
        await mill.wavespeed.credit("184.20")
        yield client, mill


async def hang(page: Page, mill: Mill) -> None:
    """Let every output that is a picture be a painting of its prompt."""

    async def answer(route: Route) -> None:
        found = OUTPUT.search(route.request.url)
        assert found
        row = await mill.job(UUID(found[1]))
        if row.kind == "video" and found[3] == "file":
            await route.continue_()
            return
        prompt, index = row.prompt or row.instructions or "", int(found[2])
        size = "1280*720" if row.kind == "video" else str(row.input.get("size"))
        body = await asyncio.to_thread(painting, prompt, size, index + sum(map(ord, row.model + prompt)))
        await route.fulfill(body=body, content_type="image/png")

    await page.route(OUTPUT, answer)


def shrink(taken: bytes, picture: Path) -> None:
    """Store a screenshot in few bytes, with letters as sharp as they were."""
    Image.open(BytesIO(taken)).convert("RGB").save(picture, "WEBP", quality=88, method=6)
    assert picture.stat().st_size < MAX_BYTES


@pytest.mark.parametrize("name", SCENES)
async def test_picture(name: str, browser: Browser, studio: tuple[httpx.AsyncClient, Mill]) -> None:
    client, mill = studio
    scene, context = SCENES[name]
    async with open_workspace(browser, str(client.base_url), **({"viewport": DESKTOP} | context)) as seen:
        await hang(seen.page, mill)
        await scene(seen, mill)
        shown = (await seen.page.locator("#shown").text_content() or NONE_YET).removesuffix(" shown")
        if not re.search("[#?]", seen.page.url):
            await expect(seen.page.locator("[data-group=all] .tile-figure")).to_have_text(shown)
        if context.get("viewport") == PHONE and name != "phone-form":
            await seen.page.locator("[data-half=jobs]").evaluate("tab => tab.click()")
        await seen.page.locator(".notice .icon-button").evaluate_all("buttons => buttons.forEach((one) => one.click())")
        await seen.page.mouse.move(0, 0)
        await seen.page.evaluate(DECODED)
        shrink(await seen.page.screenshot(animations="disabled"), FOLDER / f"{name}.webp")
        await mill.grok.release(held=0)
        await mill.wavespeed.release(held=0)


async def test_appearance(browser: Browser, served_mill: httpx.AsyncClient, mill: Mill) -> None:
    await served_mill.post("/api/init")
    async with open_workspace(browser, str(served_mill.base_url), viewport=DESKTOP) as seen:
        async for name, picture in appearances(seen, mill):
            picture.save(stored(name), "WEBP", quality=90, method=6)
            assert stored(name).stat().st_size < MAX_STORED_BYTES
