"""What the pages' Content-Security-Policy blocks and allows, as enforced by a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import httpx
import pytest
from playwright.async_api import Browser, Page, Route

from tests.fixtures.browser import FORM_READY
from tests.pictures import drawn, saved
from tests.support import eventually

ELSEWHERE = "https://elsewhere.example"
PLAIN = "http://elsewhere.example"
"""Neither https nor the simulator."""

SIMULATOR = "http://127.0.0.1:9"
"""The address of WaveSpeed's simulator in the settings of `lonely_api`."""

REFUSALS = (
    "window.refused = []; addEventListener('securitypolicyviolation', (e) => refused.push(e.effectiveDirective));"
)
ADD = "(tag, told) => document.body.append(Object.assign(document.createElement(tag), told))"

ATTEMPTS = {
    "a script in the page": ("script-src-elem", "add('script', { textContent: 'window.ran = true' })"),
    "a foreign script": ("script-src-elem", f"add('script', {{ src: '{ELSEWHERE}/x.js' }})"),
    "text as a script": ("script-src", "setTimeout(() => new Function('window.ran = true')())"),
    "a handler in markup": ("script-src-attr", "document.body.setAttribute('onclick', '1'); document.body.click()"),
    "a style in markup": ("style-src-attr", "document.body.setAttribute('style', 'color: red')"),
    "a foreign style sheet": ("style-src-elem", f"add('link', {{ rel: 'stylesheet', href: '{ELSEWHERE}/x.css' }})"),
    "a foreign font": (
        "font-src",
        f"new FontFace('x', 'url({ELSEWHERE}/x.woff2)').load().catch(() => {{}})",
    ),
    "a request to elsewhere": ("connect-src", f"fetch('{ELSEWHERE}/').catch(() => {{}})"),
    "a picture over plain http": ("img-src", f"add('img', {{ src: '{PLAIN}/x.png' }})"),
    "a film over plain http": ("media-src", f"add('video', {{ src: '{PLAIN}/x.mp4' }})"),
    "a frame": ("frame-src", f"add('iframe', {{ src: '{ELSEWHERE}/' }})"),
    "a plug-in": ("object-src", f"add('object', {{ data: '{ELSEWHERE}/x' }})"),
    "another base for addresses": ("base-uri", f"add('base', {{ href: '{ELSEWHERE}/' }})"),
    "a form to elsewhere": (
        "form-action",
        f"add('form', {{ id: 'out', action: '{ELSEWHERE}/' }}); document.querySelector('#out').submit()",
    ),
}
"""What is tried, the directive that must refuse it, and how it is tried."""

SHOW = """(address) => new Promise((resolve) => {
    const picture = document.createElement("img");
    picture.addEventListener("load", () => resolve(picture.naturalWidth));
    picture.addEventListener("error", () => resolve("not shown"));
    picture.src = address;
})"""


async def _answer(route: Route) -> None:
    await route.fulfill(body=saved(drawn(), "PNG"), content_type="image/png")


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page that records what is blocked; every other URL is an image of 64 pixels."""
    context = await browser.new_context()
    await context.add_init_script(REFUSALS)
    for origin in (ELSEWHERE, PLAIN, SIMULATOR):
        await context.route(f"{origin}/**", _answer)
    yield await context.new_page()
    await context.close()


async def refused(page: Page) -> list[str]:
    told: list[str] = await page.evaluate("refused")
    return told


async def has_refused(page: Page, times: int) -> bool:
    return len(await refused(page)) >= times


async def test_the_page_refuses_what_it_does_not_need(page: Page, lonely_api: httpx.AsyncClient) -> None:
    await page.goto(str(lonely_api.base_url))
    await page.locator(FORM_READY).wait_for()
    told: list[str] = []
    assert await refused(page) == told, "the page itself does nothing that is refused"

    for attempt, (directive, script) in ATTEMPTS.items():
        told.append(directive)

        await page.evaluate(f"() => {{ const add = {ADD}; {script}; }}")

        await eventually(partial(has_refused, page, len(told)), what=f"{attempt} is refused")
        assert await refused(page) == told, attempt
        assert await page.evaluate("window.ran") is None, attempt


async def test_the_page_shows_pictures_of_https_of_its_own_making_and_of_the_simulator(
    page: Page, lonely_api: httpx.AsyncClient
) -> None:
    await page.goto(str(lonely_api.base_url))
    made = (
        "new Promise((resolve) => Object.assign(document.createElement('canvas'), { width: 9 })"
        ".toBlob((blob) => resolve(URL.createObjectURL(blob))))"
    )
    data = await page.evaluate("Object.assign(document.createElement('canvas'), { width: 9 }).toDataURL()")
    shown = {
        "https": await page.evaluate(SHOW, f"{ELSEWHERE}/x.png"),
        "simulator": await page.evaluate(SHOW, f"{SIMULATOR}/x.png"),
        "blob": await page.evaluate(SHOW, await page.evaluate(made)),
        "data": await page.evaluate(SHOW, data),
    }

    assert shown == {"https": 64, "simulator": 64, "blob": 9, "data": 9}
    assert await refused(page) == []


async def test_no_other_site_may_frame_the_page(page: Page, lonely_api: httpx.AsyncClient) -> None:
    async def frame(route: Route) -> None:
        await route.fulfill(body=f"<iframe src='{lonely_api.base_url}'></iframe>", content_type="text/html")

    await page.route(f"{PLAIN}/", frame)
    await page.goto(f"{PLAIN}/")

    await eventually(lambda: page.frames[1].url == "chrome-error://chromewebdata/")


async def test_pages_of_help_need_nothing_that_is_refused(page: Page, lonely_api: httpx.AsyncClient) -> None:
    for path in ("/docs", "/docs/errors", "/docs/errors/invalid_request"):
        await page.goto(f"{lonely_api.base_url}{path}")
        await page.wait_for_load_state("networkidle")

        assert await refused(page) == [], path
        assert await page.evaluate(SHOW, f"{ELSEWHERE}/x.png") == "not shown", "only the page shows foreign pictures"
