"""How often Temporal is asked whether a queue is stopped."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from temporalio.service import RPCError, RPCStatusCode

from api.installation.stopped_queues import FRESH_SECONDS, Stop, StoppedQueues
from promptmill.temporal.brakes import Brake


@dataclass
class Temporal:
    """What Temporal reports of each provider's queue, and what it was asked."""

    per_second: float | None = None
    reason: str = ""
    away: bool = False
    now: float = 1000.0
    asked: list[str] = field(default_factory=list)

    async def ask(self, provider: str) -> Brake:
        self.asked.append(provider)
        await asyncio.sleep(0)
        if self.away:
            raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
        return Brake(provider, f"q-{provider}", self.per_second, self.reason)

    def queues(self) -> StoppedQueues:
        return StoppedQueues(self.ask, lambda: self.now)


async def test_a_queue_is_asked_for_once_in_a_while() -> None:
    temporal = Temporal()
    queues = temporal.queues()
    seen = await asyncio.gather(*(queues.look("grok") for _ in range(10)))
    await queues.look("wavespeed")
    temporal.now += FRESH_SECONDS
    await queues.look("grok")

    assert seen == [Stop(stopped=False)] * 10
    assert temporal.asked == ["grok", "wavespeed", "grok"]


async def test_a_stopped_queue_has_its_reason() -> None:
    assert await Temporal(0, "WaveSpeed is down").queues().look("wavespeed") == Stop(
        stopped=True, reason="WaveSpeed is down"
    )
    assert await Temporal(0).queues().look("wavespeed") == Stop(stopped=True)
    assert await Temporal(5, "slower").queues().look("wavespeed") == Stop(stopped=False)


async def test_while_temporal_is_away_nobody_knows() -> None:
    temporal = Temporal(away=True)
    queues = temporal.queues()

    assert [await queues.look("grok") for _ in range(3)] == [Stop()] * 3
    assert len(temporal.asked) == 1, "those who wait for an answer do not all wait for Temporal"
