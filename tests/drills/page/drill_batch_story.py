"""A batch on the page: a table is pasted, mended, queued within a budget, watched, and its keepers are collected."""

from __future__ import annotations

import re
from typing import Final

import httpx
from playwright.async_api import Page, expect

from tests.fixtures.browser import Workspace
from tests.fixtures.mill import Mill

MODEL: Final = "wavespeed-ai/flux-dev"
TABLE: Final = "animal,sed,key\nred fox,1,fox\nsnowy owl,two,owl\n"
PASTE: Final = """text => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(pasted);
}"""


async def test_from_a_pasted_table_to_a_collection_of_keepers(
    workspace: Workspace, mill: Mill, served_mill: httpx.AsyncClient
) -> None:
    page = workspace.page
    await page.locator("#model").fill(MODEL)
    await page.keyboard.press("Tab")
    await workspace.prompt.fill("A ")
    await page.locator("#many").click()
    await expect(page.locator("#batch-maker-title")).to_be_focused()
    await page.evaluate(PASTE, TABLE)
    grid = page.get_by_role("grid", name="Table")
    await expect(grid).to_be_focused()
    await page.get_by_role("button", name="Insert {{animal}} into the prompt").click()
    await expect(workspace.prompt).to_have_value("A {{animal}}")
    await mend(page)

    run = page.locator("#batch-queue")
    await page.locator("#batch-max-cost").fill("0.50")
    await expect(run).to_have_text("Queue 2 jobs, at most $0.50")
    await expect(run).to_have_attribute("aria-disabled", "false")
    assert (await served_mill.get("/api/batches")).json()["items"] == [], "nothing is made by looking at it"
    await run.click()

    await expect(page).to_have_url(re.compile("#batch=[0-9a-f-]{36}$"))
    await expect(page.locator(".batch-state")).to_have_text("Done")
    await expect(page.locator(".batch-row-link")).to_have_text(["A red fox", "A snowy owl"])
    await expect(page.locator(".batch-rows [data-state=completed]")).to_have_count(2)
    await expect(page.locator(".batch-money-line")).to_contain_text("of $0.50")
    [made] = (await served_mill.get("/api/batches")).json()["items"]
    assert (made["counts"]["completed"], made["maxCostUsd"]) == (2, 0.5)

    await page.get_by_role("button", name="Contact sheet").click()
    tiles = page.locator("#gallery .gallery-link")
    await expect(tiles).to_have_count(2)
    await tiles.filter(has=page.locator("xpath=self::*[contains(@aria-label, 'owl')]")).focus()
    await page.keyboard.press("l")
    bar = page.get_by_role("group", name="Contact sheet")
    await expect(bar).to_contain_text("2 outputs, 1 liked")
    await bar.get_by_role("button", name="Collect the liked").click()
    await expect(page.locator("dialog.is-asking")).to_contain_text("Add 1 output to a collection")
    await page.keyboard.type("Owls")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notices")).to_contain_text("1 output in Owls.")
    [collection] = (await served_mill.get("/api/collections")).json()["items"]
    assert (collection["name"], collection["outputs"]) == ("Owls", 1)


async def mend(page: Page) -> None:
    """Follow a suggestion for a column's name, then correct a cell by keyboard."""
    await expect(page.locator("#batch-queue")).to_have_attribute("aria-disabled", "true")
    await page.get_by_role("button", name="Name the column seed").first.click()
    wrong = page.locator(".grid-cell[aria-invalid=true]")
    await expect(wrong).to_have_text("two")
    await page.keyboard.press("F8")
    await expect(wrong).to_have_class(re.compile("is-active"))
    await page.keyboard.press("Enter")
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("2")
    await page.keyboard.press("Enter")
    await expect(wrong).to_have_count(0)
    await expect(page.get_by_role("group", name="What is wrong")).to_be_hidden()
