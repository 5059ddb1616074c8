"""The page on small screens, with a large zoom, with forced colours, and with texts that do not break by themselves."""

from __future__ import annotations

from functools import partial

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import Mill
from tests.support import eventually

LONG = "https://example.com/" + "a-word-that-has-no-end" * 12
ARABIC = "ثعلب أحمر في الثلج"
WIDTHS = (320, 360, 390, 420, 768)
OUTSIDE = """() => {
    const width = document.documentElement.clientWidth;
    const name = (one) => `${one.tagName} ${one.id} ${one.className} “${one.textContent.trim().slice(0, 40)}”`;
    const seen = [...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility()
        && !one.closest("svg, option, .visually-hidden, .skip"));
    const spills = (one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1
        && one.matches("div, p, span, dt, dd, li, ul, section")
        && getComputedStyle(one).textOverflow !== "ellipsis" && getComputedStyle(one).display !== "inline";
    return seen.filter((one) => {
        const { left, right } = one.getBoundingClientRect();
        return left < -1 || right > width + 1 || spills(one);
    }).map(name).slice(0, 5);
}"""
"""What reaches beyond the window or its own place. What ends in an ellipsis may: its whole text is a click away."""
CUT = """() => [...document.querySelectorAll(".tile-name")].filter((one) => one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.textContent)"""


async def fits(page: Page) -> None:
    """Look at what is shown in windows of all widths, and leave the narrowest."""
    for width in sorted(WIDTHS, reverse=True):
        await page.set_viewport_size({"width": width, "height": 800})
        await eventually(partial(_fits_in, page, width), what=f"all of it is shown at {width} pixels")


async def _fits_in(page: Page, width: int) -> bool:
    """Awaited, because a part's style sheet may come after what it shows."""
    assert await page.evaluate(OUTSIDE) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(CUT) == []
    return True


@pytest.fixture
async def long_words(served_mill: httpx.AsyncClient, mill: Mill) -> str:
    """The page's URL on a record that holds jobs with long words: one done, one unclear, one refused."""
    await mill.reaches(await mill.create(prompt=LONG, caller_metadata={"k" * 60: "v" * 200}), "completed")
    await mill.wavespeed.order("submit", "status", status=402, code=402, message="Insufficient credits")
    await mill.reaches(await mill.create(prompt=LONG, use_ai_prompt=True), "failed")
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=100)
    await mill.reaches(await mill.create(prompt=LONG), "submit_unknown")
    return str(served_mill.base_url)


async def test_nothing_overflows_sideways(browser: Browser, long_words: str) -> None:
    async with open_workspace(browser, long_words, viewport={"width": min(WIDTHS), "height": 800}) as seen:
        await every_view_fits(seen)


async def every_view_fits(seen: Workspace) -> None:
    page = seen.page
    await seen.prompt.fill(LONG)
    await page.locator("summary", has_text="Raw input").click()
    await page.locator("#rawInput").fill("{")
    await page.locator("#target input").fill(f"ftp://{LONG}")
    await expect(page.locator("#reasons li")).to_have_count(2)
    await fits(page)
    await page.locator("#clear-form").click()
    await expect(page.locator("#set-aside")).to_be_in_viewport(ratio=1)
    await seen.prompt.fill(LONG)
    await seen.generate()
    await expect(page.locator(".compare")).to_be_visible()
    await fits(page)

    await page.locator("[data-half=jobs]").click()
    await expect(seen.rows).to_have_count(3)
    await fits(page)
    for number in range(3):
        await seen.rows.nth(number).locator("a").click()
        # The timeline of the job before still stands in the closed panel.
        await expect(seen.panel).to_be_visible()
        await expect(seen.panel.locator(".timeline li")).not_to_have_count(0)
        await fits(page)
        await page.keyboard.press("Escape")
    await page.locator("#search").fill(f"no-{LONG[20:220]}")
    await expect(page.locator("#empty")).to_contain_text("No match")
    await fits(page)


async def test_a_window_twice_enlarged_leaves_room_for_the_jobs(browser: Browser, long_words: str) -> None:
    async with open_workspace(browser, long_words, viewport={"width": 720, "height": 450}) as seen:
        page = seen.page
        await page.locator("[data-half=jobs]").click()
        await expect(seen.rows).to_have_count(3)
        await page.keyboard.press("k")

        async def last_is_seen() -> bool:
            # A style sheet that comes late may move the rows: `j` stays on the last one, and shows it again.
            await page.keyboard.press("j")
            await expect(seen.rows.last).to_be_in_viewport(ratio=0.9, timeout=1000)
            return True

        await eventually(last_is_seen)
        await expect(page.locator("#counters")).not_to_be_in_viewport(ratio=1)
        await expect(page.locator(".top")).to_be_in_viewport(ratio=1)


async def test_a_focus_on_a_radio_button_scrolls_the_form_and_not_the_page(workspace: Workspace) -> None:
    page = workspace.page
    await page.set_viewport_size({"width": 390, "height": 560})
    # What comes above it later would move it.
    await expect(page.locator("#field-size")).to_be_visible()
    await expect(page.locator("#also-on select")).to_be_visible()
    await workspace.unfold("How Grok helps")

    async def both_are_seen() -> bool:
        # What comes late above it, a banner or a hint, may move it: the next focus shows it again.
        for number in range(2):
            await page.locator("input[name=writer]").nth(number).focus()
        await expect(page.locator("#grok-options .segments")).to_be_in_viewport(ratio=1, timeout=1000)
        return True

    await eventually(both_are_seen)

    async def all_is_in_view() -> bool:
        # Of a style sheet that comes late, this is true later; of a page that has scrolled, never.
        assert await page.evaluate("[document.body.scrollTop, document.body.scrollHeight]") == [0, 560]
        return True

    await eventually(all_is_in_view)


async def test_forced_colours_tell_what_is_chosen(browser: Browser, long_words: str) -> None:
    async with open_workspace(browser, long_words, forced_colors="active") as seen:
        page = seen.page
        await page.locator("[data-group=failed]").click()
        await seen.rows.first.locator("a").focus()

        async def grounds(*places: str) -> set[str]:
            ground = "one => getComputedStyle(one).backgroundColor"
            return {await page.locator(one).first.evaluate(ground) for one in places}

        async def are_told_apart() -> bool:
            chosen = await grounds("[data-group=failed]", ".segments :checked + span", ".row.is-current")
            other = await grounds("[data-group=all]", ".segments :not(:checked) + span", ".row .chip")
            return len(chosen) == 1 and not chosen & other

        await eventually(are_told_apart)


async def test_a_prompt_from_the_right_stands_on_the_right(workspace: Workspace, mill: Mill) -> None:
    await mill.reaches(await mill.create(prompt=ARABIC), "completed")
    title = workspace.rows.locator("a")
    await expect(title).to_have_text(ARABIC)
    distance = """one => { const text = document.createRange(); text.selectNodeContents(one);
        return one.getBoundingClientRect().right - text.getBoundingClientRect().right }"""

    async def stands_right(one: Locator) -> bool:
        return bool(await one.evaluate(distance) < 2)

    await eventually(lambda: stands_right(title), what="the title stands on the right")
    await title.click()
    await eventually(lambda: stands_right(workspace.panel.locator(".prose")), what="the prompt stands on the right")
