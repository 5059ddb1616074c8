"""The user guide is followed step by step, by somebody who knows nothing else: what it names is there."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, expect

from tests.drills.page.drill_told import NOTES
from tests.drills.page.drill_viewer import PHONE, is_there, pictures, pinch, swipe, width_of
from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import Mill
from tests.support import eventually

MODEL = "wavespeed-ai/flux-dev"


async def test_be_told_when_jobs_are_done(workspace: Workspace) -> None:
    page = workspace.page
    await page.add_init_script(NOTES)
    await workspace.open()
    await page.get_by_role("button", name="Tell me when jobs are done").click()
    menu = page.locator("#told-menu")
    await menu.get_by_role("button", name="Try it").click()
    await expect(page.locator("#notices")).to_contain_text("Choose a notification or a sound first.")
    await menu.get_by_label("Notifications of the browser").check()
    await menu.get_by_label("A sound").check()
    await menu.get_by_label("When").select_option(label="For each job")
    tones = await page.evaluate("tones")
    await menu.get_by_role("button", name="Try it").click()
    assert [one["title"] for one in await page.evaluate("told")] == ["This is how it looks"]
    assert await page.evaluate("tones") == 2 * tones


async def test_a_long_queue(workspace: Workspace, mill: Mill) -> None:
    """Pause the queue, change what waits, limit a price, and let it go on."""
    page, panel = workspace.page, workspace.panel
    await page.get_by_role("button", name="Queue: pause or resume").click()
    await page.get_by_role("button", name="Pause my queue").click()
    await page.keyboard.press("Escape")
    await expect(page.locator("#queue")).to_have_text("Queue paused")
    for words in ("A fox", "A heron"):
        await workspace.prompt.fill(words)
        await workspace.may_queue()
        await workspace.queue()
    await expect(workspace.rows.locator(".row-title")).to_have_text(["A heron", "A fox"])

    await workspace.rows.first.get_by_role("link").click()
    await panel.get_by_text("Change this job").click()
    await panel.get_by_label("Price limit").fill("0.001")
    await panel.get_by_role("button", name="Save changes").click()
    await expect(page.locator("#notices")).to_contain_text("Changed.")
    await workspace.rows.nth(1).get_by_role("link").click()
    await expect(panel.locator("#panel-title")).to_have_text("A fox")
    await panel.get_by_text("Change this job").click()
    await panel.get_by_label("Prompt", exact=True).fill("A badger")
    await panel.get_by_role("textbox", name="Model").fill(MODEL)
    await panel.get_by_role("button", name="Save changes").click()
    await expect(panel.locator("#panel-title")).to_have_text("A badger")
    await panel.get_by_role("button", name="Run next").click()
    await page.get_by_role("button", name="Resume my queue").first.click()
    await expect(workspace.chip("completed", 1)).to_be_visible()
    await expect(workspace.chip("failed", 0)).to_be_visible()
    # The chip says that it failed; the sentence, why.
    why = "The job costs more than its own limit allows, so nothing was sent."
    await expect(workspace.rows.first.locator(".row-sentence")).to_have_text(why)
    assert [one["model"] for one in await mill.wavespeed.charges()] == [MODEL], "nothing was sent of the other"


async def test_templates(workspace: Workspace, tmp_path: Path) -> None:
    page, file = workspace.page, tmp_path / "templates.json"
    listed, item = page.locator("dialog.templates"), page.locator("dialog.templates").get_by_role("listitem")
    await page.locator("#model").fill(MODEL)
    await page.keyboard.press("Enter")
    await workspace.prompt.fill("A {{animal}} in the {{place}}")
    await workspace.button("Templates").click()
    await listed.get_by_role("button", name="Save the form…").click()
    await expect(listed).to_be_hidden()
    asked = page.locator("dialog.is-asking")
    await asked.get_by_label("Name").fill("Animals in places")
    await asked.get_by_role("button", name="Save").click()
    await expect(item).to_have_count(1)

    async with page.expect_download() as saved:
        await listed.get_by_role("button", name="Export").click()
    await (await saved.value).save_as(file)
    await listed.get_by_role("button", name="Use Animals in places").click()
    await asked.get_by_label("animal").fill("red fox")
    await asked.get_by_label("place").fill("first snow")
    await asked.get_by_role("button", name="Fill the form").click()
    await expect(workspace.prompt).to_have_value("A red fox in the first snow")
    await workspace.button("Bring it back").click()
    await expect(workspace.prompt).to_have_value("A {{animal}} in the {{place}}")

    await workspace.button("Templates").click()
    for answered in ("Replace", None):
        async with page.expect_file_chooser() as chooser:
            await listed.get_by_role("button", name="Import…").click()
        await (await chooser.value).set_files(file)
        if answered:
            await workspace.answer(answered).click()
            await expect(page.locator("#notices")).to_contain_text("1 template imported.")
            await listed.locator("summary").click()
            await listed.get_by_role("button", name="Delete…").click()
            await workspace.answer("Delete").click()
            await expect(item).to_have_count(0)
    await expect(item).to_have_count(1)


async def test_on_a_phone(browser: Browser, workspace: Workspace, mill: Mill) -> None:
    for prompt in ("A fox in the snow", "A heron over the reeds", "A tram"):
        await mill.reaches(await mill.create(prompt=prompt, input={}), "completed")
    async with open_workspace(browser, workspace.url, view=None, **PHONE) as seen:
        page = seen.page
        await page.get_by_role("button", name="Jobs", exact=True).tap()
        tiles, bar = page.locator(".gallery-tile"), page.get_by_role("toolbar", name="Selected tiles")
        await expect(tiles).to_have_count(3)
        await page.get_by_text("Select", exact=True).tap()
        await tiles.nth(0).tap()
        await tiles.nth(1).tap()
        await bar.get_by_role("button", name="Compare").tap()
        await expect(pictures(page)).to_have_count(2)
        await page.get_by_role("button", name="Close the viewer").tap()
        await bar.get_by_role("button", name="Done", exact=True).tap()
        await tiles.nth(0).tap()
        await is_there(pictures(page))
        touch = await page.context.new_cdp_session(page)
        await swipe(touch, 300, 60)
        await expect(page.locator("dialog.viewer")).to_contain_text("2 of 3")
        await is_there(pictures(page))
        before = await width_of(pictures(page))
        await pinch(touch)

        async def larger() -> bool:
            return await width_of(pictures(page)) > before

        await eventually(larger, what="the pinch makes it larger")
        await page.get_by_role("button", name="Open job").click()
        await expect(seen.panel).to_be_visible()
