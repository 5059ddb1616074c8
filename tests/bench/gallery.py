"""How smoothly the gallery scrolls through 10,000 tiles, and how much of them the browser holds: a real Chromium."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import httpx
from PIL import Image, ImageFilter
from playwright.async_api import CDPSession, Page, Route

from tests.fixtures.browser import DESKTOP, intercept, open_browser, open_workspace
from tests.support import eventually

TILES: Final = 10_000
PAGE: Final = 200
SIZES: Final = ((512, 512), (512, 341), (341, 512), (512, 288))
PATIENCE_SECONDS: Final = 300.0
SCROLL: Final = """async (scroller) => {
    const intervals = [];
    let before = await new Promise(requestAnimationFrame);
    const until = before + 8000;
    let step = -60;
    while (before < until) {
        scroller.scrollTop += step;
        if (scroller.scrollTop <= 0) step = 60;
        const now = await new Promise(requestAnimationFrame);
        intervals.push(now - before);
        before = now;
    }
    return intervals;
}"""
"""Scrolls 60 pixels with each frame, faster than anybody looks at pictures; returns the frames' milliseconds."""


@dataclass(frozen=True)
class Scrolling:
    """What scrolling through all tiles took.

    Attributes:
        frames_per_second: While scrolling without a pause.
        worst_ms: The 99th percentile of the time from one frame to the next.
        work_ms: What the page's thread worked for a frame, which other load on the machine hardly changes.
        elements: The most that were in the document.
        heap_mib: JavaScript's memory afterwards.
        first_heap_mib: The same with the first page of jobs only.
    """

    frames_per_second: float
    worst_ms: float
    work_ms: float
    elements: int
    heap_mib: float
    first_heap_mib: float


async def scroll_gallery(chromium: str, url: str, job: dict[str, Any]) -> Scrolling:
    """Scroll a gallery of copies of a completed job, each with a thumbnail of its own; no other must be stored."""
    jobs = [_copy(job, number) for number in range(TILES)]
    thumbnails = [_thumbnail(size, hue) for size in SIZES for hue in range(0, 250, 40)]

    async def answer_jobs(route: Route) -> None:
        start = int(httpx.URL(route.request.url).params.get("cursor", 0))
        more = str(start + PAGE) if start + PAGE < TILES else None
        body = {"items": jobs[start : start + PAGE], "nextCursor": more, "searchedUntil": None}
        await route.fulfill(body=json.dumps(body), content_type="application/json")

    async def answer_thumbnail(route: Route) -> None:
        number = int(route.request.url.split("/")[-4][:8], 16)
        await route.fulfill(body=thumbnails[number % len(thumbnails)], content_type="image/webp")

    async with (
        open_browser(chromium) as browser,
        open_workspace(browser, url, view="gallery", viewport=DESKTOP) as seen,
    ):
        page = seen.page
        await page.route("**/thumbnail", answer_thumbnail)
        await intercept(page, "**/api/jobs?*", answer_jobs)
        await page.locator("[data-group=done]").click()
        await page.locator("[data-group=all]").click()
        await page.locator(f'.gallery-tile[data-key="{jobs[0]["jobId"]}.0"]').wait_for()
        first_heap = await _heap_mib(page)
        scroller = page.locator("#jobs-scroll")
        elements: list[int] = []

        async def all_are_read() -> bool:
            await scroller.evaluate("one => one.scrollTo(0, one.scrollHeight)")
            elements.append(await page.evaluate("document.querySelectorAll('*').length"))
            return await page.locator(f'.gallery-tile[data-key="{jobs[-1]["jobId"]}.0"]').count() == 1

        await eventually(all_are_read, PATIENCE_SECONDS, what=f"{TILES} tiles are read")
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = await metric(session, "TaskDuration")
        intervals = sorted(await scroller.evaluate(SCROLL))
        work = await metric(session, "TaskDuration") - before
        elements.append(await page.evaluate("document.querySelectorAll('*').length"))
        return Scrolling(
            frames_per_second=1000 * len(intervals) / sum(intervals),
            worst_ms=intervals[int(len(intervals) * 0.99)],
            work_ms=1000 * work / len(intervals),
            elements=max(elements),
            heap_mib=await _heap_mib(page),
            first_heap_mib=first_heap,
        )


def _copy(job: dict[str, Any], number: int) -> dict[str, Any]:
    job_id = f"{number:08x}{job['jobId'][8:]}"
    width, height = SIZES[number % len(SIZES)]
    stored = {"state": "stored", "width": width, "height": height, "posterUrl": None, "previewUrl": None}
    stored["url"] = f"/api/jobs/{job_id}/outputs/0/file"
    stored["thumbnailUrl"] = f"/api/jobs/{job_id}/outputs/0/thumbnail"
    outputs = [job["outputs"][0] | {"stored": stored}]
    created = f"2026-01-01T{23 - number // 3600:02}:{59 - number // 60 % 60:02}:{59 - number % 60:02}Z"
    return job | {"jobId": job_id, "prompt": f"Number {number}", "createdAt": created, "outputs": outputs}


def _thumbnail(size: tuple[int, int], hue: int) -> bytes:
    """A picture that is as costly to decode as a photograph's thumbnail."""
    noise = Image.effect_noise(size, 60).filter(ImageFilter.GaussianBlur(2))
    drawn = BytesIO()
    Image.merge("HSV", (Image.new("L", size, hue), Image.new("L", size, 120), noise)).convert("RGB").save(drawn, "WEBP")
    return drawn.getvalue()


async def _heap_mib(page: Page) -> float:
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    await session.send("Performance.enable")
    return await metric(session, "JSHeapUsedSize") / 2**20


async def metric(session: CDPSession, name: str) -> float:
    """Return one of the browser's own figures of a page."""
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == name))
