"""The balance at WaveSpeed is asked for once a minute, whoever wants to see it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from api.installation.balance import FRESH_SECONDS, NO_KEY, Balance
from promptmill.contracts.errors import ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode


class Account:
    """Answers with one amount less each time; the second time it is away."""

    def __init__(self) -> None:
        self.asked = 0
        self.time = 100.0

    async def balance(self) -> Decimal:
        self.asked += 1
        await asyncio.sleep(0)
        if self.asked == 2:
            raise ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, "WaveSpeed is away.")
        return Decimal(10 - self.asked)

    def clock(self) -> float:
        return self.time


async def test_many_who_ask_at_once_are_one_question_to_wavespeed() -> None:
    account = Account()
    balance = Balance(account.balance, account.clock)

    seen = await asyncio.gather(*(balance.look() for _ in range(3)))
    account.time += FRESH_SECONDS
    away = await balance.look()
    account.time += FRESH_SECONDS
    back = await balance.look()

    assert seen == [(Decimal(9), None)] * 3
    assert away == (None, "WaveSpeed is away.")
    assert (back, account.asked) == ((Decimal(7), None), 3)


async def test_without_a_key_nobody_is_asked() -> None:
    assert await Balance(None).look() == (None, NO_KEY)
