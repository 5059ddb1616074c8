"""What the user guide's screenshots show: each scene brings one Promptmill, and the page on it, into a state."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
from playwright.async_api import FilePayload, ViewportSize, expect

from api.clock import now
from promptmill.contracts.access import ROLES, By
from promptmill.contracts.jobs import JobStatus, MediaKind
from promptmill.contracts.names import LOCAL_OWNER
from tests.drills.page.drill_batch_story import PASTE
from tests.fixtures.browser import Workspace
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import stored
from tests.fixtures.plans import FILL
from tests.screenshots.paintings import painting
from tests.support import eventually

DESKTOP: Final[ViewportSize] = {"width": 1360, "height": 850}
WIDE: Final[ViewportSize] = {"width": 1600, "height": 950}
TALL: Final[ViewportSize] = {"width": 1360, "height": 1000}
LOW: Final[ViewportSize] = {"width": 1360, "height": 640}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
PROMPTS: Final = (
    "A lighthouse in the fog, seen from the sea at dawn",
    "Portrait of a violin maker in her workshop, window light",
    "A red fox in the first snow, low angle, shallow depth of field",
    "Terraced rice fields after rain, drone view",
    "Still life: quinces, pewter jug, linen, north light",
    "An empty tram at night, rain on the windows",
    "A heron over the reeds, long exposure",
)
SIZES: Final = ("1024*1024", "1536*1024", "1344*768", "768*1344", "1216*832", "1024*1024", "1344*768")
FOX: Final = "A red fox in the first snow"
HARBOUR: Final = "A quiet harbour in the evening, boats at anchor"
FLUX: Final = "wavespeed-ai/flux-dev"
SEEDREAM: Final = "bytedance/seedream-v4"
PRESS: Final = "simulated/poster-press/text-to-image"
VIDEO: Final = "alibaba/wan-2.6/text-to-video"
MODELS: Final = (FLUX, SEEDREAM, "bytedance/seedream-v4.5")
"""What one prompt is tried on."""
TABLE: Final = (
    "subject\tlight\tsize\tseed",
    "A lighthouse on the cliffs\tfog at dawn\t1024*1024\t11",
    "A red fox\tfirst snow, low sun\t1344*768\t12",
    "A heron over the reeds\tlong exposure\t1216*832\t13",
    "An empty tram at night\train on the windows\t1024*1024\t14",
    "Terraced rice fields\tjust after rain\t1344*768\t15",
    "Still life with quinces\tnorth light\t1216*832\t16",
    "A violin maker in her workshop\twindow light\t1024*1024\t17",
    "A quiet harbour\tevening, lamps lit\t1344*768\t18",
    "Clouds over the pass\tclear noon\t1216*832\t19",
    "A red fox on a ridge\tlast light\t1024*1024\t20",
    "A lighthouse in a storm\tbreaking clouds\t1344*768\t21",
    "A harbour in winter\tblue hour\t1216*832\t22",
)
"""One picture for each row."""


async def made(mill: Mill, **fields: Any) -> UUID:
    """Make a picture, and wait until it is stored."""
    job_id = await mill.create(**({"input": {}} | fields))
    await mill.reaches(job_id, "completed")
    await stored(mill, job_id)
    return job_id


async def done(seen: Workspace, mill: Mill, count: int = len(PROMPTS)) -> None:
    """Some work of earlier: opened anew, the page knows what it cost."""
    for prompt, size in list(zip(PROMPTS, SIZES, strict=True))[:count]:
        await made(mill, prompt=prompt, input={"size": size})
    await seen.page.reload()
    await seen.open()
    await expect(seen.page.locator("#shown")).to_have_text(re.compile(r"^\d+ shown$"))


async def failing(mill: Mill, **fault: Any) -> UUID:
    await mill.wavespeed.order("submit", **fault)
    job_id = await mill.create(prompt="A market hall in Lisbon, morning")
    await mill.reaches(job_id, "failed")
    return job_id


async def generating(mill: Mill, **fields: Any) -> UUID:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create(**fields)
    await mill.reaches(job_id, "generating")
    return job_id


async def show_job(seen: Workspace, job_id: UUID) -> None:
    await seen.page.evaluate("job => { location.hash = `job=${job}` }", str(job_id))
    await expect(seen.panel.locator(".timeline li")).not_to_have_count(0)


async def choose(seen: Workspace, model: str) -> None:
    await seen.page.locator("#model").fill(model)
    await seen.page.keyboard.press("Enter")
    await seen.page.keyboard.press("Tab")
    await expect(seen.page.locator("#model-fields")).to_be_visible()


async def empty(_: Workspace, __: Mill) -> None:
    """Nothing yet."""


async def idea(seen: Workspace, mill: Mill) -> None:
    """An idea in the form, and what it will cost."""
    await done(seen, mill)
    await choose(seen, FLUX)
    await seen.prompt.fill("A kite above the dunes, late summer")
    await expect(seen.page.locator("#run-price")).to_have_text("$0.012")


async def writing(seen: Workspace, mill: Mill) -> None:
    """Grok is writing."""
    await done(seen, mill)
    await mill.grok.order("chat", "hold")
    await seen.prompt.fill(FOX)
    await seen.generate()
    await expect(seen.ai).to_contain_text("Grok is writing, 2")


async def comparing(seen: Workspace, mill: Mill) -> None:
    """What was typed and what Grok made of it, side by side."""
    await done(seen, mill)
    await seen.prompt.fill(FOX)
    await seen.unfold("How Grok helps")
    await seen.page.locator("#instructions").fill("Calm mood, room for a headline on the left")
    await seen.generate()
    await expect(seen.page.locator(".compare")).to_be_visible()
    await seen.page.locator("#form-title").evaluate("title => title.scrollIntoView()")


async def variants(seen: Workspace, mill: Mill) -> None:
    """How Grok is asked, and the variants that came."""
    await done(seen, mill)
    await seen.prompt.fill(FOX)
    await seen.page.locator("#ask-toggle").click()
    await seen.page.locator("[data-style=cinematic]").click()
    await seen.page.locator("#ask-variants").select_option("3")
    await seen.generate()
    await expect(seen.page.locator(".compare section.is-new")).to_have_count(3)
    await seen.page.locator("#form-title").evaluate("title => title.scrollIntoView()")


async def models(seen: Workspace, mill: Mill) -> None:
    """Choosing a model."""
    await done(seen, mill)
    await seen.prompt.fill(FOX)
    await seen.page.locator("#model").click()
    await expect(seen.page.get_by_role("option").first).to_be_visible()


async def beside(seen: Workspace, mill: Mill) -> None:
    """One prompt on three models."""
    await done(seen, mill, 2)
    await choose(seen, FLUX)
    await seen.prompt.fill("A fox on a poster, flat colours")
    another = seen.page.get_by_label("Try another model with the same prompt")
    for model in MODELS[1:]:
        await another.focus()
        await another.select_option(model)
    await seen.may_queue()
    await seen.queue()
    await seen.page.locator(".notice").get_by_role("button", name="Side by side").click()
    pictures = seen.page.locator("dialog.beside .beside-picture")
    await expect(pictures).to_have_count(len(MODELS))

    async def ours() -> bool:
        await seen.page.reload()
        await expect(pictures).to_have_count(len(MODELS))
        return await pictures.locator("img[src*='/outputs/']").count() == len(MODELS)

    await eventually(ours, what="the three are stored")
    await seen.page.locator("dialog.beside").get_by_role("button", name="Like:").first.click()


async def inputs(seen: Workspace, mill: Mill) -> None:
    """A model's own inputs, a picture, another one on its way, and a price that is not final."""
    await done(seen, mill)
    await choose(seen, PRESS)
    await seen.prompt.fill("A fox on a poster, flat colours")
    await seen.page.locator("#field-style").select_option("comic")
    await seen.page.locator("#upload-files").set_input_files([_file("fox.png", FOX)])
    await expect(seen.page.locator("#targetUrl")).not_to_have_value("")
    await mill.wavespeed.order("upload", "hold")
    await seen.page.locator("#upload-files").set_input_files([_file("harbour.png", HARBOUR)])
    await mill.wavespeed.asked("upload", 2)
    await expect(seen.page.locator("#uploads")).to_contain_text("checking")
    await expect(seen.page.locator("#price")).to_contain_text("At least")
    await seen.prompt.focus()


def _file(name: str, prompt: str) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": painting(prompt, "1024*1024", 1)}


async def busy(seen: Workspace, mill: Mill) -> None:
    """A busy queue: some wait, one is being written, some are generating, some have ended."""
    await done(seen, mill)
    await failing(mill, kind="ending", word="failed", code=500, message="The model ran out of memory")
    for prompt in ("A glass house in a pine forest, dusk", "Ink drawing of a walking stilt house"):
        await generating(mill, prompt=prompt, priority=8)
    await generating(mill, prompt="Clouds over the pass", model=VIDEO, kind=MediaKind.VIDEO, input={})
    await mill.grok.order("chat", "hold", times=2)
    await mill.create(use_ai_prompt=True, instructions=HARBOUR)
    await mill.accept(prompt="A paper boat on a puddle")
    await seen.prompt.fill("A kite above the dunes, late summer")
    await expect(seen.rows).to_have_count(13)
    await expect(seen.page.locator(".chip[data-status=prompting]")).to_have_count(1)


async def running(seen: Workspace, mill: Mill) -> None:
    """A job that is generating."""
    await done(seen, mill, 6)
    await show_job(seen, await generating(mill, use_ai_prompt=True, instructions=HARBOUR))


async def gallery(seen: Workspace, mill: Mill) -> None:
    """The gallery: jobs under way and a failure first, then pictures of all shapes, and a video."""
    await made(mill, prompt=HARBOUR, input={"size": "1344*768"})
    await done(seen, mill)
    await made(mill, prompt="Clouds over the pass", model=VIDEO, kind=MediaKind.VIDEO)
    poster = await made(
        mill, prompt="A fox on a poster, flat colours", model=PRESS, input={"num_images": 4, "style": "comic"}
    )
    await mill.store.ratings.rate_result(poster, owner=LOCAL_OWNER, kept=True)
    await failing(mill, kind="ending", word="failed", code=500, message="The model ran out of memory")
    await generating(mill, prompt="A glass house in a pine forest, dusk")
    await expect(seen.page.locator("#shown")).to_have_text("12 shown")


async def collection(seen: Workspace, mill: Mill) -> None:
    """A collection, and two of its pictures selected."""
    await done(seen, mill)
    page = seen.page
    tiles = page.locator(".gallery-tile")
    await expect(tiles).to_have_count(len(PROMPTS))
    for place in range(5):
        await tiles.nth(place).get_by_role("button", name="Select").click()
    bar = page.get_by_role("toolbar", name="Selected tiles")
    await bar.get_by_role("button", name="Collect").click()
    asked = page.locator("dialog[open]")
    await asked.get_by_label("Collection").fill("Calendar 2027")
    await page.keyboard.press("Enter")
    await expect(asked).to_have_count(0)
    await bar.get_by_role("button", name="Done").click()
    await page.locator("#notices").get_by_role("button", name="Open").last.click()
    await expect(tiles).to_have_count(5)
    for place in (1, 2):
        await tiles.nth(place).get_by_role("button", name="Select").click()
    await expect(bar).to_be_visible()


async def table(seen: Workspace, *lines: str) -> None:
    """Fill the form for a batch, and paste a table beside it."""
    await choose(seen, FLUX)
    await seen.prompt.fill("{{subject}}, {{light}}")
    await seen.page.locator("#many").click()
    await expect(seen.page.locator("#batch-maker-title")).to_be_focused()
    await seen.page.evaluate(PASTE, "\n".join(lines))
    await seen.page.locator("#batch-max-cost").fill("0.20")
    await seen.page.get_by_text("Name and limits").click()
    await seen.page.locator("#batch-name").fill("Calendar 2027")
    await seen.page.get_by_text("Name and limits").click()


async def batch(seen: Workspace, mill: Mill) -> None:
    """A table that becomes a batch: one of its cells is wrong."""
    await done(seen, mill)
    await table(seen, *(line.replace("\t16", "\t1b") for line in TABLE))
    await expect(seen.page.locator(".grid-cell[aria-invalid=true]")).to_have_text("1b")
    await expect(seen.page.locator(".batch-figures")).to_contain_text("In all")
    await seen.button("Next fault").click()


async def batch_running(seen: Workspace, mill: Mill) -> None:
    """A batch at work: most is made, one row failed, two are on the way."""
    await table(seen, *TABLE)
    await mill.wavespeed.order("submit", "ending", word="failed", code=500, message="The model ran out of memory")
    await mill.wavespeed.order("submit", "never", times=2)
    run = seen.page.locator("#batch-queue")
    await expect(run).to_have_attribute("aria-disabled", "false")
    await run.click()
    await expect(seen.page.locator(".batch-rows [data-state=completed]")).to_have_count(len(TABLE) - 4)
    pictures = seen.page.locator(".batch-rows img[src*='/outputs/']")

    async def kept() -> bool:
        await seen.page.reload()
        await expect(seen.page.locator(".batch-rows [data-state=completed]")).to_have_count(len(TABLE) - 4)
        return await pictures.count() == len(TABLE) - 4

    await eventually(kept, what="the batch's pictures are stored")


async def contact_sheet(seen: Workspace, mill: Mill) -> None:
    """The contact sheet of a batch, with what is liked."""
    await batch_running(seen, mill)
    await seen.page.get_by_role("button", name="Contact sheet").click()
    tiles = seen.page.locator(".gallery-tile:has(img)")
    await expect(tiles).to_have_count(len(TABLE) - 4)
    for place in (0, 3):
        await tiles.nth(place).hover()
        await tiles.nth(place).get_by_role("button", name="Like").click()
    await expect(seen.page.get_by_role("group", name="Contact sheet")).to_contain_text("2 liked")


async def templates(seen: Workspace, mill: Mill) -> None:
    """A template whose words are asked for."""
    await done(seen, mill)
    for name, prompt in (
        ("Animals in places", "A {{animal}} in the {{place}}"),
        ("Still life", "Still life: {{things}}"),
    ):
        await seen.prompt.fill(prompt)
        await seen.button("Templates").click()
        await seen.answer("Save the form…").click()
        await seen.page.locator("dialog[open]").last.get_by_label("Name").fill(name)
        await seen.page.keyboard.press("Enter")
        await expect(
            seen.page.locator("dialog.templates").get_by_role("listitem").filter(has_text=name)
        ).to_be_visible()
        await seen.page.keyboard.press("Escape")
    await seen.button("Templates").click()
    await seen.page.locator("dialog.templates").get_by_role("button", name="Use Animals in places").click()
    asked = seen.page.locator("dialog[open]").last
    await asked.get_by_label("animal").fill("red fox")
    await asked.get_by_label("place").fill("first snow")


async def comparing_two(seen: Workspace, mill: Mill) -> None:
    """The viewer: two outputs under a divider, with the recipe beside them."""
    job_id = await made(
        mill, prompt="A fox on a poster, flat colours", model=PRESS, input={"num_images": 2, "style": "comic"}
    )
    await seen.page.evaluate("job => { location.hash = `view=${job}.0&with=${job}.1&slider` }", str(job_id))
    await expect(seen.page.locator(".viewer-picture")).to_have_count(2)
    await seen.page.keyboard.press("i")
    await expect(seen.page.locator(".viewer-recipe .recipe-row")).not_to_have_count(0)


async def viewed(seen: Workspace, mill: Mill) -> None:
    """The viewer: one picture."""
    await done(seen, mill, 4)
    job_id = await made(mill, prompt=FOX, input={"size": "832*1216"})
    await seen.page.evaluate("job => { location.hash = `view=${job}.0` }", str(job_id))
    await expect(seen.page.locator(".viewer-picture")).to_be_visible()


async def finished(seen: Workspace, mill: Mill) -> None:
    """A completed job with its picture."""
    await done(seen, mill)
    job_id = await made(mill, use_ai_prompt=True, prompt=FOX, input={"size": "1344*768"})
    await show_job(seen, job_id)
    await expect(seen.panel.locator(".output img")).to_be_visible()
    await seen.panel.get_by_role("button", name="Like", exact=True).click()
    await expect(seen.page.locator(".gallery-like[aria-pressed=true]")).to_have_count(1)
    await seen.panel.locator("h2").focus()


async def failed(seen: Workspace, mill: Mill) -> None:
    """A job that failed, and why."""
    await done(seen, mill)
    await show_job(seen, await failing(mill, kind="status", status=402, code=402, message="Insufficient credits"))


async def unclear(seen: Workspace, mill: Mill) -> None:
    """A submission without a clear response."""
    await done(seen, mill)
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=100)
    job_id = await mill.create(prompt="A market hall in Lisbon, morning")
    await mill.reaches(job_id, JobStatus.SUBMIT_UNKNOWN)
    await show_job(seen, job_id)


LIVELY: Final = (
    ("a/dear", SEEDREAM),
    ("b/cheap", FLUX),
    ("interval '4 seconds'", "interval '1 second' * (2 + n * 7 % 9)"),
    ("interval '14 seconds'", "interval '1 second' * (13 + n * 13 % 11 + extract(day FROM at)::int % 5)"),
    ("WHEN n % 4 = 1 THEN false", "WHEN n % 8 = 1 THEN false"),
    ("created_at, created_at FROM made", "created_at, date_bin('6 hours', created_at, timestamptz 'epoch') FROM made"),
)
"""What makes the planner's example look like the days of people."""


async def statistics(seen: Workspace, mill: Mill) -> None:
    """A month of work."""
    named = FILL
    for usual, lively in LIVELY:
        assert usual in named
        named = named.replace(usual, lively)
    hand = await asyncpg.connect(mill.settings.require_database_url())
    try:
        for part in range(10):
            first = now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=29 - 3 * part)
            await hand.execute(named, (34, 21, 45, 12, 28, 51, 60, 37, 48, 66)[part], LOCAL_OWNER, first)
    finally:
        await hand.close()
    await seen.page.reload()
    await seen.page.evaluate("location.hash = 'statistics'")
    await expect(seen.page.locator(".plot-card")).to_have_count(5)
    await expect(seen.page.locator(".plot-column").first).to_be_visible()


async def admin(seen: Workspace, mill: Mill) -> None:
    """Admin: who has a key, and one that is about to be made."""
    access = mill.store.access
    for owner in ("research", "team-a"):
        await access.add_owner(owner)
    ends = now() + timedelta(days=9, hours=1)
    for owner, name, role, expires_at in (
        ("research", "Dashboard in the hall", "viewer", None),
        ("team-a", "Nightly renderings", "member", ends),
        ("local", "Anna's laptop", "admin", None),
    ):
        key = await access.create_key(owner=owner, name=name, scopes=ROLES[role], by=By("local"), expires_at=expires_at)
    dialog = seen.page.locator("#sign-in-dialog")
    await dialog.get_by_label("Key").fill(key.text)
    await seen.page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await seen.page.locator("#account").wait_for()
    await seen.page.evaluate("location.hash = 'admin=keys'")
    await seen.page.get_by_role("button", name="New key").click()
    await seen.page.keyboard.type("Website of team A")
    await seen.page.get_by_label("Owner", exact=True).last.select_option("team-a")
    await expect(seen.page.locator(".admin-row")).to_have_count(3)


Scene = Callable[[Workspace, Mill], Awaitable[None]]
SCENES: Final[dict[str, tuple[Scene, dict[str, Any]]]] = {
    "empty": (empty, {}),
    "idea": (idea, {"view": "gallery"}),
    "writing": (writing, {"view": "gallery"}),
    "comparing": (comparing, {"view": "gallery"}),
    "variants": (variants, {"view": "gallery", "viewport": TALL}),
    "models": (models, {"view": "gallery"}),
    "side-by-side": (beside, {"viewport": LOW}),
    "form": (inputs, {"view": "gallery", "viewport": TALL}),
    "queue": (busy, {}),
    "running": (running, {}),
    "gallery": (gallery, {"view": "gallery", "viewport": WIDE}),
    "collection": (collection, {"view": "gallery"}),
    "batch": (batch, {}),
    "batch-running": (batch_running, {}),
    "contact-sheet": (contact_sheet, {"view": "gallery"}),
    "templates": (templates, {"view": "gallery"}),
    "viewer": (comparing_two, {"view": "gallery"}),
    "done": (finished, {"view": "gallery", "viewport": WIDE}),
    "failed": (failed, {}),
    "unclear": (unclear, {"viewport": TALL}),
    "statistics": (statistics, {"viewport": TALL}),
    "admin": (admin, {}),
    "dark": (gallery, {"view": "gallery", "color_scheme": "dark", "viewport": WIDE}),
    "phone-form": (comparing, {"viewport": PHONE}),
    "phone-jobs": (busy, {"viewport": PHONE}),
    "phone-gallery": (gallery, {"view": "gallery", "viewport": PHONE}),
    "phone-viewer": (viewed, {"view": "gallery", "viewport": PHONE, "color_scheme": "dark"}),
}
"""By the picture's name: what is to be seen, and how the browser is opened."""
