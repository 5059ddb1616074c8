"""The page's modules: what the first view fetches, and what happens when a later one cannot be fetched."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from api.web.files import workspace as files
from tests.fixtures.browser import Workspace
from tests.fixtures.mill import Mill
from tests.support import eventually

LATER = sorted({name for name in files().files if name.endswith(".js")} - {*files().first_modules})
MISSING = "could not be loaded"


async def open_without(workspace: Workspace, *names: str) -> None:
    """Open the page where some modules cannot be fetched: the server became unavailable after the first view."""
    for name in names:
        await workspace.page.route(f"**/{name}", lambda route: route.abort())
    await workspace.open()


async def test_the_first_view_waits_for_no_module_that_it_does_not_need(workspace: Workspace) -> None:
    page = workspace.page
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    for name in LATER:
        await page.route(f"**/{name}", hold)
    await workspace.open()
    await workspace.prompt.fill("A fox")

    await expect(page.locator("#run")).to_have_attribute("aria-disabled", "false")
    await expect(page.locator("#empty")).to_contain_text("Nothing yet")
    for route in held:
        await route.continue_()


async def test_all_modules_are_there_before_they_are_needed(workspace: Workspace) -> None:
    # Not the browser's own list of what it has fetched: that ends after 250 entries.
    fetched: list[str] = []
    workspace.page.on("requestfinished", lambda request: fetched.append(request.url))
    await workspace.page.reload()

    def missing() -> list[str]:
        return [name for name in LATER if not any(url.endswith(f"/{name}") for url in fetched)]

    await eventually(lambda: not missing(), what="all modules are fetched")


async def test_a_press_while_a_module_is_on_its_way_is_not_lost_and_not_taken_twice(
    workspace: Workspace, mill: Mill
) -> None:
    page = workspace.page
    job_id = await mill.create(prompt="A fox")
    go_on = asyncio.Event()

    async def later(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await mill.reaches(job_id, "completed")
    await page.route("**/jobs/job_actions.js", later)
    await workspace.open()
    await workspace.rows.first.locator("a").focus()
    await page.keyboard.press("r")
    await page.keyboard.press("r")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    go_on.set()

    await expect(page.locator("dialog[open]")).to_have_count(1)
    await workspace.answer("Cancel").click()
    await expect(page.locator("dialog")).to_have_count(2)  # the page's own: shortcuts and sign-in
    await expect(workspace.rows.first.locator("a")).to_be_focused()


async def test_a_part_that_cannot_be_loaded_is_told_and_comes_after_a_reload(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    job_id = await mill.create(prompt="A fox")
    await mill.reaches(job_id, "completed")
    await open_without(workspace, "panel/job_view.js")
    await workspace.prompt.fill("A red fox")
    await workspace.rows.first.locator("a").click()
    await expect(page.locator("#notices")).to_contain_text(MISSING)
    await expect(workspace.panel).to_be_hidden()
    await expect(workspace.rows.first.locator("a")).to_be_focused()

    await page.unroute_all(behavior="ignoreErrors")
    async with page.expect_event("load"):
        await page.locator("#notices").get_by_role("button", name="Reload the page").click()
    await expect(workspace.prompt).to_have_value("A red fox")
    await workspace.rows.first.locator("a").click()
    await expect(workspace.panel.locator("#panel-title")).to_have_text("A fox")


@pytest.mark.parametrize(
    ("module", "press"),
    [
        ("core/shortcut_sheet.js", "Keyboard shortcuts"),
        ("form/ai_view.js", "AI Generate"),
        ("jobs/bulk_acts.js", "Cancel 1…"),
    ],
)
async def test_what_cannot_be_loaded_is_told_and_nothing_else_happens(
    workspace: Workspace, mill: Mill, module: str, press: str
) -> None:
    page = workspace.page
    await mill.accept(prompt="A fox")
    await open_without(workspace, module)
    await workspace.prompt.fill("A red fox")
    await workspace.button(press).click()

    await expect(page.locator("#notices")).to_contain_text(MISSING)
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await expect(workspace.button(press)).to_be_focused()
    await expect(workspace.prompt).to_have_value("A red fox")


async def test_what_is_queued_is_what_the_form_said_when_it_was_pressed(workspace: Workspace) -> None:
    page = workspace.page
    go_on = asyncio.Event()

    async def later(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route("**/form/queueing.js", later)
    await workspace.open()
    await workspace.prompt.fill("A fox")
    await workspace.may_queue()
    await workspace.queue()
    await workspace.prompt.fill("A fox, and what is typed on")
    go_on.set()

    await expect(workspace.rows.locator(".row-title")).to_have_text("A fox")
    await expect(workspace.prompt).to_have_value("A fox, and what is typed on")
