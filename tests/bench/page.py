"""How long the workspace page takes until it is usable: a real Chromium opens it, cold and warm."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
from playwright.async_api import Browser, Page, expect

from tests.bench.rounds import INSTANT, ROUND_SECONDS, run_in_flight
from tests.bench.sides import Promptmill
from tests.bench.traffic import Traffic
from tests.fixtures.browser import DESKTOP, FORM_READY, ROW, open_browser
from tests.support import eventually

JOBS = 200
ROWS = 10
"""The number of rows visible without scrolling; where the gallery opens, as many tiles."""
TILE = ".gallery-tile"

PATIENCE_SECONDS = 60.0

WHEN_USEFUL = f"""
globalThis.whenUseful = new Promise((resolve) => {{
    const seen = (selector) => document.querySelectorAll(selector).length;
    const isUseful = () => seen("{FORM_READY}") && seen("{ROW}, {TILE}") >= {ROWS};
    const observer = new MutationObserver(() => {{
        if (!isUseful()) return;
        observer.disconnect();
        // What stands in the document is not on the screen yet: it is after the next frame.
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    }});
    observer.observe(document, {{ subtree: true, childList: true, characterData: true }});
}});
"""
"""Runs before any script of the page. Milliseconds count from when the browser starts to request the page."""

FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True)
class Visit:
    """One opening of the page.

    Attributes:
        painted_ms: Until something was painted.
        useful_ms: Until the form was usable and the first jobs were visible.
        requests: How many were sent until the network was idle, including images and the live stream.
        received: Bytes received for them.
    """

    painted_ms: float
    useful_ms: float
    requests: int
    received: int


@dataclass(frozen=True)
class Visits:
    """The visits: each cold one with an empty cache, each warm one after it, with what was cached by then."""

    cold: Sequence[Visit]
    warm: Sequence[Visit]


async def fill_list(side: Promptmill) -> None:
    """Run jobs to completion, so that the list has rows with images."""
    async with asyncio.timeout(ROUND_SECONDS):
        await run_in_flight(side, JOBS, INSTANT.in_flight)


async def weigh_first_view(http: httpx.AsyncClient) -> int:
    """Return the compressed size, in bytes, of our own files in the first view: HTML, style sheets, modules."""
    page = await http.get("/")
    needed = re.findall(r'<link rel="(?:stylesheet|modulepreload)" href="([^"]+)"', page.text)
    assert needed, "the page names no files"
    return sum([await _received(http, path) for path in ("/", *needed)])


async def _received(http: httpx.AsyncClient, path: str) -> int:
    async with http.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        answer.raise_for_status()
        return sum([len(piece) async for piece in answer.aiter_raw()])


async def visit_page(chromium: str, url: str, times: int) -> Visits:
    """Open the page this many times, each in its own profile, and reload it once each time."""
    cold: list[Visit] = []
    warm: list[Visit] = []
    async with open_browser(chromium) as browser:
        for _ in range(times):
            async with _new_profile(browser) as page:
                traffic = Traffic()
                await traffic.watch(page)
                cold.append(await _visit(page, traffic, partial(page.goto, url, wait_until="commit")))
                warm.append(await _visit(page, traffic, partial(page.reload, wait_until="commit")))
    return Visits(cold, warm)


@asynccontextmanager
async def _new_profile(browser: Browser) -> AsyncIterator[Page]:
    profile = await browser.new_context(viewport=DESKTOP)
    try:
        await profile.add_init_script(WHEN_USEFUL)
        yield await profile.new_page()
    finally:
        await profile.close()


async def _visit(page: Page, traffic: Traffic, go: Callable[[], Awaitable[object]]) -> Visit:
    traffic.begin()
    await go()
    useful_ms = await _useful(page)
    await _use(page)
    await page.wait_for_load_state("load")
    await eventually(lambda: traffic.settled, PATIENCE_SECONDS, what="all that the page asked for is there")
    return Visit(await page.evaluate(FIRST_PAINT), useful_ms, traffic.requests, traffic.received)


async def _useful(page: Page) -> float:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return float(await page.evaluate("whenUseful"))
    except TimeoutError:
        raise AssertionError(f"The page was of no use within {PATIENCE_SECONDS:.0f} s.") from None


async def _use(page: Page) -> None:
    """Use the form: a page that only appears usable would make the figures worth nothing."""
    await page.locator("#prompt").fill("A fox")
    await expect(page.locator("#run")).to_have_attribute("aria-disabled", "false")
