"""Places of the page: what an address opens, what Back and Escape leave, and what a key means where."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from playwright.async_api import Browser, Route, expect

from tests.fixtures.browser import Workspace, intercept, open_workspace
from tests.fixtures.mill import Mill

GROUP = "four-foxes"
UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def made(mill: Mill) -> tuple[UUID, UUID]:
    """Two jobs that were queued together."""
    first, second = [
        await mill.create(prompt=prompt, metadata={"group": GROUP})
        for prompt in ("A fox in the snow", "A fox in the rain")
    ]
    for job_id in (first, second):
        await mill.reaches(job_id, "completed")
    return first, second


async def collected(api: httpx.AsyncClient, job_id: UUID) -> str:
    """Put the job's output into a collection, and tag the job."""
    found = (await api.post("/api/collections", json={"name": "Foxes"})).raise_for_status().json()["collectionId"]
    body = {"add": [{"jobId": str(job_id), "index": 0}]}
    (await api.patch(f"/api/collections/{found}", json=body)).raise_for_status()
    (await api.patch(f"/api/jobs/{job_id}/tags", json={"add": ["snow"]})).raise_for_status()
    return str(found)


async def opens(workspace: Workspace, address: str) -> None:
    """Open an address as a link from elsewhere does: nothing of the page is there before."""
    await workspace.page.goto("about:blank")
    await workspace.open(address)


async def test_every_address_opens_directly_and_back_leads_to_where_one_was(
    browser: Browser, served_mill: httpx.AsyncClient, made: tuple[UUID, UUID]
) -> None:
    first, second = made
    collection = await collected(served_mill, first)
    async with open_workspace(browser, str(served_mill.base_url), "gallery") as seen:
        page, panel, viewer = seen.page, seen.panel, seen.page.locator("dialog.viewer")
        kept = panel.locator("[data-section=kept]")
        await opens(seen, f"/#job={first}")
        await expect(kept).to_contain_text("snow")
        await expect(kept.get_by_role("button", name="Open the collection Foxes")).to_be_visible()
        await page.reload()
        await expect(kept).to_contain_text("snow")

        # A filter, a collection and a job at once; then another place, and back.
        await opens(seen, f"/?q=snow&collection={collection}#job={first}")
        await expect(page.locator(".gallery-tile")).to_have_count(1)
        await expect(page.locator(".collection-name")).to_have_text("Foxes")
        await expect(panel.locator("h2")).to_be_focused()
        await page.keyboard.press("i")
        await expect(page.locator("#statistics")).to_be_visible()
        await expect(panel).to_be_hidden()
        await page.keyboard.press("i")
        await expect(panel.locator("h2")).to_have_text("A fox in the snow")
        await page.go_back()
        await expect(page.locator("#statistics")).to_be_visible()
        await page.go_forward()
        await expect(panel).to_be_visible()
        assert f"collection={collection}" in page.url

        await opens(seen, f"/#view={second}.0")
        await expect(viewer.locator("#viewer-title")).to_contain_text("A fox in the rain")
        # The focus goes to its tile, once there is one.
        await expect(page.locator(".gallery-tile", has_text="rain")).to_be_attached()
        await page.keyboard.press("Escape")
        await expect(viewer).to_be_hidden()
        await expect(page.locator(".gallery-tile", has_text="rain").locator("a")).to_be_focused()

        for address, told in (
            (f"/#job={UNKNOWN}", "There is no job with this id"),
            (f"/#view={UNKNOWN}.0", "There is no such output"),
            ("/#group=nothing", "No jobs were queued under this name"),
            (f"/?collection={UNKNOWN}", "There is no such collection"),
        ):
            await opens(seen, address)
            await expect(page.locator("body")).to_contain_text(told)


async def test_escape_leaves_the_innermost_and_the_focus_is_where_it_was(
    browser: Browser, served_mill: httpx.AsyncClient, made: tuple[UUID, UUID]
) -> None:
    async with open_workspace(browser, str(served_mill.base_url), "gallery") as seen:
        page, keys, panel = seen.page, seen.page.keyboard, seen.panel
        beside, viewer, sheet = (page.locator(one) for one in ("dialog.beside", "dialog.viewer", "#shortcuts-dialog"))
        await opens(seen, f"/?q=fox#job={made[0]}")
        for opener in ("#queue", "#told"):
            await page.locator(opener).click()
            await expect(page.locator(f"{opener}-menu")).to_be_visible()
            await keys.press("Escape")
            await expect(page.locator(f"{opener}-menu")).to_be_hidden()
            await expect(panel).to_be_visible()

        await panel.get_by_role("link", name="Side by side").click()
        await beside.locator(".beside-picture").first.focus()
        await keys.press("Enter")
        await expect(viewer.locator("#viewer-title")).to_be_focused()
        await keys.press("?")
        await expect(sheet).to_be_visible()
        await expect(sheet.locator("h2")).to_be_in_viewport()
        await keys.press("Escape")
        await expect(sheet).to_be_hidden()
        await expect(viewer).to_be_visible()
        await keys.press("Escape")
        await expect(viewer).to_be_hidden()
        await expect(beside.locator(".beside-picture").first).to_be_focused()
        await keys.press("Escape")
        await expect(beside).to_be_hidden()
        await expect(panel.get_by_role("link", name="Side by side")).to_be_focused()
        await keys.press("Escape")
        await expect(panel).to_be_hidden()

        chosen = page.locator(".gallery-tile[aria-selected=true]")
        await page.locator(".gallery-link").first.focus()
        await keys.press("X")
        await keys.press("J")
        await expect(chosen).to_have_count(2)
        await page.get_by_role("toolbar", name="Selected tiles").get_by_role("button", name="All", exact=True).focus()
        await keys.press("Escape")
        await expect(chosen).to_have_count(0)
        await expect(page.locator(".gallery-link").nth(1)).to_be_focused()
        assert "q=fox" in page.url
        await keys.press("Escape")
        await expect(page.locator("#filter-chips")).to_be_hidden()


async def test_a_key_means_one_thing_and_none_is_taken_from_a_field(
    browser: Browser, served_mill: httpx.AsyncClient, mill: Mill, made: tuple[UUID, UUID]
) -> None:
    async with open_workspace(browser, str(served_mill.base_url), "gallery") as seen:
        page, keys = seen.page, seen.page.keyboard
        first = page.locator(".gallery-link").first
        await first.focus()
        await keys.press("x")
        await expect(page.locator("#announcements")).to_contain_text("Disliked")
        await expect(page.locator(".gallery-tile[aria-selected=true]")).to_have_count(0)
        assert (await mill.job(made[1])).kept is False
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/rating" in request.url else None)
        # Held down, a key does its act once.
        for _ in range(5):
            await keys.down("l")
        await keys.up("l")
        await expect(page.locator(".gallery-like").first).to_have_attribute("aria-pressed", "true")
        assert len(asked) == 1

        # What costs money is queued from the form alone, and not from a field of another part.
        await seen.prompt.fill("A fox that nobody has asked for")
        await seen.may_queue()
        await page.locator("#search").fill("fox")
        await keys.press("Control+Enter")
        await page.locator("#search").fill("xlcrbgi?")
        await keys.press("Control+Enter")
        await page.locator("#search").blur()
        await keys.press("Control+Enter")
        await page.locator("#search").fill("fox")
        await expect(page.locator(".gallery-tile")).to_have_count(2)
        for combination in ("Control+c", "Meta+x", "Alt+i"):
            await first.press(combination)
        await expect(page.locator("dialog[open]")).to_have_count(0)
        await expect(page.locator("#statistics")).to_be_hidden()
        assert len((await served_mill.get("/api/jobs")).json()["items"]) == 2


async def test_what_could_not_be_read_is_asked_for_again(workspace: Workspace, made: tuple[UUID, UUID]) -> None:
    page = workspace.page
    job = f"**/api/jobs/{made[0]}*"
    asked: list[str] = []

    async def lose(route: Route) -> None:
        asked.append(route.request.url)
        await route.abort()

    # Not known to the page: the list is another one.
    await opens(workspace, "/?q=rain")
    await intercept(page, job, lose)
    await page.evaluate(f"location.hash = 'view={made[0]}.0'")
    title = page.locator("#viewer-title")
    await expect(title).to_have_text("Loading…")
    await page.unroute(job)
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect(title).to_contain_text("A fox in the snow")
    assert asked
