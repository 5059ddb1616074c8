"""How long a reading may take."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from promptmill.contracts.jobs import PredictionRequest
from promptmill.store.readings import Agenda, Claim
from worker.reader import LEASE, READ_SECONDS, Reader

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLAIM = Claim(UUID(int=1), "p-1", NOW, 1, NOW + LEASE, prompted=False, waits=True, model="a-model", kind="image")


class Readings:
    """One reading is due; the answer to its claim takes its time."""

    def __init__(self, late: float) -> None:
        loop = asyncio.get_running_loop()
        self._loop, self._time, self._late = loop, loop.time, late

    async def agenda(self) -> Agenda:
        return Agenda(unplanned=False, due_in=0.0)

    async def take(self, *_: object, **__: object) -> list[Claim]:
        self._loop.time = lambda: self._time() + self._late  # type: ignore[method-assign]
        return [CLAIM]


class Results:
    """Reads for ever."""

    cut = False

    async def read(self, _request: PredictionRequest) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cut = True
            raise


@pytest.mark.parametrize(("late", "cut"), [(0.0, False), (READ_SECONDS + 1, True)])
async def test_the_time_that_a_claim_takes_counts(late: float, cut: bool) -> None:  # noqa: FBT001 - a parameter
    """The lease has begun then: a reading that outlives it is made twice at the same time."""
    results = Results()
    reader = Reader(
        readings=cast("Any", Readings(late)),
        operations=cast("Any", None),
        results=cast("Any", results),
        planner=cast("Any", None),
        signaller=cast("Any", None),
        database_url="",
        per_second=1,
        drain=timedelta(),
        woken=asyncio.Event(),
    )

    await reader._step()
    for _ in range(5):
        await asyncio.sleep(0)

    assert results.cut is cut
    for task in reader._running:
        task.cancel()
