"""Grok as a partner: how it is asked, its variants side by side, own styles, and pictures that it describes."""

from __future__ import annotations

import httpx
from playwright.async_api import Browser, expect

from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import IMAGE_MODEL, Mill

MINE = "A fox in the first snow"
VIDEO_MODEL = "google/veo3.1-fast"


async def test_from_a_style_of_ones_own_to_a_job_that_says_which_variant_it_took(
    browser: Browser, mill: Mill, api_client: httpx.AsyncClient
) -> None:
    async with open_workspace(browser, str(api_client.base_url)) as workspace:
        await _choose_how_grok_is_asked(workspace)
        texts = await _look_at_the_variants(workspace, mill)
        await _take_undo_and_take_another(workspace, texts)
        await workspace.may_queue()
        await workspace.queue()
        await expect(workspace.chip("completed")).to_be_visible()
        [job] = (await api_client.get("/api/jobs")).json()["items"]
        assert (job["prompt"], job["promptSource"], job["variant"], job["style"]) == (texts[1], "grok", 1, "Dusk")
        await _replace_it_and_it_is_mine(workspace, texts)
        await _describe(workspace, mill)
        made = await mill.create(prompt="A picture to describe", model=IMAGE_MODEL)
        await mill.reaches(made, "completed")
        await _describe_an_output(workspace, mill, str(made))


async def _choose_how_grok_is_asked(workspace: Workspace) -> None:
    """By keyboard alone."""
    page, keys = workspace.page, workspace.page.keyboard
    await page.locator("#model").fill(VIDEO_MODEL)
    await keys.press("Tab")
    await workspace.prompt.fill(MINE)
    toggle = page.locator("#ask-toggle")
    await toggle.press("Enter")
    await expect(toggle).to_have_attribute("aria-expanded", "true")
    await expect(page.locator("#ask .chip-button")).to_have_text(
        ["Any", "Photographic", "Artistic", "Technical", "Anime", "Cinematic", "Plain"]
    )
    await expect(page.locator("#ask")).to_contain_text("takes a negative prompt")
    await expect(page.locator("#ask")).to_contain_text("All variants are one question.")
    await workspace.button("New style").press("Enter")
    await workspace.button("Save the style").press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="Enter a name")).to_be_visible()
    await page.locator("#style-name").fill("Dusk")
    await page.locator("#style-wording").fill("The blue hour: one warm light, long shadows.")
    await workspace.button("Save the style").press("Enter")
    await expect(page.locator("[data-style=Dusk]")).to_have_attribute("aria-pressed", "true")
    await page.locator("#ask-variants").select_option("3")
    await expect(toggle).to_have_text("Dusk · 3 variants")
    await toggle.press("Enter")
    await expect(page.locator("#ask")).to_be_hidden()


async def _look_at_the_variants(workspace: Workspace, mill: Mill) -> list[str]:
    await workspace.generate()
    cards = workspace.page.locator(".compare section.is-new")
    await expect(cards).to_have_count(3)
    await expect(cards.nth(1)).to_contain_text("Variant 2")
    await expect(cards.nth(1)).to_contain_text("Not to be seen: blurry")
    await expect(cards.nth(1).locator("ins")).not_to_have_count(0)
    compare = workspace.button("Show what changed")
    await expect(compare).to_have_attribute("aria-pressed", "true")
    await compare.click()
    await expect(cards.locator("ins")).to_have_count(0)
    [asked] = await mill.grok.requests("chat")
    assert "The blue hour" in asked["body"]["messages"][0]["content"]
    return [await card.locator(".prose").inner_text() for card in await cards.all()]


async def _take_undo_and_take_another(workspace: Workspace, texts: list[str]) -> None:
    page = workspace.page
    negative = page.locator("#field-negative_prompt")
    await workspace.button("Use variant 1").click()
    await expect(workspace.prompt).to_have_value(texts[0])
    await expect(negative).to_have_value("blurry, distorted, extra limbs, watermark, text")
    await workspace.button("Undo").click()
    await expect(workspace.prompt).to_have_value(MINE)
    await expect(negative).to_have_value("")
    await workspace.page.reload()
    await expect(page.locator("#ask-toggle")).to_have_text("Dusk · 3 variants")
    await workspace.generate()
    await workspace.button("Use variant 2").click()
    await expect(workspace.prompt).to_have_value(texts[1])


async def _replace_it_and_it_is_mine(workspace: Workspace, texts: list[str]) -> None:
    """Most of it is replaced, without all of it being selected at once."""
    await workspace.prompt.focus()
    await workspace.prompt.evaluate("area => area.setSelectionRange(3, area.value.length)")
    await workspace.page.keyboard.type("quiet harbour at noon, seen from above")
    await workspace.may_queue()
    async with workspace.page.expect_request(lambda sent: sent.url.endswith("/api/jobs/create")) as queued:
        await workspace.queue()
    body = (await queued.value).post_data_json
    assert body is not None
    assert body["prompt"].endswith("quiet harbour at noon, seen from above")
    assert "promptJobId" not in body


async def _describe(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    before = len(await mill.grok.requests("chat"))
    target = page.locator("#targetUrl")
    describe = workspace.button("Describe the target image")
    await expect(describe).to_be_hidden()
    await target.fill("https://example.com/fox.png")
    await describe.click()
    await expect(page.locator(".compare")).to_contain_text("The subject of the picture")
    asked = (await mill.grok.requests("chat"))[before:]
    assert len(asked) == 1, "once per click"
    assert asked[0]["body"]["messages"][1]["content"][-1]["image_url"]["url"] == "https://example.com/fox.png"


async def _describe_an_output(workspace: Workspace, mill: Mill, job_id: str) -> None:
    """It is refused while there is a prompt to decide on; then the question has the picture alone."""
    page = workspace.page
    before = len(await mill.grok.requests("chat"))
    await workspace.open(f"#job={job_id}")
    describe = workspace.panel.locator("[data-way=describe]").first
    await describe.click()
    await expect(page.locator("#notices")).to_contain_text("First decide on the prompt")
    await workspace.button("Keep mine").click()
    await describe.click()
    await expect(page.locator(".compare")).to_contain_text("The subject of the picture")
    [asked] = (await mill.grok.requests("chat"))[before:]
    words, picture = asked["body"]["messages"][1]["content"]
    assert (words["text"], picture["type"]) == ("Images: the target.", "image_url")
    assert "The blue hour" in asked["body"]["messages"][0]["content"], "in the chosen style"
