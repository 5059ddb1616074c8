"""Variants of one idea on the page: Grok proposes prompts, a person chooses, and nothing is made or paid before."""

from __future__ import annotations

import httpx
from playwright.async_api import Page, expect

from tests.drills.page.drill_batch_story import PASTE
from tests.drills.page.drill_batches import begin
from tests.fixtures.browser import DESKTOP, Workspace, keeps_nobody_out
from tests.fixtures.mill import Mill


async def test_prompts_are_proposed_chosen_by_keys_and_made_for_every_row(
    workspace: Workspace, mill: Mill, served_mill: httpx.AsyncClient
) -> None:
    page = await ask(workspace)
    await mill.grok.order("chat", "hold")
    await page.locator("#batch-queue").click()

    await expect(page.locator(".batch-state")).to_have_text("Awaiting approval")
    await expect(page.locator(".proposal")).to_contain_text("Grok is writing the prompts.")
    await mill.grok.release()
    cards, make = page.locator(".proposal-card"), page.locator("#proposal-make")
    await expect(cards).to_have_count(3)
    await expect(make).to_have_text("Make 6 pictures for $0.072")
    await expect(page.locator(".proposal")).to_contain_text("Nothing is made or paid at WaveSpeed before")
    await keeps_nobody_out(page)
    await page.set_viewport_size(DESKTOP)

    await choose(page)
    await page.reload()
    await expect(cards).to_have_count(4)
    await expect(make).to_have_text("Make 6 pictures for $0.072")
    await expect(page.locator(".proposal")).to_contain_text("A lighthouse of paper, at noon")
    assert await mill.wavespeed.charges() == []
    assert (await served_mill.get("/api/jobs")).json()["items"] == []

    await page.get_by_label("Choose prompt 2").uncheck()
    await page.get_by_label("Choose prompt 4").uncheck()
    await expect(make).to_have_text("Make 2 pictures for $0.024")
    await make.click()
    await expect(page.locator(".batch-state")).to_have_text("Done")
    await expect(page.locator(".batch-rows [data-state=completed]")).to_have_count(2)
    assert len(await mill.wavespeed.charges()) == 2


async def test_where_grok_refuses_the_page_says_why_and_takes_prompts_of_ones_own(
    workspace: Workspace, mill: Mill
) -> None:
    page = await begin(workspace, "A lighthouse in a storm")
    await page.get_by_label("Variants from one idea").check()
    await page.locator("#batch-max-cost").fill("1")
    await expect(page.locator("#batch-queue")).to_have_attribute("aria-disabled", "false")
    await mill.grok.order("chat", "refusal_in_json")
    await page.locator("#batch-queue").click()

    proposal, make = page.locator(".proposal"), page.locator("#proposal-make")
    await expect(proposal).to_contain_text("Grok proposed no prompts.")
    await expect(make).to_have_attribute("aria-disabled", "true")
    await keeps_nobody_out(page)
    await page.set_viewport_size(DESKTOP)
    await page.get_by_label("A prompt of your own").fill("A lighthouse of paper")
    await page.keyboard.press("Control+Enter")
    await expect(make).to_have_text("Make 1 picture for $0.012")
    await make.click()
    await expect(page.locator(".batch-state")).to_have_text("Done")
    await expect(page.locator(".batch-row-link")).to_have_text("A lighthouse of paper")


async def ask(workspace: Workspace) -> Page:
    """Say what is to be varied, and mend what is wrong with it and with the table."""
    page = await begin(workspace, "A lighthouse {{place}}")
    run, money = page.locator("#batch-queue"), page.locator(".batch-money")
    await page.get_by_label("Variants from one idea").check()
    await expect(money).to_contain_text("{{place}} cannot be filled in here")
    await workspace.prompt.fill("A lighthouse in a storm")
    await page.get_by_label("How many variants").fill("1")
    await expect(money).to_contain_text("How many variants: a whole number from 2 to 20.")
    await page.get_by_label("How many variants").fill("3")
    await page.locator("#batch-max-cost").fill("1")
    await expect(run).to_have_text("Let Grok propose 3 prompts")
    await expect(run).to_have_attribute("aria-disabled", "false")

    # A radio button takes no text: what is pasted is the table.
    await page.get_by_label("Variants from one idea").focus()
    await page.evaluate(PASTE, "seed\tprompt\n1\tmine\n2\t\n")
    await expect(page.locator(".batch-fault-text")).to_contain_text("Column prompt: Leave it out")
    await page.get_by_role("button", name="Delete columns").focus()
    await page.locator(".grid-name").last.click()
    await page.get_by_role("button", name="Delete columns").click()
    await expect(run).to_have_attribute("aria-disabled", "false")
    return page


async def choose(page: Page) -> None:
    """Take, edit and add prompts by keys; two that are the same are refused."""
    keys, make = page.keyboard, page.locator("#proposal-make")
    await page.get_by_label("Choose prompt 1").focus()
    await keys.press("a")
    await expect(make).to_have_attribute("aria-disabled", "true")
    await keys.press("Space")
    await keys.press("ArrowDown")
    await keys.press("e")
    await keys.press("ControlOrMeta+a")
    await keys.type("A lighthouse of paper")
    await keys.press("Enter")
    await keys.press("Space")
    await expect(make).to_have_text("Make 4 pictures for $0.048")
    await page.get_by_label("A prompt of your own").fill("A lighthouse of paper")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#proposal-reason")).to_have_text("Two chosen prompts are the same.")
    await keys.press("e")
    await keys.type(", at noon")
    await keys.press("Enter")
    await expect(make).to_have_text("Make 6 pictures for $0.072")
