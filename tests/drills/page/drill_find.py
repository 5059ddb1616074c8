"""Finding jobs: the filter in the sheet, the chips and the address, in list and gallery, and acts on what was found."""

from __future__ import annotations

from typing import Any, Final, Literal

import httpx
from playwright.async_api import Browser, Locator, Page, expect

from promptmill.contracts.jobs import MediaKind
from tests.fixtures.browser import Workspace, keeps_nobody_out, open_workspace
from tests.fixtures.mill import Mill

VIDEO: Final = "alibaba/wan-2.6/text-to-video"
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
CHIPS: Final = "#filter-chips .filter-chip"
SHEET: Final = "#filter-sheet"


async def test_jobs_are_found(browser: Browser, served_mill: httpx.AsyncClient, mill: Mill) -> None:
    for prompt in ("A lighthouse", "Rice fields"):
        await mill.reaches(await mill.create(prompt=prompt, metadata={"group": "g-1"}), "completed")
    video = await mill.create(prompt="Clouds", model=VIDEO, kind=MediaKind.VIDEO, input={})
    await mill.reaches(video, "completed")
    async with open_workspace(browser, str(served_mill.base_url), view="list") as seen:
        await expect(seen.rows).to_have_count(3)
        await by_keyboard(seen)
        await by_address(seen, str(video))
        await live_updates_respect_it(seen, mill)
        await selected(seen)
        await keeps_nobody_out(seen.page)
    async with open_workspace(browser, str(served_mill.base_url), view="gallery", **PHONE) as seen:
        await on_a_phone(seen)


def control(page: Page, role: Literal["combobox", "textbox"], name: str) -> Locator:
    return page.locator(SHEET).get_by_role(role, name=name, exact=True)


async def shows(page: Page, *chips: str) -> None:
    await expect(page.locator(CHIPS)).to_have_text(list(chips))


async def by_keyboard(seen: Workspace) -> None:
    page = seen.page
    await page.keyboard.press("f")
    await expect(control(page, "combobox", "Status")).to_be_focused()
    await expect(page.locator("#filter")).to_have_attribute("aria-expanded", "true")
    model = control(page, "combobox", "Model")
    await model.fill(VIDEO)
    await page.keyboard.press("Enter")
    await expect(model).to_have_value("")
    await shows(page, VIDEO)
    await expect(seen.rows).to_have_count(1)
    await control(page, "textbox", "Cost at least, USD").fill("nothing")
    await page.keyboard.press("Tab")
    await expect(control(page, "textbox", "Cost at least, USD")).to_have_attribute("aria-invalid", "true")
    await control(page, "textbox", "Cost at least, USD").fill("1000")
    await page.keyboard.press("Tab")
    await shows(page, VIDEO, "At least $1000")
    await expect(page.locator("#empty")).to_contain_text(f"No job fits {VIDEO} · At least $1000.")
    await page.keyboard.press("Escape")
    await expect(page.locator("#filter")).to_be_focused()
    await expect(page.locator(SHEET)).to_be_hidden()
    await page.locator(CHIPS).nth(1).press("Enter")
    await expect(page.locator(CHIPS).first).to_be_focused()
    await expect(seen.rows).to_have_count(1)


async def by_address(seen: Workspace, video: str) -> None:
    page = seen.page
    await seen.rows.first.locator("a").click()
    await expect(seen.panel).to_contain_text("Clouds")
    await page.locator("#filter").click()
    await control(page, "combobox", "Kind").select_option("image")
    await expect(page).to_have_url(f"{seen.url}/?model=alibaba%2Fwan-2.6%2Ftext-to-video&kind=image#job={video}")
    await expect(seen.rows).to_have_count(0)
    await page.go_back()
    await shows(page, VIDEO)
    await expect(seen.rows).to_have_count(1)
    await expect(seen.panel).to_contain_text("Clouds")
    await page.go_back()
    await expect(seen.panel).to_be_hidden()
    await shows(page, VIDEO)
    await page.go_forward()
    await page.go_forward()
    await shows(page, VIDEO, "Images")
    await page.goto(seen.url)
    await shows(page, VIDEO, "Images")
    await expect(page).to_have_url(f"{seen.url}/?model=alibaba%2Fwan-2.6%2Ftext-to-video&kind=image")
    await page.get_by_role("button", name="Clear the filters").click()
    await expect(page).to_have_url(f"{seen.url}/")
    await expect(page.locator("#filter")).to_be_focused()
    await expect(seen.rows).to_have_count(3)
    await seen.open("?q=ALIBABA&kind=bogus")
    await shows(page, "“ALIBABA”")
    await expect(page.locator("#search")).to_have_value("ALIBABA")
    await expect(seen.rows).to_have_count(1)


async def live_updates_respect_it(seen: Workspace, mill: Mill) -> None:
    """What the stream sends is shown if it fits, and only then."""
    page = seen.page
    await page.locator("#search").fill("fields")
    await expect(seen.rows).to_have_count(1)
    await mill.reaches(await mill.create(prompt="A castle"), "completed")
    await mill.reaches(await mill.create(prompt="More fields"), "completed")
    await expect(seen.rows).to_have_count(2)
    await expect(seen.rows.first).to_contain_text("More fields")
    await page.locator("#search").fill("")
    await expect(seen.rows).to_have_count(5)


async def selected(seen: Workspace) -> None:
    """All that was found is selected, liked, and found again by that."""
    page = seen.page
    await seen.open("?group=g-1")
    await shows(page, "One group of runs")
    await page.keyboard.press("g")
    await expect(page.locator(".gallery-tile")).to_have_count(2)
    await page.get_by_role("button", name="Select tiles").click()
    bar = page.get_by_role("toolbar", name="Selected tiles")
    await bar.get_by_role("button", name="All", exact=True).click()
    await expect(bar).to_contain_text("2 tiles selected")
    await expect(bar.get_by_role("button", name="Download")).to_be_hidden()
    await bar.get_by_role("button", name="Like 2", exact=True).click()
    await expect(page.locator(".notice")).to_contain_text("2 jobs liked.")
    await bar.get_by_role("button", name="Done").click()
    await page.get_by_role("button", name="Clear the filters").click()
    await page.locator("#filter").click()
    await page.get_by_label("Liked only").check()
    await page.locator(SHEET).get_by_role("button", name="Done").click()
    await shows(page, "Liked")
    await expect(page.locator(".gallery-tile")).to_have_count(2)


async def on_a_phone(seen: Workspace) -> None:
    page = seen.page
    await page.goto(f"{seen.url}?from=2020-01-01")
    await page.get_by_role("button", name="Jobs", exact=True).tap()
    # What is tapped must not move away under the thumb: the banner comes last.
    await expect(page.get_by_text("Something is missing.")).to_be_visible()
    await page.get_by_role("button", name="Filter", exact=True).tap()
    sheet = await page.locator(SHEET).bounding_box()
    assert sheet is not None
    assert (sheet["x"], sheet["width"], sheet["y"] + sheet["height"]) == (0, 390, 844)
    await control(page, "combobox", "Kind").select_option("video")
    await page.locator(SHEET).get_by_role("button", name="Done").tap()
    await expect(page.locator(SHEET)).to_be_hidden()
    await shows(page, "Videos", "From 2020-01-01")
    await expect(page.locator(".gallery-tile")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    for height in await page.locator(f"{CHIPS}, #filter").evaluate_all("all => all.map((one) => one.offsetHeight)"):
        assert height >= 44
    await page.locator(CHIPS).last.tap()
    await shows(page, "Videos")
