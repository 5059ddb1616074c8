"""What goes wrong around the form: odd schemas, late or outdated responses, corrupt stored values, lost focus."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from playwright.async_api import Locator, Route, expect

from tests.drills.page.drill_pictures import Pictures, chosen, picture
from tests.fixtures.browser import Workspace, intercept
from tests.fixtures.mill import EDIT_MODEL, Mill

PRESS = "simulated/poster-press/text-to-image"
VIDEO = "wavespeed-ai/wan-2.2/i2v-720p"
DONE = "completed"
MEMORY = "promptmill.form"
DAMAGES: tuple[dict[str, Any], ...] = (
    {"refUrls": [1]},
    {"fields": {"size": 5}},
    {"fields": None},
    {"refUrls": [None], "parent": {}},
)
NAMES = ("toString", "constructor", "__proto__", "a.b c")


async def choose(workspace: Workspace, model: str) -> None:
    await workspace.page.locator("#model").fill(model)
    await workspace.page.keyboard.press("Enter")


def field(workspace: Workspace, name: str) -> Locator:
    return workspace.page.locator(f'[data-input="{name}"]')


async def remember(workspace: Workspace, form: dict[str, Any]) -> None:
    """Reload the page with what a browser has stored of the form."""
    text = json.dumps(json.dumps(form))
    await workspace.page.add_init_script(f"localStorage.setItem('{MEMORY}', {text})")
    await workspace.open()


async def change(route: Route, **changes: Any) -> None:
    """Respond as the server does, with these fields changed; None removes one."""
    answer = await route.fetch()
    told = await answer.json() | changes
    await route.fulfill(response=answer, json={name: value for name, value in told.items() if value is not None})


async def test_a_schema_may_call_its_inputs_as_it_likes(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    odd = {"title": "<b>Odd</b>", "type": "text", "required": True, "default": None, "movesPrice": False}
    told = [{"name": name, "description": "<script>"} | odd for name in NAMES]
    told[1] |= {"type": "choice", "choices": ["constructor", "<i>"]}
    await intercept(page, f"**/api/models/{PRESS}", lambda route: change(route, fields=told))
    # The server, which knows no such inputs, would refuse them.
    away = {"detail": "Not now."}
    await intercept(page, "**/api/models/price", lambda route: route.fulfill(status=503, json=away))
    await choose(workspace, PRESS)
    await workspace.prompt.fill("A fox")
    for name in NAMES:
        await expect(field(workspace, name)).to_have_value("")
    await expect(page.locator("#model-fields label").first).to_contain_text("<b>Odd</b>")
    await expect(field(workspace, "constructor").locator("option")).to_have_text(
        ["model default", "constructor", "<i>"]
    )
    # Every object inherits names such as `constructor`; the raw input sets none, so each empty field is reported.
    await expect(page.locator("#reasons li")).to_have_count(len(NAMES))
    await field(workspace, "constructor").select_option("constructor")
    for name in set(NAMES) - {"constructor"}:
        await field(workspace, name).fill(f"this {name}")
    await intercept(page, "**/api/jobs/create", lambda route: route.fulfill(status=503, json=away))
    async with page.expect_request("**/api/jobs/create") as sent:
        await workspace.queue()

    given = {name: f"this {name}" for name in NAMES} | {"constructor": "constructor"}
    assert json.loads((await sent.value).post_data or "{}")["input"] == given
    assert await mill.wavespeed.requests("submit") == []
    await page.unroute_all(behavior="ignoreErrors")


async def test_the_same_model_once_more_keeps_what_was_typed(workspace: Workspace) -> None:
    await choose(workspace, PRESS)
    await field(workspace, "num_images").fill("3")
    await workspace.page.locator("#model").press("Enter")
    await expect(field(workspace, "num_images")).to_have_value("3")
    await choose(workspace, VIDEO)
    await choose(workspace, PRESS)
    await expect(field(workspace, "num_images")).to_have_value("")


async def test_what_is_no_json_is_told_after_a_reload_as_well(workspace: Workspace) -> None:
    fields = {"style": "comic", "palette": "{no"}
    await remember(workspace, {"model": PRESS, "prompt": "A fox", "fields": fields})
    await expect(workspace.page.locator("#reasons")).to_contain_text("Palette: This is not JSON.")
    await expect(workspace.page.locator("#run")).to_have_attribute("aria-disabled", "true")


async def test_pictures_come_in_the_order_in_which_they_were_chosen(workspace: Workspace, mill: Mill) -> None:
    pictures, page = Pictures(workspace), workspace.page
    await mill.wavespeed.order("upload", "hold")
    await pictures.choose(
        [*chosen("first.png", content=picture(side=90)), *chosen("stopped.png"), *chosen("third.png")]
    )
    await mill.wavespeed.asked("upload")
    await expect(pictures.lines).to_have_count(3)
    await page.get_by_role("button", name="Cancel the upload of stopped.png").click()
    await expect(pictures.lines).to_have_count(2)
    await expect(page.locator("#reasons")).to_contain_text("A file is being uploaded")
    await mill.wavespeed.release()

    await expect(pictures.references).to_have_count(1)
    await expect(pictures.lines).to_have_count(0)
    await expect(page.locator("#reasons")).not_to_contain_text("being uploaded")
    # The first one is the target, however long it took.
    await pictures.shown(page.locator("#target .thumb img"))
    assert await page.locator("#target .thumb img").evaluate("picture => picture.naturalWidth") == 90
    assert len(await mill.wavespeed.requests("upload")) == 2


async def test_a_field_that_the_raw_input_overrules_shows_what_is_sent(workspace: Workspace, mill: Mill) -> None:
    """A field still editable would be edited in vain, and the job paid for anyway."""
    await workspace.prompt.fill("A fox")
    await choose(workspace, PRESS)
    await workspace.unfold("Priority")
    raw = workspace.page.locator("#rawInput")
    await raw.fill('{"style": "comic", "num_images": 2}')
    await expect(field(workspace, "num_images")).to_have_value("2")
    await expect(field(workspace, "num_images")).to_be_disabled()
    await expect(field(workspace, "style")).to_have_value("comic")
    await expect(workspace.page.locator("label", has=workspace.page.get_by_text("set in the raw input"))).to_have_count(
        2
    )
    await expect(field(workspace, "quality")).to_be_enabled()
    await raw.fill('{"style": "comic"}')
    await field(workspace, "num_images").fill("3")
    await workspace.queue()
    await expect(workspace.chip(DONE)).to_be_visible()

    [request] = await mill.wavespeed.requests("submit")
    assert request["body"]["num_images"] == 3


async def test_a_rating_is_there_after_a_reload(workspace: Workspace) -> None:
    await workspace.prompt.fill("A fox")
    await workspace.generate()
    announcements = workspace.page.locator("#announcements")
    await workspace.ai.get_by_role("button", name="Good prompt").click()
    await expect(announcements).to_contain_text("Rated: Good prompt.")
    # The reason is stored by a second request, announced in the same words.
    await announcements.evaluate("element => element.replaceChildren()")
    await workspace.ai.get_by_label("Why?").fill("Sharp")
    await workspace.page.keyboard.press("Enter")
    await expect(announcements).to_contain_text("Rated: Good prompt.")
    await workspace.page.keyboard.press("Tab")
    await workspace.page.reload()
    await expect(workspace.ai.get_by_role("button", name="Good prompt")).to_have_attribute("aria-pressed", "true")
    await expect(workspace.ai.get_by_label("Why?")).to_have_value("Sharp")


async def test_a_damaged_memory_costs_what_is_damaged_alone(workspace: Workspace) -> None:
    for number, damage in enumerate(DAMAGES, start=1):
        prompt = f"A fox, {damage}"
        await remember(workspace, {"prompt": prompt} | damage)
        await expect(workspace.prompt).to_have_value(prompt)
        await workspace.queue()
        await expect(workspace.rows).to_have_count(number)
        await expect(workspace.rows.first).to_contain_text(prompt)
        await expect(workspace.chip("completed")).to_be_visible()


async def test_a_verdict_leaves_focus_and_outputs_where_they_are(workspace: Workspace, mill: Mill) -> None:
    job_id = await mill.create(prompt="A fox")
    await mill.reaches(job_id, "completed")
    await workspace.rows.locator("a").click()
    like = workspace.panel.get_by_role("button", name="Like", exact=True)
    shown = await workspace.panel.locator(".output img").element_handle()
    await like.focus()
    for pressed in ("true", "false"):
        await workspace.page.keyboard.press("Enter")
        await expect(like).to_have_attribute("aria-pressed", pressed)
        await expect(like).to_be_focused()
    assert shown is not None
    assert await shown.evaluate("picture => picture.isConnected")


async def test_an_upload_takes_the_focus_from_nobody(workspace: Workspace) -> None:
    pictures = Pictures(workspace)
    await pictures.target.fill("https://pictures.example/1.png")
    await workspace.button("Add a reference").click()
    await expect(pictures.references.first).to_be_focused()
    await workspace.page.keyboard.type("https://pictures.example/")
    await pictures.choose(chosen())
    await expect(pictures.references).to_have_count(2)
    await workspace.page.keyboard.type("2.png")
    await expect(pictures.references.first).to_have_value("https://pictures.example/2.png")
    # A removed row leaves the focus next to it, not on the page, where every letter is a shortcut.
    await workspace.page.get_by_role("button", name="Remove: Reference image 2").press("Enter")
    await expect(workspace.button("Add a reference")).to_be_focused()


async def test_a_price_is_never_that_of_another_question(workspace: Workspace) -> None:
    price, answered = workspace.page.locator("#price"), asyncio.Event()
    await expect(price).to_have_text("About $0.027 at WaveSpeed.")

    async def late(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await intercept(workspace.page, "**/api/models/price", late)
    async with workspace.page.expect_request("**/api/models/price"):
        await choose(workspace, VIDEO)
    await expect(price).to_be_hidden()
    answered.set()
    await expect(price).to_have_text("About $0.30 at WaveSpeed.")
    await expect(price).to_be_visible()


async def test_inputs_that_could_not_be_read_are_read_again(workspace: Workspace) -> None:
    failures, told = iter([503]), asyncio.Event()

    async def fail_first(route: Route) -> None:
        status = next(failures, None)
        if status:
            await route.fulfill(status=status, json={"detail": "Away."})
            return
        await told.wait()
        await route.continue_()

    await workspace.page.route(f"**/api/models/{PRESS}", fail_first)
    await remember(workspace, {"model": PRESS, "prompt": "A fox", "fields": {"style": "comic"}})
    await expect(workspace.page.locator("#reasons")).to_contain_text("inputs are loading")
    told.set()
    await expect(field(workspace, "style")).to_have_value("comic")
    await expect(workspace.page.locator("#run")).to_have_attribute("aria-disabled", "false")


async def test_the_model_that_would_be_paid_is_shown_while_the_list_is_not_there(workspace: Workspace) -> None:
    page = workspace.page
    await page.route("**/api/models", lambda route: route.fulfill(status=503, json={"detail": "Away."}))
    await page.reload()
    await workspace.prompt.fill("A fox")
    await expect(page.locator("#run")).to_have_attribute("aria-disabled", "false")
    await expect(page.locator("#model")).to_have_value("bytedance/seedream-v4")
    # It is not known yet whether the list has it.
    await expect(page.locator("#model-note")).to_be_empty()
    await page.locator("#model").click()
    await workspace.prompt.click()
    await expect(page.locator("#model")).to_have_value("bytedance/seedream-v4")


async def test_a_thumbnail_comes_when_the_installation_has_told_that_it_may(workspace: Workspace) -> None:
    page, told = workspace.page, asyncio.Event()
    pictures = Pictures(workspace)

    async def late(route: Route) -> None:
        await told.wait()
        await route.continue_()

    await page.route("**/api/init", late)
    await workspace.open()
    await pictures.choose(chosen())
    await expect(pictures.target).to_have_value(re.compile("^http://"))
    await expect(page.locator("#target .thumb img")).to_have_count(0)
    told.set()
    await pictures.shown(page.locator("#target .thumb img"))


async def test_answers_of_an_older_api_are_understood(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await page.route("**/api/init", lambda route: change(route, notices=None, aiPrompts=None, uploads=None))
    unrated = {"satisfaction": None, "satisfactionRate": None, "averageWaitSeconds": 2.5}
    await page.route("**/api/prompt/queue", lambda route: change(route, **unrated))
    await page.route("**/api/jobs/*/events", lambda route: change(route, stages=None))
    job_id = await mill.create(prompt="A fox")
    await mill.reaches(job_id, "completed")
    await page.reload()
    await expect(page.locator("#simulated")).to_be_visible()
    await expect(page.locator("#figures")).to_contain_text("prompts/min")
    await expect(page.locator("#figures")).not_to_contain_text("liked")
    await workspace.rows.locator("a").click()
    # The sections after the one that an older API does not report.
    await expect(workspace.panel.locator("[data-section=recipe]")).to_be_visible()
    # A request still in flight must not fail the next test.
    await page.unroute_all(behavior="ignoreErrors")


async def test_a_job_used_again_brings_its_pictures_where_they_can_be_changed(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    first, target, other = (f"https://pictures.example/{number}.png" for number in range(3))
    await mill.reaches(
        await mill.create(prompt="A fox", model=EDIT_MODEL, input={"images": [first, target]}), "completed"
    )
    await workspace.unfold("How Grok helps")
    await page.locator("#instructions").fill("Of another job")
    await workspace.button("Reuse: “A fox”").click()
    await expect(page.locator("#targetUrl")).to_have_value(target)
    await expect(page.locator("#references input")).to_have_value(first)
    await expect(page.locator("#instructions")).to_have_value("")
    await page.locator("#targetUrl").fill(other)
    await workspace.queue()
    await expect(workspace.rows).to_have_count(2)
    await expect(workspace.chip("completed")).to_be_visible()

    assert (await mill.wavespeed.requests("submit"))[-1]["body"]["images"] == [first, other]
    await workspace.page.locator("#clear-form").click()
    await workspace.button("Reuse: “A fox”").first.click()
    await expect(page.locator("#targetUrl")).to_have_value(other)
    await expect(page.locator("#references input")).to_have_value(first)
