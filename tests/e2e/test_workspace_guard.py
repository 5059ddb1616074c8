"""What the page withstands: markup, foreign scripts, 200 jobs, poor eyesight, a small screen."""

from __future__ import annotations

import httpx
from playwright.async_api import Browser, Page, expect

from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.store import JobFilter
from tests.fixtures.browser import LOOKS, Workspace, keeps_nobody_out, open_workspace
from tests.fixtures.mill import Mill

MARKUP = "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\"> & {{7*7}}"


async def test_markup_in_a_prompt_is_text(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await mill.reaches(
        await mill.create(prompt=MARKUP, caller_metadata={MARKUP[:40]: MARKUP}, input={"note": MARKUP}), "completed"
    )
    await expect(workspace.rows.locator("a")).to_have_text(MARKUP)
    await workspace.rows.locator("a").click()
    await expect(workspace.panel.locator(".prose")).to_have_text(MARKUP)
    await workspace.panel.get_by_role("button", name="Reuse").click()
    await expect(workspace.prompt).to_have_value(MARKUP)

    assert await page.locator("main script, main img[src=x], #notices img").count() == 0
    assert await page.title() == "Promptmill"


async def test_an_injected_inline_script_does_not_run(workspace: Workspace) -> None:
    page = workspace.page
    refused = await page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.injected = true";
            document.body.append(script);
            if (window.injected) resolve("it ran");
        })"""
    )
    styled = await page.evaluate(
        """() => { document.body.insertAdjacentHTML("beforeend", "<p id=x style='color: rgb(1, 2, 3)'>x</p>");
        return getComputedStyle(document.getElementById("x")).color }"""
    )

    assert refused == "script-src-elem"
    assert await page.evaluate("window.injected") is None
    assert styled != "rgb(1, 2, 3)"


async def test_200_jobs_stay_smooth_and_an_update_touches_one_row(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    for number in range(200):
        await mill.accept(prompt=f"Fox number {number}")
    await expect(workspace.rows).to_have_count(200)
    # First of all, since the clock touches each row whose age passes a minute.
    await page.evaluate("document.querySelectorAll('time.age').forEach((time) => time.classList.remove('age'))")
    await page.evaluate(
        """() => {
            window.touched = new Set();
            new MutationObserver((changes) => changes.forEach(({ target, addedNodes }) => {
                const row = (target.nodeType === 1 ? target : target.parentElement).closest(".row");
                if (row) window.touched.add(row.dataset.job);
                for (const node of addedNodes) if (node.dataset?.job) window.touched.add(node.dataset.job);
            })).observe(document.getElementById("jobs"), { subtree: true, childList: true, characterData: true });
        }"""
    )
    cancelled = (await mill.store.jobs.list("local", JobFilter(limit=1)))[0].id
    await mill.cancel_row(cancelled)
    await expect(page.locator(f"[data-job='{cancelled}'] .chip")).not_to_have_attribute("data-status", "queued")
    marked = await page.evaluate(
        """async () => {
            const marked = [];
            const observer = new MutationObserver((changes) => marked.push(...changes.map(({ target }) => target)));
            const wanted = { subtree: true, childList: true, attributeFilter: ["class"] };
            observer.observe(document.getElementById("jobs"), wanted);
            for (let step = 0; step < 20; step += 1) {
                document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
                await new Promise(requestAnimationFrame);
            }
            observer.disconnect();
            return marked.map((one) => one.closest(".row")?.dataset.job);
        }"""
    )

    assert await page.evaluate("[...window.touched]") == [str(cancelled)]
    # A step to the next job touches two rows, however many there are.
    rows = [await workspace.rows.nth(number).get_attribute("data-job") for number in range(20)]
    assert set(marked) == set(rows)
    assert len(marked) <= 4 * len(rows)


async def test_nothing_serious_keeps_people_out(browser: Browser, served_mill: httpx.AsyncClient, mill: Mill) -> None:
    for prompt in ("A fox", "An owl"):
        await mill.reaches(await mill.create(prompt=prompt, use_ai_prompt=True), "completed")
    async with open_workspace(browser, str(served_mill.base_url)) as seen:
        page = seen.page
        await page.locator("#ai-generate:visible").wait_for()
        await show_every_form_of_field(page)
        await keeps_nobody_out(page)
        await page.locator("[data-half=jobs]").click()  # a phone shows one half at a time
        await expect(seen.rows).to_have_count(2)
        await seen.rows.first.locator("a").click()
        await expect(seen.panel.locator(".timeline li")).not_to_have_count(0)
        await keeps_nobody_out(page)
        for _, width in LOOKS:
            await page.set_viewport_size({"width": width, "height": 860})
            box = await seen.panel.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width


async def show_every_form_of_field(page: Page) -> None:
    """A model with every kind of input, a refused upload, and a price that may be a minimum."""
    await page.locator("#model").fill("simulated/poster-press/text-to-image")
    await page.keyboard.press("Enter")
    await page.get_by_text("More inputs").click()
    await page.locator("#upload-files").set_input_files(
        {"name": "fox.gif", "mimeType": "image/gif", "buffer": b"GIF89a"}
    )
    await expect(page.locator("#uploads .upload")).to_contain_text("Only JPEG")
    await expect(page.locator("#price")).to_contain_text("At least")


async def test_an_unclear_submission_explains_itself_and_takes_a_decision(workspace: Workspace, mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=100)
    job_id = await mill.create(prompt="Was it taken?")
    await mill.reaches(job_id, JobStatus.SUBMIT_UNKNOWN)
    await expect(workspace.page.locator("[data-group=unclear] .tile-figure")).to_have_text("1")
    await workspace.rows.locator("a").click()
    panel = workspace.panel
    await expect(panel).to_contain_text("It is not yet known")
    for decision in ("Adopt a prediction", "Submit again", "Abandon the job"):
        await expect(panel.get_by_role("button", name=decision)).to_be_visible()
    await panel.get_by_role("button", name="Submit again").click()
    await expect(workspace.page.locator("dialog[open]")).to_contain_text("you pay twice")
    await workspace.answer("Cancel").click()
    await panel.get_by_role("button", name="Abandon the job").click()
    await workspace.answer("Abandon").click()

    await expect(workspace.chip("failed")).to_be_visible()
    await expect(panel).to_contain_text("The unclear submission was abandoned.")
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_stopped_intake_is_told_with_its_reason(workspace: Workspace, mill: Mill) -> None:
    await mill.store.operations.set_drain("Moving to another machine")
    await workspace.page.reload()

    await expect(workspace.page.locator("#banners")).to_contain_text("Moving to another machine")
    await expect(workspace.page.locator("#reasons")).to_contain_text("New jobs are not accepted at the moment")


async def test_slowed_submissions_are_told_with_the_rate_that_was_found(workspace: Workspace, mill: Mill) -> None:
    await mill.wavespeed.order("submit", "status", status=429)
    await mill.reaches(await mill.create(), "completed")
    await workspace.page.reload()

    banner = workspace.page.locator("#banners .banner[data-tone=attention]")
    await expect(banner).to_contain_text("Submissions are slowed down. WaveSpeed answered 429 (too many requests)")
    await expect(banner).to_contain_text("submissions are limited to 5 a second instead of 10 a second")
