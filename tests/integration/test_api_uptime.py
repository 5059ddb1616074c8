"""The API notes while it, Postgres and Temporal are there; and `promptmill slo` reads what it measured."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from temporalio.client import Client

from api.installation import uptime
from promptmill.api_resources import open_api_resources
from promptmill.commands.slo import failed, objectives_json, read_objectives
from promptmill.config.settings import Settings
from promptmill.store import Store
from promptmill.temporal.installation import adopt_identity
from tests.fixtures.api import open_api
from tests.support import eventually

DAY = timedelta(days=1)


async def test_the_api_notes_that_it_is_up_and_slo_reads_its_times(
    settings: Settings, store: Store, temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptime, "PAUSE_SECONDS", 0.01)
    await adopt_identity(store, temporal, reason="a test")
    async with open_api(settings) as client:
        await eventually(lambda: store.uptime.read(DAY))
        for _ in range(3):
            await client.get("/api/jobs")

        monkeypatch.setenv("PROMPTMILL_URL", str(client.base_url))
        objectives = await read_objectives(settings, DAY)

    assert not failed(objectives)
    found = {each["line"]: each for each in json.loads(objectives_json(objectives))["objectives"]}
    assert found["18.4"]["rests_on"] == "3 requests since the API was started"
    assert (found["19.4"]["verdict"], found["19.5"]["verdict"]) == ("pass", "pass")
    assert found["19.1"]["measured"].endswith("%")


async def test_without_temporal_it_is_not_up(lonely_settings: Settings) -> None:
    async with open_api_resources(lonely_settings) as resources:
        await uptime.look_up(resources)

        assert await resources.store.uptime.read(DAY) is None
