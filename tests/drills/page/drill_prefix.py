"""The page under a prefix, behind nginx as the sample file sets it up: no link leads outside it or to nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, expect

from promptmill.local.ports import LOOPBACK
from tests.fixtures.api import open_api
from tests.fixtures.browser import open_workspace
from tests.fixtures.mill import Mill
from tests.fixtures.proxies import NGINX_AT_PREFIX, NGINX_STRIPS, nginx_sample
from tests.pictures import drawn, saved

PREFIX = "/mill"
LINKS = "[...document.querySelectorAll('a[href], link[href], script[src], img[src]')].map((one) => one.href || one.src)"


@pytest.mark.parametrize("changes", [NGINX_AT_PREFIX, NGINX_STRIPS], ids=["passed on", "stripped"])
async def test_the_page_works_under_a_prefix(
    browser: Browser, mill: Mill, tmp_path: Path, changes: Mapping[str, str]
) -> None:
    settings = mill.settings.model_copy(update={"root_path": PREFIX})
    async with open_api(settings) as api:
        assert api.base_url.port is not None
        with nginx_sample(tmp_path, api.base_url.port, changes) as sample:
            origin = f"https://{LOOPBACK}:{sample.mill}"
            async with open_workspace(browser, f"{origin}{PREFIX}/", ignore_https_errors=True) as workspace:
                page = workspace.page
                await workspace.prompt.fill("A red fox in the snow")
                await workspace.queue()
                await expect(workspace.chip("completed")).to_be_visible()

                await page.locator("#upload-files").set_input_files(
                    {"name": "fox.png", "mimeType": "image/png", "buffer": saved(drawn(), "PNG")}
                )
                await expect(page.locator("#targetUrl")).to_have_value(re.compile("^http"))

                await workspace.rows.locator("a").click()
                await expect(workspace.panel.locator(".chip[data-status=completed]").first).to_be_visible()
                await page.reload()
                await expect(workspace.panel.locator(".chip[data-status=completed]").first).to_be_visible()
                await page.keyboard.press("Escape")
                await expect(page).to_have_url(f"{origin}{PREFIX}/")
                named = await page.evaluate(LINKS)

                await page.goto(f"{origin}{PREFIX}/docs")
                await page.locator(".opblock-summary", has_text="/healthz").click()
                await page.locator(".execute").click()
                await expect(page.locator(".request-url")).to_contain_text(f"{origin}{PREFIX}/healthz")
                await expect(page.locator(".live-responses-table")).to_contain_text("200")
                named += await page.evaluate(LINKS)

                await page.goto(f"{origin}{PREFIX}/docs/errors")
                await page.locator("h2 a").first.click()
                await expect(page).to_have_url(f"{origin}{PREFIX}/docs/errors/invalid_request")
                named += await page.evaluate(LINKS)

            inside = [one for one in named if one.startswith(origin)]
            assert inside
            assert [one for one in inside if not urlsplit(one).path.startswith(f"{PREFIX}/")] == []
        asked = [line.rsplit(" ", 1) for line in (tmp_path / "nginx" / "access.log").read_text().splitlines()]

    paths = {urlsplit(address).path for address, _ in asked}
    assert [path for path in paths if not path.startswith(f"{PREFIX}/")] == []
    assert {f"{PREFIX}/api/jobs/events", f"{PREFIX}/api/uploads", f"{PREFIX}/openapi.json"} <= paths
    # 499: the browser left for another page. The report of an installation whose reconciler has no schedule is a 503.
    failed = {(address, status) for address, status in asked if status >= "400" and status != "499"}
    assert failed <= {(f"{PREFIX}/api/init", "503")}
