"""When a reading that found nothing is made again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import pytest

from activities.looks import Pauses
from activities.pace import PollPace
from activities.results import NotFinished
from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.jobs import MediaKind
from promptmill.store.pace import PaceStore
from worker.planner import Planner

RUNNING = NotFinished("WaveSpeed reports processing")


class History:
    """Durations of a model, and how often they were asked for."""

    def __init__(self, seconds: Sequence[float] = ()) -> None:
        self.seconds = seconds
        self.asked = 0
        self.away = False

    async def wavespeed_seconds(self, _model: str) -> Sequence[float]:
        self.asked += 1
        if self.away:
            raise RecordUnavailable
        return self.seconds


async def nothing_open() -> int:
    return 0


def planner(history: History, *, not_before: float = 0) -> Planner:
    pauses = {MediaKind.IMAGE: Pauses(1, 5), MediaKind.VIDEO: Pauses(5, 15)}
    return Planner(cast("PaceStore", history), PollPace(nothing_open, pauses, polls_per_second=20), not_before)


async def again(found: NotFinished, *, looks: int = 1, prompted: bool = False, kind: str = "image") -> float:
    return await planner(History()).again(found, "a-model", kind, waited=10, looks=looks, prompted=prompted)


@pytest.mark.parametrize(("kind", "seconds"), [("image", 1), ("video", 5), ("audio", 1)])
async def test_each_kind_of_media_has_its_pauses(kind: str, seconds: float) -> None:
    assert await again(RUNNING, kind=kind) == seconds


async def test_a_webhook_that_came_early_is_looked_after_soon() -> None:
    assert await again(RUNNING, looks=30, prompted=True) == 1


@pytest.mark.parametrize(("asked", "seconds"), [(None, 5), (2, 5), (60, 60), (86_400, 120)])
async def test_after_an_error_it_waits_longer_and_as_long_as_wavespeed_asks(asked: int | None, seconds: float) -> None:
    retry_after = None if asked is None else timedelta(seconds=asked)

    assert await again(NotFinished("HTTP 429", failed=True, retry_after=retry_after), prompted=True) == seconds


async def test_durations_are_read_once_in_a_while() -> None:
    history = History([60.0] * 20)
    plans = planner(history)

    seconds = [await plans.first("a-model", "image", 0) for _ in range(3)]

    assert seconds == [pytest.approx(54)] * 3
    assert history.asked == 1


async def test_without_the_record_it_plans_without_a_history() -> None:
    history = History([60.0] * 20)
    history.away = True
    plans = planner(history)

    assert [await plans.first("a-model", "image", 0) for _ in range(3)] == [0] * 3
    assert history.asked == 1, "each question may take as long as a statement may"


async def test_without_the_record_what_is_open_is_counted_as_rarely_as_with_it() -> None:
    asked = 0

    async def away() -> int:
        nonlocal asked
        asked += 1
        raise RecordUnavailable

    pace = PollPace(away, {MediaKind.IMAGE: Pauses(1, 5)}, polls_per_second=20)

    assert [await pace.spacing() for _ in range(3)] == [0] * 3
    assert asked == 1


async def test_a_webhook_is_waited_for_first() -> None:
    assert await planner(History(), not_before=60).first("a-model", "image", 10) == 50
