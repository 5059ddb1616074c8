"""Whoever chose it is told when their jobs are done, while they look elsewhere."""

from __future__ import annotations

from typing import Any, Final

import httpx
from playwright.async_api import expect

from tests.fixtures.browser import Workspace, no_serious_violation
from tests.support import eventually

NOTES: Final = """
    globalThis.told = [];
    globalThis.Notification = class {
        static permission = "default";
        static requestPermission = async () => (Notification.permission = globalThis.answers ?? "granted");
        constructor(title, { body }) { told.push({ title, body }); }
        addEventListener() {}
        close() {}
    };
    const begin = OscillatorNode.prototype.start;
    globalThis.tones = 0;
    OscillatorNode.prototype.start = function (...when) { tones += 1; return begin.apply(this, when); };
"""
"""Stands in for the browser's notifications, which a browser without a screen does not show."""


async def test_jobs_that_are_done_are_told_once_by_notification_and_sound(
    workspace: Workspace, served_mill: httpx.AsyncClient
) -> None:
    page = workspace.page
    await page.add_init_script(NOTES)
    await workspace.open()
    menu = page.locator("#told-menu")
    await page.locator("#told").click()
    await no_serious_violation(page)
    await page.evaluate("globalThis.answers = 'denied'")
    await menu.get_by_label("Notifications of the browser").click()
    await expect(page.locator("#notices")).to_contain_text("does not allow notifications")
    await expect(menu.get_by_label("Notifications of the browser")).not_to_be_checked()
    await page.evaluate("globalThis.answers = 'granted'")
    await menu.get_by_label("Notifications of the browser").click()
    await menu.get_by_label("A sound").click()
    await expect(menu.get_by_label("Notifications of the browser")).to_be_checked()
    tones = await page.evaluate("tones")
    await page.keyboard.press("Escape")

    for words in ("a fox", "a badger"):
        job = {"model": "bytedance/seedream-v4", "prompt": words}
        assert (await served_mill.post("/api/jobs/create", json=job)).status_code == 202

    async def notified() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await page.evaluate("told")
        return found

    told = await eventually(notified, what="a notification")
    assert [one["body"] for one in told] in (
        ["All of them completed."],
        ["The job is complete."] * 2,  # the second was accepted when the first had ended
    ), told
    assert await page.evaluate("tones") > tones
    await workspace.open()
    await page.locator("#told").click()
    await expect(menu.get_by_label("A sound")).to_be_checked()
