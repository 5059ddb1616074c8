"""A pause from end to end: a job of a paused owner waits unpaid, says who paused it, and goes on by itself."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import httpx
import pytest

from activities import submission
from promptmill.contracts.access import By
from tests.fixtures.mill import Mill
from tests.support import eventually

SAID = "local is paused by key:anna1234: costs are looked into"


async def test_a_job_of_a_paused_owner_waits_unpaid_and_goes_on_when_it_is_resumed(
    mill: Mill, api_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "BUDGET_PAUSE", timedelta(seconds=0.2))
    job_id = await mill.accept()
    await mill.store.limits.pause("local", "costs are looked into", by=By("key:anna1234"))
    await mill.start(job_id)

    async def told() -> bool:
        # The workflow may be held before whoever started it has marked that, and is then told of the pause again.
        last = (await mill.store.jobs.events(job_id))[-1]
        return (last.status, last.reason_code) == ("dispatching", "owner_paused")

    await eventually(told, what="the pause holds it")

    shown = (await api_client.get(f"/api/jobs/{job_id}")).json()
    events = (await api_client.get(f"/api/jobs/{job_id}/events")).json()["items"]
    assert (shown["status"], shown["billed"]) == ("dispatching", "no")
    assert shown["statusText"] == f"Waiting: {SAID}."
    assert (shown["wait"]["for"], shown["wait"]["stoppedReason"]) == ("resumption", SAID)
    [listed] = (await api_client.get("/api/jobs")).json()["items"]
    assert (listed["statusText"], listed["wait"]["for"]) == (shown["statusText"], "resumption")
    assert events[-1]["text"] == f"Waiting: {SAID}."
    assert await mill.wavespeed.requests("submit") == []

    await mill.store.limits.resume("local")

    await mill.reaches(job_id, "completed")
    reasons = [reason for _, reason in await mill.events(job_id)]
    assert ("owner_paused", "owner_paused") not in pairwise(reasons), "however often it was held"
    assert len(await mill.wavespeed.requests("submit")) == 1
