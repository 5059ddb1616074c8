"""From an idea to a picture that is liked, downloaded and continued: by mouse, by keyboard alone, by touch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.fixtures.api import open_api
from tests.fixtures.browser import Workspace, no_serious_violation, open_workspace
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import stored, storing
from tests.support import eventually

Way = Literal["mouse", "keyboard", "touch"]
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
MOST_TABS: Final = 120


@dataclass(frozen=True)
class Hand:
    """Somebody who uses the page in one way only."""

    seen: Workspace
    way: Way

    async def press(self, what: Locator) -> None:
        """Press a control as they do; by keyboard, after reaching it with Tab."""
        await expect(what).to_be_visible()
        if self.way == "mouse":
            await what.click()
        elif self.way == "touch":
            await what.tap()
        else:
            await self.reach(what)
            await self.seen.page.keyboard.press("Enter")

    async def reach(self, what: Locator) -> None:
        """Go to a control with Tab."""
        for _ in range(MOST_TABS):
            if await what.evaluate("one => one === document.activeElement"):
                break
            await self.seen.page.keyboard.press("Tab")
        await expect(what).to_be_focused()

    async def open_newest(self) -> None:
        """Open the gallery's first tile. By keyboard, Tab leads to the last one used, and Home to the first."""
        newest = self.seen.page.locator(".gallery-link").first
        if self.way == "keyboard":
            await self.reach(self.seen.page.locator(".gallery-link[tabindex='0']"))
            await self.seen.page.keyboard.press("Home")
        await self.press(newest)

    async def show(self, half: Literal["new", "jobs"]) -> None:
        """On a phone, change to the form or to the jobs."""
        tab = self.seen.page.locator(f"[data-half={half}]")
        if self.way == "touch" and await tab.get_attribute("aria-pressed") == "false":
            await self.press(tab)

    async def keeps_nobody_out(self) -> None:
        """Fail if what is shown keeps somebody out in any colours."""
        for scheme, forced in (("dark", "none"), ("light", "active"), ("light", "none")):
            await self.seen.page.emulate_media(color_scheme=scheme, forced_colors=forced)  # type: ignore[arg-type]
            # Forced colours are the system's own, but axe reads letters' colours as they were written.
            await no_serious_violation(self.seen.page, apart_from=["color-contrast"] if forced == "active" else [])


@pytest.fixture
async def storing_mill(idle_mill: Mill, tmp_path: Path) -> AsyncIterator[Mill]:
    async with storing(idle_mill, tmp_path / "outputs") as mill:
        for provider in (mill.grok, mill.wavespeed):
            await provider.set_timing(min_seconds=0.05, max_seconds=0.1)
        yield mill


@pytest.mark.parametrize("way", ["mouse", "keyboard", "touch"])
async def test_from_an_idea_to_a_picture_that_is_kept_and_continued(
    browser: Browser, storing_mill: Mill, way: Way
) -> None:
    async with open_api(storing_mill.settings) as api:
        context = PHONE if way == "touch" else {}
        async with open_workspace(browser, str(api.base_url), view=None, **context) as seen:
            hand = Hand(seen, way)
            prompt = await makes_a_picture(hand)
            first = (await api.get("/api/jobs")).json()["items"][0]["jobId"]
            await stored(storing_mill, UUID(first))
            whole = (await api.get(f"/api/jobs/{first}/outputs/0/file")).content
            await keeps_it(hand, whole)
            await continues_it(hand)
            await walks_the_tree(hand, prompt)
    assert len(await storing_mill.wavespeed.charges()) == 2, "each picture is paid once"


async def makes_a_picture(hand: Hand) -> str:
    """An idea to start from, Grok's words for it, and the job."""
    seen, page = hand.seen, hand.seen.page
    await expect(page.locator("#starters button").first).to_be_visible()
    await hand.keeps_nobody_out()
    await hand.press(seen.button("Landscape"))
    await hand.press(seen.button("AI Generate"))
    await expect(page.locator(".compare")).to_be_visible()
    await hand.press(seen.button("Use it"))
    written = await seen.prompt.input_value()
    await seen.may_queue()
    async with page.expect_response("**/api/jobs/create"):
        await hand.press(page.locator("#run"))
    return written


async def keeps_it(hand: Hand, whole: bytes) -> None:
    """The gallery, the viewer, a like, and the file."""
    page = hand.seen.page
    viewer = page.locator("dialog.viewer")
    await hand.show("jobs")
    await hand.press(page.locator("[data-view=gallery]"))
    picture = page.locator(".gallery-tile img")
    await eventually(lambda: picture.evaluate("one => one.naturalWidth > 0"), what="the tile's picture")
    await hand.keeps_nobody_out()
    await hand.open_newest()
    await expect(viewer.locator(".viewer-picture")).to_be_visible()
    like = viewer.get_by_role("button", name="Like", exact=True)
    await hand.press(like)
    await expect(like).to_have_attribute("aria-pressed", "true")
    await hand.keeps_nobody_out()
    async with page.expect_download() as download:
        await hand.press(viewer.locator("[download]"))
    path = await (await download.value).path()
    assert await asyncio.to_thread(path.read_bytes) == whole


async def continues_it(hand: Hand) -> None:
    """Edit, from the viewer: the form has the picture, and wants words."""
    seen, page = hand.seen, hand.seen.page
    await hand.press(page.locator("dialog.viewer [data-way=edit]"))
    await expect(page.locator(".parent-note")).to_contain_text("An edit of")
    await expect(seen.prompt).to_be_focused()
    await page.keyboard.type("Make it night")
    await seen.may_queue()
    await hand.press(page.locator("#run"))


async def walks_the_tree(hand: Hand, prompt: str) -> None:
    """The edit's panel, and from there to what it was made from."""
    seen, page = hand.seen, hand.seen.page
    await hand.show("jobs")
    await expect(page.locator(".gallery-tile img")).to_have_count(2)
    await hand.open_newest()
    await hand.press(page.locator("dialog.viewer").locator("button, a", has_text="Open job"))
    await expect(seen.panel.locator("h2")).to_have_text("Make it night")
    await expect(seen.panel.locator(".family-member")).to_have_count(2)
    await hand.keeps_nobody_out()
    await hand.press(seen.panel.locator(".family-member").first)
    await expect(seen.panel.locator("h2")).to_have_text(prompt)
