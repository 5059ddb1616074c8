"""The list is live, says when it is not, and recovers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import uuid_utils.compat as uuid_versions
from playwright.async_api import Browser, expect

from promptmill.local.ports import free_port
from tests.fixtures.api import open_api
from tests.fixtures.browser import Workspace, open_workspace, stop_clock
from tests.fixtures.mill import Mill


async def test_a_job_of_somebody_else_appears_and_ends_without_a_reload(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create(prompt="From elsewhere")
    await expect(workspace.rows).to_contain_text("From elsewhere")
    await expect(workspace.chip("generating")).to_be_visible()
    await expect(page.locator("[data-group=generating] .tile-figure")).to_have_text("1")
    await workspace.rows.locator("a").click()
    await mill.cancel(job_id)

    await expect(workspace.chip("cancelled")).to_be_visible()
    await expect(workspace.panel.locator(".chip[data-status=cancelled]").first).to_be_visible()
    await expect(page.locator("#announcements")).to_contain_text("“From elsewhere”: Cancelled.")


async def test_paused_updates_wait_until_they_go_on(workspace: Workspace, mill: Mill) -> None:
    await workspace.button("Hold the list as it is: live updates wait, jobs go on (p)").click()
    await expect(workspace.page.locator("#connection")).to_contain_text("List held")
    job_id = await mill.create(prompt="Made meanwhile")
    await mill.reaches(job_id, "completed")
    await expect(workspace.rows).to_have_count(0)

    await workspace.button("Follow live updates again (p)").click()

    await expect(workspace.chip("completed")).to_be_visible()


QUEUEING = """async () => {
    const page = document.querySelector('script[src$="/main.js"]').src;
    await import(page.replace("main.js", "form/queueing.js"));
}"""
"""The first view does without this module; the page loads it by itself once it is idle."""


@asynccontextmanager
async def left_alone(browser: Browser, mill: Mill, port: int) -> AsyncIterator[Workspace]:
    """The page with a prompt typed into it, after its server on this port has become unavailable."""
    async with AsyncExitStack() as pages:
        async with open_api(mill.settings, port) as client:
            workspace = await pages.enter_async_context(open_workspace(browser, str(client.base_url)))
            await workspace.page.clock.install()  # runs normally until a test stops it
            await workspace.open()
            await workspace.prompt.fill("Typed before")
            # What the form has not read by now, it cannot read.
            await workspace.may_queue()
            await workspace.page.evaluate(QUEUEING)
        lost = workspace.page.locator("#lost")
        await expect(lost).to_be_visible()
        await expect(lost).to_contain_text("The server is not responding. Last updated at")
        await workspace.queue()
        await expect(workspace.page.locator("#form-problem")).to_contain_text("is not responding")
        yield workspace


async def test_a_server_that_was_away_is_found_again(browser: Browser, mill: Mill) -> None:
    port = free_port()
    async with left_alone(browser, mill, port) as workspace, open_api(mill.settings, port):
        await expect(workspace.page.locator("#lost")).to_be_hidden(timeout=60_000)  # it retries at least every 10 s
        await expect(workspace.prompt).to_have_value("Typed before")
        await workspace.queue()
        await expect(workspace.chip("completed")).to_be_visible()


async def test_a_server_that_was_away_is_looked_for_at_once_when_a_person_asks(browser: Browser, mill: Mill) -> None:
    port = free_port()
    async with left_alone(browser, mill, port) as workspace:
        page = workspace.page
        # An attempt in flight when the server returns would succeed: the last one before the click has failed.
        await stop_clock(page)
        await expect(page.locator("#lost-text")).to_contain_text("Retrying in")
        async with open_api(mill.settings, port):
            await workspace.button("Try now").click()
            await expect(page.locator("#lost")).to_be_hidden()
            await expect(workspace.prompt).to_have_value("Typed before")


async def test_filters_and_bulk_acts_name_what_they_do(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await mill.wavespeed.order("submit", "never", times=3)
    for number in range(3):
        await mill.reaches(await mill.create(prompt=f"Fox {number}"), "generating")
    await mill.reaches(await mill.create(prompt="Owl"), "completed")
    await expect(workspace.rows).to_have_count(4)
    await page.locator("#search").fill("Fox")
    await expect(workspace.rows).to_have_count(3)
    await page.locator("[data-group=generating]").click()
    await workspace.button("Cancel 3…").click()
    question = page.locator("dialog[open]")
    await expect(question).to_contain_text("Cancel 3 jobs?")
    await expect(question).to_contain_text("The filter shows: “Fox” · Generating.")
    await expect(question).to_contain_text("charged by WaveSpeed: about $0.0")
    await workspace.answer("Cancel 3 jobs").click()

    await expect(page.locator("#empty")).to_contain_text("No match")
    await workspace.button("Show all jobs").click()
    await expect(page.locator(".chip[data-status=cancelled]")).to_have_count(3)


async def test_the_focus_comes_back_from_a_question_about_many_jobs(workspace: Workspace, mill: Mill) -> None:
    await mill.wavespeed.order("submit", "never")
    await mill.reaches(await mill.create(prompt="Fox"), "generating")
    cancel = workspace.button("Cancel 1…")
    await cancel.focus()
    await workspace.page.keyboard.press("Enter")
    await workspace.answer("Back").press("Enter")

    await expect(cancel).to_be_focused()


async def test_a_job_that_is_not_there_offers_nothing_of_the_one_before(workspace: Workspace, mill: Mill) -> None:
    page, panel = workspace.page, workspace.panel
    job_id = await mill.create(prompt="A fox")
    await mill.reaches(job_id, "completed")
    for fragment in (f"job={job_id}", f"job={uuid_versions.uuid7()}", f"job={job_id}"):
        await page.evaluate("there => { location.hash = there }", fragment)
        if str(job_id) in fragment:
            await expect(panel.locator("h2")).to_have_text("A fox")
            await expect(panel.locator(".output img")).to_be_visible()
            await expect(panel.get_by_role("button", name="Retry", exact=True)).to_be_visible()
        else:
            await expect(panel.locator("h2")).to_have_text("No such job")
            await expect(panel.locator("button:visible")).to_have_count(1)  # it closes the panel
