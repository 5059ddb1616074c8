"""The user guide as one story, from an empty page to a picture that is kept, downloaded and continued."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image
from playwright.async_api import Browser, expect

from activities import submission
from tests.fixtures.browser import Workspace, open_workspace, serving
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import storing

WORDS = "A fox in the snow"
CHANGE = "Make it night"


async def test_from_an_empty_page_to_a_picture_that_is_kept_downloaded_and_continued(
    browser: Browser, idle_mill: Mill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "BUDGET_PAUSE", timedelta(seconds=0.2))
    async with (
        storing(idle_mill, tmp_path / "outputs") as mill,
        serving(mill) as api,
        open_workspace(browser, str(api.base_url), view="gallery", accept_downloads=True) as seen,
    ):
        await make(seen)
        await look(seen)
        stays = await keep(seen)
        await take_away(seen, stays)
        await go_on(seen)
        await run_the_queue(seen, mill)
        assert len(await mill.wavespeed.charges()) == 5


async def make(seen: Workspace) -> None:
    """Words, Grok's prompt, two runs: two tiles."""
    await expect(seen.page.locator("#empty")).to_contain_text("Nothing yet")
    await seen.page.locator("#model").fill("wavespeed-ai/flux-dev")
    await seen.page.keyboard.press("Enter")
    await seen.prompt.fill(WORDS)
    await seen.generate()
    await seen.button("Use it").click()
    await seen.page.locator("#runs").fill("2")
    await seen.may_queue()
    await seen.queue()
    await expect(seen.page.locator(".gallery-tile img")).to_have_count(2)


async def look(seen: Workspace) -> None:
    """Large, and beside the other one."""
    await seen.page.locator(".gallery-link").first.click()
    pictures = seen.page.locator(".viewer-picture")
    await expect(pictures).to_have_count(1)
    await seen.page.keyboard.press("c")
    await expect(pictures).to_have_count(2)
    await seen.page.keyboard.press("v")
    await expect(seen.page.locator(".viewer-divider")).to_be_visible()
    await seen.page.keyboard.press("c")
    await expect(pictures).to_have_count(1)


async def keep(seen: Workspace) -> str:
    """Liked, stored here, tagged, and found again; return the address of its panel."""
    await seen.page.keyboard.press("l")
    await expect(seen.page.locator("dialog.viewer").get_by_role("button", name="Like", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    await seen.page.keyboard.press("o")
    await expect(seen.panel).to_contain_text("stored here")
    stays = seen.page.url
    await seen.panel.get_by_label("Add a tag").fill("winter")
    await seen.page.keyboard.press("Enter")
    await seen.panel.locator(".tag-chip .link-button").click()
    await expect(seen.page.locator("#filter-chips")).to_contain_text("Tag: winter")
    await expect(seen.page.locator(".gallery-tile")).to_have_count(1)
    return stays


async def take_away(seen: Workspace, stays: str) -> None:
    """As a file, and what the filter shows with its recipe in a zip."""
    await seen.open(f"#{stays.partition('#')[2]}")
    async with seen.page.expect_download() as downloading:
        await (
            seen.panel.get_by_role("button", name="Download", exact=True)
            .or_(seen.panel.get_by_role("link", name="Download", exact=True))
            .click()
        )
    one = await downloading.value
    assert re.fullmatch(r"a-fox-in-the-snow.*\.png", one.suggested_filename)
    assert Image.open(BytesIO((await one.path()).read_bytes())).format == "PNG"
    async with seen.page.expect_download() as downloading:
        await seen.page.locator("#bulk").get_by_role("button", name=re.compile("^Download")).click()
        await seen.page.locator("dialog[open]").get_by_role("button", name=re.compile("^Download")).click()
    with ZipFile(BytesIO((await (await downloading.value).path()).read_bytes())) as archive:
        recipes = [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")]
    assert [recipe["prompt"].startswith(WORDS) for recipe in recipes] == [True]
    await seen.button("Remove the filter Tag: winter").click()
    await expect(seen.page.locator(".gallery-tile")).to_have_count(2)


async def go_on(seen: Workspace) -> None:
    """An edit of it, whose family says so."""
    await seen.panel.get_by_role("button", name="Edit", exact=True).click()
    await expect(seen.page.locator(".parent-note")).to_contain_text("An edit of")
    await expect(seen.page.locator("#targetUrl")).not_to_have_value("")
    await seen.prompt.fill(CHANGE)
    await seen.may_queue()
    await seen.queue()
    await expect(seen.page.locator(".gallery-tile img")).to_have_count(3)
    await seen.page.locator(".gallery-link").first.click()
    await expect(seen.page.locator("#viewer-title")).to_contain_text(CHANGE)  # its module is loaded with the first one
    await seen.page.keyboard.press("o")
    await expect(seen.panel.locator("h2")).to_have_text(CHANGE)
    await expect(seen.panel.locator(".family-member")).to_have_count(2)


async def run_the_queue(seen: Workspace, mill: Mill) -> None:
    """Paused, changed while it waits, and let go."""
    await seen.page.locator("#queue").click()
    await seen.button("Pause my queue").click()
    await seen.page.keyboard.press("Escape")
    for words in ("First", "Second"):
        await mill.create(prompt=words)
    await seen.page.locator("[data-view=list]").click()
    await expect(seen.rows).to_have_count(5)
    await seen.rows.filter(has_text="Second").locator("a").click()
    await seen.panel.get_by_role("button", name="Run next").click()
    await expect(seen.rows.filter(has_text="Second")).to_contain_text("priority 10")
    await seen.page.locator("#queue-banners").get_by_role("button", name="Resume my queue").click()
    await expect(seen.page.locator("[data-group=done] .tile-figure")).to_have_text("5")
