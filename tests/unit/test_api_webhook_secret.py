"""Which secret verifies a webhook, and how often it is fetched from WaveSpeed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import SecretStr

from api.webhooks.secret import FETCH_RETRY_SECONDS, REFRESH_SECONDS, WebhookSecret
from promptmill.contracts.errors import ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode


@dataclass
class Account:
    """What WaveSpeed returns, and how often it was asked."""

    secret: str | None
    now: float = 1000.0
    asked: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch(self) -> SecretStr:
        self.asked += 1
        await self.gate.wait()
        if self.secret is None:
            raise ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, "away")
        return SecretStr(self.secret)

    def keeper(self, configured: str | None = None) -> WebhookSecret:
        self.gate.set()
        return WebhookSecret(SecretStr(configured) if configured else None, self.fetch, lambda: self.now)


def signed_with(secret: str) -> Callable[[str], bool]:
    """Return a check like the routes'."""
    return lambda tried: tried == secret


async def test_a_configured_secret_is_never_asked_for() -> None:
    account = Account("other")
    keeper = account.keeper(configured="mine")

    assert await keeper.verify(signed_with("mine")) is True
    assert await keeper.verify(signed_with("other")) is False
    assert account.asked == 0


async def test_a_secret_is_fetched_once() -> None:
    account = Account("s")
    keeper = account.keeper()

    assert [await keeper.verify(signed_with("s")) for _ in range(3)] == [True] * 3
    assert account.asked == 1


async def test_many_webhooks_at_once_fetch_once() -> None:
    account = Account("s")
    keeper = account.keeper()
    account.gate.clear()
    waiting = [asyncio.create_task(keeper.verify(signed_with("s"))) for _ in range(20)]
    await asyncio.sleep(0)
    account.gate.set()

    assert await asyncio.gather(*waiting) == [True] * 20
    assert account.asked == 1


async def test_a_changed_secret_is_learned_after_a_failed_check() -> None:
    account = Account("old")
    keeper = account.keeper()
    await keeper.verify(signed_with("old"))
    account.secret, account.now = "new", account.now + REFRESH_SECONDS

    assert await keeper.verify(signed_with("new")) is True
    assert await keeper.verify(signed_with("old")) is False
    assert account.asked == 2


async def test_forged_webhooks_ask_once_a_minute_at_most() -> None:
    account = Account("s")
    keeper = account.keeper()
    for _ in range(600):
        assert await keeper.verify(signed_with("forged")) is False
        account.now += 1

    assert account.asked == 10
    assert await keeper.verify(signed_with("s")) is True


async def test_while_wavespeed_is_away_nothing_can_be_judged() -> None:
    account = Account(None)
    keeper = account.keeper()
    assert [await keeper.verify(signed_with("s")) for _ in range(5)] == [None] * 5
    asked_while_away = account.asked
    account.secret, account.now = "s", account.now + FETCH_RETRY_SECONDS

    assert asked_while_away == 1
    assert await keeper.verify(signed_with("s")) is True


async def test_a_known_secret_outlives_an_outage() -> None:
    account = Account("s")
    keeper = account.keeper()
    await keeper.verify(signed_with("s"))
    account.secret, account.now = None, account.now + REFRESH_SECONDS

    assert await keeper.verify(signed_with("forged")) is False
    assert await keeper.verify(signed_with("s")) is True


def test_the_secret_is_not_shown() -> None:
    assert "mine" not in repr(Account("x").keeper(configured="mine"))
