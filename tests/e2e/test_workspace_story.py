"""The whole story on the page: words, a written prompt, a job, its image. By mouse, then by keyboard alone."""

from __future__ import annotations

from playwright.async_api import expect

from tests.fixtures.browser import Workspace
from tests.fixtures.mill import Mill
from tests.support import eventually


async def test_the_story_by_mouse(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await expect(page.locator("#empty")).to_contain_text("Nothing yet")
    await expect(page.locator("#simulated")).to_contain_text("Simulated providers")
    await page.locator("#model").click()
    await page.get_by_role("option", name="FLUX dev wavespeed-ai/flux-dev from").click()
    await workspace.prompt.fill("A fox in the snow")
    await workspace.generate()
    await expect(page.locator(".compare")).to_contain_text("A fox in the snow")
    await workspace.button("Use it").click()
    written = await workspace.prompt.input_value()
    await workspace.queue()

    await expect(workspace.chip("completed")).to_be_visible()
    await expect(workspace.rows).to_have_count(1)
    assert written.startswith("A fox in the snow.")
    await workspace.rows.locator("a").click()
    panel = workspace.panel
    picture = panel.locator(".output img")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_attribute("referrerpolicy", "no-referrer")
    await eventually(lambda: picture.evaluate("picture => picture.naturalWidth > 0"), what="the picture is shown")
    await expect(panel).to_contain_text("Prompt by Grok")
    # Which stages take long enough to be shown depends on the machine.
    await expect(panel.locator("[data-section=stages] li").first).to_be_visible()
    await expect(panel).to_contain_text("$0.012 (quoted)")
    await panel.locator(".more summary").click()
    await expect(panel.get_by_role("link", name="Open in Temporal")).to_be_visible()
    await page.keyboard.press("Escape")

    await page.locator("#clear-form").click()
    await panel.get_by_role("button", name="Reuse").click()
    await expect(workspace.prompt).to_have_value(written)
    await expect(page.locator("#model")).to_have_value("wavespeed-ai/flux-dev")
    assert len(await mill.wavespeed.charges()) == 1


async def test_the_story_by_keyboard_alone(workspace: Workspace, mill: Mill) -> None:
    page, keys = workspace.page, workspace.page.keyboard
    await mill.wavespeed.order("submit", "never")
    await keys.press("n")
    await keys.type("A lighthouse in fog, n j k c r t ? /")
    await workspace.may_queue()
    await keys.press("Control+Enter")
    await expect(workspace.chip("generating")).to_be_visible()
    await expect(page.locator("dialog[open]")).to_have_count(0)

    await keys.press("Escape")
    await keys.press("j")
    await keys.press("Enter")
    await expect(workspace.panel).to_be_visible()
    await keys.press("c")
    await expect(page.locator("dialog[open]")).to_contain_text("Charged so far: WaveSpeed")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(workspace.chip("cancelled")).to_be_visible()
    await keys.press("Escape")
    await expect(workspace.panel).to_be_hidden()
    await expect(workspace.rows.locator("a")).to_be_focused()

    await keys.press("r")
    await expect(page.locator("dialog[open]")).to_contain_text("Retry this job?")
    await keys.press("Enter")
    # WaveSpeed still works on the cancelled one: a retry pays a second time.
    await expect(page.locator("dialog[open]")).to_contain_text("could pay twice")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(workspace.rows).to_have_count(2)
    await expect(workspace.chip("completed")).to_be_visible()
    await keys.press("/")
    await keys.type("nothing like that")
    await expect(page.locator("#empty")).to_contain_text("No match")
    await keys.press("Escape")
    await expect(workspace.rows).to_have_count(2)
    await keys.press("Escape")
    await keys.press("?")
    await expect(page.locator("#shortcuts-dialog")).to_be_visible()
    await keys.press("Escape")
    await keys.press("t")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")


async def test_from_words_to_a_liked_picture_by_keyboard_alone(workspace: Workspace, mill: Mill) -> None:
    page, keys = workspace.page, workspace.page.keyboard
    await keys.press("n")
    await expect(workspace.prompt).to_be_focused()
    await expect(page.locator("#field-size")).to_be_visible()
    await page.locator("#model").focus()
    await keys.type("flux dev")
    await expect(page.locator("#model-list [role=option]").first).to_contain_text("FLUX dev")
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await expect(page.locator("#model-note")).to_contain_text("FLUX dev")
    await keys.press("Escape")
    await keys.press("n")
    await keys.type("A fox in the snow")
    await keys.press("Tab")
    await keys.press("Enter")  # AI Generate
    await expect(workspace.button("Use it")).to_be_focused()
    await keys.press("+")
    await expect(workspace.ai.get_by_role("button", name="Good prompt")).to_have_attribute("aria-pressed", "true")
    await keys.press("Enter")
    await expect(workspace.prompt).to_be_focused()
    await workspace.may_queue()
    await keys.press("Control+Enter")
    await expect(workspace.chip("completed")).to_be_visible()
    await keys.press("Escape")
    await keys.press("j")
    await keys.press("Enter")
    await expect(workspace.panel.locator(".output img")).to_be_visible()
    await keys.press("l")
    await expect(workspace.rows.locator(".row-note")).to_have_text("liked · prompt by Grok")
    await keys.press("Escape")

    await expect(workspace.rows.locator("a")).to_be_focused()
    assert (await mill.wavespeed.requests("submit"))[0]["path"].endswith("wavespeed-ai/flux-dev")


async def test_every_reason_is_listed_when_the_job_cannot_be_queued(workspace: Workspace) -> None:
    page = workspace.page
    await page.locator("#target input").fill("ftp://example.com/a.png")
    await workspace.unfold("Priority")
    await page.locator("#rawInput").fill('{"prompt": "x"}')
    await page.locator("#deadlineSeconds").fill("5")
    await workspace.unfold("How Grok helps")
    await page.get_by_text("Let Grok write it", exact=True).click()
    await page.locator("#operation").select_option("enhance")
    await page.locator("#onPromptFailure").select_option("usePrompt")
    reasons = page.locator("#reasons li")
    await expect(reasons).to_have_count(5)
    await expect(page.locator("#run")).to_have_attribute("aria-disabled", "true")
    await expect(page.locator("#run-label")).to_have_text("Write prompt, then queue job")

    await page.locator("#run").press("Enter")

    for part in (
        "no prompt to enhance",
        "fall back",
        "not an http or https URL",
        "must not contain “prompt”",
        "Deadline in seconds: ",
    ):
        await expect(reasons.filter(has_text=part)).to_have_count(1)
    await expect(workspace.rows).to_have_count(0)


async def test_a_price_limit_is_kept_when_the_job_is_repeated(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    limit = page.get_by_label("Price limit in USD")
    await workspace.prompt.fill("A fox in the snow")
    await workspace.unfold("deadline")
    await limit.fill("0")
    await expect(page.locator("#reasons li")).to_contain_text("Price limit in USD: ")
    await limit.fill("0.001")
    await page.reload()
    await workspace.may_queue()
    await expect(limit).to_have_value("0.001")
    await workspace.queue()
    await expect(workspace.chip("failed")).to_be_visible()
    assert await mill.wavespeed.charges() == []

    await page.locator("#clear-form").click()
    await expect(limit).to_have_value("")
    await workspace.rows.locator("a").click()
    await workspace.panel.get_by_role("button", name="Reuse").click()
    await expect(limit).to_have_value("0.001")
    await workspace.unfold("deadline")
    await limit.fill("1.5")
    await workspace.queue()

    await expect(workspace.chip("completed")).to_be_visible()
    assert (await mill.wavespeed.requests("submit"))[0]["body"]["prompt"] == "A fox in the snow"


async def test_grok_writes_first_where_the_form_says_so(workspace: Workspace) -> None:
    page = workspace.page
    await workspace.unfold("How Grok helps")
    await page.locator("#instructions").fill("A quiet harbour")
    await page.get_by_text("Let Grok write it", exact=True).click()
    await workspace.queue()

    await expect(workspace.chip("completed")).to_be_visible()
    await expect(workspace.rows.locator(".row-note")).to_have_text("prompt by Grok")
