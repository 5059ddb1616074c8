"""What an erased job has left elsewhere is pending until nothing of it is found."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from activities.erasures import ErasureActivities
from promptmill.contracts.errors import RecordError
from promptmill.providers.wavespeed.client import WaveSpeedClient
from tests.fixtures.erased import ended_job
from tests.fixtures.record import OWNER, Record, accepted, new_id


@pytest.fixture
async def erased(record: Record) -> UUID:
    """An ended job that was erased."""
    job_id = await ended_job(record)
    await record.store.erasures.erase_job(job_id, owner=OWNER)
    return job_id


async def test_it_is_pending_until_nothing_is_left_elsewhere(record: Record, erased: UUID) -> None:
    store = record.store.erasures
    [pending] = await store.take(10)
    assert not pending.last_look, "its starter may still be at it"
    assert [made.prediction_id for made in pending.predictions] == [(await record.store.jobs.get(erased)).prediction_id]
    await store.note_problem(erased, "WaveSpeed is unreachable.")
    assert (await store.problem(erased), (await store.backlog()).pending) == ("WaveSpeed is unreachable.", 1)
    await record.shift(erased, "due_at", 61, table="erasures")
    [pending] = await store.take(10)
    assert pending.last_look

    await store.done(pending)
    await store.done(pending)

    assert (await record.store.jobs.get(erased)).erased_at is not None
    assert await store.take(10) == []
    assert [event.detail["erased"] for event in await record.store.jobs.events(erased) if event.detail] == [
        "requested",
        "done",
    ]


async def test_a_prediction_that_becomes_known_later_is_deleted_too(record: Record, erased: UUID) -> None:
    await record.store.erasures.done((await record.store.erasures.take(10))[0])

    await record.store.submissions.settle(accepted(erased, new_id(), "late prediction"))

    assert (await record.store.jobs.get(erased)).erased_at is None
    [pending] = await record.store.erasures.take(10)
    assert "late prediction" in {made.prediction_id for made in pending.predictions}


async def test_a_prediction_that_becomes_known_during_the_deletion_keeps_it_pending(
    record: Record, erased: UUID
) -> None:
    """The pass that is under way does not know it, and so has not deleted it."""
    [under_way] = await record.store.erasures.take(10)
    await record.store.submissions.settle(accepted(erased, new_id(), "late prediction"))

    await record.store.erasures.done(under_way)

    assert (await record.store.jobs.get(erased)).erased_at is None
    [pending] = await record.store.erasures.take(10)
    assert "late prediction" in {made.prediction_id for made in pending.predictions}
    await record.store.erasures.done(pending)
    assert (await record.store.jobs.get(erased)).erased_at is not None


async def test_one_that_cannot_be_deleted_does_not_hinder_the_others(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does an owner whose sweep fails."""
    jobs = [await ended_job(record) for _ in range(3)]
    for job_id in jobs:
        await record.store.erasures.erase_job(job_id)
        await record.shift(job_id, "due_at", 61, table="erasures")
    broken = (await record.store.jobs.get(jobs[0])).prediction_id

    async def delete(prediction_id: str) -> None:
        if prediction_id == broken:
            raise ValueError("an answer that nobody foresaw")

    [submission, *_] = await record.store.submissions.of_job(jobs[0])
    wavespeed = SimpleNamespace(
        base=submission.provider_base, key_fingerprint=submission.key_fingerprint, delete=delete
    )
    monkeypatch.setattr("activities.erasures.delete_runs", AsyncMock(return_value=True))
    activities = ErasureActivities(record.store, AsyncMock(), cast("WaveSpeedClient", wavespeed), stores_outputs=False)

    await record.store.erasures.erase_owner(OWNER)
    failing = AsyncMock(side_effect=RecordError("Postgres refused."))
    monkeypatch.setattr("promptmill.store.erasures.ErasureStore.erase_page", failing)

    assert await activities.erase_pending() == 2
    failing.assert_awaited_once()
    assert [pending.id for pending in await record.store.erasures.take(10)] == [jobs[0]]


async def test_retention_waits_for_an_erasure_that_is_pending(record: Record, erased: UUID) -> None:
    await record.shift(erased, "completed_at", 86_400)

    assert (await record.store.upkeep.delete_expired(0.5)).jobs == 0
    await record.store.erasures.done((await record.store.erasures.take(10))[0])
    assert (await record.store.upkeep.delete_expired(0.5)).jobs == 1
