"""Rating prompts and results with a single key; and AI prompts turned off while the page is open."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from playwright.async_api import Route, expect

from promptmill.store.operations import AI_PROMPTS, OFF, ON
from tests.fixtures.browser import Workspace, intercept
from tests.fixtures.mill import Mill
from tests.support import eventually

LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


async def statistics(api: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get("/api/prompt/queue")).raise_for_status().json()
    return found


async def test_a_written_prompt_is_rated_by_one_key_with_a_reason_if_one_likes(
    workspace: Workspace, served_mill: httpx.AsyncClient
) -> None:
    page = workspace.page
    await workspace.prompt.fill("A fox")
    await workspace.generate()
    await expect(page.locator(".compare")).to_be_visible()
    await page.keyboard.press("-")
    bad = workspace.ai.get_by_role("button", name="Bad prompt")
    await expect(bad).to_have_attribute("aria-pressed", "true")
    await workspace.ai.get_by_label("Why?").fill("Too many adjectives")
    async with page.expect_response("**/rating") as stored:
        await page.keyboard.press("Enter")
    assert (await (await stored.value).json())["ratingReason"] == "Too many adjectives"
    await expect(page.locator("#announcements")).to_contain_text("Rated: Bad prompt.")
    await page.keyboard.press("Tab")
    await workspace.button("Use it").click()
    await workspace.queue()
    await expect(workspace.chip("completed")).to_be_visible()
    await workspace.rows.locator("a").click()
    panel = workspace.panel
    await expect(panel.get_by_role("button", name="Bad prompt")).to_have_attribute("aria-pressed", "true")
    await expect(panel.get_by_label("Why?")).to_have_value("Too many adjectives")

    await page.keyboard.press("+")
    await expect(panel.get_by_role("button", name="Good prompt")).to_have_attribute("aria-pressed", "true")
    [told] = (await statistics(served_mill))["satisfaction"]
    assert (told["promptSource"], told["up"], told["down"]) == ("grok", 1, 0)
    await page.keyboard.press("+")
    await expect(panel.get_by_role("button", name="Good prompt")).to_have_attribute("aria-pressed", "false")
    assert (await statistics(served_mill))["satisfaction"] == []


async def test_a_reason_and_then_at_once_another_thumb_are_stored_in_their_order(
    workspace: Workspace, served_mill: httpx.AsyncClient
) -> None:
    page = workspace.page
    first = asyncio.Event()
    heard: list[str | None] = []

    async def hold_the_first(route: Route) -> None:
        heard.append(json.loads(route.request.post_data or "{}")["rating"])
        if len(heard) == 2:
            # The reason is stored by a request of its own, which may take a while.
            await first.wait()
        await route.continue_()

    await workspace.prompt.fill("A fox")
    await workspace.generate()
    await expect(page.locator(".compare")).to_be_visible()
    await intercept(page, "**/rating", hold_the_first)
    await workspace.ai.get_by_role("button", name="Bad prompt").click()
    await workspace.ai.get_by_label("Why?").fill("Too long")
    await workspace.ai.get_by_role("button", name="Good prompt").click()
    await eventually(lambda: len(heard) >= 2, what="the reason is on its way")
    first.set()

    await expect(workspace.ai.get_by_role("button", name="Good prompt")).to_have_attribute("aria-pressed", "true")
    assert heard == ["down", "down", "up"]
    [told] = (await statistics(served_mill))["satisfaction"]
    assert (told["up"], told["down"]) == (1, 0)


async def test_a_result_is_liked_or_not_and_every_open_page_sees_it(
    workspace: Workspace, served_mill: httpx.AsyncClient, mill: Mill
) -> None:
    page = workspace.page
    job_id = await mill.create(prompt="A fox")
    await mill.reaches(job_id, "completed")
    await workspace.rows.locator("a").click()
    await workspace.panel.get_by_role("button", name="Like", exact=True).click()
    await expect(workspace.rows.locator(".row-note")).to_have_text("liked")
    await expect(page.locator("#figures")).to_contain_text("100 % liked")
    await page.keyboard.press("x")
    not_for_me = workspace.panel.get_by_role("button", name="Dislike", exact=True)
    await expect(not_for_me).to_have_attribute("aria-pressed", "true")
    await expect(workspace.rows.locator(".row-note")).to_have_text("")
    assert (await mill.job(job_id)).kept is False

    # Somebody else changes the rating.
    answer = await served_mill.put(f"/api/jobs/{job_id}/rating", json={"kept": True})
    assert answer.status_code == 200
    await expect(workspace.rows.locator(".row-note")).to_have_text("liked")
    await expect(not_for_me).to_have_attribute("aria-pressed", "false")


async def test_ai_prompts_switched_off_leave_nothing_of_grok_to_press(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await workspace.prompt.fill("A fox")
    await workspace.unfold("How Grok helps")
    await page.get_by_text("Let Grok write it", exact=True).click()
    await mill.store.operations.set_switch(AI_PROMPTS, OFF, "Grok is being reviewed")
    # The page polls every ten seconds, and immediately when it becomes visible again.
    await page.evaluate(LOOK_AGAIN)

    await expect(page.locator("#banners")).to_contain_text("Grok is being reviewed")
    await expect(workspace.button("AI Generate")).to_be_hidden()
    await expect(page.get_by_text("Let Grok write it", exact=True)).to_be_hidden()
    await expect(page.locator("#run-label")).to_have_text("Queue job")
    await workspace.queue()
    await expect(workspace.chip("completed")).to_be_visible()
    assert await mill.grok.requests("chat") == []
    await mill.store.operations.set_switch(AI_PROMPTS, ON)
    await page.evaluate(LOOK_AGAIN)
    await expect(workspace.button("AI Generate")).to_be_visible()


async def test_an_undo_brings_no_question_to_grok_back_where_prompts_are_switched_off(
    workspace: Workspace, mill: Mill
) -> None:
    page = workspace.page
    await workspace.prompt.fill("A fox")
    await workspace.unfold("How Grok helps")
    await page.get_by_text("Let Grok write it", exact=True).click()
    await page.locator("#clear-form").click()
    await mill.store.operations.set_switch(AI_PROMPTS, OFF, "Grok is being reviewed")
    await page.evaluate(LOOK_AGAIN)
    await expect(page.locator("#banners")).to_contain_text("Grok is being reviewed")
    await page.get_by_role("button", name="Bring it back").click()

    await expect(workspace.prompt).to_have_value("A fox")
    await expect(page.locator("#run-label")).to_have_text("Queue job")
