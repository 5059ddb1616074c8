"""The form follows the chosen model: its own inputs and limits, and what a run would cost before it is queued."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.fixtures.api import open_api
from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import Mill

FLUX = "wavespeed-ai/flux-dev"
PRESS = "simulated/poster-press/text-to-image"
VIDEO = "wavespeed-ai/wan-2.2/i2v-720p"
PICTURE = "https://pictures.example/1.png"


async def choose(workspace: Workspace, model: str) -> None:
    await workspace.page.locator("#model").fill(model)
    await workspace.page.keyboard.press("Enter")


def field(workspace: Workspace, name: str) -> Locator:
    return workspace.page.locator(f"#field-{name}")


async def test_a_models_schema_makes_the_form_and_the_price_is_what_is_charged(
    workspace: Workspace, mill: Mill
) -> None:
    page, price = workspace.page, workspace.page.locator("#price")
    await choose(workspace, PRESS)
    await workspace.prompt.fill("A fox on a poster")
    await field(workspace, "quality").select_option("standard")
    await expect(price).to_have_text("About $0.05 at WaveSpeed.")
    await field(workspace, "quality").select_option("print")
    await field(workspace, "num_images").fill("2")
    await expect(price).to_have_text("About $0.24 at WaveSpeed.")
    await page.get_by_text("More inputs").click()
    await field(workspace, "transparent").select_option("true")
    await field(workspace, "palette").fill('{"sky": "teal"}')
    await workspace.queue()
    await expect(workspace.chip("completed")).to_be_visible()

    [request] = await mill.wavespeed.requests("submit")
    [charge] = await mill.wavespeed.charges()
    assert request["body"] | {"seed": None} == {
        "prompt": "A fox on a poster",
        # Required, and sent as shown.
        "style": "poster",
        "quality": "print",
        "num_images": 2,
        "transparent": True,
        "palette": {"sky": "teal"},
        "seed": None,
    }
    assert float(charge["usd"]) == 0.24


async def test_every_limit_of_a_schema_is_told_by_the_form(workspace: Workspace) -> None:
    page, reasons = workspace.page, workspace.page.locator("#reasons")
    await choose(workspace, PRESS)
    await workspace.prompt.fill("A fox")
    await field(workspace, "style").select_option("comic")
    await expect(page.locator("#run")).to_have_attribute("aria-disabled", "false")
    await field(workspace, "num_images").fill("99")
    await page.get_by_text("More inputs").click()
    await field(workspace, "palette").fill("{no")

    await expect(reasons).to_contain_text("Images: Value must be less than or equal to")
    await expect(reasons).to_contain_text("Palette: This is not JSON.")
    await page.locator("summary").last.click()
    # The raw input overrides the field.
    await page.locator("#rawInput").fill('{"num_images": 2, "palette": {}}')
    await expect(page.locator("#run")).to_have_attribute("aria-disabled", "false")


async def test_a_price_that_may_be_a_floor_says_so_and_why(workspace: Workspace) -> None:
    price = workspace.page.locator("#price")
    await choose(workspace, PRESS)
    await expect(price).to_contain_text("At least $0.03 at WaveSpeed. “Quality” is not set.")
    await expect(price).to_have_attribute("data-tone", "attention")
    await field(workspace, "quality").select_option("standard")
    await expect(price).to_have_text("About $0.05 at WaveSpeed.")
    await expect(price).to_have_attribute("data-tone", "quiet")
    # A default that is shown is also sent: what is quoted is what is submitted.
    await choose(workspace, VIDEO)
    await workspace.page.locator("#targetUrl").fill(PICTURE)
    await expect(price).to_have_text("About $0.30 at WaveSpeed.")
    await choose(workspace, "somebody/else-s-model")
    await expect(workspace.page.locator("#model-note")).to_contain_text("Not in the list")
    await expect(price).to_be_hidden()
    await workspace.page.locator("#allow-unknown").check()
    await expect(price).to_contain_text("Price unknown")


async def test_pictures_of_a_model_that_only_wavespeed_knows_go_into_its_input(
    workspace: Workspace, mill: Mill
) -> None:
    await choose(workspace, PRESS)
    await workspace.prompt.fill("A fox")
    await field(workspace, "style").select_option("comic")
    await workspace.page.locator("#targetUrl").fill(PICTURE)
    async with workspace.page.expect_response("**/api/jobs/create") as queued:
        await workspace.queue()
    await expect(workspace.chip("completed")).to_be_visible()

    [request] = await mill.wavespeed.requests("submit")
    assert request["body"]["images"] == [PICTURE]
    assert (await (await queued.value).json())["warnings"] == [], "that only Grok uses them"


@pytest.fixture
async def keyless(browser: Browser, mill: Mill) -> AsyncIterator[Workspace]:
    """The page of an installation for the real WaveSpeed that has no key."""
    real = {"wavespeed_api_base": "https://api.wavespeed.ai", "simulated_only": False, "wavespeed_api_key": None}
    async with (
        open_api(mill.settings.model_copy(update=real)) as client,
        open_workspace(browser, str(client.base_url)) as opened,
    ):
        yield opened


async def test_without_a_key_the_presets_make_the_form(keyless: Workspace) -> None:
    await choose(keyless, "alibaba/wan-2.6/text-to-video")

    await expect(field(keyless, "duration")).to_have_attribute("placeholder", "5")
    await expect(field(keyless, "size")).to_be_visible()
    await expect(keyless.page.locator("#price")).to_contain_text("WAVESPEED_API_KEY")
    await expect(keyless.page.locator("#banners")).to_contain_text("WAVESPEED_API_KEY is not set.")


async def test_who_stands_in_a_field_stays_there_when_wavespeeds_schema_comes(browser: Browser, mill: Mill) -> None:
    """A slow list: the form starts with the presets."""
    await mill.wavespeed.order("models", "hold")
    async with open_api(mill.settings) as client, open_workspace(browser, str(client.base_url)) as workspace:
        await choose(workspace, FLUX)
        fields = workspace.page.locator("#model-fields .field")
        await expect(fields).to_have_count(3)
        await field(workspace, "size").press_sequentially("512*5")

        await mill.wavespeed.release()

        await expect(fields).not_to_have_count(3)
        await expect(field(workspace, "size")).to_be_focused()
        await workspace.page.keyboard.type("12")
        await expect(field(workspace, "size")).to_have_value("512*512")
