"""What fingers touch on a phone is large enough: 44 CSS pixels, in every main state of the page."""

from __future__ import annotations

from typing import Any, Final

from playwright.async_api import Browser, Page, expect

from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import Mill

WIDTH: Final = 390
PHONE: Final[dict[str, Any]] = {"viewport": {"width": WIDTH, "height": 844}, "has_touch": True, "is_mobile": True}

TOO_SMALL: Final = """(smallest) => {
    const controls = "a[href], button, select, textarea, summary, input, [role=option], [role=slider]";
    const found = [];
    for (const control of document.querySelectorAll(controls)) {
        const label = control.matches("[type=radio], [type=checkbox]") ? control.closest("label") : null;
        // A press anywhere on a row opens its job, as its title does.
        const target = label ?? control.closest(".row-title")?.closest(".row") ?? control;
        // Links within a sentence are as high as its lines; what is drawn for screen readers alone is not touched.
        if (control.matches("p a, footer a, .skip, .visually-hidden *")) continue;
        if (!target.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        const { width, height } = target.getBoundingClientRect();
        if (width < 2 || (width >= smallest && height >= smallest)) continue;
        const names = [control.id && `#${control.id}`, ...[...control.classList].map((one) => `.${one}`)];
        const name = control.getAttribute("aria-label") ?? control.textContent.trim().slice(0, 30);
        const size = `${Math.round(width)} by ${Math.round(height)}`;
        found.push(`${control.localName}${names.filter(Boolean).join("")} “${name}” ${size}`);
    }
    return [...new Set(found)].sort();
}"""
SMALLEST: Final = 43.5
"""44 pixels, of which rounding may take a part."""


async def too_small(page: Page) -> list[str]:
    return list(await page.evaluate(TOO_SMALL, SMALLEST))


async def test_whatever_is_touched_on_a_phone_is_large_enough(
    browser: Browser, workspace: Workspace, mill: Mill
) -> None:
    for prompt in ("A fox in the snow", "A heron over the reeds"):
        job_id = await mill.create(prompt=prompt, input={})
        await mill.reaches(job_id, "completed")
    await mill.wavespeed.order("submit", "ending", word="failed", code=500, message="No memory")
    await mill.reaches(await mill.create(prompt="A market hall"), "failed")
    small: dict[str, list[str]] = {}
    async with open_workspace(browser, workspace.url, view=None, **PHONE) as seen:
        page = seen.page

        async def look(state: str) -> None:
            small[state] = await too_small(page)
            assert await page.evaluate("document.documentElement.scrollWidth") <= WIDTH, state

        await expect(page.locator("#starters button").first).to_be_visible()
        await look("the empty form")
        await seen.prompt.fill("A fox")
        await seen.unfold("How Grok helps")
        await seen.unfold("Priority")
        await page.locator("#add-reference").click()
        await expect(page.locator("#field-size")).to_be_visible()
        await look("the whole form")
        await page.locator("#model").click()
        await expect(page.locator("#model-list [role=option]").first).to_be_visible()
        await look("the list of models")
        await page.keyboard.press("Escape")
        await page.locator("[data-half=jobs]").click()
        await expect(page.locator(".gallery-tile img").first).to_be_visible()
        await look("the gallery")
        await page.locator("#filter").click()
        await expect(page.locator(".filter-sheet")).to_be_visible()
        await look("the filter")
        await page.locator(".filter-sheet").get_by_role("button", name="Done").click()
        await page.locator("[data-view=list]").click()
        await expect(seen.rows.first).to_be_visible()
        await look("the list")
        await page.evaluate("job => { location.hash = `job=${job}` }", str(job_id))
        await expect(seen.panel.locator(".timeline li").first).to_be_visible()
        await seen.panel.locator(".more summary").click()
        await look("the panel")
        await page.evaluate("job => { location.hash = `view=${job}.0` }", str(job_id))
        await expect(page.locator(".viewer-picture").first).to_be_visible()
        await look("the viewer")
    assert {state: names for state, names in small.items() if names} == {}
