"""The user guide is followed literally, by somebody who knows nothing else: what it says is there, and does that."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, expect

from tests.drills.page.drill_told import NOTES
from tests.drills.page.drill_viewer import PHONE, pinch, swipe
from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import storing
from tests.support import eventually

MODEL = "wavespeed-ai/flux-dev"


async def pic(page: Page, name: str) -> None:
    await page.screenshot(path=f"/tmp/look_png/g_{name}.png")


async def test_be_told_when_jobs_are_done(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await page.add_init_script(NOTES)
    await workspace.open()
    await page.get_by_role("button", name="Tell me when jobs are done").click()
    menu = page.locator("#told-menu")
    await menu.get_by_role("button", name="Try it").click()
    await pic(page, "told0")
    await menu.get_by_label("Notifications of the browser").check()
    await menu.get_by_label("A sound").check()
    await menu.get_by_label("When").select_option("each")
    await menu.get_by_role("button", name="Try it").click()
    await pic(page, "told1")
    print(await page.evaluate("told"), await page.evaluate("tones"))
    await page.keyboard.press("Escape")
    other = await page.context.new_page()
    await other.goto("about:blank")
    await mill.reaches(await mill.create(prompt="A fox", input={}), "completed")
    await eventually(lambda: page.evaluate("told.length > 1"), what="told")
    print(await page.evaluate("told"), await page.title())


async def test_a_price_limit(workspace: Workspace, mill: Mill) -> None:
    page, panel = workspace.page, workspace.panel
    await page.get_by_role("button", name="Queue: pause or resume").click()
    await pic(page, "queue0")
    await page.get_by_role("button", name="Pause my queue").click()
    await page.keyboard.press("Escape")
    await pic(page, "queue1")
    for prompt in ("A fox", "A heron"):
        await workspace.prompt.fill(prompt)
        await workspace.may_queue()
        await workspace.queue()
    await expect(workspace.rows).to_have_count(2)
    await workspace.rows.first.get_by_role("link").click()
    await expect(panel.get_by_text("Change this job")).to_be_visible()
    await pic(page, "waiting0")
    await panel.get_by_text("Change this job").click()
    await pic(page, "waiting1")
    await panel.get_by_label("Price limit").fill("0.001")
    await panel.get_by_role("button", name="Save changes").click()
    await expect(page.locator("#notices")).to_contain_text("Changed.")
    await pic(page, "waiting2")
    await workspace.rows.nth(1).get_by_role("link").click()
    await panel.get_by_text("Change this job").click()
    await panel.get_by_label("Prompt", exact=True).fill("A badger")
    await panel.get_by_role("textbox", name="Model").fill(MODEL)
    await panel.get_by_role("button", name="Save changes").click()
    await expect(panel.locator("#panel-title")).to_have_text("A badger")
    await panel.get_by_role("button", name="Run next").click()
    await pic(page, "waiting3")
    await page.get_by_role("button", name="Resume my queue").first.click()
    await expect(workspace.chip("completed", 1)).to_be_visible()
    await expect(workspace.chip("failed", 0)).to_be_visible()
    await workspace.rows.first.get_by_role("link").click()
    await pic(page, "waiting4")
    assert len(await mill.wavespeed.charges()) == 1


async def test_templates(workspace: Workspace, mill: Mill, tmp_path: Path) -> None:
    page = workspace.page
    await page.locator("#model").fill(MODEL)
    await page.keyboard.press("Enter")
    await workspace.prompt.fill("A {{animal}} in the {{place}}")
    await workspace.button("Templates").click()
    await workspace.answer("Save the form…").click()
    await pic(page, "tpl0")
    await page.locator("dialog[open]").last.get_by_label("Name").fill("Animals in places")
    await page.locator("dialog[open]").last.get_by_role("button", name="Save").click()
    item = page.locator("dialog.templates").get_by_role("listitem")
    await expect(item).to_have_count(1)
    await pic(page, "tpl1")
    async with page.expect_download() as saved:
        await workspace.answer("Export").click()
    file = tmp_path / "templates.json"
    await (await saved.value).save_as(file)
    print(file.read_text()[:600])
    await page.locator("dialog.templates").get_by_role("button", name="Use Animals in places").click()
    asked = page.locator("dialog[open]").last
    await asked.get_by_label("animal").fill("red fox")
    await asked.get_by_label("place").fill("first snow")
    await pic(page, "tpl2")
    await asked.get_by_role("button", name="Fill the form").click()
    await expect(workspace.prompt).to_have_value("A red fox in the first snow")
    await pic(page, "tpl3")
    await workspace.button("Bring it back").click()
    await expect(workspace.prompt).to_have_value("A {{animal}} in the {{place}}")
    await workspace.button("Templates").click()
    async with page.expect_file_chooser() as chooser:
        await workspace.answer("Import…").click()
    await (await chooser.value).set_files(file)
    await pic(page, "tpl4")
    await workspace.answer("Replace").click()
    await expect(page.locator("#notices")).to_contain_text("1 template imported.")
    await page.locator("dialog.templates summary").click()
    await pic(page, "tpl5")
    await page.get_by_role("button", name="Delete…").click()
    await workspace.answer("Delete").click()
    await expect(item).to_have_count(0)
    async with page.expect_file_chooser() as chooser:
        await workspace.answer("Import…").click()
    await (await chooser.value).set_files(file)
    await expect(item).to_have_count(1)
    await page.keyboard.press("Escape")
    job = await mill.create(prompt="A {{fox}} literal", input={})
    await mill.reaches(job, "completed")
    await workspace.open(f"#job={job}")
    await workspace.panel.get_by_role("button", name="Save as template").click()
    await pic(page, "tpl6")


async def test_costs(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    for prompt in ("A fox", "A heron"):
        await mill.reaches(await mill.create(prompt=prompt, input={}), "completed")
    await page.get_by_role("link", name="Statistics").click()
    card = page.locator(".plot-card")
    await expect(card.first).to_be_visible()
    await pic(page, "stat0")
    await page.screenshot(path="/tmp/look_png/g_stat0.png")
    money = card.filter(has_text="Spending by day and model")
    await money.get_by_text("As a table").click()
    await money.scroll_into_view_if_needed()
    await pic(page, "stat1")
    print(await money.inner_text())
    await page.go_back()
    await expect(page.locator("#statistics")).to_be_hidden()


async def test_phone(browser: Browser, workspace: Workspace, mill: Mill) -> None:
    for prompt in ("A fox in the snow", "A heron over the reeds", "A tram"):
        await mill.reaches(await mill.create(prompt=prompt, input={}), "completed")
    async with open_workspace(browser, workspace.url, view=None, **PHONE) as seen:
        page = seen.page
        await pic(page, "ph0")
        await page.get_by_role("button", name="Jobs", exact=True).tap()
        await pic(page, "ph1")
        tiles = page.locator(".gallery-tile")
        await expect(tiles).to_have_count(3)
        await page.get_by_role("button", name="Select tiles").tap()
        await tiles.nth(0).tap()
        await tiles.nth(1).tap()
        await pic(page, "ph2")
        await page.get_by_role("toolbar", name="Selected tiles").get_by_role("button", name="Compare").tap()
        await pic(page, "ph3")
        await page.get_by_role("button", name="Close the viewer").tap()
        await pic(page, "ph3b")
        await page.get_by_role("button", name="Done", exact=True).tap()
        await tiles.nth(0).tap()
        touch = await page.context.new_cdp_session(page)
        await swipe(touch, 300, 60)
        await pinch(touch)
        await pic(page, "ph4")
        await page.get_by_role("button", name="Open job").click()
        await expect(seen.panel).to_be_visible()
        await pic(page, "ph5")
