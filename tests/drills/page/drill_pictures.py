"""Images from this machine: by the button, dropped or pasted; their progress, and why they are refused."""

from __future__ import annotations

import re
from base64 import b64encode
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, Locator, expect

from tests.fixtures.api import open_api
from tests.fixtures.browser import Workspace, open_workspace
from tests.fixtures.mill import EDIT_MODEL, Mill
from tests.support import eventually

STORED = re.compile(r"^http://127\.0\.0\.1:\d+/files/.*\.png$")
DROP = """async ([name, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name, { type: "image/png" }));
    const marked = [];
    for (const kind of ["dragover", "drop"]) {
        const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector("#jobs-title").dispatchEvent(event);
        marked.push(event.defaultPrevented, document.querySelector("#pictures").classList.contains("is-dropping"));
    }
    return marked;
}"""


def picture(kind: str = "PNG", side: int = 64) -> bytes:
    drawn = BytesIO()
    Image.effect_noise((side, side), 60).convert("RGB").save(drawn, kind)
    return drawn.getvalue()


def chosen(name: str = "fox.png", mime: str = "image/png", content: bytes | None = None) -> list[FilePayload]:
    return [{"name": name, "mimeType": mime, "buffer": picture() if content is None else content}]


class Pictures:
    """The form's image section."""

    def __init__(self, workspace: Workspace) -> None:
        self.page = workspace.page
        self.target = self.page.locator("#targetUrl")
        self.references = self.page.locator("#references input")
        self.lines = self.page.locator("#uploads .upload")

    async def choose(self, files: list[FilePayload]) -> None:
        await self.page.locator("#upload-files").set_input_files(files)

    async def shown(self, thumbnail: Locator) -> None:
        seen = "picture => picture.naturalWidth > 0"
        await eventually(lambda: thumbnail.evaluate(seen), what="the thumbnail is shown")


@pytest.fixture
def pictures(workspace: Workspace) -> Pictures:
    return Pictures(workspace)


async def test_a_chosen_picture_becomes_the_target_and_is_what_the_model_gets(
    workspace: Workspace, mill: Mill, pictures: Pictures
) -> None:
    page = workspace.page
    await mill.wavespeed.order("upload", "hold")
    await page.locator("#model").fill(EDIT_MODEL)
    await page.keyboard.press("Enter")
    await workspace.prompt.fill("The fox wears a hat")
    await pictures.choose(chosen("fox.webp", "image/webp", picture("WEBP")))
    await expect(pictures.lines).to_contain_text("fox.webp")
    await expect(page.locator("#reasons")).to_contain_text("A file is being uploaded")
    await mill.wavespeed.asked("upload")
    await mill.wavespeed.release()

    await expect(pictures.target).to_have_value(STORED)
    await expect(pictures.lines).to_have_count(0)
    await pictures.shown(page.locator("#target .thumb img"))
    await workspace.queue()
    await expect(workspace.chip("completed")).to_be_visible()
    [request] = await mill.wavespeed.requests("submit")
    assert request["body"]["images"] == [await pictures.target.input_value()]


async def test_dropped_pictures_fill_the_places_one_after_the_other(workspace: Workspace, pictures: Pictures) -> None:
    for name in ("first.png", "second.png"):
        content = b64encode(picture()).decode()
        # Wherever it is dropped: otherwise the browser would open the image. Its target is highlighted meanwhile.
        assert await workspace.page.evaluate(DROP, [name, content]) == [True, True, True, False]
        await expect(pictures.lines).to_have_count(0)

    await expect(pictures.target).to_have_value(STORED)
    await expect(pictures.references).to_have_count(1)
    await expect(pictures.references.first).to_have_value(STORED)


async def test_a_pasted_picture_is_taken_and_a_pasted_text_stays_a_text(
    workspace: Workspace, pictures: Pictures
) -> None:
    page = workspace.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await workspace.prompt.focus()
    await page.evaluate("navigator.clipboard.writeText('A fox, pasted')")
    await page.keyboard.press("Control+v")
    await expect(workspace.prompt).to_have_value("A fox, pasted")
    await page.evaluate(
        """async (content) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const blob = new Blob([bytes], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
        }""",
        b64encode(picture()).decode(),
    )
    await page.keyboard.press("Control+v")

    await expect(pictures.target).to_have_value(STORED)
    await expect(workspace.prompt).to_have_value("A fox, pasted")


async def test_what_is_no_picture_is_refused_in_words_that_stay(
    workspace: Workspace, mill: Mill, pictures: Pictures
) -> None:
    page = workspace.page
    await pictures.choose(chosen("fox.gif", "image/gif", b"GIF89a"))
    await expect(pictures.lines).to_contain_text("Only JPEG, PNG and WebP images")
    await pictures.choose(chosen("empty.png", content=b""))
    await pictures.choose(chosen("page.png", content=b"<html>not a picture</html>"))

    await expect(pictures.lines).to_have_count(3)
    await expect(pictures.lines.nth(1)).to_contain_text("empty")
    # The server checks its content.
    await expect(pictures.lines.nth(2)).to_have_attribute("data-tone", "bad")
    await expect(pictures.lines.nth(2)).to_contain_text("JPEG")
    await page.get_by_role("button", name="Close: page.png").click()
    await expect(pictures.lines).to_have_count(2)
    await expect(pictures.target).to_have_value("")
    assert await mill.wavespeed.requests("upload") == []


async def test_a_picture_that_is_too_large_is_not_even_sent(browser: Browser, mill: Mill) -> None:
    settings = mill.settings.model_copy(update={"upload_max_bytes": 1024 * 1024})
    async with open_api(settings) as client, open_workspace(browser, str(client.base_url)) as workspace:
        sent: list[Any] = []
        workspace.page.on("request", lambda request: sent.append(request) if "/api/uploads" in request.url else None)
        # The limit is known once the installation's report has arrived.
        await workspace.page.locator("#simulated:visible").wait_for()
        pictures = Pictures(workspace)
        await pictures.choose(chosen(content=picture(side=900)))

        await expect(pictures.lines).to_contain_text("larger than 1 MiB")
        assert sent == []


async def test_an_upload_can_be_stopped_and_a_failed_one_tried_again(
    workspace: Workspace, mill: Mill, pictures: Pictures
) -> None:
    page = workspace.page
    await mill.wavespeed.order("upload", "hold")
    await pictures.choose(chosen())
    await mill.wavespeed.asked("upload")
    await page.get_by_role("button", name="Cancel the upload of fox.png").click()
    await expect(pictures.lines).to_have_count(0)
    await expect(page.locator("#reasons")).not_to_contain_text("being uploaded")
    await mill.wavespeed.release()

    await mill.wavespeed.order("upload", "status", status=500)
    await pictures.choose(chosen())
    await expect(pictures.lines).to_contain_text("WaveSpeed")
    await expect(pictures.target).to_have_value("")
    await workspace.button("Try again").click()

    await expect(pictures.target).to_have_value(STORED)


PRESS = "simulated/poster-press/text-to-image"
KLING_3 = "kwaivgi/kling-v3.0-std/image-to-video"
"""Both are only in WaveSpeed's list: one takes up to four images, the other a single one."""

ADDRESSES = [f"https://pictures.example/{number}.png" for number in range(5)]


async def fill_in(workspace: Workspace, model: str, target: str, references: list[str]) -> None:
    """Fill in the form with a prompt of our own."""
    page = workspace.page
    await page.locator("#clear-form").click()
    await page.locator("#model").fill(model)
    await page.keyboard.press("Enter")
    await workspace.prompt.fill("A fox")
    await page.locator("#targetUrl").fill(target)
    for number, address in enumerate(references):
        await page.locator("#add-reference").click()
        await page.locator(f"#refUrl-{number}").fill(address)


@pytest.mark.parametrize(
    ("model", "target", "references"),
    [(PRESS, ADDRESSES[0], ADDRESSES[1:4]), (KLING_3, "", ADDRESSES[:1]), (KLING_3, ADDRESSES[0], ADDRESSES[1:3])],
)
async def test_the_page_and_a_program_have_the_same_pictures_sent(
    workspace: Workspace, mill: Mill, served_mill: httpx.AsyncClient, model: str, target: str, references: list[str]
) -> None:
    await fill_in(workspace, model, target, references)
    await workspace.queue()
    await expect(workspace.chip("completed")).to_be_visible()
    inputs = {"style": "poster"} if model == PRESS else {}
    asked = {"model": model, "prompt": "A fox", "input": inputs, "targetUrl": target, "refUrls": references}
    assert (await served_mill.post("/api/jobs/create", json=asked)).status_code == 202
    await expect(workspace.rows).to_have_count(2)
    await expect(workspace.chip("completed")).to_be_visible()

    by_page, by_program = [
        {name: request["body"].get(name) for name in ("image", "images")}
        for request in await mill.wavespeed.requests("submit")
    ]
    assert by_page == by_program
    assert any(by_page.values())


async def test_more_pictures_than_the_model_takes_are_refused_in_words_that_say_how_many(
    workspace: Workspace, mill: Mill
) -> None:
    await fill_in(workspace, PRESS, ADDRESSES[0], ADDRESSES[1:])
    await workspace.queue()

    await expect(workspace.page.locator("#pictures .wrong")).to_contain_text(f"{PRESS} takes 4 images at most")
    assert await mill.wavespeed.requests("submit") == []


async def test_a_job_used_again_brings_also_the_pictures_that_only_grok_saw(workspace: Workspace, mill: Mill) -> None:
    target, *references = ADDRESSES[:3]
    job_id = await mill.create(
        model=KLING_3, input={"image": target}, target_url=target, ref_urls=tuple(references), use_ai_prompt=True
    )
    await mill.reaches(job_id, "completed")
    await workspace.rows.get_by_role("button", name=re.compile("^Reuse")).click()

    await expect(workspace.page.locator("#targetUrl")).to_have_value(target)
    await expect(workspace.page.locator("#references input")).to_have_count(2)
    await expect(workspace.page.locator("#rawInput")).to_have_value("")
