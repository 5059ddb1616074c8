"""`promptmill announce`: what everybody who has the page open reads."""

from __future__ import annotations

from typing import Any, Final

import httpx
from playwright.async_api import expect

from promptmill.commands import announce
from promptmill.contracts.announcements import Announcement, Level
from promptmill.contracts.audit import AuditFilter
from tests.fixtures.browser import Workspace, no_serious_violation
from tests.fixtures.mill import Mill

TEXT: Final = "Maintenance tonight at 22:00 UTC. <b>Jobs go on.</b>"
SEEN_AGAIN: Final = "document.dispatchEvent(new Event('visibilitychange'))"
"""The page reads the installation's state each 10 seconds, and at once when it is seen again."""


async def announced(client: httpx.AsyncClient) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await client.get("/api/init")).json()["announcement"]
    return found


async def test_an_announcement_is_read_on_the_page_until_it_is_dismissed_or_cleared(
    workspace: Workspace, served_mill: httpx.AsyncClient, mill: Mill
) -> None:
    page, banner = workspace.page, workspace.page.locator("#announcement .banner")
    assert await announced(served_mill) is None
    await expect(banner).to_have_count(0)

    until = announce.moment("2126-12-01T18:00Z")
    await announce.announce(mill.settings, TEXT, Announcement(level=Level.WARNING, until=until))
    await page.evaluate(SEEN_AGAIN)

    await expect(banner).to_contain_text(TEXT)
    await expect(banner).to_contain_text("2126")
    await expect(banner).to_have_attribute("data-tone", "attention")
    await expect(page.get_by_role("status").filter(has_text="Maintenance tonight")).to_have_count(1)
    assert await banner.locator("b").count() == 0
    await no_serious_violation(page)
    found = await announced(served_mill)
    assert found is not None
    assert (found["text"], found["level"], found["until"]) == (TEXT, "warning", "2126-12-01T18:00:00Z")

    await banner.get_by_role("button", name="Dismiss the announcement").click()
    await expect(banner).to_have_count(0)
    await workspace.open()
    await expect(page.locator("#version")).to_contain_text("Promptmill")
    await expect(banner).to_have_count(0)

    await announce.announce(mill.settings, "The maintenance is over.", Announcement())
    await page.evaluate(SEEN_AGAIN)
    await expect(banner).to_have_text("The maintenance is over.")
    await expect(banner).to_have_attribute("data-tone", "work")
    await no_serious_violation(page)
    assert announce.announcement_line(await announce.announced(mill.settings)).endswith("The maintenance is over.")

    await announce.clear(mill.settings)
    await page.evaluate(SEEN_AGAIN)
    await expect(banner).to_have_count(0)
    assert await announced(served_mill) is None
    assert announce.announcement_line(await announce.announced(mill.settings)) == announce.NOTHING
    log = await mill.store.audit.list(AuditFilter(target="switch:announcement"))
    assert [entry.after and entry.after["reason"] for entry in log] == [None, "The maintenance is over.", TEXT]
