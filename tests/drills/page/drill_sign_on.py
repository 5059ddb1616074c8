"""The page behind a proxy that signs people in, and scripts of another page, in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, BrowserContext, expect

from promptmill.config.settings import Settings
from promptmill.local.ports import LOOPBACK, free_port
from promptmill.store import Store
from tests.fixtures.access import make_key
from tests.fixtures.api import open_api
from tests.fixtures.browser import DESKTOP, PATIENCE_MS, no_serious_violation
from tests.fixtures.nginx import open_nginx, open_page_elsewhere

LINES = (
    "proxy_set_header Host $http_host;",
    "proxy_set_header X-Forwarded-User $cookie_person;",
    "proxy_set_header X-Forwarded-Groups $cookie_groups;",
)
CALL = """async ([url, headers, credentials, wanted]) => {
    try {
        const answer = await fetch(url, { headers, credentials });
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        for (let part; !text.includes(wanted) && !(part = await reader.read()).done; ) text += part.value;
        return [answer.status, answer.headers.get("x-request-id") !== null, text.includes(wanted)];
    } catch { return "blocked"; }
}"""


async def sign_in(context: BrowserContext, person: str, groups: str) -> None:
    """Sign somebody in at the proxy, whose cookie says who it is."""
    for name, value in {"person": person, "groups": groups}.items():
        await context.add_cookies([{"name": name, "value": value, "url": f"http://{LOOPBACK}"}])


async def test_the_page_knows_whom_the_proxy_signed_in_and_another_pages_script_needs_a_key(
    browser: Browser, lonely_settings: Settings, store: Store, tmp_path: Path
) -> None:
    elsewhere = free_port()
    changed = {
        "trusted_proxy": "127.0.0.0/8",
        "trusted_proxy_groups": "designers=team-a:member",
        "trusted_proxy_sign_out_url": "/sign-in/out",
        "allowed_origins": f"http://{LOOPBACK}:{elsewhere}",
    }
    await store.access.add_owner("team-a")
    key = await make_key(store, "viewer", "team-b")
    async with open_api(Settings(**lonely_settings.model_dump() | changed)) as api:
        assert api.base_url.port is not None
        context = await browser.new_context(viewport=DESKTOP)
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        with (
            open_nginx(tmp_path / "nginx", api.base_url.port, *LINES) as port,
            open_page_elsewhere(tmp_path / "elsewhere", "<title>Studio</title>", "", elsewhere),
        ):
            mill = f"http://{LOOPBACK}:{port}"
            page = await context.new_page()
            await sign_in(context, "anna@example.com", "designers")
            await page.goto(mill)
            await page.get_by_role("button", name="Signed in: anna@example.com, team-a").click()
            menu = page.locator("#account-menu")
            await expect(menu).to_contain_text("team-a · member")
            await expect(menu.get_by_role("button", name="Sign out")).to_be_hidden()
            await expect(menu.get_by_role("link", name="Sign out")).to_have_attribute("href", "/sign-in/out")
            await no_serious_violation(page)
            await page.keyboard.press("Escape")
            await page.locator("#prompt").fill("A fox in the snow")
            await page.locator("#run").click()
            await expect(page.locator(".row")).to_have_count(1)

            # The proxy's own session has ended: it asks again where the page is loaded, and nothing typed is lost.
            await page.locator("#prompt").fill("An owl")
            await page.route("**/api/jobs/create", lambda route: route.fulfill(status=401))
            async with page.expect_navigation():
                await page.locator("#run").click()
            await expect(page.locator("#prompt")).to_have_value("An owl")
            await expect(page.locator("#sign-in-dialog[open]")).to_have_count(0)

            studio = await context.new_page()
            await studio.goto(f"http://{LOOPBACK}:{elsewhere}")
            bearer = {"Authorization": f"Bearer {key}"}
            jobs, live = f"{mill}/api/jobs", f"{mill}/api/jobs/events"
            # The key is of an owner without jobs: it is not the person whose cookie is there that calls.
            assert await studio.evaluate(CALL, [jobs, bearer, "omit", '"items":[]']) == [200, True, True]
            assert await studio.evaluate(CALL, [live, bearer, "omit", "event: resync"]) == [200, True, True]
            assert await studio.evaluate(CALL, [jobs, {}, "same-origin", "unauthorized"]) == [401, True, True]
            for headers in ({}, bearer):
                assert await studio.evaluate(CALL, [jobs, headers, "include", ""]) == "blocked"

            await sign_in(context, "eve@example.com", "all")
            await page.goto(mill)
            refused = page.locator("#acting")
            await expect(refused).to_be_visible()
            await expect(refused).to_contain_text("You cannot use this Promptmill.")
            await expect(page.locator("#work")).to_be_hidden()
            await no_serious_violation(page)
            await expect(refused).to_contain_text("eve@example.com")
            await expect(page.locator("#leave-owner")).to_be_hidden()
        await context.close()
