"""From a picture to the next ones: edited, animated, dragged into the form; and the family tree that comes of it."""

from __future__ import annotations

import json
from typing import Any

from playwright.async_api import expect

from tests.fixtures.browser import Workspace
from tests.fixtures.mill import Mill
from tests.support import eventually

WORDS = "Calm mood, room for a headline"


async def queued(workspace: Workspace) -> dict[str, Any]:
    """Queue what the form says, and return what was sent."""
    await workspace.may_queue()
    async with workspace.page.expect_response("**/api/jobs/create") as answer:
        await workspace.queue()
    asked = (await answer.value).request
    return dict(json.loads(asked.post_data or "{}"))


async def test_pictures_are_made_from_pictures_and_their_family_is_walked(workspace: Workspace, mill: Mill) -> None:
    page, panel = workspace.page, workspace.panel
    form_pictures, target = page.locator("#pictures"), page.locator("#target input")

    # A job that Grok writes first is known by its instructions, from the beginning.
    await mill.grok.order("chat", "hold")
    waiting = await mill.create(use_ai_prompt=True, prompt=None, instructions=WORDS)
    await expect(workspace.rows.first.locator("a")).to_have_text(WORDS)
    await page.evaluate("id => { location.hash = `job=${id}` }", str(waiting))
    await expect(panel.locator("h2")).to_have_text(WORDS)
    await mill.cancel(waiting)

    first = await mill.create(prompt="A lighthouse")
    await mill.reaches(first, "completed")
    await page.evaluate("id => { location.hash = `job=${id}` }", str(first))
    picture = panel.locator(".output img")
    await eventually(lambda: picture.evaluate("picture => picture.naturalWidth > 0"), what="the picture is shown")
    url = await picture.get_attribute("src")
    assert url is not None

    # Edit: a model that takes a picture and makes one, the picture, no words; and the draft comes back.
    await workspace.prompt.fill("My draft")
    await panel.get_by_role("button", name="Edit", exact=True).click()
    await expect(target).to_have_value(url)
    await expect(workspace.prompt).to_have_value("")
    await page.locator("#notices").get_by_role("button", name="Undo").click()
    await expect(workspace.prompt).to_have_value("My draft")
    await expect(page.locator(".parent-note")).to_be_hidden()
    await panel.get_by_role("button", name="Edit", exact=True).click()
    await expect(page.locator(".parent-note")).to_contain_text("An edit of “A lighthouse”")
    await workspace.prompt.fill("Make it night")
    edit = await queued(workspace)
    assert (edit["parentJobId"], edit["parentIndex"], edit["relation"]) == (str(first), 0, "edit")

    # Animate: a model that makes videos. It is remembered, and what nobody wants said can be taken away.
    await panel.get_by_role("button", name="Animate").click()
    await expect(page.locator("#model-note")).to_contain_text("videos")
    await page.locator(".parent-note .icon-button").click()
    assert "relation" not in await queued(workspace)

    # The family has grown while it was looked at, and can be walked.
    member = panel.locator(".family-member")
    await expect(member).to_have_count(2)
    await member.nth(1).click()
    await expect(panel.locator("h2")).to_have_text("Make it night")
    await member.first.click()
    await expect(panel.locator("h2")).to_have_text("A lighthouse")

    # More like this: the same again, without its seed.
    await panel.get_by_role("button", name="More like this").click()
    await expect(workspace.prompt).to_have_value("A lighthouse")
    assert (await queued(workspace))["relation"] == "variation"

    # Dragged into the form it is one of its pictures, and not a file to be uploaded.
    await page.locator("#clear-form").click()
    await picture.drag_to(form_pictures)
    await expect(target).to_have_value(url)
    await expect(page.locator("#uploads .upload")).to_have_count(0)
    assert (await page.evaluate("localStorage.getItem('promptmill.continue')")) is not None
