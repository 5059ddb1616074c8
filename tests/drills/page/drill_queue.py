"""The queue is run from the page: paused and resumed, jobs selected in the list, providers paused, owners chosen."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from activities import submission
from promptmill.contracts.access import By
from tests.fixtures.browser import Workspace, keeps_nobody_out
from tests.fixtures.mill import Mill

BANNERS = "#queue-banners .banner"


async def test_a_queue_is_paused_and_its_jobs_are_selected(
    workspace: Workspace, mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "BUDGET_PAUSE", timedelta(seconds=0.2))
    page, rows = workspace.page, workspace.rows
    await page.locator("#queue").click()
    await workspace.button("Pause my queue").click()
    banner = page.locator(BANNERS)
    await expect(banner).to_contain_text("You paused your queue.")
    await page.keyboard.press("Escape")
    for name in ("One", "Two", "Three", "Four"):
        await mill.create(prompt=name)
    await expect(rows).to_have_count(4)
    held = page.locator(".row-sentence", has_text=re.compile(r"^Held: you paused your queue, since .+\.$"))
    await expect(held).to_have_count(4)

    # An admin's pause is another one, and only admins lift it.
    await mill.store.limits.pause("local", "costs are looked into", by=By("key:anna1234"))
    await expect(banner).to_have_count(2)
    await expect(banner.nth(1)).to_contain_text("An admin has paused your team. costs are looked into. Only an admin")
    await mill.store.limits.resume("local")
    await expect(banner).to_have_count(1)

    # A range by shift, one taken away, by mouse.
    await rows.nth(0).locator("input").click()
    await rows.nth(2).locator("input").click(modifiers=["Shift"])
    bar = page.locator(".selection-bar")
    await expect(bar).to_contain_text("3 jobs selected")
    await expect(page.locator("#jobs-tools")).to_be_hidden()
    await rows.nth(1).locator("label").click()
    await expect(bar).to_contain_text("2 jobs selected")
    await expect(page.locator("#panel")).to_be_hidden()
    await keeps_nobody_out(page)
    # On a phone, a checkbox is as large as a finger.
    await page.locator("[data-half=jobs]").click()
    box = await rows.nth(3).locator("label").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    await rows.nth(3).locator("label").click(position={"x": 4, "y": 4})
    await expect(bar).to_contain_text("3 jobs selected")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.keyboard.press("Escape")
    await expect(bar).to_be_hidden()

    # By keyboard: from row to row, then all that were found; the act says how many, and what it costs.
    await rows.nth(0).locator("a").focus()
    await page.keyboard.press("J")
    await expect(bar).to_contain_text("2 jobs selected")
    await bar.get_by_role("button", name="Cancel 2…").click()
    await expect(page.locator("dialog[open]")).to_contain_text("Nothing has been charged for them so far.")
    await workspace.answer("Cancel 2 jobs").click()
    await expect(page.locator(".chip[data-status=cancelled]")).to_have_count(2)
    await bar.get_by_role("button", name="All").click()
    await expect(bar).to_contain_text("4 jobs selected")
    await bar.get_by_role("button", name="Done").click()
    await expect(rows.locator("input:checked")).to_have_count(0)

    await banner.get_by_role("button", name="Resume my queue").click()
    await expect(banner).to_have_count(0)
    await expect(page.locator(".chip[data-status=completed]")).to_have_count(2)


async def test_an_operator_pauses_a_provider_and_an_admin_filters_by_owner(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await mill.store.access.add_owner("team-a")
    await page.locator("#queue").click()
    await workspace.button("Pause Grok").click()
    await expect(page.locator("#queue-menu")).to_contain_text("Say why")
    await page.get_by_label("Why Grok is paused").fill("Costs are looked into")
    await workspace.button("Pause Grok").click()
    await expect(workspace.button("Resume Grok")).to_be_focused()
    await expect(page.locator("#queue-menu")).to_contain_text("is paused: Costs are looked into. By somebody on this")
    await expect(page.locator("#banners")).to_contain_text("The queue to Grok is stopped.")
    await workspace.button("Resume Grok").click()
    await expect(workspace.button("Pause Grok")).to_be_focused()
    await page.keyboard.press("Escape")

    await page.locator("#search").fill("fox")
    await expect(page).to_have_url(re.compile("q=fox"))
    await page.locator("#filter").click()
    await page.locator("#filter-sheet").get_by_label("Owner").select_option("team-a")
    await expect(page).to_have_url(re.compile(r"\?(?=.*q=fox)(?=.*owner=team-a)"))
    await expect(page.locator("#acting")).to_contain_text("team-a")
    await expect(page.locator("#search")).to_have_value("fox")
