"""What the page withstands: markup, foreign scripts, 200 jobs, a missing token, weak eyes, a small screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect
from pydantic import SecretStr

from api.http.wrong_tokens import MOST_WRONG
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.store import JobFilter
from tests.fixtures.api import open_api
from tests.fixtures.browser import Workspace, open_workspace
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
            setTimeout(() => resolve("it ran"), 2000);
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
    await page.evaluate("document.querySelectorAll('time.age').forEach((time) => time.classList.remove('age'))")
    await mill.cancel_row(cancelled)
    await expect(page.locator(f"[data-job='{cancelled}'] .chip")).not_to_have_attribute("data-status", "queued")
    longest = await page.evaluate(
        """async () => { const began = performance.now();
        for (let step = 0; step < 20; step += 1) {
            document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
            await new Promise(requestAnimationFrame);
        }
        return (performance.now() - began) / 20 }"""
    )

    assert await page.evaluate("[...window.touched]") == [str(cancelled)]
    assert longest < 100


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)], ids=["light", "dark", "phone"]
)
async def test_nothing_serious_keeps_people_out(
    browser: Browser, workspace: Workspace, mill: Mill, scheme: str, width: int
) -> None:
    for prompt in ("A fox", "An owl"):
        await mill.reaches(await mill.create(prompt=prompt, use_ai_prompt=True), "completed")
    size = {"width": width, "height": 860}
    async with open_workspace(browser, workspace.url, viewport=size, color_scheme=scheme) as seen:
        page = seen.page
        await page.locator("#ai-generate:visible").wait_for()
        await show_every_form_of_field(page)
        await no_serious_violation(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        if width < 800:
            await page.locator("[data-half=jobs]").click()
            await expect(seen.rows).to_have_count(2)
        await seen.rows.first.locator("a").click()
        await expect(seen.panel.locator(".timeline li")).not_to_have_count(0)
        await no_serious_violation(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        box = await seen.panel.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


async def show_every_form_of_field(page: Page) -> None:
    """A model with inputs of every form, an upload that was refused, a price that may be a floor."""
    await page.locator("#model").fill("simulated/poster-press/text-to-image")
    await page.keyboard.press("Enter")
    await page.get_by_text("More inputs").click()
    await page.locator("#upload-files").set_input_files(
        {"name": "fox.gif", "mimeType": "image/gif", "buffer": b"GIF89a"}
    )
    await expect(page.locator("#uploads .upload")).to_contain_text("Only JPEG")
    await expect(page.locator("#price")).to_contain_text("At least")


async def no_serious_violation(page: Page) -> None:
    found = await Axe().run(page)
    serious = [
        (violation["id"], [node["html"][:120] for node in violation["nodes"][:3]])
        for violation in found.response["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    assert serious == []


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
    await expect(banner).to_contain_text("at most 5 a second are submitted instead of 10 a second")


async def test_the_page_asks_for_the_token_and_carries_it(browser: Browser, mill: Mill) -> None:
    settings = mill.settings.model_copy(update={"api_token": SecretStr("s3cret")})
    async with open_api(settings) as client:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(str(client.base_url))
        dialog = page.locator("#token-dialog")
        # As often as it takes until wrong ones are slowed down.
        for number in range(MOST_WRONG + 1):
            await dialog.get_by_label("Token").fill(f"guess {number}")
            await page.keyboard.press("Enter")
            await expect(dialog.get_by_label("Token")).to_have_value("")
            await expect(dialog).to_contain_text("not valid")
        await dialog.get_by_label("Token").fill("s3cret")
        await page.keyboard.press("Enter")

        await expect(page.locator("#empty")).to_contain_text("Nothing yet")
        await context.close()
