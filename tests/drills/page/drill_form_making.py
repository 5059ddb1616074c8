"""Making on the page: nothing doomed is queued, a model's whole schema is offered, runs and models are one job each."""

from __future__ import annotations

import json
import re
from importlib.resources import files

from playwright.async_api import Locator, Route, expect

from promptmill.simulators.wavespeed.catalogue import load_models
from tests.fixtures.browser import Workspace, intercept, keeps_nobody_out, no_serious_violation
from tests.fixtures.mill import Mill
from tests.pictures import drawn, saved
from tests.support import eventually

EDIT = "google/nano-banana/edit"
FLUX = "wavespeed-ai/flux-dev"
SCHNELL = "wavespeed-ai/flux-schnell"
CUTTING_ROOM = "simulated/cutting-room/video-to-video"
CLIP = "https://films.example/clip.mp4"
PICTURE = "https://pictures.example/1.png"
HUGE_SEED = "9007199254740993"


async def choose(workspace: Workspace, model: str) -> None:
    await workspace.page.locator("#model").fill(model)
    await workspace.page.keyboard.press("Enter")


def field(workspace: Workspace, name: str) -> Locator:
    return workspace.page.locator(f"#field-{name}")


async def draw_a_mask(workspace: Workspace) -> None:
    """Draw one over an uploaded image; it becomes an upload of its own."""
    page = workspace.page
    await page.locator("#upload-files").set_input_files(
        {"name": "fox.png", "mimeType": "image/png", "buffer": saved(drawn(), "PNG")}
    )
    await expect(page.locator("#targetUrl")).not_to_have_value("")
    await workspace.button("Draw it").click()
    box = await page.locator(".mask-canvas").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 5, box["y"] + 5)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 20, box["y"] + 20)
    await page.mouse.up()
    await workspace.answer("Use this mask").click()
    await expect(field(workspace, "mask_image")).to_have_value(re.compile(r"^http://.*\.png$"))
    await page.get_by_role("button", name="Remove: Target image").click()


async def test_nothing_doomed_is_queued_and_each_field_says_what_is_wrong_with_it(
    workspace: Workspace, mill: Mill
) -> None:
    page, run = workspace.page, workspace.page.locator("#run")
    # An idea to start from fills the form.
    await workspace.button("Landscape").click()
    await expect(page.locator("#starters")).to_be_hidden()
    await choose(workspace, EDIT)
    missing = page.locator("#pictures .wrong")
    await expect(page.locator("#reasons")).to_contain_text("Images: This model needs an image")
    await expect(missing).to_have_count(0)
    await run.press("Enter")
    await expect(missing).to_contain_text("This model needs an image: a target or a reference.")
    await expect(page.locator("#targetUrl")).to_be_focused()

    await choose(workspace, "bytedance/seedream-v4")
    await field(workspace, "size").fill("99*99")
    await expect(page.locator("#wrong-field-size")).to_have_text("Each side must be at least 1024.")
    await expect(field(workspace, "size")).to_have_attribute("aria-invalid", "true")
    await expect(run).to_have_attribute("aria-disabled", "true")
    await keeps_nobody_out(page)
    await page.locator("[data-size='2048*1152']").click()
    await expect(page.locator("#wrong-field-size")).to_have_count(0)
    await expect(run).to_have_attribute("aria-disabled", "false")
    await expect(page.locator("#run-price")).to_have_text("$0.027")

    await choose(workspace, "bytedance/seedraem-v4")
    await expect(page.locator("#wrong-model")).to_contain_text("Did you mean bytedance/seedream-v4?")
    await page.locator("#allow-unknown").check()
    await expect(run).to_have_attribute("aria-disabled", "false")
    assert await mill.wavespeed.requests("submit") == []
    await expect(workspace.rows).to_have_count(0)


async def test_a_models_whole_schema_is_offered_and_sent_as_it_was_entered(workspace: Workspace, mill: Mill) -> None:
    page = workspace.page
    await choose(workspace, CUTTING_ROOM)
    await workspace.prompt.fill("A fox crosses the road")
    clip = files("promptmill.simulators").joinpath("clip.mp4").read_bytes()
    await page.get_by_label("Video: files").set_input_files(
        {"name": "clip.mp4", "mimeType": "video/mp4", "buffer": clip}
    )
    await expect(field(workspace, "video")).to_have_value(re.compile(r"^http://.*\.mp4$"))
    await field(workspace, "video").fill(CLIP)
    await draw_a_mask(workspace)
    await page.get_by_text("More inputs").click()
    await expect(page.locator("#field-trace")).to_have_count(0)
    await page.get_by_label("Strength, slider").fill("0.35")
    for place, (path, scale) in enumerate((("someone/grain", "0.5"), ("someone/haze", ""))):
        await workspace.button("Add a LoRA").click()
        await page.locator(f"#field-loras-{place}-path").fill(path)
        await page.locator(f"#field-loras-{place}-scale").fill(scale)
    await workspace.button("Add a row").click()
    await page.locator("#field-shots-0-text").fill("From above")
    await page.locator("#field-shots-0-seconds").fill("9")
    await expect(page.locator("#wrong-field-shots-0-seconds")).to_contain_text("less than or equal to 8")
    await page.locator("#field-shots-0-seconds").fill("3")
    await page.get_by_label("haze").check()
    await page.get_by_label("bloom").check()
    await expect(page.get_by_label("grain")).to_be_disabled()
    await workspace.button("Add a URL").click()
    await page.locator("#field-audios-0").fill("https://sounds.example/1.mp3")
    await workspace.button("Draw a seed").click()
    await expect(field(workspace, "seed")).not_to_have_value("")
    await field(workspace, "seed").fill(HUGE_SEED)
    await no_serious_violation(page)
    await workspace.queue()
    await expect(workspace.chip("completed")).to_be_visible()

    [request] = await mill.wavespeed.requests("submit")
    assert request["body"].pop("mask_image").endswith(".png")
    assert request["body"] == {
        "prompt": "A fox crosses the road",
        "video": CLIP,
        "duration": 5,
        "strength": 0.35,
        "loras": [{"path": "someone/grain", "scale": 0.5}, {"path": "someone/haze"}],
        "shots": [{"text": "From above", "seconds": 3}],
        "styles": ["haze", "bloom"],
        "audios": ["https://sounds.example/1.mp3"],
        "seed": int(HUGE_SEED),
    }
    assert set(request["body"]) <= set(load_models()[CUTTING_ROOM].inputs)

    # Used again, each value is in its field, and what was in the form is not lost: not even by a reload.
    await workspace.prompt.fill("My draft")
    await workspace.rows.get_by_role("button", name="Reuse").click()
    await expect(page.locator("#field-loras-1-path")).to_have_value("someone/haze")
    await expect(field(workspace, "seed")).to_have_value(HUGE_SEED)
    await workspace.rows.get_by_role("button", name="Reuse").click()
    await workspace.open()
    await expect(workspace.prompt).to_have_value("A fox crosses the road")
    await workspace.button("Bring it back").click()
    await expect(workspace.prompt).to_have_value("My draft")
    await expect(page.locator("#set-aside")).to_be_hidden()


async def test_runs_and_models_are_one_job_each_however_often_an_answer_is_lost(
    workspace: Workspace, mill: Mill
) -> None:
    page = workspace.page
    await choose(workspace, FLUX)
    await workspace.prompt.fill("A fox")
    await page.get_by_text("More inputs").click()
    await field(workspace, "seed").fill("40")
    await page.locator("#runs").fill("2")
    await page.locator(".chip-select").focus()
    await page.locator(".chip-select").select_option(SCHNELL)
    await expect(page.locator("#run-label")).to_have_text("Queue 4 jobs")
    # Twice each: $0.012 and $0.003.
    await expect(page.locator("#run-price")).to_have_text("$0.03")
    # A lost price is said to be unknown, and asked for again without a change of the form.
    await intercept(page, "**/api/models/price", lambda route: route.abort())
    await page.locator("#runs").fill("3")
    await expect(page.locator("#price")).to_contain_text("Price unknown")
    await page.locator("#runs").fill("2")
    await expect(page.locator("#run-price")).to_be_empty()
    await page.unroute("**/api/models/price")
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect(page.locator("#run-price")).to_have_text("$0.03")
    sent: list[dict[str, str]] = []

    async def lose_the_second_answer(route: Route) -> None:
        sent.append({"key": route.request.headers["idempotency-key"], "body": route.request.post_data or ""})
        answer = await route.fetch()
        if len(sent) == 2:
            await route.abort()
        else:
            await route.fulfill(response=answer)

    await intercept(page, "**/api/jobs/create", lose_the_second_answer)
    await workspace.queue()
    await expect(page.locator("#form-problem")).to_contain_text("not responding")
    await expect(page.locator("#run-label")).to_have_text("Queue 4 jobs")
    await page.locator("#run").dblclick()

    await eventually(lambda: len(sent) == 5, what="the others are queued")
    await expect(workspace.rows).to_have_count(4)
    assert sent[1] == sent[2], "the same request, and the same key"
    bodies = [json.loads(each["body"]) for each in (sent[0], *sent[2:])]
    assert [(body["model"], body["input"]["seed"]) for body in bodies] == [
        (FLUX, 40),
        (FLUX, 41),
        (SCHNELL, 40),
        (SCHNELL, 41),
    ]
    assert len({body["metadata"]["group"] for body in bodies}) == 1
    assert len({each["key"] for each in sent}) == 4

    # The list knows what was used (noted after the answer that the rows did not wait for); a variant is a click away;
    # a favourite is remembered.
    await eventually(lambda: page.evaluate("Object.keys(localStorage).some((key) => key.includes('models.recent'))"))
    await page.locator("#model").click()
    await expect(page.locator(".combo-title")).to_have_text(["Recent", "All models"])
    await page.locator("[data-kind=video]").click()
    await page.get_by_role("option", name="alibaba/wan-2.6/text-to-video").click()
    await page.locator("#model-family").get_by_text("Image to video").click()
    await expect(page.locator("#model")).to_have_value("alibaba/wan-2.6/image-to-video")
    await workspace.button("Favourite").click()
    await page.locator("#model").click()
    await expect(page.locator(".combo-title").first).to_have_text("Favourites")
    await expect(page.get_by_role("option").first).to_contain_text("from $0.50")


async def test_a_text_that_was_replaced_is_not_groks_any_more(workspace: Workspace) -> None:
    page, keys = workspace.page, workspace.page.keyboard
    await workspace.prompt.fill("A fox")
    await workspace.generate()
    await workspace.button("Use it").click()
    await workspace.prompt.press("Control+a")
    await keys.type("A heron")
    async with page.expect_request("**/api/jobs/create") as sent:
        await workspace.queue()
    body = json.loads((await sent.value).post_data or "")
    assert (body["prompt"], body.get("promptJobId")) == ("A heron", None)
