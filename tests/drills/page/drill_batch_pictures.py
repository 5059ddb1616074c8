"""A folder of pictures becomes a batch, its budget is raised where it paused, and what is liked goes on."""

from __future__ import annotations

import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from activities import submission
from tests.drills.page.drill_batch_story import PASTE
from tests.drills.page.drill_batches import begin
from tests.drills.page.drill_pictures import picture
from tests.fixtures.browser import Workspace, open_workspace, serving
from tests.fixtures.mill import EDIT_MODEL, Mill
from tests.fixtures.outputs import storing


async def drop(page: Page, path: Path) -> None:
    """Drop a file or a folder on the table, as from the system's own windows."""
    session = await page.context.new_cdp_session(page)
    box = await page.locator(".batch-empty").bounding_box()
    assert box is not None
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": box["x"] + 60, "y": box["y"] + 60, "data": data}
        await session.send("Input.dispatchDragEvent", event)


async def test_from_a_folder_of_pictures_to_the_next_batch_of_those_that_are_liked(
    browser: Browser, idle_mill: Mill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "BUDGET_PAUSE", timedelta(seconds=0.2))
    folder = tmp_path / "shoes"
    folder.mkdir()
    for number in (2, 10, 1):
        (folder / f"shoe-{number}.png").write_bytes(picture())
    (folder / "notes.doc").write_text("none")
    async with (
        storing(idle_mill, tmp_path / "outputs") as mill,
        serving(mill) as api,
        open_workspace(browser, str(api.base_url), accept_downloads=True) as seen,
    ):
        page = await begin(seen, "On snow", EDIT_MODEL)
        await drop(page, folder)
        names = page.locator(".grid-cell[data-column='1']")
        await expect(names).to_have_text(["shoe-1.png", "shoe-2.png", "shoe-10.png"])
        await expect(page.locator(".grid-cell.has-picture")).to_have_count(3)
        await expect(page.locator("#notices")).to_contain_text("1 file left out")
        await page.locator("#batch-max-cost").fill("0.06")
        await expect(page.locator(".batch-note")).to_have_text("Enough for 2 of 3 rows; then it pauses.")
        await expect(page.locator("#batch-queue")).to_have_attribute("aria-disabled", "false")
        await page.locator("#batch-queue").click()
        await raise_the_budget(seen)
        await like_and_go_on(seen, tmp_path)
        assert len(await mill.wavespeed.charges()) == 3


async def raise_the_budget(seen: Workspace) -> None:
    page = seen.page
    await expect(page.locator(".batch-state")).to_have_text("Paused")
    await expect(page.locator(".batch-why")).to_contain_text("The next job does not fit the budget: $0.006 of $0.06")
    await expect(page.get_by_role("button", name="Resume", exact=True).last).to_be_hidden()
    await page.get_by_role("button", name="Raise the budget…").click()
    await page.locator("dialog.is-asking").get_by_label("May cost at most").fill("0.10")
    await seen.answer("Change").click()
    await expect(page.locator(".batch-state")).to_have_text("Done")
    await expect(page.locator(".batch-row-key")).to_have_text(["shoe-1.png", "shoe-2.png", "shoe-10.png"])


async def like_and_go_on(seen: Workspace, folder: Path) -> None:
    page = seen.page
    await page.get_by_role("button", name="Contact sheet").click()
    tiles = page.locator("#gallery .gallery-link")
    await expect(tiles).to_have_count(3)
    await tiles.first.focus()
    await page.keyboard.press("l")
    bar = page.get_by_role("group", name="Contact sheet")
    await expect(bar).to_contain_text("3 outputs, 1 liked")
    async with page.expect_download() as coming:
        await bar.get_by_role("link", name="Zip of the liked").click()
    await (await coming.value).save_as(folder / "liked.zip")
    with zipfile.ZipFile(folder / "liked.zip") as archive:
        assert len([name for name in archive.namelist() if not name.endswith((".json", ".txt"))]) == 1
    await bar.get_by_role("button", name="Next batch from the liked").click()
    await expect(page).to_have_url(re.compile("#batches=new$"))
    await expect(page.locator(".grid-name strong")).to_have_text(["image", "meta.file"])
    await expect(page.locator(".grid-cell[data-column='1']")).to_have_text(re.compile(r"shoe-\d+\.png"))


async def test_what_failed_is_tried_again_and_what_is_typed_elsewhere_stays_out_of_the_grid(
    workspace: Workspace, mill: Mill
) -> None:
    page = await begin(workspace, "A {{animal}} in {{place}}")
    await page.get_by_role("button", name="All combinations…").first.click()
    await expect(page.get_by_label("Column 2", exact=True)).to_have_value("place")
    await page.keyboard.type("fox\nowl")
    await page.get_by_label(re.compile("Values of column 2")).fill("snow")
    await page.get_by_role("button", name="Make 2 rows").click()
    await page.keyboard.press("F2")
    await page.keyboard.type(" cub")
    await page.locator("#batch-max-cost").click()
    await page.keyboard.type("1")
    await expect(page.locator("#batch-max-cost")).to_have_value("1")
    await expect(page.locator(".grid-cell")).to_have_text(["fox cub", "snow", "owl", "snow"])

    await page.locator("#batch-maker-title").focus()
    await page.evaluate(PASTE, "animal\tremark\nhare\tsmall\nwolf\tlarge\n")
    await workspace.answer("Replace").click()
    await workspace.prompt.fill("A {{animal}}")
    fault = page.locator(".batch-fault-text")
    await expect(fault).to_have_text(re.compile("^Column remark: "))
    await page.locator(".batch-fault-remedy").get_by_role("button", name="Name the column meta.remark").click()
    await expect(page.get_by_role("group", name="What is wrong")).to_be_hidden()
    await expect(page.locator("#batch-queue")).to_have_attribute("aria-disabled", "false")
    await mill.wavespeed.order("submit", "ending", times=1, word="failed", code=500, message="No memory")
    await page.keyboard.press("Control+Enter")

    await expect(page.locator(".batch-state")).to_have_text("Done, with failures")
    await expect(page.locator(".batch-row-why:visible")).to_have_text("No memory")
    await page.get_by_role("button", name="Retry what failed…").click()
    await workspace.answer("Retry 1 row").click()
    await expect(page.locator(".batch-state")).to_have_text("Done")
    await expect(page.locator(".batch-rows [data-state=completed]")).to_have_count(2)
