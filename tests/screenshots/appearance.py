"""How the page looks in its main states: pictures of them, stored small, and how much one differs from another.

What no two runs share is fixed or covered: outputs are one picture, times and ids are masked. The fonts are the
system's, so a picture is compared after it was made small, and a share of it may differ.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from PIL import Image, ImageChops, ImageDraw
from playwright.async_api import Page, Route, ViewportSize, expect

from tests.fixtures.browser import Workspace
from tests.fixtures.mill import Mill

FOLDER: Final = Path(__file__).parents[1] / "data" / "appearance"
DESKTOP: Final[ViewportSize] = {"width": 1360, "height": 850}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
SCALE: Final = 2
"""How many times smaller a picture is stored than it was taken."""

NOTICEABLE: Final = 40
"""By how many of 255 steps a pixel's colour must differ to count: more than smoothing makes of the same text."""

MOST_DIFFERENT: Final = 0.03
"""The share of pixels that may differ: letters of another size here and there, no other place or colour of a part."""

PASSING: Final = (
    "time, code, #connection, #simulated, #figures, #version, .row-sentence, .gallery-why, .gallery-progress,"
    " [data-section=stages], [data-section=timeline], [data-section=recipe]"
)
"""What differs from run to run: times, ids, what a job says while it goes on. The viewer lies above all of it."""

DECODED: Final = """Promise.all([...document.images].filter((image) => image.offsetParent)
    .map((image) => image.decode().catch(() => {})))"""

Look = Literal["light", "dark", "phone"]


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the share of pixels that differ noticeably; 1.0 if the sizes do."""
    if one.size != other.size:
        return 1.0
    channels = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).split()
    strongest = ImageChops.lighter(ImageChops.lighter(channels[0], channels[1]), channels[2])
    return sum(strongest.histogram()[NOTICEABLE:]) / (one.width * one.height)


def stored(name: str) -> Path:
    """Return where the picture of a state is stored."""
    return FOLDER / f"{name}.webp"


def _output() -> bytes:
    drawn = Image.linear_gradient("L").resize((600, 400))
    picture = Image.merge(
        "RGB", (drawn, drawn.point(lambda step: step // 2 + 60), drawn.point(lambda step: 200 - step // 2))
    )
    ImageDraw.Draw(picture).ellipse((220, 120, 380, 280), fill="white")
    made = BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


async def _fix_outputs(page: Page) -> None:
    """Let all outputs be one picture: the simulators' are of another colour each time."""
    picture = _output()

    async def answer(route: Route) -> None:
        await route.fulfill(body=picture, content_type="image/png")

    for address in ("**/output/*.png", "**/outputs/*/file", "**/outputs/*/thumbnail"):
        await page.route(address, answer)


async def _take(page: Page, look: Look) -> Image.Image:
    await page.emulate_media(color_scheme="dark" if look == "dark" else "light", reduced_motion="reduce")
    await page.set_viewport_size(PHONE if look == "phone" else DESKTOP)
    await page.locator(".notice .icon-button").evaluate_all("buttons => buttons.forEach((one) => one.click())")
    await page.mouse.move(0, 0)
    await page.evaluate(DECODED)
    passing = [] if "#view=" in page.url else [page.locator(PASSING)]
    taken = await page.screenshot(animations="disabled", caret="hide", mask=passing, mask_color="#808080")
    image = Image.open(BytesIO(taken)).convert("RGB")
    return image.reduce(SCALE)


async def _form(seen: Workspace, _: Mill) -> None:
    await seen.page.locator("#model").fill("wavespeed-ai/flux-dev")
    await seen.page.keyboard.press("Enter")
    await seen.prompt.fill("A kite above the dunes, late summer")
    await seen.unfold("How Grok helps")
    await expect(seen.page.locator("#run-price")).to_have_text("$0.012")


async def _list(seen: Workspace, mill: Mill) -> None:
    await seen.page.locator("#clear-form").click()
    for prompt in ("A lighthouse in the fog", "Terraced rice fields after rain", "An empty tram at night", "A heron"):
        await mill.reaches(await mill.create(prompt=prompt, input={}), "completed")
    await mill.wavespeed.order("submit", "ending", word="failed", code=500, message="The model ran out of memory")
    await mill.reaches(await mill.create(prompt="A market hall in Lisbon, morning"), "failed")
    await expect(seen.rows).to_have_count(5)
    await expect(seen.page.locator("[data-group=all] .tile-figure")).to_have_text("5")
    await seen.page.locator("[data-half=jobs]").evaluate("tab => tab.click()")


async def _gallery(seen: Workspace, _: Mill) -> None:
    await seen.page.locator("[data-view=gallery]").click()
    await expect(seen.page.locator(".gallery-tile img")).to_have_count(4)


async def _panel(seen: Workspace, _: Mill) -> None:
    job = await seen.page.locator(".gallery-tile:has(img)").first.get_attribute("data-key") or ""
    await seen.page.evaluate("job => { location.hash = `job=${job}` }", job.split(".")[0])
    await expect(seen.panel.locator(".output img")).to_be_visible()
    await expect(seen.panel.locator(".timeline li").first).to_be_visible()


async def _viewer(seen: Workspace, _: Mill) -> None:
    await seen.page.evaluate("location.hash = location.hash.replace('job', 'view') + '.0'")
    await expect(seen.page.locator(".viewer-picture")).to_be_visible()


Reach = Callable[[Workspace, Mill], Awaitable[None]]

STATES: Final[tuple[tuple[str, Reach | None, tuple[Look, ...]], ...]] = (
    ("empty", None, ("light", "dark")),
    ("form", _form, ("light", "dark", "phone")),
    ("list", _list, ("light", "dark")),
    ("gallery", _gallery, ("light", "dark", "phone")),
    ("panel", _panel, ("light", "dark")),
    ("viewer", _viewer, ("light", "phone")),
)
"""The states, each reached from the one before, and how it is looked at."""


async def appearances(seen: Workspace, mill: Mill) -> AsyncIterator[tuple[str, Image.Image]]:
    """Walk through the page, which must show nothing yet; yield the name and the picture of each state."""
    await _fix_outputs(seen.page)
    await expect(seen.page.locator("#starters button").first).to_be_visible()
    await expect(seen.page.locator("#empty")).to_contain_text("Nothing yet")
    for name, reach, looks in STATES:
        if reach:
            await reach(seen, mill)
        for look in looks:
            yield f"{name}-{look}", await _take(seen.page, look)
        await seen.page.set_viewport_size(DESKTOP)
