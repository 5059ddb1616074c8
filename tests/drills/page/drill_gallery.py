"""The gallery: by mouse, by keyboard alone and by touch; and how much of it is in the document."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
import uuid_utils.compat as uuid_versions
from playwright.async_api import Browser, Locator, Page, Route, expect

from promptmill.contracts.jobs import MediaKind
from tests.fixtures.browser import Workspace, intercept, keeps_nobody_out, open_workspace
from tests.fixtures.mill import Mill
from tests.support import eventually

POSTER: Final = "simulated/poster-press/text-to-image"
VIDEO: Final = "alibaba/wan-2.6/text-to-video"
TILE: Final = ".gallery-tile"
TILES: Final = 5_000
PAGE: Final = 200
NODES: Final = 2_500
"""Elements in the whole document; without virtual rows, 5,000 tiles alone are 45,000."""
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
FRAMES: Final = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
PLACES: Final = "tiles => tiles.map((tile) => tile.getBoundingClientRect()).map(({ top, height }) => [top, height])"


async def fill(mill: Mill) -> None:
    """A picture, one wide, four of one job, one that is flagged, a video, a failure, and one under way."""
    done = [
        await mill.create(prompt="A lighthouse in the fog", input={"size": "512*512"}),
        await mill.create(prompt="Rice fields after rain", input={"size": "768*512"}),
        await mill.create(prompt="A poster of a fox", model=POSTER, input={"num_images": 4, "style": "comic"}),
        await mill.create(prompt="Clouds over the pass", model=VIDEO, kind=MediaKind.VIDEO, input={}),
    ]
    for job_id in done:
        await mill.reaches(job_id, "completed")
    await mill.wavespeed.order("submit", "nsfw")
    await mill.reaches(await mill.create(prompt="A bather"), "completed")
    await mill.wavespeed.order("submit", "ending", word="failed", code=500, message="The model ran out of memory")
    await mill.reaches(await mill.create(prompt="A market hall"), "failed")
    await mill.wavespeed.order("submit", "never")
    await mill.reaches(await mill.create(prompt="A glass house", input={"size": "1024*512"}), "generating")


def tile(page: Page, name: str) -> Locator:
    return page.locator(TILE).filter(has=page.get_by_role("link", name=name))


def link(page: Page, name: str) -> Locator:
    return tile(page, name).locator(".gallery-link")


async def shows(page: Page, view: str) -> None:
    await expect(page.locator(f"[data-view={view}]")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#gallery" if view == "gallery" else "#jobs")).to_be_visible()
    await expect(page.locator("#jobs" if view == "gallery" else "#gallery")).to_be_hidden()


async def test_the_gallery_opens_where_there_is_something_to_look_at(
    browser: Browser, served_mill: httpx.AsyncClient, mill: Mill
) -> None:
    async with open_workspace(browser, str(served_mill.base_url), view=None) as seen:
        page = seen.page
        await expect(page.locator("#empty")).to_contain_text("Nothing yet")
        await expect(page.locator("[data-view=list]")).to_have_attribute("aria-pressed", "true")
        await fill(mill)
        # Nothing changes under somebody's eyes because a job has ended.
        await expect(seen.rows).to_have_count(7)
        await seen.open()
        await page.reload()
        await shows(page, "gallery")
        await expect(page.locator(TILE)).to_have_count(10)
        await by_mouse(seen)
        await by_keyboard(seen)
        await keeps_nobody_out(page)
        await page.set_viewport_size({"width": 1440, "height": 900})

        await page.keyboard.press("Escape")
        await page.keyboard.press("g")
        await shows(page, "list")
        await page.reload()
        await shows(page, "list")
        await expect(seen.rows).to_have_count(7)


async def by_mouse(seen: Workspace) -> None:
    page = seen.page
    failed, under_way = tile(page, "A market hall"), tile(page, "A glass house")
    await expect(failed).to_contain_text("The model ran out of memory")
    await expect(failed.locator("progress")).to_have_count(0)
    await expect(under_way.locator("progress")).to_be_visible()
    heights = {round(height) for _, height in await page.locator(TILE).evaluate_all(PLACES)}
    assert len(heights) <= len(await page.locator(".gallery-row").all()), "tiles of one row have one height"
    wide = await tile(page, "Rice fields").evaluate("one => one.offsetWidth / one.offsetHeight")
    assert 1.4 < wide < 1.6

    flagged = tile(page, "A bather")
    await expect(flagged.locator("img")).to_have_count(0)
    await flagged.get_by_role("button", name="Show").click()
    await expect(flagged.locator("img")).to_be_visible()

    video = tile(page, "Clouds over the pass")
    await expect(video.locator(".gallery-film")).to_have_count(0)
    await video.hover()
    film = video.locator(".gallery-film")
    await eventually(lambda: film.evaluate("one => one.muted && !one.paused"), what="the video plays, without sound")
    await page.emulate_media(reduced_motion="reduce")
    await failed.hover()
    await expect(film).to_have_count(0)
    await video.hover()
    await expect(video).to_contain_text("Clouds over the pass")
    await expect(film).to_have_count(0)
    await page.emulate_media(reduced_motion="no-preference")

    await tile(page, "A lighthouse").hover()
    await page.get_by_role("button", name="Like: “A lighthouse").click()
    await expect(
        link(page, "A lighthouse, image, liked".replace("A lighthouse", "A lighthouse in the fog”"))
    ).to_be_visible()
    await page.get_by_role("button", name="Select: “A poster of a fox”, image, 1 of 4").click()
    tools = page.locator("#jobs-tools")
    await expect(tools).to_be_hidden()
    before = await page.locator(TILE).first.evaluate("one => one.getBoundingClientRect().top")
    await link(page, "A poster of a fox”, image, 4 of 4").click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected tiles")
    await expect(bar).to_contain_text("4 tiles selected")
    assert await page.locator(TILE).first.evaluate("one => one.getBoundingClientRect().top") == before
    await bar.get_by_role("button", name="Done").click()
    await expect(tools).to_be_visible()

    size = page.get_by_label("Tile size")
    await size.fill("2")
    await eventually(lambda: page.locator(TILE).first.evaluate("one => one.offsetHeight > 250"), what="tiles are large")
    await size.fill("1")


async def by_keyboard(seen: Workspace) -> None:
    page, keys = seen.page, seen.page.keyboard
    await page.locator("#search").focus()
    for _ in range(8):
        await keys.press("Tab")
        if await page.evaluate("document.activeElement.matches('.gallery-link')"):
            break
    await keys.press("Home")
    await expect(link(page, "A glass house")).to_be_focused()
    await keys.press("ArrowRight")
    await expect(link(page, "A market hall")).to_be_focused()
    await keys.press("End")
    await expect(link(page, "A lighthouse")).to_be_focused()
    await keys.press("ArrowUp")
    await expect(link(page, "A lighthouse")).not_to_be_focused()
    await keys.press("ArrowDown")
    await keys.press("End")
    await keys.press("l")
    await expect(page.get_by_role("link", name="A lighthouse in the fog”, image", exact=False)).to_be_focused()
    await expect(page.get_by_role("button", name="Like: “A lighthouse")).to_have_attribute("aria-pressed", "false")
    await keys.press("X")
    await keys.press("ArrowLeft")
    await keys.press("X")
    selected = page.locator(f"{TILE}[aria-selected=true]")
    await expect(selected).to_have_count(2)
    await expect(page.get_by_role("grid")).to_have_attribute("aria-multiselectable", "true")
    await page.get_by_role("button", name="Compare").focus()
    await keys.press("Enter")
    await expect(page.locator("dialog.viewer .viewer-picture")).to_have_count(2)
    await keys.press("Escape")
    await expect(page.locator("dialog.viewer")).to_be_hidden()
    await link(page, "A lighthouse").focus()
    await keys.press("Escape")
    await expect(selected).to_have_count(0)
    await keys.press("Enter")
    await expect(page.locator("dialog.viewer")).to_be_visible()
    await keys.press("Escape")
    await expect(link(page, "A lighthouse")).to_be_focused()


async def test_by_touch_on_a_phone(browser: Browser, served_mill: httpx.AsyncClient, mill: Mill) -> None:
    for prompt in ("A heron", "A tram"):
        await mill.reaches(await mill.create(prompt=prompt), "completed")
    async with open_workspace(browser, str(served_mill.base_url), view="gallery", **PHONE) as seen:
        page = seen.page
        await page.locator("[data-half=jobs]").tap()
        await expect(page.locator(TILE)).to_have_count(2)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        small = ".views button, .gallery-tools :is(button, input), .gallery-link"
        for width, height in await page.locator(small).evaluate_all(
            "all => all.map((one) => [one.offsetWidth, one.offsetHeight])"
        ):
            assert min(width, height) >= 44
        await page.get_by_role("button", name="Select tiles").tap()
        await link(page, "A heron").tap()
        await link(page, "A tram").tap()
        bar = page.get_by_role("toolbar", name="Selected tiles")
        await bar.get_by_role("button", name="Like").tap()
        await expect(page.get_by_role("link", name="liked")).to_have_count(2)
        await bar.get_by_role("button", name="Done").tap()
        await link(page, "A heron").tap()
        await expect(page.locator("dialog.viewer")).to_be_visible()
        await page.get_by_role("button", name="Close the viewer").tap()
        await expect(page.locator("dialog.viewer")).to_be_hidden()


async def many_jobs(api: httpx.AsyncClient, job_id: UUID) -> list[dict[str, Any]]:
    """As many jobs as there may be, made from one: newest first, half of them wide, half without a known size."""
    job = (await api.get(f"/api/jobs/{job_id}")).json()
    ids = [str(uuid_versions.uuid7()) for _ in range(TILES)]
    made = []
    for number, name in enumerate(ids):
        created = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
        sizes = {"size": "1024*640"} if number % 2 else {}
        made.append(job | {"jobId": name, "prompt": f"Number {number}", "createdAt": created, "input": sizes})
    return made[::-1]


async def test_of_5000_tiles_only_those_near_the_window_are_in_the_document(
    browser: Browser, served_mill: httpx.AsyncClient, mill: Mill
) -> None:
    job_id = await mill.create(prompt="A heron", input={"size": "256*256"})
    await mill.reaches(job_id, "completed")
    jobs = await many_jobs(served_mill, job_id)

    async def page_of(route: Route) -> None:
        query = httpx.URL(route.request.url).params
        start = int(query.get("cursor", 0))
        more = str(start + PAGE) if start + PAGE < TILES else None
        body = {"items": jobs[start : start + PAGE], "nextCursor": more, "searchedUntil": None}
        await route.fulfill(body=json.dumps(body), content_type="application/json")

    async with open_workspace(browser, str(served_mill.base_url), view="gallery") as seen:
        page = seen.page
        await intercept(page, "**/api/jobs?*", page_of)
        await page.locator("[data-group=done]").click()
        await page.locator("[data-group=all]").click()
        await expect(link(page, f"Number {TILES - 1}”")).to_be_visible()
        counted = "document.querySelectorAll('*').length"
        nodes: list[int] = []
        scroller = page.locator("#jobs-scroll")

        async def reaches_the_end() -> bool:
            await scroller.evaluate("one => one.scrollTo(0, one.scrollHeight)")
            nodes.append(await page.evaluate(counted))
            return await link(page, "Number 0”").count() == 1

        await eventually(reaches_the_end, 60, what="all are read, and the last one is shown")
        assert max(nodes) < NODES
        await expect(page.locator("#shown")).to_have_text(f"{TILES} shown")

        await stays_where_it_is(page, mill)
        await page.locator("[data-view=list]").click()
        await expect(seen.rows).to_have_count(PAGE)
        assert await page.evaluate(counted) < PAGE * 40


async def stays_where_it_is(page: Page, mill: Mill) -> None:
    """What is being looked at does not move when a job appears above it, and pictures are not as wide as expected."""
    scroller = page.locator("#jobs-scroll")
    await scroller.evaluate("one => one.scrollTo(0, one.scrollHeight / 2)")
    watched = """() => [...document.querySelectorAll(".gallery-tile")]
        .find((tile) => tile.getBoundingClientRect().top > 300).dataset.key"""
    await page.evaluate(FRAMES)
    key = await page.evaluate(watched)
    there = page.locator(f'[data-key="{key}"]')
    place = "one => { const { left, top } = one.getBoundingClientRect(); return [left, top] }"
    before = await there.evaluate(place)
    shown = await page.locator("#shown").text_content()
    await mill.accept(prompt="A new one")
    await expect(page.locator("#shown")).not_to_have_text(shown or "")
    await page.evaluate(FRAMES)
    assert await there.evaluate(place) == pytest.approx(before, abs=1)
