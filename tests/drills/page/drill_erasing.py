"""Erasing a job in its panel."""

from __future__ import annotations

from playwright.async_api import expect

from tests.fixtures.browser import Workspace


async def test_an_ended_job_is_erased_after_a_question(workspace: Workspace) -> None:
    page, panel = workspace.page, workspace.panel
    await workspace.prompt.fill("A fox that nobody may see")
    await workspace.queue()
    await expect(workspace.chip("completed")).to_be_visible()
    await workspace.rows.locator("a").click()
    erase = panel.get_by_role("button", name="Erase")
    question = page.get_by_role("dialog", name="Erase this job?")

    more = panel.locator(".more summary")
    await more.click()
    await erase.click()
    await expect(question).to_contain_text("This cannot be undone.")
    await question.get_by_role("button", name="Cancel").click()
    await expect(panel).to_contain_text("A fox that nobody may see")
    await more.click()
    await erase.click()
    await question.get_by_role("button", name="Erase").click()

    await expect(panel).to_contain_text("Erased here")
    await expect(page.get_by_text("A fox that nobody may see")).to_have_count(0)
    await expect(panel.locator("[data-section=outputs] img")).to_have_count(0)
    await expect(workspace.rows.locator("a")).to_have_text("Erased")
    await more.click()
    for name in ("Erase", "Retry", "Reuse", "Copy as curl"):
        await expect(panel.get_by_role("button", name=name, exact=True)).to_be_hidden()
