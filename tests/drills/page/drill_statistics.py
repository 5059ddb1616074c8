"""The page of statistics: plots, their words on hover and focus, tables, deep links, Back, and axe in each look."""

from __future__ import annotations

import re
from datetime import timedelta

import asyncpg
from playwright.async_api import expect

from api.clock import now
from tests.fixtures.browser import DESKTOP, Workspace, keeps_nobody_out, no_serious_violation
from tests.fixtures.mill import Mill
from tests.fixtures.plans import fill


async def test_the_statistics_are_plotted_told_and_tabled(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    today = now().date()
    hand = await asyncpg.connect(mill.settings.require_database_url())
    await fill(hand, 90, first=today - timedelta(days=3))
    await hand.close()

    await page.keyboard.press("i")
    await expect(page.locator("#statistics-title")).to_be_focused()
    await expect(page.locator("#work")).to_be_hidden()
    cards = page.locator(".plot-card")
    await expect(cards.locator("h3")).to_have_text(
        ["Prompts a minute", "Waits", "Spending by day and model", "Likes by model", "Likes by style"]
    )
    money = cards.nth(2)
    await expect(money.locator(".plot-column")).to_have_count(31)
    await expect(money.locator(".plot-legend li")).to_have_text(["a/dear", "b/cheap"])

    # By keyboard: one stop, then from column to column.
    await money.locator('.plot-column[tabindex="0"]').focus()
    await page.keyboard.press("ArrowLeft")
    await expect(money.locator(".plot-column:focus")).to_have_attribute(
        "aria-label", re.compile(r"a/dear: \$5\.00, b/cheap: \$5\.00$")
    )
    await expect(money.locator(".plot-tip")).to_contain_text("a/dear: $5.00")
    # By mouse.
    await cards.nth(3).locator(".plot-column").first.hover()
    await expect(cards.nth(3).locator(".plot-tip")).to_contain_text("Liked: 15")
    await money.locator("summary").click()
    await expect(money.locator("tbody tr")).to_have_count(6)

    # The address is a link, Back leads to what was shown before, and then to the jobs.
    await page.get_by_label("Days").select_option("7")
    await expect(page).to_have_url(re.compile("#statistics=7$"))
    await expect(cards.first.locator(".plot-column")).to_have_count(7 * 24)
    await page.go_back()
    await expect(cards.first.locator(".plot-column")).to_have_count(31)
    await page.keyboard.press("j")
    await expect(page.locator("#work")).to_be_hidden()

    await keeps_nobody_out(page)
    await page.set_viewport_size(DESKTOP)
    await page.emulate_media(forced_colors="active")
    await no_serious_violation(page)
    await page.emulate_media(forced_colors="none")

    await page.go_back()
    await expect(page.locator("#work")).to_be_visible()
    await expect(page.locator("#statistics")).to_be_hidden()
