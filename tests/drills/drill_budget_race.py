"""`make drills`: 40 senders race 500 jobs for a budget, on two worker processes; and a race that must be lost."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from rich.console import Console

from tests.chaos.sabotage import permission_without_budget_lock
from tests.drills.race import PACE, SHORT, Course, Race
from tests.fixtures.mill import Mill
from tests.fixtures.session import StartProcess

FULL = Course(senders=40, jobs=500, backlog=300, images=250, more=100, patience=900)


@pytest.fixture
def settings_environment(settings_environment: dict[str, str]) -> dict[str, str]:
    return settings_environment | PACE


@pytest.fixture
def workers(start_process: StartProcess, settings_environment: dict[str, str]) -> AbstractAsyncContextManager[None]:
    """Two worker processes, once they are asked for; they are ended with the test."""

    @asynccontextmanager
    async def started() -> AsyncIterator[None]:
        for name in ("worker-1", "worker-2"):
            start_process(name, "-m", "worker", environment=settings_environment)
        yield

    return started()


@pytest.mark.timeout(3600)
async def test_forty_senders_race_500_jobs_for_a_budget_on_two_workers(
    idle_mill: Mill,
    api_client: httpx.AsyncClient,
    workers: AbstractAsyncContextManager[None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    race, began = Race(idle_mill, api_client, FULL), time.monotonic()

    await race.run(workers)

    charged, held = (" and ".join(str(each) for each in told) for told in (race.charged[:2], race.held))
    with capsys.disabled():
        Console().print(
            f"\n{len(race.costs)} jobs accepted, {race.refused} refused; ${charged} charged, while {held} jobs waited; "
            f"{time.monotonic() - began:.0f} s",
            highlight=False,
        )
    assert len(race.costs) + race.refused == FULL.jobs
    assert race.held[0] > race.held[1] > 0


async def test_without_the_lock_on_its_budget_the_race_is_lost(
    idle_mill: Mill, api_client: httpx.AsyncClient, workers: AbstractAsyncContextManager[None]
) -> None:
    await idle_mill.sql(permission_without_budget_lock())

    with pytest.raises(AssertionError, match="more than the budget"):
        await Race(idle_mill, api_client, SHORT).run(workers)
