"""Takes the user guide's screenshots (`make screenshots`): one state of the page each, on a Promptmill of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, expect

from api.clock import now
from promptmill.contracts.access import ROLES, By
from promptmill.contracts.jobs import JobStatus, MediaKind
from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import Mill

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
MAX_BYTES: Final = 150_000
DESKTOP: Final = {"width": 1360, "height": 850}
DECODED: Final = """Promise.all([...document.images].filter((image) => image.offsetParent)
    .map((image) => image.decode().catch(() => {})))"""
PHONE: Final = {"width": 390, "height": 844}
PROMPTS: Final = (
    "A lighthouse in the fog, seen from the sea at dawn",
    "Portrait of a violin maker in her workshop, window light",
    "A red fox in the first snow, low angle, shallow depth of field",
    "Terraced rice fields after rain, drone view",
    "Still life: quinces, pewter jug, linen, north light",
    "An empty tram at night, rain on the windows",
    "A heron over the reeds, long exposure",
)
PRESS: Final = "simulated/poster-press/text-to-image"
VIDEO: Final = "alibaba/wan-2.6/text-to-video"


async def done(mill: Mill, count: int = len(PROMPTS)) -> None:
    for prompt in PROMPTS[:count]:
        await mill.reaches(await mill.create(prompt=prompt, input={}), "completed")


async def empty(_: Workspace, __: Mill) -> None:
    """Nothing yet."""


async def busy(seen: Workspace, mill: Mill) -> None:
    """A busy queue: some wait, one is being written, some are generating, some have ended."""
    await done(mill)
    await mill.wavespeed.order("submit", "ending", word="failed", code=500, message="The model ran out of memory")
    await mill.reaches(await mill.create(prompt="A market hall in Lisbon, morning"), "failed")
    await mill.wavespeed.order("submit", "never", times=3)
    for prompt in ("A glass house in a pine forest, dusk", "Ink drawing of a walking stilt house"):
        await mill.reaches(await mill.create(prompt=prompt, priority=8), "generating")
    video = await mill.create(prompt="Clouds over the pass", model=VIDEO, kind=MediaKind.VIDEO, input={})
    await mill.reaches(video, "generating")
    await mill.grok.order("chat", "hold", times=2)
    await mill.create(use_ai_prompt=True, instructions="A quiet harbour")
    await mill.accept(prompt="A paper boat on a puddle")
    await seen.prompt.fill("A kite above the dunes, late summer")
    await expect(seen.rows).to_have_count(13)
    await expect(seen.page.locator(".chip[data-status=prompting]")).to_have_count(1)


async def writing(seen: Workspace, mill: Mill) -> None:
    """Grok is writing."""
    await done(mill, 3)
    await mill.grok.order("chat", "hold")
    await seen.prompt.fill("A fox in the snow")
    await seen.generate()
    await expect(seen.ai).to_contain_text("Grok is writing, 2")


async def comparing(seen: Workspace, mill: Mill) -> None:
    """Both texts side by side."""
    await done(mill, 3)
    await seen.prompt.fill("A fox in the snow")
    await seen.page.locator("#instructions").fill("Calm mood, room for a headline on the left")
    await seen.generate()
    await expect(seen.page.locator(".compare")).to_be_visible()


async def running(seen: Workspace, mill: Mill) -> None:
    """A job that is generating."""
    await done(mill, 4)
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create(use_ai_prompt=True, instructions="A harbour in the evening, calm")
    await mill.reaches(job_id, "generating")
    await show_job(seen, job_id)


async def finished(seen: Workspace, mill: Mill) -> None:
    """A completed job with its image."""
    await done(mill, 6)
    job_id = await mill.create(use_ai_prompt=True, prompt="A red fox in the first snow", input={})
    await mill.reaches(job_id, "completed")
    await show_job(seen, job_id)
    await expect(seen.panel.locator(".output img")).to_be_visible()
    await seen.panel.get_by_role("button", name="Keep", exact=True).click()
    await expect(seen.rows.first.locator(".row-note")).to_contain_text("kept")
    await seen.panel.locator("h2").focus()


async def form(seen: Workspace, mill: Mill) -> None:
    """A model from WaveSpeed's list: its inputs, an image being uploaded, and the price."""
    await done(mill, 3)
    await seen.page.locator("#model").fill(PRESS)
    await seen.page.keyboard.press("Enter")
    await seen.prompt.fill("A fox on a poster, flat colours")
    await seen.page.locator("#field-style").select_option("comic")
    await seen.page.locator("#field-num_images").fill("2")
    await seen.page.locator("#upload-files").set_input_files([_picture("fox.png", "coral")])
    await expect(seen.page.locator("#targetUrl")).not_to_have_value("")
    await mill.wavespeed.order("upload", "hold")
    await seen.page.locator("#upload-files").set_input_files([_picture("snow.png", "lightblue")])
    await mill.wavespeed.asked("upload", 2)
    await expect(seen.page.locator("#uploads")).to_contain_text("checking")
    await expect(seen.page.locator("#price")).to_contain_text("At least")


def _picture(name: str, colour: str) -> FilePayload:
    drawn = BytesIO()
    Image.new("RGB", (64, 64), colour).save(drawn, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": drawn.getvalue()}


async def failed(seen: Workspace, mill: Mill) -> None:
    """A job that failed, and why."""
    await done(mill, 4)
    await mill.wavespeed.order("submit", "status", status=402, code=402, message="Insufficient credits")
    job_id = await mill.create(prompt="A market hall in Lisbon, morning")
    await mill.reaches(job_id, "failed")
    await show_job(seen, job_id)


async def unclear(seen: Workspace, mill: Mill) -> None:
    """A submission without a clear response."""
    await done(mill, 4)
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=100)
    job_id = await mill.create(prompt="A market hall in Lisbon, morning")
    await mill.reaches(job_id, JobStatus.SUBMIT_UNKNOWN)
    await show_job(seen, job_id)


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
        made = await access.create_key(
            owner=owner, name=name, scopes=ROLES[role], by=By("local"), expires_at=expires_at
        )
    dialog = seen.page.locator("#sign-in-dialog")
    await dialog.get_by_label("Key").fill(made.text)
    await seen.page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await seen.page.locator("#account").wait_for()
    await seen.page.evaluate("location.hash = 'admin=keys'")
    await seen.page.get_by_role("button", name="New key").click()
    await seen.page.keyboard.type("Website of team A")
    await seen.page.get_by_label("Owner", exact=True).last.select_option("team-a")
    await expect(seen.page.locator(".admin-row")).to_have_count(3)


async def show_job(seen: Workspace, job_id: Any) -> None:
    await seen.page.evaluate("job => { location.hash = `job=${job}` }", str(job_id))
    await expect(seen.panel.locator(".timeline li")).not_to_have_count(0)


Scene = Callable[[Workspace, Mill], Awaitable[None]]
PICTURES: Final[dict[str, tuple[Scene, dict[str, Any]]]] = {
    "empty": (empty, {}),
    "queue": (busy, {}),
    "writing": (writing, {}),
    "comparing": (comparing, {}),
    "running": (running, {}),
    "done": (finished, {"viewport": {"width": 1600, "height": 950}}),
    "form": (form, {"viewport": {"width": 1360, "height": 1000}}),
    "failed": (failed, {}),
    "unclear": (unclear, {"viewport": {"width": 1360, "height": 1000}}),
    "admin": (admin, {}),
    "dark": (busy, {"color_scheme": "dark"}),
    "phone-form": (comparing, {"viewport": PHONE}),
    "phone-jobs": (busy, {"viewport": PHONE}),
}


def shrink(picture: Path) -> None:
    """Rewrite an image in as few bytes as possible, with a palette only if it would be too large."""
    image = Image.open(picture).convert("RGB")
    image.save(picture, optimize=True)
    if picture.stat().st_size >= MAX_BYTES:
        image.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(picture, optimize=True)


@pytest.mark.parametrize("name", PICTURES)
async def test_picture(name: str, browser: Browser, served_mill: httpx.AsyncClient, mill: Mill) -> None:
    scene, context = PICTURES[name]
    await served_mill.post("/api/init")
    async with open_workspace(browser, str(served_mill.base_url), **({"viewport": DESKTOP} | context)) as seen:
        await scene(seen, mill)
        rows = await seen.rows.count()
        await expect(seen.page.locator("[data-group=all] .tile-figure")).to_have_text(str(rows))
        if name == "phone-jobs":
            await seen.page.locator("[data-half=jobs]").click()
        await seen.page.locator(".notice .icon-button").evaluate_all("buttons => buttons.forEach((one) => one.click())")
        await seen.page.evaluate(DECODED)
        picture = FOLDER / f"{name}.png"
        await seen.page.screenshot(path=picture, animations="disabled")
        shrink(picture)
        assert picture.stat().st_size < MAX_BYTES
        await mill.grok.release(held=0)
        await mill.wavespeed.release(held=0)
