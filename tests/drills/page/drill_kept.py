"""Templates, tags and collections on the page: by mouse, by keyboard alone, and by touch on a phone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.async_api import Browser, Locator, expect

from tests.fixtures.browser import Workspace, no_serious_violation, open_workspace
from tests.fixtures.mill import Mill

TILE: Final = ".gallery-tile"


async def test_recipes_words_and_pictures_are_kept(
    browser: Browser, served_mill: httpx.AsyncClient, mill: Mill, tmp_path: Path
) -> None:
    for prompt in ("A lighthouse", "Rice fields", "A glass house"):
        await mill.reaches(await mill.create(prompt=prompt, input={"size": "512*512"}), "completed")
    async with open_workspace(browser, str(served_mill.base_url), view="gallery", has_touch=True) as seen:
        await expect(seen.page.locator(TILE)).to_have_count(3)
        await templates(seen, served_mill, tmp_path)
        await tags(seen)
        await collections(seen)
        await on_a_phone(seen)


def dialog(seen: Workspace) -> Locator:
    return seen.page.locator("dialog.is-asking")


async def says(seen: Workspace, text: str) -> None:
    await expect(seen.page.locator("#notices").get_by_text(text).last).to_be_visible()


def read(file: Path) -> Any:
    return json.loads(file.read_text())


async def templates(seen: Workspace, api: httpx.AsyncClient, folder: Path) -> None:
    page = seen.page
    await seen.prompt.fill("A {{animal}} in the {{place}}")
    await seen.button("Templates").click()
    await seen.answer("Save the form…").click()
    await dialog(seen).get_by_label("Name").fill("Animals")
    await page.keyboard.press("Enter")
    await says(seen, "Template saved: Animals.")
    await seen.answer("Save the form…").click()
    await page.keyboard.type("Animals")
    await page.keyboard.press("Enter")
    await expect(dialog(seen).get_by_role("alert")).to_contain_text("Save again to replace it")
    await page.keyboard.press("Enter")
    await expect(dialog(seen)).to_have_count(0)
    listed = page.locator("dialog.templates")
    await expect(listed.get_by_role("listitem")).to_have_count(1)

    async with page.expect_download() as downloading:
        await seen.answer("Export").click()
    exported = read(await (await downloading.value).path())
    assert [one["body"]["prompt"] for one in exported["templates"]] == ["A {{animal}} in the {{place}}"]
    exported["templates"].append({"name": "Hills", "body": {"model": "bytedance/seedream-v4", "prompt": "Hills"}})
    file = folder / "templates.json"
    file.write_text(json.dumps(exported))
    await listed.locator("input[type=file]").set_input_files(file)
    await expect(page.locator("dialog[open]")).to_contain_text("Animals")
    await seen.answer("Replace").click()
    await says(seen, "2 templates imported.")
    await listed.get_by_role("searchbox").fill("hil")
    await expect(listed.get_by_role("listitem")).to_have_count(1)
    await listed.locator("summary").click()
    await listed.get_by_role("button", name="Delete…").click()
    await seen.answer("Delete").click()
    await expect(listed).to_contain_text("No template has this in its name.")
    await listed.get_by_role("searchbox").fill("")
    await listed.get_by_role("button", name="Use Animals").focus()
    await page.keyboard.press("Enter")
    await expect(dialog(seen).get_by_label("animal")).to_be_focused()
    await page.keyboard.type("red fox")
    await page.keyboard.press("Tab")
    await page.keyboard.type("snow")
    await no_serious_violation(page)
    await page.keyboard.press("Enter")
    await expect(seen.prompt).to_have_value("A red fox in the snow")
    await expect(listed).to_be_hidden()
    await expect(page.locator("#set-aside")).to_be_visible()
    assert len((await api.get("/api/templates")).json()["items"]) == 1


def tile(seen: Workspace, name: str) -> Locator:
    return seen.page.locator(TILE).filter(has=seen.page.get_by_role("link", name=name))


async def names(seen: Workspace, *wanted: str) -> None:
    """The tiles in the order in which they are read."""
    for place, name in enumerate(wanted):
        await expect(seen.page.locator(TILE).nth(place).locator(".gallery-link")).to_have_attribute(
            "aria-label", re.compile(name)
        )
    await expect(seen.page.locator(TILE)).to_have_count(len(wanted))


async def tags(seen: Workspace) -> None:
    page = seen.page
    for name in ("A lighthouse", "Rice fields"):
        await tile(seen, name).locator(".gallery-link").focus()
        await page.keyboard.press("X")
    bar = page.get_by_role("toolbar", name="Selected tiles")
    await bar.get_by_role("button", name="Tag 2…").click()
    await expect(dialog(seen)).to_contain_text("Tag 2 jobs")
    await page.keyboard.type("Wide  View, sea")
    await page.keyboard.press("Enter")
    await says(seen, "Tags of 2 jobs changed.")
    await page.keyboard.press("Escape")
    await expect(bar).to_be_hidden()

    await page.evaluate(
        f"location.hash = 'job={await tile(seen, 'Rice fields').get_attribute('data-key')}'.split('.')[0]"
    )
    panel = seen.panel.locator("[data-section=kept]")
    await expect(panel.locator(".tag-chip")).to_have_text(["sea", "wide view"])
    await panel.get_by_label("Add a tag").fill("rice")
    await page.keyboard.press("Enter")
    await expect(panel.locator(".tag-chip")).to_have_text(["rice", "sea", "wide view"])
    await expect(panel.locator("#new-tag")).to_be_focused()
    await panel.get_by_role("button", name="Remove the tag sea").click()
    await expect(panel.locator(".tag-chip")).to_have_text(["rice", "wide view"])
    await panel.scroll_into_view_if_needed()
    await no_serious_violation(page)
    await panel.get_by_role("button", name="Show jobs tagged rice").click()
    await expect(page.locator("#filter-chips .filter-chip")).to_have_text(["Tag: rice"])
    await names(seen, "Rice fields")
    assert "tag=rice" in page.url
    await seen.panel.get_by_role("button", name="Close the job").click()
    await page.locator("#filter").click()
    await page.locator("#filter-sheet").get_by_role("combobox", name="Tag").fill("Wide View")
    await page.keyboard.press("Tab")
    await expect(page.locator("#filter-chips .filter-chip")).to_have_text(["Tag: wide view"])
    await page.locator("#filter-sheet").get_by_role("button", name="Clear").click()
    await page.keyboard.press("Escape")
    await names(seen, "A glass house", "Rice fields", "A lighthouse")


async def collections(seen: Workspace) -> None:
    page = seen.page
    await tile(seen, "A lighthouse").locator(".gallery-link").focus()
    await page.keyboard.press("a")
    await expect(dialog(seen)).to_contain_text("Add 1 output to a collection")
    await page.keyboard.type("Places")
    await page.keyboard.press("Enter")
    await says(seen, "1 output in Places.")
    await expect(tile(seen, "A lighthouse").locator(".gallery-link")).to_be_focused()
    await tile(seen, "Rice fields").locator(".gallery-link").click()
    await page.keyboard.press("a")
    await expect(dialog(seen).get_by_label("Collection")).to_have_value("Places")
    await page.keyboard.press("Enter")
    await expect(dialog(seen)).to_have_count(0)
    await page.keyboard.press("Escape")
    await tile(seen, "A glass house").get_by_role("button", name="Select").click()
    await page.get_by_role("toolbar").get_by_role("button", name="Collect").click()
    await expect(dialog(seen).get_by_label("Collection")).to_have_value("Places")
    await page.keyboard.press("Enter")
    await expect(dialog(seen)).to_have_count(0)
    await page.locator("#notices").get_by_role("button", name="Open").last.click()

    shown = page.get_by_role("group", name="Collection", exact=True)
    await expect(shown).to_contain_text("Places3 outputs")
    await expect(page.locator("#filter-chips .filter-chip")).to_have_text(["Collection: Places"])
    await page.get_by_role("toolbar").get_by_role("button", name="Done").click()
    await names(seen, "A lighthouse", "Rice fields", "A glass house")
    await no_serious_violation(page)

    await tile(seen, "A glass house").locator(".gallery-link").focus()
    await page.keyboard.press("<")
    await names(seen, "A lighthouse", "A glass house", "Rice fields")
    await expect(tile(seen, "A glass house").locator(".gallery-link")).to_be_focused()
    await tile(seen, "Rice fields").drag_to(tile(seen, "A lighthouse"), target_position={"x": 10, "y": 40})
    await names(seen, "Rice fields", "A lighthouse", "A glass house")
    await page.reload()
    await expect(shown).to_contain_text("Places")
    await names(seen, "Rice fields", "A lighthouse", "A glass house")

    await tile(seen, "Rice fields").get_by_role("button", name="Select").click()
    bar = page.get_by_role("toolbar")
    await bar.get_by_role("button", name="Later").click()
    await names(seen, "A lighthouse", "Rice fields", "A glass house")
    await bar.get_by_role("button", name="Take out").click()
    await names(seen, "A lighthouse", "A glass house")
    await expect(shown).to_contain_text("2 outputs")
    await shown.get_by_role("button", name="Rename…").click()
    await page.keyboard.type("Sights")
    await page.keyboard.press("Enter")
    await expect(page.locator("#filter-chips .filter-chip")).to_have_text(["Collection: Sights"])
    await expect(shown.get_by_role("link", name="Download")).to_have_attribute("href", re.compile("/archive$"))


async def on_a_phone(seen: Workspace) -> None:
    page = seen.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.emulate_media(color_scheme="dark")
    await page.get_by_role("button", name="Jobs", exact=True).tap()
    shown = page.get_by_role("group", name="Collection", exact=True)
    await expect(shown).to_be_visible()
    await no_serious_violation(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("button", name="Select tiles").tap()
    await tile(seen, "A glass house").locator(".gallery-link").tap()
    bar = page.get_by_role("toolbar", name="Selected tiles")
    await bar.get_by_role("button", name="Earlier").tap()
    await names(seen, "A glass house", "A lighthouse")
    await bar.get_by_role("button", name="Done").tap()
    await shown.get_by_role("button", name="Delete…").tap()
    await seen.answer("Delete").tap()
    await expect(shown).to_be_hidden()
    await expect(page.locator(TILE)).to_have_count(3)
    await page.go_back()
    await expect(shown).to_contain_text("There is no such collection")
    await shown.get_by_role("button", name="Show all jobs").tap()
    await expect(page.locator(TILE)).to_have_count(3)
    await page.get_by_role("button", name="New job").tap()
    await seen.button("Templates").tap()
    await expect(page.locator("dialog.templates").get_by_role("listitem")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
