"""The page on small screens, with a large zoom, with forced colours, and with texts that do not break by themselves."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import Mill

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


async def fits(page: Page, width: int) -> None:
    assert await page.evaluate(OUTSIDE) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture
async def long_words(workspace: Workspace, mill: Mill) -> Workspace:
    """A page of the record that holds jobs with long words: one done, one unclear, one refused."""
    await mill.reaches(await mill.create(prompt=LONG, caller_metadata={"k" * 60: "v" * 200}), "completed")
    await mill.wavespeed.order("submit", "status", status=402, code=402, message="Insufficient credits")
    await mill.reaches(await mill.create(prompt=LONG, use_ai_prompt=True), "failed")
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=100)
    await mill.reaches(await mill.create(prompt=LONG), "submit_unknown")
    return workspace


@pytest.mark.parametrize("width", WIDTHS)
async def test_nothing_overflows_sideways(browser: Browser, long_words: Workspace, width: int) -> None:
    async with open_workspace(browser, long_words.url, viewport={"width": width, "height": 800}) as seen:
        page = seen.page
        await seen.prompt.fill(LONG)
        await page.locator("summary", has_text="Raw input").click()
        await page.locator("#rawInput").fill("{")
        await page.locator("#target input").fill(f"ftp://{LONG}")
        await expect(page.locator("#reasons li")).to_have_count(2)
        await fits(page, width)
        await page.locator("#clear-form").click()
        await expect(page.locator(".notice")).to_be_in_viewport(ratio=1)
        await seen.prompt.fill(LONG)
        await seen.generate()
        await expect(page.locator(".compare")).to_be_visible()
        await fits(page, width)

        await page.locator("[data-half=jobs]").click()
        await expect(seen.rows).to_have_count(3)
        await fits(page, width)
        assert await page.evaluate(CUT) == []
        for number in range(3):
            await seen.rows.nth(number).locator("a").click()
            # The timeline of the job before still stands in the closed panel.
            await expect(seen.panel).to_be_visible()
            await expect(seen.panel.locator(".timeline li")).not_to_have_count(0)
            await fits(page, width)
            await page.keyboard.press("Escape")
        await page.locator("#search").fill(LONG[20:220])
        await page.locator("[data-group=cancelled]").click()
        await expect(page.locator("#empty")).to_contain_text("No match")
        await fits(page, width)


async def test_a_window_twice_enlarged_leaves_room_for_the_jobs(browser: Browser, long_words: Workspace) -> None:
    async with open_workspace(browser, long_words.url, viewport={"width": 720, "height": 450}) as seen:
        page = seen.page
        await page.locator("[data-half=jobs]").click()
        await expect(seen.rows).to_have_count(3)
        await page.keyboard.press("k")
        await expect(seen.rows.last).to_be_in_viewport(ratio=0.9)
        await expect(page.locator("#counters")).not_to_be_in_viewport(ratio=1)
        await expect(page.locator(".top")).to_be_in_viewport(ratio=1)


async def test_a_focus_on_a_radio_button_scrolls_the_form_and_not_the_page(workspace: Workspace) -> None:
    page = workspace.page
    await page.set_viewport_size({"width": 390, "height": 560})
    for number in range(2):
        await page.locator("input[name=writer]").nth(number).focus()

    await expect(page.locator(".segments")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.body.scrollTop") == 0
    assert await page.evaluate("document.body.scrollHeight") == 560


async def test_forced_colours_tell_what_is_chosen(browser: Browser, long_words: Workspace) -> None:
    async with open_workspace(browser, long_words.url, forced_colors="active") as seen:
        page = seen.page
        await page.locator("[data-group=failed]").click()
        await seen.rows.first.locator("a").focus()
        ground = "one => getComputedStyle(one).backgroundColor"
        chosen = [
            await page.locator(one).first.evaluate(ground)
            for one in ("[data-group=failed]", ".segments :checked + span", ".row.is-current")
        ]
        other = [
            await page.locator(one).first.evaluate(ground)
            for one in ("[data-group=all]", ".segments :not(:checked) + span", ".row .chip")
        ]

        assert len(set(chosen)) == 1
        assert not set(chosen) & set(other)


async def test_a_prompt_from_the_right_stands_on_the_right(workspace: Workspace, mill: Mill) -> None:
    await mill.reaches(await mill.create(prompt=ARABIC), "completed")
    title = workspace.rows.locator("a")
    await expect(title).to_have_text(ARABIC)
    distance = """one => { const text = document.createRange(); text.selectNodeContents(one);
        return one.getBoundingClientRect().right - text.getBoundingClientRect().right }"""

    assert await title.evaluate(distance) < 2
    await title.click()
    assert await workspace.panel.locator(".prose").evaluate(distance) < 2
