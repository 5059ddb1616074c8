"""Batches on the page: 10,000 rows without a stutter, nothing lost without the API, all acts, and axe in each look."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from playwright.async_api import Page, expect

from tests.bench.figures import ELEMENTS, FRAMES_PER_SECOND
from tests.bench.gallery import SCROLL, metric
from tests.drills.page.drill_batch_story import MODEL, PASTE
from tests.fixtures.browser import DESKTOP, Workspace, keeps_nobody_out, no_serious_violation
from tests.fixtures.mill import Mill

ROWS = 10_000


async def begin(workspace: Workspace, prompt: str = "A {{animal}}", model: str = MODEL) -> Page:
    page = workspace.page
    await page.locator("#model").fill(model)
    await page.keyboard.press("Tab")
    await workspace.prompt.fill(prompt)
    await page.locator("#many").click()
    await expect(page.locator("#batch-maker-title")).to_be_focused()
    return page


async def test_ten_thousand_rows_scroll_without_a_stutter(workspace: Workspace) -> None:
    page = await begin(workspace)
    rows = "".join(f"animal {n}, seen from afar\t{n}\tclient {n}\n" for n in range(ROWS))
    took = await page.evaluate(
        f"""async (text) => {{
            const before = performance.now();
            ({PASTE})(text);
            while (!document.querySelector(".grid-cell")) await new Promise(requestAnimationFrame);
            return performance.now() - before;
        }}""",
        f"animal\tseed\tmeta.client\n{rows}",
    )
    grid = page.get_by_role("grid", name="Table")
    await expect(grid).to_have_attribute("aria-rowcount", str(ROWS + 1))
    await expect(page.locator(".batch-figures")).to_contain_text("In all")

    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = await metric(session, "TaskDuration")
    intervals = await grid.evaluate(SCROLL)
    work_ms = 1000 * (await metric(session, "TaskDuration") - before) / len(intervals)
    frames_per_second = 1000 * len(intervals) / sum(intervals)
    worst = sorted(intervals)[int(len(intervals) * 0.99)]
    await page.keyboard.press("Tab")
    await grid.focus()
    await page.keyboard.press("Control+End")
    await expect(page.locator(".grid-cell.is-active")).to_have_text(f"client {ROWS - 1}")
    elements = await page.evaluate("document.querySelectorAll('*').length")
    figures = (
        f"shown after {took:.0f} ms; {frames_per_second:.1f} frames/s, 99 % within {worst:.0f} ms, "
        f"{work_ms:.1f} ms of work a frame; {elements} elements"
    )
    assert elements <= ELEMENTS, figures
    # Not the frames, which whatever else runs on the machine takes away, but what the page's thread works for one.
    assert work_ms <= 1000 / FRAMES_PER_SECOND, figures


async def test_the_grid_is_edited_as_a_spreadsheet_and_nothing_is_lost_without_the_api(
    workspace: Workspace, served_mill: httpx.AsyncClient, tmp_path: Path
) -> None:
    page = await begin(workspace)
    await edit(page)
    await lose_the_api(page)
    await add_from_a_file(workspace, tmp_path)
    await page.route("**/api/batches/plan", lambda route: route.abort())
    await page.get_by_role("button", name="Add a row").click()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#announcements")).to_contain_text("Nothing was queued.")
    assert (await served_mill.get("/api/batches")).json()["items"] == []
    assert (await served_mill.get("/api/jobs")).json()["items"] == [], "the form queues no job of its own"
    await combine(page)


async def edit(page: Page) -> None:
    keys, cells = page.keyboard, page.locator(".grid-cell")
    await page.get_by_role("button", name="Type it in").click()
    await expect(cells).to_have_count(3)
    await keys.type("fox")
    await keys.press("Enter")
    await keys.type("owl")
    await keys.press("Escape")
    await expect(cells).to_have_text(["fox", "", ""])
    await page.evaluate(PASTE, "owl\t1\n\t2")
    await expect(page.locator(".grid-name strong")).to_have_text(["animal", "column2"])
    await expect(cells).to_have_text(["fox", "", "owl", "1", "", "2"])
    await keys.press("ArrowUp")
    await keys.press("Control+Home")
    await keys.press("ArrowUp")
    await keys.press("ArrowRight")
    await keys.press("F2")
    await keys.type("seed")
    await keys.press("Enter")
    await expect(page.locator(".grid-name strong")).to_have_text(["animal", "seed"])
    await keys.press("Control+z")
    await expect(page.locator(".grid-name strong")).to_have_text(["animal", "column2"])
    await keys.press("Control+y")
    await keys.press("Control+End")
    await keys.press("Shift+ArrowUp")
    await keys.press("Delete")
    await expect(cells).to_have_text(["fox", "", "owl", "", "", ""])
    await page.get_by_role("button", name="Delete rows").click()
    await expect(cells).to_have_text(["fox", ""])


async def lose_the_api(page: Page) -> None:
    keys, cells = page.keyboard, page.locator(".grid-cell")
    await page.route("**/api/batches/plan", lambda route: route.abort())
    await page.get_by_role("button", name="Add a row").click()
    await keys.type("hare")
    await keys.press("Enter")
    await page.locator("#batch-max-cost").fill("1")
    await expect(page.locator(".batch-note")).to_contain_text("could not be checked")
    await page.reload()
    await expect(cells).to_have_text(["fox", "", "hare", ""])
    await expect(page.locator("#batch-max-cost")).to_have_value("1")
    await expect(page.locator(".batch-note")).to_contain_text("could not be checked")
    await page.unroute_all(behavior="ignoreErrors")
    await page.locator(".batch-note").get_by_role("button", name="Try again").click()
    await expect(page.locator("#batch-queue")).to_have_text("Queue 2 jobs, at most $1.00")
    await expect(page.locator("#batch-queue")).to_have_attribute("aria-disabled", "false")


async def add_from_a_file(workspace: Workspace, folder: Path) -> None:
    page = workspace.page
    file = folder / "more.csv"
    file.write_bytes("animal;seed\n“Wolf”;7\n".encode())
    await page.locator(".batch-more summary").click()
    async with page.expect_file_chooser() as choosing:
        await page.locator(".batch-more").get_by_role("button", name="Choose a file…").click()
    await (await choosing.value).set_files(file)
    await workspace.answer("Add below").click()
    await expect(page.locator(".grid-cell")).to_have_text(["fox", "", "hare", "", "“Wolf”", "7"])


async def combine(page: Page) -> None:
    await page.get_by_role("button", name="Clear", exact=True).last.click()
    await page.get_by_role("button", name="All combinations…").first.click()
    await page.get_by_label("Column 1", exact=True).fill("animal")
    await page.get_by_label(re.compile("Values of column 1")).fill("fox\nowl")
    await page.get_by_label("Column 2", exact=True).fill("seed")
    await page.get_by_label(re.compile("Values of column 2")).fill("1\n2\n3")
    await page.get_by_role("button", name="Make 6 rows").click()
    await expect(page.locator(".batch-head")).to_contain_text("6 rows")


async def test_a_batch_is_paused_changed_and_cancelled_and_keeps_nobody_out(
    workspace: Workspace, mill: Mill, served_mill: httpx.AsyncClient
) -> None:
    page = await begin(workspace, "A {{animal}}")
    await mill.wavespeed.set_timing(min_seconds=600, max_seconds=600)
    await page.evaluate(PASTE, "animal\tseed\nfox\t1\nowl\tmany\nhare\t3\nwolf\t4\n")
    await expect(page.locator(".grid-cell[aria-invalid=true]")).to_have_count(1)
    await keeps_nobody_out(page)
    await page.set_viewport_size(DESKTOP)
    await page.emulate_media(forced_colors="active")
    await no_serious_violation(page)
    await page.emulate_media(forced_colors="none")
    await page.get_by_label("Skip 1 faulty row").check()
    await page.locator("#batch-max-cost").fill("1")
    await page.locator(".batch-settings summary").click()
    await page.locator("#batch-max-open").fill("1")
    await page.locator("#batch-name").fill("Zoo")
    await expect(page.locator("#batch-queue")).to_have_attribute("aria-disabled", "false")
    await page.locator("#batch-queue").click()

    await expect(page.locator("#batches-title")).to_have_text("Zoo")
    legend = page.get_by_role("group", name="Rows")
    await expect(legend).to_contain_text("1 on the way")
    await expect(legend).to_contain_text("2 waiting")
    await page.get_by_role("button", name="Pause", exact=True).last.click()
    await expect(page.locator(".batch-state")).to_have_text("Paused")
    await legend.get_by_role("button", name="1 faulty").click()
    await expect(page.locator(".batch-row-why:visible")).to_have_text(re.compile("seed: Must be a whole number"))
    await keeps_nobody_out(page)
    await page.set_viewport_size(DESKTOP)
    await legend.get_by_role("button", name="All rows").click()
    await page.get_by_role("button", name="Change limits…").click()
    await page.locator("dialog.is-asking").get_by_label("May cost at most").fill("2")
    await workspace.answer("Change").click()
    await expect(page.locator(".batch-money-line")).to_contain_text("of $2.00")
    await page.get_by_role("button", name="Resume", exact=True).last.click()
    await expect(page.locator(".batch-state")).to_have_text("Running")
    await page.get_by_role("button", name="Cancel…").click()
    await expect(page.locator("dialog.is-asking")).to_contain_text("2 rows wait and are skipped. 1 job is open")
    await workspace.answer("Cancel the open jobs too").click()
    await expect(legend).to_contain_text("2 skipped")
    await expect(page.locator(".batch-state")).to_have_text("Cancelled")

    await page.get_by_role("link", name="All batches").click()
    await expect(page.locator(".batch-line")).to_have_count(1)
    await expect(page.locator(".batch-line")).to_contain_text("Zoo")
    await keeps_nobody_out(page)
    await page.go_back()
    await expect(page.locator("#batches-title")).to_have_text("Zoo")
