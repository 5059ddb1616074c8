"""AI Generate in every state: nothing that was typed is ever lost."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.fixtures.api import open_api
from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import Mill

MINE = "A fox, my own words"


async def test_a_written_prompt_is_taken_only_when_asked_and_undo_brings_mine_back(
    workspace: Workspace, mill: Mill
) -> None:
    page, prompt = workspace.page, workspace.prompt
    await mill.grok.order("chat", "hold")
    await prompt.fill(MINE)
    await workspace.generate()
    await expect(workspace.ai).to_contain_text("Grok is writing, ")
    await expect(page.locator("#reasons")).to_contain_text("A prompt is being written")
    await prompt.fill(f"{MINE}, and more")
    await mill.grok.asked("chat")
    await mill.grok.release()
    await expect(page.locator(".compare")).to_contain_text(f"{MINE}, and more")
    await workspace.button("Use it").click()
    await expect(prompt).not_to_have_value(f"{MINE}, and more")
    await workspace.button("Undo").click()
    await expect(prompt).to_have_value(f"{MINE}, and more")

    await workspace.generate()
    await workspace.button("Keep mine").click()
    await expect(prompt).to_have_value(f"{MINE}, and more")
    await workspace.generate()
    await workspace.button("Try again").click()
    await workspace.button("Edit").click()
    written = await prompt.input_value()
    await page.keyboard.type(" At dusk.")
    await expect(prompt).to_have_value(f"{written} At dusk.")
    assert len(await mill.grok.requests("chat")) == 4
    await workspace.may_queue()
    await page.keyboard.press("Control+Enter")

    await expect(workspace.rows.locator(".row-note")).to_have_text("prompt by Grok, edited")
    await expect(workspace.chip("completed")).to_be_visible()


async def test_what_was_written_survives_a_reload_in_the_middle(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await mill.grok.order("chat", "hold")
    await workspace.prompt.fill(MINE)
    await workspace.generate()
    await expect(workspace.ai).to_contain_text("Grok is writing")
    await page.reload()
    await expect(workspace.prompt).to_have_value(MINE)
    await expect(workspace.ai).to_contain_text("Grok is writing")
    await mill.grok.asked("chat")
    await mill.grok.release()
    await expect(page.locator(".compare")).to_contain_text(MINE)
    await page.reload()

    await expect(page.locator(".compare")).to_contain_text(MINE)
    assert len(await mill.grok.requests("chat")) == 1


async def test_a_failure_says_what_happened_and_can_be_tried_again(workspace: Workspace, mill: Mill) -> None:
    await mill.grok.order("chat", "refusal")
    await workspace.prompt.fill(MINE)
    await workspace.generate()
    await expect(workspace.ai).to_contain_text("No prompt was written.")
    await expect(workspace.ai).to_contain_text("write the prompt yourself")
    await expect(workspace.prompt).to_have_value(MINE)
    await workspace.button("Try again").click()
    await expect(workspace.page.locator(".compare")).to_be_visible()

    await mill.grok.order("chat", "refusal")
    await workspace.button("Try again").click()
    await workspace.button("Write it myself").click()

    await expect(workspace.prompt).to_be_focused()
    await expect(workspace.prompt).to_have_value(MINE)


async def test_the_focus_stays_with_it_and_comes_back_to_the_prompt(workspace: Workspace, mill: Mill) -> None:
    keys = workspace.page.keyboard
    await mill.grok.order("chat", "hold")
    await workspace.prompt.fill(MINE)
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(workspace.ai).to_contain_text("Grok is writing")
    await expect(workspace.button("Cancel")).to_be_focused()
    # Cancelled before Grok was asked, the hold would be for the next prompt.
    await mill.grok.asked("chat")
    await keys.press("Enter")
    await expect(workspace.prompt).to_be_focused()
    await mill.grok.release()

    await keys.press("Tab")
    await keys.press("Enter")
    await expect(workspace.button("Use it")).to_be_focused()


async def test_who_types_on_keeps_the_focus_when_the_prompt_is_there(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await workspace.unfold("How Grok helps")
    for asked, place in enumerate((workspace.prompt, page.locator("#instructions")), 1):
        await mill.grok.order("chat", "hold")
        await workspace.prompt.fill(MINE)
        await workspace.generate()
        await place.fill("Typed on, ")
        await mill.grok.asked("chat", asked)
        await mill.grok.release()
        await expect(page.locator(".compare")).to_be_visible()
        await page.keyboard.type("and on")
        await expect(place).to_have_value("Typed on, and on")
        await expect(page.locator(".compare section").first.locator("p")).to_have_text(
            await workspace.prompt.input_value()
        )
        await workspace.button("Keep mine").click()
        await expect(workspace.prompt).to_be_focused()


async def test_my_words_brought_back_by_a_key_are_mine_again(workspace: Workspace) -> None:
    await workspace.prompt.fill(MINE)
    await workspace.generate()
    await workspace.button("Use it").click()
    await expect(workspace.prompt).not_to_have_value(MINE)
    await workspace.page.keyboard.press("Control+z")
    await expect(workspace.prompt).to_have_value(MINE)
    await workspace.queue()

    await expect(workspace.chip("completed")).to_be_visible()
    await expect(workspace.rows.locator(".row-note")).to_have_text("")


@pytest.fixture
async def idle_api(idle_mill: Mill) -> AsyncIterator[httpx.AsyncClient]:
    """An API whose jobs wait: no worker runs."""
    async with open_api(idle_mill.settings) as client:
        yield client


async def test_waiting_tells_the_place_and_can_be_cancelled(
    browser: Browser, idle_mill: Mill, idle_api: httpx.AsyncClient
) -> None:
    for _ in range(2):
        await idle_mill.create_prompt()
    async with open_workspace(browser, str(idle_api.base_url)) as workspace:
        await workspace.prompt.fill(MINE)
        await workspace.generate()
        await expect(workspace.ai).to_contain_text("Waiting for Grok: 3rd of 3")
        async with workspace.page.expect_response(lambda answer: answer.request.method == "DELETE") as cancelled:
            await workspace.button("Cancel").click()

        await expect(workspace.button("AI Generate")).to_be_visible()
        await expect(workspace.prompt).to_have_value(MINE)
        await expect(workspace.ai).to_be_hidden()
        answer = await cancelled.value
        assert answer.status == 202
        assert (await answer.json())["statusText"] == "Being cancelled."


async def test_without_anything_to_go_by_it_says_what_is_missing(workspace: Workspace) -> None:
    # By keyboard: a click waits until the button is enabled, and a forced one may miss a button that a notice moves.
    await workspace.page.locator("#ai-generate").press("Enter")

    await expect(workspace.page.locator("#ai-reason")).to_contain_text("Enter a few words")
    await expect(workspace.ai).to_be_hidden()
