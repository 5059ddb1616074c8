"""What a submission costs is asked for once, and not knowing it is remembered too, for a while."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from activities.quotes import FAILED_SECONDS, FRESH_SECONDS, MAX_REMEMBERED, Quotes
from promptmill.contracts.bills import Quote


class Desk:
    """Names prices, and counts the questions."""

    def __init__(self) -> None:
        self.price: Quote | None = Quote(usd=Decimal("0.03"))
        self.asked: list[Mapping[str, Any]] = []
        self.now = 0.0
        self.quotes = Quotes(self._ask, clock=lambda: self.now)

    async def _ask(self, model: str, body: Mapping[str, Any]) -> Quote | None:
        self.asked.append({"model": model, **body})
        return self.price


async def test_a_price_is_asked_for_once_whatever_the_seed_is() -> None:
    desk = Desk()

    prices = [await desk.quotes.of("m/1", {"prompt": "a fox", "seed": seed}) for seed in (1, 2)]
    desk.now = FRESH_SECONDS + 1
    prices.append(await desk.quotes.of("m/1", {"prompt": "a fox", "seed": 3}))

    assert prices == [desk.price] * 3
    assert [asked["seed"] for asked in desk.asked] == [1, 3]


async def test_other_inputs_and_models_have_their_own_prices() -> None:
    desk = Desk()

    for model, prompt in (("m/1", "a"), ("m/1", "b"), ("m/2", "a"), ("m/1", "a")):
        await desk.quotes.of(model, {"prompt": prompt})

    assert len(desk.asked) == 3


async def test_a_price_that_is_not_named_is_asked_for_again_later() -> None:
    desk = Desk()
    desk.price = None

    assert [await desk.quotes.of("m/1", {}) for _ in range(2)] == [None, None]
    desk.price, desk.now = Quote(usd=Decimal(1)), FAILED_SECONDS + 1

    assert await desk.quotes.of("m/1", {}) == desk.price
    assert len(desk.asked) == 2


async def test_only_so_many_are_remembered() -> None:
    desk = Desk()

    for number in range(MAX_REMEMBERED + 1):
        await desk.quotes.of("m/1", {"n": number})
    await desk.quotes.of("m/1", {"n": MAX_REMEMBERED})
    await desk.quotes.of("m/1", {"n": 0})

    assert len(desk.asked) == MAX_REMEMBERED + 2
