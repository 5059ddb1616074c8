"""Money on the page: what is spent at its top, and Admin's budgets, spending and audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from playwright.async_api import Locator, Page, Route, ViewportSize, expect

from promptmill.store import Store
from tests.fixtures.browser import DESKTOP, Workspace, intercept, no_serious_violation
from tests.support import eventually

PHONE: ViewportSize = {"width": 390, "height": 844}
TABLET: ViewportSize = {"width": 1024, "height": 768}


async def keeps_nobody_out(page: Page) -> None:
    """Neither on a large screen nor on a small one, where nothing may be wider than the screen."""
    await no_serious_violation(page)
    for size in (PHONE, TABLET, DESKTOP):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@dataclass
class Held:
    """Requests of the page that are answered when the test says so."""

    routes: list[Route] = field(default_factory=list)

    async def hold(self, route: Route) -> None:
        self.routes.append(route)

    async def held(self, number: int) -> None:
        await eventually(lambda: len(self.routes) >= number, what=f"{number} requests are held")


async def spend(store: Store, *amounts: tuple[str, str, str]) -> None:
    """Put amounts (provider, model, USD) on today's account."""
    for provider, model, usd in amounts:
        await store.budgets.database.run(
            "SELECT FROM add_spending('local', CAST(now() AT TIME ZONE 'UTC' AS date), :provider, :model, NULL, 0, "
            "CAST(:usd AS numeric))",
            provider=provider,
            model=model,
            usd=Decimal(usd),
        )


async def test_an_admin_sets_budgets_and_sees_what_was_spent_and_who_did_it(workspace: Workspace, store: Store) -> None:
    page, admin = workspace.page, workspace.page.locator("#admin")
    await spend(store, ("wavespeed", "wavespeed-ai/flux-dev", "1.25"), ("grok", "grok-4.3", "0.25"))
    await page.evaluate("location.hash = 'admin=budgets'")
    await expect(admin).to_contain_text("There is no budget")
    await admin.get_by_label("Whose").select_option("local")
    await admin.get_by_label("Limit in USD").fill("1,5")
    await page.keyboard.press("Enter")
    await expect(admin.get_by_role("alert")).to_contain_text("such as 25.00")
    await admin.get_by_label("Limit in USD").fill("1.60")
    await page.keyboard.press("Enter")
    row = admin.locator("[data-budget='local/day']")
    await expect(row).to_contain_text("$1.50 spent")
    await expect(row.get_by_label("$1.50 of $1.60, the daily budget of local")).to_have_attribute(
        "data-tone", "attention"
    )
    await keeps_nobody_out(page)

    await row.get_by_role("button", name="Change the daily budget of local").click()
    await page.keyboard.type("5")
    await page.keyboard.press("Enter")
    await expect(row).to_contain_text("$3.50 left")
    await page.reload()
    purse = page.get_by_role("group", name="Money")
    await expect(purse).to_contain_text("Today $1.50")
    await expect(purse.get_by_label("$1.50 of $5.00")).to_be_visible()
    await expect(purse).to_contain_text("WaveSpeed $")

    await admin.get_by_role("link", name="Spending").click()
    await admin.get_by_label("By", exact=True).select_option("model")
    await expect(admin.get_by_role("row")).to_have_count(4)
    await expect(admin.get_by_role("row", name="In all")).to_contain_text("$1.25$0.25$1.50$0.00")
    async with page.expect_download() as started:
        await admin.get_by_role("link", name="CSV").click()
    text = (await (await started.value).path()).read_text(encoding="utf-8")
    assert text.splitlines()[1] == "wavespeed-ai/flux-dev,1.250000,0.000000,0.000000"
    await keeps_nobody_out(page)

    await admin.get_by_role("link", name="Audit").click()
    await expect(admin.locator("[data-action='budget.set']").first).to_contain_text("limit: $1.60 → $5.00")
    await admin.get_by_label("What").select_option("budget.remove")
    await expect(admin).to_contain_text("There is no such entry")
    await keeps_nobody_out(page)

    await admin.get_by_role("link", name="Budgets").click()
    await row.get_by_role("button", name="Remove the daily budget of local").click()
    await page.get_by_role("button", name="Remove the budget").click()
    await expect(admin).to_contain_text("There is no budget")


async def test_slow_answers_and_other_admins_lose_nothing(workspace: Workspace, store: Store) -> None:
    page, admin = workspace.page, workspace.page.locator("#admin")
    await spend(store, ("wavespeed", "wavespeed-ai/flux-dev", "1234567.258"))
    await store.access.add_owner("team-a")
    balance, owners = Held(), Held()
    await page.route("**/api/balance", balance.hold)
    await page.route("**/api/owners", owners.hold)
    await page.goto(workspace.url + "#admin=budgets")
    await page.reload()

    # WaveSpeed does not tell its balance: what was spent is shown all the same, in a head that stays in the window.
    purse = page.get_by_role("group", name="Money")
    await expect(purse).to_contain_text("Today $1,234,567.26")
    await expect(purse).not_to_contain_text("WaveSpeed")
    await keeps_nobody_out(page)

    # Until it is known whose budgets there are, none is set; what was typed waits.
    limit, button = admin.get_by_label("Limit in USD"), admin.get_by_role("button", name="Set", exact=True)
    await limit.fill("3")
    await expect(button).to_be_disabled()
    await owners.held(1)
    await page.unroute("**/api/owners")
    await owners.routes[0].continue_()
    await expect(button).to_be_enabled()
    await expect(limit).to_have_value("3")

    await a_budget_is_set_once_and_what_is_typed_meanwhile_stays(page, admin, limit)
    await admin.get_by_role("link", name="Owners").click()
    await admins_who_change_different_limits_undo_nothing(page, admin, store)
    await admin.get_by_role("link", name="Audit").click()
    await of_two_questions_the_last_one_is_answered(page, admin)


async def a_budget_is_set_once_and_what_is_typed_meanwhile_stays(page: Page, admin: Locator, limit: Locator) -> None:
    for text in ("1e9", "0x10", "-1", "\uff11\uff12", "NaN", "1000000"):
        await limit.fill(text)
        await page.keyboard.press("Enter")
        await expect(limit).to_have_attribute("aria-invalid", "true")
        await expect(limit).to_have_value(text)
    await expect(admin.get_by_role("alert")).to_have_text("Limit in USD: Input should be less than or equal to 999999.")
    sent = Held()
    await intercept(page, "**/api/budgets/*/day", sent.hold)
    await limit.fill("5")
    await page.keyboard.press("Enter")
    await sent.held(1)
    await page.keyboard.press("Enter")
    await limit.fill("7")
    assert len(sent.routes) == 1
    await sent.routes[0].continue_()
    await expect(admin).to_contain_text("Limit $5.00")
    await expect(limit).to_have_value("7")
    await expect(limit).not_to_have_attribute("aria-invalid", "true")


async def admins_who_change_different_limits_undo_nothing(page: Page, admin: Locator, store: Store) -> None:
    await admin.get_by_role("button", name="Limits of team-a").click()
    await store.limits.set("team-a", {"streams": 3, "models": ["bytedance/*"]})
    await admin.get_by_label("Open jobs").fill("x")
    await admin.get_by_label("Uploads a day").fill("2")
    await page.keyboard.press("Enter")
    await expect(admin.get_by_role("alert").last).to_have_text("Open jobs: Input should be a valid integer.")
    await expect(admin.get_by_label("Open jobs")).to_be_focused()
    await admin.get_by_label("Open jobs").fill("4")
    await page.keyboard.press("Enter")
    await expect(admin).to_contain_text("Limits: open jobs 4; uploads a day 2; live streams 3; models bytedance/*")


async def of_two_questions_the_last_one_is_answered(page: Page, admin: Locator) -> None:
    await expect(admin.locator("[data-action='budget.set']")).to_have_count(1)
    asked = Held()
    await intercept(page, "**/api/audit?*", asked.hold)
    await admin.get_by_label("What").select_option("budget.set")
    await asked.held(1)
    await admin.get_by_label("What").select_option("owner.limit")
    await asked.held(2)
    first, second = asked.routes
    await second.continue_()
    await expect(admin.locator("[data-action='owner.limit']")).to_have_count(2)
    async with page.expect_response("**/api/audit?action=budget.set"):
        await first.continue_()
    await expect(admin.locator("[data-action]")).to_have_count(2)
    await expect(admin.locator("[data-action='budget.set']")).to_have_count(0)
