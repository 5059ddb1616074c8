"""The viewer: one output large, or two compared, by mouse, by keyboard alone and by touch; and its address."""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest
from playwright.async_api import Browser, CDPSession, Locator, Page, expect

from promptmill.contracts.jobs import MediaKind
from tests.fixtures.browser import Workspace, keeps_nobody_out, open_workspace
from tests.fixtures.mill import EDIT_MODEL, Mill
from tests.support import eventually

POSTER: Final = "simulated/poster-press/text-to-image"
VIDEO: Final = "alibaba/wan-2.6/text-to-video"
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
IS_INSIDE: Final = (
    "document.activeElement === document.body || document.activeElement.closest('dialog.viewer') !== null"
)
BOX: Final = (
    "one => { const { left, top, width } = one.getBoundingClientRect(); return [left, top, width].map(Math.round) }"
)


@pytest.fixture
async def filled(served_mill: httpx.AsyncClient, mill: Mill) -> str:
    """The page's URL, with a picture, one that was made from it, two of one job, and a video: newest first."""
    first = await mill.create(prompt="A lighthouse in the fog", input={"size": "1024*768"})
    await mill.reaches(first, "completed")
    given = (await served_mill.get(f"/api/jobs/{first}")).json()["outputs"][0]["url"]
    made = [
        await mill.create(
            prompt="The same, at night", model=EDIT_MODEL, input={"images": [given], "size": "1536*1152"}
        ),
        await mill.create(prompt="A poster of a fox", model=POSTER, input={"num_images": 2, "style": "comic"}),
        await mill.create(prompt="Clouds over the pass", model=VIDEO, kind=MediaKind.VIDEO, input={}),
    ]
    for job_id in made:
        await mill.reaches(job_id, "completed")
    return str(served_mill.base_url)


def viewer(page: Page) -> Locator:
    return page.locator("dialog.viewer")


def title(page: Page) -> Locator:
    return viewer(page).locator("#viewer-title")


def act(page: Page, name: str) -> Locator:
    return viewer(page).get_by_role("button", name=name, exact=True)


def pictures(page: Page) -> Locator:
    return viewer(page).locator(".viewer-picture")


async def is_there(picture: Locator) -> None:
    """Wait until the picture is on the stage, in its size."""
    await eventually(
        lambda: picture.evaluate("one => one.naturalWidth > 0 && one.style.width !== ''"), what="a picture"
    )


def zoom(page: Page) -> Locator:
    return viewer(page).locator(".viewer-percent")


async def width_of(picture: Locator) -> int:
    return int((await picture.evaluate(BOX))[2])


async def open_tile(page: Page, name: str) -> None:
    await page.locator(".gallery-link").and_(page.get_by_role("link", name=name)).click()
    await expect(viewer(page)).to_be_visible()


async def test_by_mouse(browser: Browser, filled: str) -> None:
    async with open_workspace(browser, filled, view="gallery") as seen:
        page = seen.page
        await open_tile(page, "A lighthouse")
        await expect(title(page)).to_have_text("“A lighthouse in the fog”")
        await expect(viewer(page)).to_contain_text("5 of 5")
        await expect(act(page, "Next")).to_be_hidden()
        await zooms(page)
        await compares(page)
        await leads_on(seen)
        await its_address_is_enough(seen)


async def zooms(page: Page) -> None:
    picture = pictures(page)
    await is_there(picture)
    fitted = await picture.evaluate(BOX)
    await page.mouse.move(900, 300)
    await page.mouse.wheel(0, -400)
    await eventually(lambda: _is_wider(picture, fitted[2]), what="the wheel enlarges it")
    [left, top, width] = await picture.evaluate(BOX)
    # What the mouse is on stays under it.
    assert (900 - left) / width == pytest.approx((900 - fitted[0]) / fitted[2], abs=0.01)
    await page.mouse.down()
    await page.mouse.move(860, 320)
    await page.mouse.up()
    assert (await picture.evaluate(BOX))[:2] == [left - 40, top + 20]
    await page.mouse.dblclick(700, 400)
    assert await picture.evaluate(BOX) == fitted
    await act(page, "Larger").click()
    await expect(zoom(page)).not_to_have_text(f"{round(100 * fitted[2] / 1024)} %")
    await zoom(page).click()
    await expect(zoom(page)).to_have_text(f"{round(100 * fitted[2] / 1024)} %")


async def _is_wider(picture: Locator, width: float) -> bool:
    return await width_of(picture) > width


async def compares(page: Page) -> None:
    await act(page, "Previous").click()
    await expect(title(page)).to_have_text("“The same, at night”")
    await act(page, "Input").click()
    await expect(pictures(page)).to_have_count(2)
    await expect(viewer(page)).to_contain_text("Input")
    await is_there(pictures(page).last)
    await page.mouse.move(300, 400)
    await page.mouse.wheel(0, -300)
    await expect(viewer(page).locator(".viewer-stage")).to_have_class("viewer-stage is-zoomed")
    assert await width_of(pictures(page).first) == await width_of(pictures(page).last), "both in step"
    await page.keyboard.press("0")
    await act(page, "Divider").click()
    divider = viewer(page).get_by_role("slider", name="Divider between the two")
    await expect(divider).to_have_value("50")
    await page.mouse.move(300, 300)
    await page.mouse.down()
    await page.mouse.move(360, 300)
    await page.mouse.up()
    await expect(divider).to_have_value("25")
    assert page.url.endswith("&with=input.0&slider")
    await act(page, "Input").click()
    await expect(pictures(page)).to_have_count(1)
    await act(page, "Compare").click()
    await expect(pictures(page)).to_have_count(2)
    await act(page, "Compare").click()


async def leads_on(seen: Workspace) -> None:
    """Like, download, the recipe, the job; and back."""
    page = seen.page
    await act(page, "Like").click()
    await expect(act(page, "Like")).to_have_attribute("aria-pressed", "true")
    download = viewer(page).get_by_role("link", name="Download")
    assert (await download.get_attribute("href") or "").startswith("http")
    await act(page, "Recipe").click()
    await expect(viewer(page).get_by_role("complementary", name="Recipe")).to_contain_text("The same, at night")
    await keeps_nobody_out(page)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await act(page, "Recipe").click()
    await act(page, "Open job").click()
    await expect(viewer(page)).to_be_hidden()
    await expect(seen.panel).to_contain_text("The same, at night")
    await seen.panel.locator(".output img").click()
    await expect(viewer(page)).to_be_visible()
    await page.go_back()
    await expect(viewer(page)).to_be_hidden()
    await expect(seen.panel).to_be_visible()
    await page.go_back()
    await expect(seen.panel).to_be_hidden()


async def its_address_is_enough(seen: Workspace) -> None:
    page = seen.page
    await open_tile(page, "1 of 2")
    await act(page, "Compare").click()
    address = page.url
    assert "&with=" in address
    await page.goto("about:blank")
    await page.goto(address)
    await expect(pictures(page)).to_have_count(2)
    await expect(title(page)).to_have_text("“A poster of a fox”")
    await act(page, "Close the viewer").click()
    await expect(viewer(page)).to_be_hidden()
    assert page.url.rstrip("/") == seen.url
    await page.evaluate("location.hash = 'view=01a20997-9ee3-71b9-aedb-54303a7c18ab.0'")
    await expect(title(page)).to_have_text("There is no such output")
    await page.keyboard.press("Escape")
    await expect(viewer(page)).to_be_hidden()


async def test_by_keyboard_alone(browser: Browser, filled: str) -> None:
    async with open_workspace(browser, filled, view="gallery") as seen:
        page, keys = seen.page, seen.page.keyboard
        await page.locator(".gallery-link").first.focus()
        await keys.press("End")
        await keys.press("Enter")
        await expect(title(page)).to_have_text("“A lighthouse in the fog”")
        await expect(title(page)).to_be_focused()
        await is_there(pictures(page))
        fitted = await width_of(pictures(page))
        await keys.press("+")
        assert await width_of(pictures(page)) == pytest.approx(fitted * 1.4, abs=2)
        await keys.press("ArrowRight")
        await expect(title(page)).to_have_text("“A lighthouse in the fog”")
        await keys.press("1")
        await expect(zoom(page)).to_have_text("100 %")
        await keys.press("0")
        assert await width_of(pictures(page)) == fitted
        for _ in range(12):
            await keys.press("Tab")
            assert await page.evaluate(IS_INSIDE)
        await title(page).focus()
        await keys.press("l")
        await expect(act(page, "Like")).to_have_attribute("aria-pressed", "true")
        await keys.press("ArrowLeft")
        await expect(title(page)).to_have_text("“The same, at night”")
        await keys.press("b")
        await keys.press("v")
        await expect(viewer(page).get_by_role("slider")).to_be_visible()
        await keys.press("b")
        await keys.press("i")
        await expect(viewer(page).get_by_role("complementary", name="Recipe")).to_be_visible()
        await keys.press("i")
        await plays(page)
        await keys.press("Escape")
        await expect(viewer(page)).to_be_hidden()
        await expect(page.get_by_role("link", name="Clouds over the pass")).to_be_focused()


async def plays(page: Page) -> None:
    """The keys of a video, to which the job before leads."""
    keys = page.keyboard
    await keys.press("ArrowUp")
    await expect(viewer(page)).to_contain_text("3 of 5")
    await keys.press("ArrowUp")
    video = viewer(page).locator(".viewer-video")
    await expect(title(page)).to_have_text("“Clouds over the pass”")
    await eventually(lambda: video.evaluate("one => one.readyState >= 2"), what="the video is there")
    await keys.press(".")
    await eventually(lambda: video.evaluate("one => one.paused && one.currentTime > 0.02 && one.currentTime < 0.05"))
    await keys.press(",")
    await eventually(lambda: video.evaluate("one => one.currentTime < 0.01"), what="one frame back")
    await keys.press("m")
    assert await video.evaluate("one => one.muted")
    await keys.press(" ")
    await eventually(lambda: video.evaluate("one => !one.paused"), what="it plays")


async def test_by_touch_on_a_phone(browser: Browser, filled: str) -> None:
    async with open_workspace(browser, filled, view="gallery", **PHONE) as seen:
        page = seen.page
        await page.locator("[data-half=jobs]").tap()
        await page.get_by_role("link", name="The same, at night").tap()
        await is_there(pictures(page))
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        for width, height in (
            await viewer(page)
            .locator("button:visible, a:visible")
            .evaluate_all("all => all.map((one) => [one.offsetWidth, one.offsetHeight])")
        ):
            assert min(width, height) >= 44
        touch = await page.context.new_cdp_session(page)
        await swipe(touch, 300, 60)
        await expect(title(page)).to_have_text("“A lighthouse in the fog”")
        await is_there(pictures(page))
        fitted = await width_of(pictures(page))
        await pinch(touch)
        await eventually(lambda: _is_wider(pictures(page), round(fitted * 1.8)), what="the pinch makes it larger")
        await swipe(touch, 300, 60)
        await expect(title(page)).to_have_text("“A lighthouse in the fog”")
        await double_tap(page, touch)
        await eventually(lambda: _is(pictures(page), fitted), what="a double tap shows all of it")
        await swipe(touch, 60, 300)
        await expect(title(page)).to_have_text("“The same, at night”")
        # No tap: right after a swipe, Chromium takes one for the end of its movement.
        await act(page, "Input").click()
        await expect(pictures(page)).to_have_count(2)
        await act(page, "Close the viewer").click()
        await expect(viewer(page)).to_be_hidden()


async def _is(picture: Locator, width: int) -> bool:
    return await width_of(picture) == width


async def swipe(touch: CDPSession, start: int, end: int) -> None:
    await fingers(touch, "touchStart", [(start, 400)])
    for part in (0.5, 1):
        await fingers(touch, "touchMove", [(round(start + (end - start) * part), 400)])
    await fingers(touch, "touchEnd", [])


async def pinch(touch: CDPSession) -> None:
    await fingers(touch, "touchStart", [(175, 400), (215, 400)])
    for apart in (40, 60, 80):
        await fingers(touch, "touchMove", [(195 - apart, 400), (195 + apart, 400)])
    await fingers(touch, "touchEnd", [])


async def double_tap(page: Page, touch: CDPSession) -> None:
    """Tap twice within 0.15 s by the times that the events carry: a slow machine sends them further apart."""
    now = await page.evaluate("Date.now() / 1000")
    for part in range(2):
        await fingers(touch, "touchStart", [(195, 400)], at=now + 0.1 * part)
        await fingers(touch, "touchEnd", [], at=now + 0.1 * part + 0.05)


async def fingers(touch: CDPSession, kind: str, places: list[tuple[int, int]], at: float | None = None) -> None:
    points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
    when = {} if at is None else {"timestamp": at}
    await touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points} | when)
