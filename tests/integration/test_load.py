"""`promptmill load` against the real API: what it refuses, and that Ctrl-C cancels what it made."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
from rich.console import Console

from promptmill.commands.load import LoadPlan, LoadRefused, run_load
from promptmill.commands.load_client import NotAnswered
from promptmill.config.settings import load_settings
from promptmill.local.ports import free_port
from promptmill.store import Store
from tests.fixtures.api import open_api
from tests.support import eventually

PLAN = LoadPlan(jobs=2000, per_minute=6000, mix={"own": 1}, model="wavespeed-ai/flux-dev")
QUIET = Console(quiet=True)


async def test_ctrl_c_cancels_what_it_made(api_client: httpx.AsyncClient, store: Store) -> None:
    loading = asyncio.create_task(run_load(str(api_client.base_url), None, PLAN, QUIET))

    async def some() -> bool:
        assert not loading.done()
        return sum((await store.operations.counts())["jobs"].values()) >= 3

    await eventually(some)
    signal.raise_signal(signal.SIGINT)
    report = await loading

    assert report.interrupted
    assert not report.passed
    assert 3 <= report.cancelled == len(report.jobs) < PLAN.jobs
    counts = (await store.operations.counts())["jobs"]
    assert {status for status, count in counts.items() if count} <= {"cancelling", "cancelled"}


async def test_who_may_not_know_the_providers_is_refused_and_nothing_is_created(
    settings_environment: dict[str, str], store: Store
) -> None:
    settings = load_settings(settings_environment | {"PROMPTMILL_API_TOKEN": "a-token-of-this-test-0123456789"})
    async with open_api(settings) as client:
        with pytest.raises(LoadRefused, match="grok and wavespeed may be real here"):
            await run_load(str(client.base_url), None, PLAN, QUIET)
        refused = await run_load(str(client.base_url), "wrong", replace(PLAN, jobs=2, max_cost=Decimal(1)), QUIET)

    assert (refused.jobs, sum(refused.refusals.values())) == ({}, 2)
    assert sum((await store.operations.counts())["jobs"].values()) == 0


async def test_no_response_is_told() -> None:
    with pytest.raises(NotAnswered, match="There is no Promptmill at"):
        await run_load(f"http://127.0.0.1:{free_port()}", None, PLAN, QUIET)
