"""What was queued together, side by side: by mouse from the notice, by keys, by its address, and on a phone."""

from __future__ import annotations

from playwright.async_api import expect

from tests.fixtures.browser import Workspace, keeps_nobody_out
from tests.fixtures.mill import Mill

OTHER = "bytedance/seedream-v4"


async def test_the_same_prompt_on_two_models_stands_side_by_side(workspace: Workspace, mill: Mill) -> None:
    page, keys = workspace.page, workspace.page.keyboard
    beside = page.locator("dialog.beside")
    columns, pictures = beside.locator(".beside-column"), beside.locator(".beside-picture")
    await mill.wavespeed.order("submit", "never", times=1)
    await page.locator("#model").fill("wavespeed-ai/flux-dev")
    await keys.press("Enter")
    await workspace.prompt.fill("A fox in the snow")
    another = page.get_by_label("Try another model with the same prompt")
    await another.focus()
    await another.select_option(OTHER)
    await workspace.queue()
    await page.locator(".notice").get_by_role("button", name="Side by side").click()

    await expect(columns).to_have_count(2)
    await expect(columns.locator("h3").first).to_have_text("FLUX dev")
    await expect(beside).to_contain_text("2 jobs, queued together")
    await expect(pictures).to_have_count(1)  # the other one is under way
    await expect(beside.locator(".beside-line").last).to_contain_text("$0.027 in ")
    await keys.press("ArrowRight")
    await keys.press("ArrowRight")
    await expect(pictures).to_be_focused()
    await keys.press("l")
    await expect(beside.get_by_role("button", name="Like:")).to_have_attribute("aria-pressed", "true")
    await keeps_nobody_out(page)
    first, second = [await columns.nth(place).bounding_box() for place in range(2)]
    assert first
    assert second
    assert first["width"] > second["x"] - first["x"] - 40, "a column fills a phone, and the next one peeps in"
    assert first["x"] < second["x"] < page.viewport_size["width"] if page.viewport_size else False

    await pictures.focus()
    await keys.press("Enter")
    await expect(page.locator(".viewer-picture")).to_be_visible()
    await page.go_back()
    await expect(page.locator(".viewer-picture")).to_be_hidden()
    await expect(pictures).to_be_focused()
    await page.reload()
    await expect(columns).to_have_count(2)
    await keys.press("Escape")
    await expect(beside).to_be_hidden()
    assert "#" not in page.url

    await page.set_viewport_size({"width": 1280, "height": 860})
    await workspace.rows.first.locator("a").click()
    await workspace.panel.get_by_role("link", name="Side by side").click()
    await expect(columns).to_have_count(2)
    await beside.get_by_role("button", name="Close").click()
    await workspace.rows.last.locator("a").focus()
    await keys.press("b")
    await expect(beside).to_be_visible()
