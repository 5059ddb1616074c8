"""Who uses the page: signing in and out, what a key allows, and Admin."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Any, Final

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, Locator, Page, Response, Route, expect
from pydantic import SecretStr

from api.http.wrong_tokens import MOST_WRONG
from promptmill.contracts.jobs import JobStatus
from tests.fixtures.api import open_api
from tests.fixtures.browser import (
    DESKTOP,
    PATIENCE_MS,
    Workspace,
    intercept,
    keeps_nobody_out,
    no_serious_violation,
    with_view,
)
from tests.fixtures.mill import Mill
from tests.support import open_http

TOKEN: Final = "a token of the settings, long enough"
WRITES: Final = "takes the scope jobs:write"


def picture() -> bytes:
    drawn = BytesIO()
    Image.effect_noise((64, 64), 60).convert("RGB").save(drawn, "PNG")
    return drawn.getvalue()


@dataclass
class Guarded:
    """An installation where everybody has to sign in, and its first admin."""

    admin: httpx.AsyncClient

    @property
    def url(self) -> str:
        return str(self.admin.base_url)

    async def owner(self, name: str) -> None:
        (await self.admin.post("/api/owners", json={"name": name})).raise_for_status()

    async def key(self, role: str, owner: str = "local", name: str = "Anna") -> str:
        made = await self.admin.post("/api/keys", json={"name": name, "owner": owner, "role": role})
        key: str = made.raise_for_status().json()["key"]
        return key

    async def get(self, path: str, key: str) -> httpx.Response:
        return await self.admin.get(path, headers={"Authorization": f"Bearer {key}"})

    async def prompts(self, key: str) -> list[str]:
        return [job["prompt"] for job in (await self.get("/api/jobs", key)).json()["items"]]

    async def end_sessions(self) -> None:
        for session in (await self.admin.get("/api/sessions")).json()["items"]:
            (await self.admin.delete(f"/api/sessions/{session['id']}")).raise_for_status()


@pytest.fixture
async def guarded(mill: Mill) -> AsyncIterator[Guarded]:
    for provider in (mill.grok, mill.wavespeed):
        await provider.set_timing(min_seconds=0.05, max_seconds=0.1)
    async with open_api(mill.settings.model_copy(update={"api_token": SecretStr(TOKEN)})) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield Guarded(client)


@asynccontextmanager
async def open_page(browser: Browser, url: str, **context: Any) -> AsyncIterator[Page]:
    """Open the page, with its list, where nobody is signed in; a script error fails the test."""
    opened = await browser.new_context(**({"viewport": DESKTOP, "storage_state": with_view(url)} | context))
    opened.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    try:
        page = await opened.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(url)
        yield page
        assert faults == []
    finally:
        await opened.close()


def dialog_of(page: Page) -> Locator:
    return page.locator("#sign-in-dialog[open]")


async def sign_in(page: Page, key: str) -> None:
    await dialog_of(page).get_by_label("Key").fill(key)
    await page.keyboard.press("Enter")
    await expect(dialog_of(page)).to_be_hidden()


async def queue_without_a_session(page: Page, guarded: Guarded) -> None:
    """Queue the form, and end the session before the server is asked: the page's own calls would notice it first."""
    pressed, ended = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        pressed.set()
        await ended.wait()
        await route.continue_()

    await expect(page.locator("#run")).to_have_attribute("aria-disabled", "false")
    await intercept(page, "**/api/jobs/create", hold)
    await page.keyboard.press("Control+Enter")
    await pressed.wait()
    await guarded.end_sessions()
    ended.set()
    await page.unroute("**/api/jobs/create", hold)


async def test_a_key_is_exchanged_for_a_session_until_signing_out(browser: Browser, guarded: Guarded) -> None:
    key = await guarded.key("member", name="Anna's laptop")
    async with open_page(browser, guarded.url) as page:
        dialog = dialog_of(page)
        for number in range(MOST_WRONG + 1):
            told = "not valid" if number < MOST_WRONG else "Too many wrong keys"
            await dialog.get_by_label("Key").fill(f"guess {number}")
            await page.keyboard.press("Enter")
            await expect(dialog.get_by_role("alert")).to_contain_text(told)
        await intercept(page, "**/api/session", lambda route: route.abort())
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("alert")).to_contain_text("not responding")
        await page.unroute_all()
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await sign_in(page, key)
        await expect(page.locator("#empty")).to_contain_text("Nothing yet")
        await expect(page.locator("#connection")).to_contain_text("Live")

        cookies = await page.context.cookies()
        assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [(True, "Strict")]
        assert await page.evaluate("[document.cookie, sessionStorage.length]") == ["", 0]
        assert key not in await page.evaluate("JSON.stringify(localStorage)")
        await page.locator("#prompt").fill("A secret fox")
        await page.reload()
        await page.get_by_role("button", name="Signed in: Anna's laptop").click()
        await expect(page.locator("#account-menu")).to_contain_text("local · member")
        await expect(page.locator("#admin-link")).to_be_hidden()
        await page.get_by_role("button", name="Sign out").click()

        await expect(dialog).to_be_visible()
        await expect(page.locator("#prompt")).to_have_value("")
        assert await page.context.cookies() == []
        await sign_in(page, await guarded.key("metrics"))
        await expect(page.locator("#empty")).to_contain_text("You may not see jobs")


async def test_a_session_that_ends_while_somebody_types_loses_nothing(browser: Browser, guarded: Guarded) -> None:
    key = await guarded.key("member")
    async with open_page(browser, guarded.url) as page:
        await sign_in(page, key)
        await expect(page.locator("#connection")).to_contain_text("Live")
        prompt = page.locator("#prompt")
        await prompt.fill("A fox in the")
        await guarded.end_sessions()
        await expect(dialog_of(page)).to_contain_text("nothing that you typed is lost")
        await sign_in(page, key)
        await expect(prompt).to_be_focused()
        await page.keyboard.type(" snow")
        await expect(prompt).to_have_value("A fox in the snow")

        await queue_without_a_session(page, guarded)
        await page.locator("#upload-files").set_input_files(
            {"name": "fox.png", "mimeType": "image/png", "buffer": picture()}
        )
        await sign_in(page, key)
        await expect(page.locator("#targetUrl")).to_have_value(re.compile(r"/files/.*\.png$"))
        await expect(page.locator(".row")).to_have_count(1)
        assert await guarded.prompts(key) == ["A fox in the snow"]


async def test_whoever_signs_in_as_somebody_else_starts_anew(browser: Browser, guarded: Guarded) -> None:
    await guarded.owner("team-a")
    mine, theirs = await guarded.key("member"), await guarded.key("member", "team-a")
    async with open_page(browser, guarded.url) as page:
        await sign_in(page, mine)
        await page.locator("#prompt").fill("A fox")
        await queue_without_a_session(page, guarded)
        await sign_in(page, theirs)

        await expect(page.locator("#empty")).to_contain_text("Nothing yet")
        await expect(page.get_by_role("button", name="Signed in: Anna, team-a")).to_be_visible()
        await expect(page.locator("#prompt")).to_have_value("A fox")
        assert [await guarded.prompts(key) for key in (mine, theirs)] == [[], []]

        # The browser's tabs have one session: what the other one shows is not for whoever signs in here.
        other = await page.context.new_page()
        await other.goto(guarded.url)
        # This one notices nothing meanwhile: it would ask for a key, and who is asked has seen that the session ended.
        await intercept(page, "**/api/**", lambda route: route.abort())
        await other.get_by_role("button", name="Signed in: Anna, team-a").click()
        await other.get_by_role("button", name="Sign out").click()
        await sign_in(other, mine)
        await page.unroute("**/api/**")
        await page.evaluate("window.dispatchEvent(new Event('focus'))")
        await expect(page.get_by_role("button", name="Signed in: Anna, local")).to_be_visible()


async def test_a_viewer_is_told_why_nothing_can_be_changed(browser: Browser, guarded: Guarded, mill: Mill) -> None:
    await mill.reaches(await mill.create(prompt="Done"), "completed")
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=100)
    await mill.reaches(await mill.create(prompt="Was it taken?"), JobStatus.SUBMIT_UNKNOWN)
    key = await guarded.key("viewer")
    async with open_page(browser, guarded.url) as page:
        await sign_in(page, key)
        await expect(page.locator(".row")).to_have_count(2)
        await expect(page.locator("#reasons li")).to_have_count(1)
        await expect(page.locator("#reasons li")).to_contain_text(WRITES)
        for control in ("#run", "#ai-generate", "#upload"):
            await expect(page.locator(control)).to_have_attribute("aria-disabled", "true")
        for control in ("#ai-generate", "#upload"):
            await expect(page.locator(control)).to_have_attribute("title", re.compile(WRITES))
            await expect(page.locator(control)).to_have_attribute("aria-description", re.compile(WRITES))
        await page.locator("#upload").dispatch_event("click")
        await expect(page.locator("#notices")).to_contain_text(WRITES)
        await expect(page.locator(".row").first.get_by_role("button", name="Reuse")).to_be_visible()
        await expect(page.locator(".row").get_by_role("button", name=re.compile("Cancel|Retry"))).to_have_count(0)
        await page.locator(".row a").first.click()
        panel = page.locator("#panel")
        await expect(panel).to_contain_text("takes the scope jobs:resolve")
        for decision in ("Submit again", "Abandon the job"):
            await panel.get_by_role("button", name=decision).dispatch_event("click")
            await expect(page.locator("dialog[open]")).to_have_count(0)
        await page.locator(".row a").nth(1).click()
        await panel.get_by_role("button", name="Like", exact=True).dispatch_event("click")
        await expect(page.locator("#announcements")).to_contain_text(WRITES)
        await no_serious_violation(page)


async def test_an_admin_makes_a_key_and_revokes_it(browser: Browser, guarded: Guarded) -> None:
    async with open_page(browser, f"{guarded.url}#admin") as page:
        await sign_in(page, TOKEN)
        admin = page.locator("#admin")
        await admin.get_by_label("New owner").fill("Team A")
        await page.keyboard.press("Enter")
        await expect(admin.get_by_role("alert")).to_contain_text("lowercase letters")
        await admin.get_by_label("New owner").fill("team-a")
        await page.keyboard.press("Enter")
        # The list is read again after each change: what stays in it stays in the document, so that no press is lost.
        keys_of_team = admin.get_by_role("link", name="Keys of team-a")
        link = await keys_of_team.element_handle()
        assert link is not None
        await admin.get_by_label("New owner").fill("team-b")
        await page.keyboard.press("Enter")
        await expect(admin.get_by_role("link", name="Keys of team-b")).to_be_visible()
        assert await link.evaluate("link => link.isConnected")
        await keys_of_team.click()
        await expect(admin).to_contain_text("There is no key of team-a")
        await admin.get_by_role("button", name="New key").click()
        await page.keyboard.type("Nightly renderings")
        await admin.get_by_label("Role").select_option("custom")
        await admin.get_by_label("jobs:write").check()
        await admin.get_by_role("button", name="Create the key").click()
        await expect(admin).to_contain_text("shown only this once")
        key = await admin.get_by_label("The new key").input_value()
        row = admin.locator(".admin-row", has_text="Nightly renderings")
        await expect(row).to_contain_text("Member")
        assert (await guarded.get("/api/jobs", key)).status_code == 200
        await admin.get_by_role("button", name="I have stored it").click()
        await expect(admin.get_by_role("button", name="New key")).to_be_focused()
        assert key not in await page.content()

        await row.get_by_role("button", name="Revoke").click()
        await page.locator("dialog[open]").get_by_role("button", name="Revoke the key").click()
        await expect(row).to_have_count(0)
        await admin.get_by_label("Show 1 revoked").check()
        await expect(row).to_contain_text("Revoked")
        assert (await guarded.get("/api/jobs", key)).status_code == 401

        await admin.get_by_role("link", name="Sessions").click()
        await expect(admin.locator(".admin-row")).to_contain_text("This browser")
        await admin.get_by_role("button", name="End the session of API token").click()
        await page.locator("dialog[open]").get_by_role("button", name="End the session").click()
        await expect(dialog_of(page)).to_be_visible()


async def test_an_admin_acts_for_another_owner(browser: Browser, guarded: Guarded) -> None:
    await guarded.owner("team-a")
    member, admin = await guarded.key("member", "team-a"), await guarded.key("admin")
    async with open_page(browser, f"{guarded.url}#admin=owners") as page:
        await sign_in(page, admin)
        await page.get_by_role("link", name="Act for team-a").click()
        await expect(page.locator("#acting")).to_contain_text("Acting for team-a.")
        await page.locator("#prompt").fill("A fox for team-a")
        await page.locator("#run").click()
        await page.locator(".row a").click()
        await expect(page.locator("#panel")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#panel")).to_be_hidden()
        await page.reload()
        await expect(page.locator(".row")).to_have_count(1)
        await page.get_by_role("link", name="Leave").click()

        await expect(page.locator("#empty")).to_contain_text("Nothing yet")
        await expect(page.locator("#acting")).to_be_hidden()
        await expect(page.locator("#prompt")).to_have_value("")
        assert [await guarded.prompts(key) for key in (member, admin)] == [["A fox for team-a"], []]

        await page.goto(f"{guarded.url}?owner=team-z")
        await expect(page.locator("#acting")).to_contain_text("There is no owner team-z.")


async def test_an_admin_limits_pauses_and_resumes_an_owner(browser: Browser, guarded: Guarded) -> None:
    await guarded.owner("team-a")
    key = await guarded.key("member", "team-a")
    job = {"model": "wavespeed-ai/flux-dev", "prompt": "a fox"}
    async with open_page(browser, f"{guarded.url}/#admin=owners") as page:
        await sign_in(page, TOKEN)
        admin = page.locator("#admin")
        row = page.locator(".admin-row", has=page.get_by_role("button", name="Limits of team-a"))

        await row.get_by_role("button", name="Limits").click()
        await admin.get_by_label("Open jobs").fill("many")
        await admin.get_by_label("Models").fill("bytedance/*, kling/*")
        await page.get_by_role("button", name="Save limits").click()
        await expect(page.locator("#limits-wrong")).to_have_text("Open jobs: Input should be a valid integer.")
        await admin.get_by_label("Open jobs").fill("40")
        await no_serious_violation(page)
        await page.get_by_role("button", name="Save limits").click()
        await expect(row).to_contain_text("Limits: open jobs 40; models bytedance/*, kling/*")
        await expect(row.get_by_role("button", name="Limits")).to_be_focused()
        refused = await guarded.admin.post("/api/jobs/create", json=job, headers={"Authorization": f"Bearer {key}"})
        assert refused.json()["code"] == "model_not_allowed"

        await row.get_by_role("button", name="Pause").click()
        await admin.get_by_label("Reason").fill("Costs are looked into")
        await page.get_by_role("button", name="Pause owner").click()
        await expect(row).to_contain_text("by API token, in a browser: Costs are looked into")
        refused = await guarded.admin.post("/api/jobs/create", json=job, headers={"Authorization": f"Bearer {key}"})
        assert refused.status_code in (403, 423)
        await row.get_by_role("button", name="Resume").click()
        await expect(row).not_to_contain_text("Costs")


async def test_the_first_key_is_made_by_the_page_and_signs_it_in(workspace: Workspace) -> None:
    page, refused = workspace.page, asyncio.Event()

    async def hold(route: Route) -> None:
        await refused.wait()
        await route.continue_()

    def note(answer: Response) -> None:
        if answer.status == 401:
            refused.set()

    await expect(page.locator("#account")).to_be_hidden()
    await page.locator("#admin-link").click()
    await page.locator("#admin").get_by_role("link", name="Keys", exact=True).click()
    await page.get_by_role("button", name="New key").click()
    await expect(page.locator("#admin")).to_contain_text("Nobody has to sign in here so far")
    # A call that is refused between the key and its session is made again, and asks for no other key.
    page.on("response", note)
    await intercept(page, "**/api/session", hold)
    await page.get_by_label("Name").fill("Anna")
    await page.keyboard.press("Enter")

    await expect(page.locator("#made-key")).to_have_value(re.compile("^pm_"))
    await expect(page.get_by_role("button", name="Signed in: Anna, local")).to_be_visible()
    async with open_http(workspace.url) as stranger:
        assert (await stranger.get("/api/jobs")).status_code == 401
    await page.get_by_role("link", name="Back to jobs").click()
    await expect(page.locator("#connection")).to_contain_text("Live")


async def test_a_key_is_made_for_somebody_once_the_owners_are_read(workspace: Workspace) -> None:
    page, asked, answered = workspace.page, asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await answered.wait()
        await route.continue_()

    await intercept(page, "**/api/owners", hold)
    await page.locator("#admin-link").click()
    await page.locator("#admin").get_by_role("link", name="Keys", exact=True).click()
    await asked.wait()
    await expect(page.get_by_role("button", name="New key")).to_be_disabled()
    answered.set()
    await page.get_by_role("button", name="New key").click()

    await expect(page.locator("#key-owner")).to_have_value("local")


async def test_the_first_key_is_shown_although_signing_in_with_it_fails(workspace: Workspace) -> None:
    """Nobody has to sign in until it is made, and nobody sees it again: lost, it would keep everybody out."""
    page, name = workspace.page, "<img src=x onerror=\"document.title='run'\">"

    async def refuse(route: Route) -> None:
        await (route.fulfill(status=503, json={}) if route.request.method == "POST" else route.continue_())

    await intercept(page, "**/api/session", refuse)
    await page.locator("#admin-link").click()
    await page.locator("#admin").get_by_role("link", name="Keys", exact=True).click()
    await page.get_by_role("button", name="New key").click()
    await page.get_by_label("Name").fill(name)
    await page.keyboard.press("Enter")
    made = page.locator("#made-key")
    await expect(made).to_have_value(re.compile("^pm_"))
    await expect(dialog_of(page).get_by_label("Key")).to_have_value(await made.input_value())
    await page.unroute("**/api/session")
    await page.keyboard.press("Enter")

    await expect(dialog_of(page)).to_be_hidden()
    await expect(made).to_be_visible()
    await expect(page.locator("#admin .admin-row")).to_contain_text(name)
    assert await page.locator("#admin img").count() == 0, "a name is shown, and never becomes part of the page"


async def test_signing_in_and_admin_keep_nobody_out(browser: Browser, guarded: Guarded) -> None:
    await guarded.owner("team-a")
    await guarded.key("viewer", "team-a", "A key with a long name that is told in full, whatever the screen")
    async with open_page(browser, f"{guarded.url}?owner=team-a#admin") as page:
        await dialog_of(page).get_by_label("Key").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(dialog_of(page).get_by_role("alert")).to_be_visible()
        await keeps_nobody_out(page)
        await sign_in(page, TOKEN)
        for part in ("Owners", "Keys", "Sessions", "Audit"):
            await page.locator("#admin").get_by_role("link", name=part, exact=True).click()
            await expect(page.locator(".admin-row")).not_to_have_count(0)
            if part == "Keys":
                await page.get_by_role("button", name="New key").click()
                await page.get_by_label("Role").select_option("custom")
            await keeps_nobody_out(page)
        await page.locator("#account").click()
        await keeps_nobody_out(page)


@pytest.mark.parametrize("width", [360, 390, 1024, 1440])
async def test_every_control_of_the_head_is_in_sight(browser: Browser, guarded: Guarded, width: int) -> None:
    key = await guarded.key("admin", name="Anna Maria Magdalena's laptop at work")
    screen: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "has_touch": width < 1000}
    async with open_page(browser, guarded.url, **screen) as page:
        await sign_in(page, key)
        await expect(page.locator("#account")).to_be_visible()
        await expect(page.locator("#queue")).to_be_visible()
        await expect(page.locator("#batches-link")).to_be_attached()
        controls = page.locator(".top > .button:visible")
        boxes = [await control.bounding_box() for control in await controls.all()]
        edges = [(box["x"], box["x"] + box["width"]) for box in boxes if box]
        assert len(edges) >= 5
        assert all(0 <= left < right <= width for left, right in edges)
        assert all(right <= left for (_, right), (left, _) in pairwise(edges))
        parts = page.locator("#purse .purse-part")
        purse = await page.locator("#purse").bounding_box()
        for part in await parts.all():
            box = await part.bounding_box()
            # An amount is shown as a whole, or not at all: never without its first figures.
            if purse and box and box["y"] < purse["y"] + purse["height"]:
                assert box["x"] >= purse["x"] - 1
        await page.locator("#account").click()
        await expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport()
