"""A budget holds against many senders and two workers, by WaveSpeed's own ledger; `make drills` has the full size."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from activities import submission
from tests.drills.race import PACE, SHORT, Race, two_workers
from tests.fixtures.mill import Mill


@pytest.fixture
def settings_environment(settings_environment: dict[str, str]) -> dict[str, str]:
    return settings_environment | PACE


async def test_what_wavespeed_charges_never_exceeds_a_budget_and_exactly_the_jobs_that_fit_are_paid(
    idle_mill: Mill, api_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "BUDGET_PAUSE", timedelta(seconds=1))
    race = Race(idle_mill, api_client, SHORT)

    await race.run(two_workers(idle_mill))

    assert len(race.costs) + race.refused == SHORT.jobs
    assert race.held[0] > race.held[1] > 0, "some were held, and went on when the budget was raised"
