"""The list of keyboard shortcuts is closed without scrolling, also where it is longer than the window."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.fixtures.browser import Workspace, open_workspace


@pytest.mark.parametrize("viewport", [{"width": 1024, "height": 768}, {"width": 390, "height": 844}])
async def test_close_is_in_view(browser: Browser, workspace: Workspace, viewport: ViewportSize) -> None:
    async with open_workspace(browser, workspace.url, viewport=viewport) as seen:
        await seen.page.keyboard.press("?")
        sheet = seen.page.locator("#shortcuts-dialog")
        close = sheet.get_by_role("button", name="Close")
        await expect(close).to_be_in_viewport(ratio=1)
        await close.click()
        await expect(sheet).to_be_hidden()
