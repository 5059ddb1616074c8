"""The panel: it stands beside the list, its width is a person's own, and each row of a recipe is used again alone."""

from __future__ import annotations

from playwright.async_api import Locator, expect

from tests.fixtures.browser import DESKTOP, Workspace, intercept, no_serious_violation
from tests.fixtures.mill import Mill

SEED = {"size": "512*512", "seed": 4711}


async def edges(element: Locator) -> tuple[float, float, float, float]:
    """Where an element begins and ends: left, right, top, bottom."""
    box = await element.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"], box["y"], box["y"] + box["height"]


async def stands_beside_the_list(workspace: Workspace) -> float:
    """Check that the panel covers nothing, and return its width."""
    list_left, list_right, *_ = await edges(workspace.page.locator(".jobs"))
    left, right, *_ = await edges(workspace.panel)
    assert list_right <= left
    assert list_right - list_left >= 280
    return right - left


async def moves_by_keys_and_mouse(workspace: Workspace) -> None:
    """Check that the panel's edge gives it the width that a person wants."""
    page, edge = workspace.page, workspace.panel.get_by_role("separator", name="Width of the panel")
    wide = await stands_beside_the_list(workspace)
    await edge.press("ArrowRight")
    assert await stands_beside_the_list(workspace) == wide - 24
    left, right, top, bottom = await edges(edge)
    await page.mouse.move((left + right) / 2, (top + bottom) / 2)
    await page.mouse.down()
    await page.mouse.move((left + right) / 2 + 100, (top + bottom) / 2, steps=3)
    await page.mouse.up()
    narrow = await stands_beside_the_list(workspace)
    assert abs(narrow - (wide - 124)) <= 1
    await expect(edge).to_have_attribute("aria-valuenow", f"{narrow:.0f}")
    assert await page.evaluate("localStorage.getItem('promptmill.panel')") == f"{narrow:.0f}"


async def fills_one_field(workspace: Workspace) -> None:
    """Check that a row of the recipe leaves the draft alone, and can be taken back."""
    page, panel = workspace.page, workspace.panel
    await workspace.prompt.fill("My draft")
    await expect(page.locator("#field-size")).to_be_visible()
    await panel.get_by_role("button", name="Use again: Size").click()
    await expect(page.locator("#field-size")).to_have_value("512*512")
    await expect(workspace.prompt).to_have_value("My draft")
    await page.locator("#notices").get_by_role("button", name="Undo").click()
    await expect(page.locator("#field-size")).to_have_value("")
    await panel.get_by_role("button", name="Use again: Prompt").click()
    await expect(workspace.prompt).to_have_value("A fox in the snow")
    await expect(panel.locator('[data-row="input.seed"]')).to_contain_text("4711")
    await expect(panel.locator('[data-row="metadata.campaign"]')).to_contain_text("winter")


async def tells_a_failure_once(workspace: Workspace) -> None:
    """Check that the same failure twice is one notice, which covers neither panel nor list nor form."""
    page, panel = workspace.page, workspace.panel
    await intercept(page, "**/rating", lambda route: route.fulfill(status=500, json={}))
    for _ in range(2):
        async with page.expect_response("**/rating"):
            await panel.get_by_role("button", name="Like", exact=True).click()
    notice = page.locator(".notice[data-tone=bad]")
    await expect(notice.locator(".notice-count")).to_contain_text("2")
    await expect(notice).to_have_count(1)
    left, right, top, _ = await edges(page.locator("#notices"))
    assert left >= (await edges(page.locator(".side")))[1]
    assert right <= (await edges(panel))[0]
    assert (await edges(page.locator(".jobs-scroll")))[3] <= top


async def test_the_panel_stands_beside_the_list_and_has_the_whole_recipe(workspace: Workspace, mill: Mill) -> None:
    page, panel = workspace.page, workspace.panel
    job_id = await mill.create(prompt="A fox in the snow", input=SEED, metadata={"campaign": "winter"})
    await mill.reaches(job_id, "completed")
    await workspace.rows.locator("a").click()
    await expect(panel.locator(".output img")).to_be_visible()
    await moves_by_keys_and_mouse(workspace)
    await page.set_viewport_size({"width": 1024, "height": 860})
    await stands_beside_the_list(workspace)
    await page.set_viewport_size(DESKTOP)

    # What is used most comes first, and the rest is in a menu.
    shown = panel.locator(".panel-actions :is(button, a):visible")
    assert await shown.all_inner_texts() == ["Download", "Like", "Dislike", "Retry", "Reuse"]
    curl = panel.get_by_role("button", name="Copy as curl")
    await expect(curl).to_be_hidden()
    await panel.locator("summary[aria-label=More]").press("Enter")
    await expect(curl).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(curl).to_be_hidden()
    await expect(panel).to_be_visible()

    await fills_one_field(workspace)
    await tells_a_failure_once(workspace)
    await no_serious_violation(page)

    # On a phone it is a sheet, and what is pressed there is large enough for a finger.
    await page.set_viewport_size({"width": 390, "height": 860})
    left, right, _, bottom = await edges(panel)
    assert (left, right) == (0, 390)
    assert bottom <= (await edges(page.locator("#notices")))[2]
    small = "icons => icons.filter(({ offsetWidth }) => offsetWidth > 0 && offsetWidth < 44).length"
    assert await panel.locator(".icon-button").evaluate_all(small) == 0
