"""Lists that are open are told at once that something has stopped or goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import count

import httpx
import pytest

from api.installation.stopped_queues import Stop, StoppedQueues
from api.live.situation import what_is_stopped
from promptmill.contracts.budgets import BudgetPeriod
from promptmill.store import Store
from promptmill.store.operations import AI_PROMPTS, DRAIN, OFF, ON
from promptmill.temporal.brakes import PROVIDERS, Brake


class Queues(StoppedQueues):
    """Queues as an operator sets them here."""

    def __init__(self) -> None:
        async def ask(provider: str) -> Brake:
            return Brake(provider, provider, None, "")

        super().__init__(ask)
        self.stops = dict.fromkeys(PROVIDERS, Stop(stopped=False))

    async def look(self, provider: str) -> Stop:
        return self.stops[provider]


async def brake(_: Store, queues: Queues) -> None:
    queues.stops["grok"] = Stop(stopped=True, reason="a test")


async def drain(store: Store, _: Queues) -> None:
    await store.operations.set_switch(DRAIN, ON, "a test")


async def no_prompts(store: Store, _: Queues) -> None:
    await store.operations.set_switch(AI_PROMPTS, OFF, "a test")


async def no_money(store: Store, _: Queues) -> None:
    await store.budgets.set("*", BudgetPeriod.DAY, Decimal(0))


@pytest.mark.parametrize("change", [brake, drain, no_prompts, no_money])
async def test_what_stops_work_makes_a_difference(
    store: Store, change: Callable[[Store, Queues], Awaitable[None]]
) -> None:
    queues = Queues()
    before = await what_is_stopped(store, queues)
    assert await what_is_stopped(store, queues) == before
    await change(store, queues)
    assert await what_is_stopped(store, queues) != before


async def test_whoever_follows_a_list_is_told(lonely_api: httpx.AsyncClient, store: Store) -> None:
    async def change_again_and_again() -> None:
        # The first look is what later ones are compared with; it may come after a change.
        for number in count():
            await store.operations.set_switch(DRAIN, ON, f"change {number}")
            await asyncio.sleep(0.5)

    headers = {"Accept": "text/event-stream"}
    async with lonely_api.stream("GET", "/api/jobs/events", headers=headers, timeout=60) as stream:
        lines = stream.aiter_lines()
        changing = asyncio.create_task(change_again_and_again())
        events = [await anext(line async for line in lines if line.startswith("event:")) for _ in range(2)]
        changing.cancel()
    assert events == ["event: resync", "event: situation"]
