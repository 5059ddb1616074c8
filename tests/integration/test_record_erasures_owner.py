"""Erasing everything of an owner: sweeps over what was accepted until the request."""

from __future__ import annotations

import asyncio
import json

import pytest

from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.store.erasures import owner_page
from sql.models import OwnerErasure
from tests.fixtures.batches import fed, running
from tests.fixtures.erased import ended_job
from tests.fixtures.plans import plan_of
from tests.fixtures.record import OWNER, Record, new_id, new_prompt_job


async def _sweep(record: Record) -> None:
    """One whole sweep of every owner that is due."""
    goes_on = True
    while goes_on:
        goes_on = False
        for owner in await record.store.erasures.owners():
            goes_on = await record.store.erasures.erase_page(owner) or goes_on


async def test_an_owner_is_erased_in_sweeps_until_everything_accepted_until_then_is(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptmill.store.erasures.PAGE", 2)
    await record.hand.execute("INSERT INTO owners (name) VALUES ('team-b')")
    ended = [await ended_job(record) for _ in range(3)]
    still_open = await record.generating()
    theirs = await record.accept(owner="team-b")
    prompt_job, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.prompts.request_cancel(prompt_job.id, owner=OWNER)
    await record.store.styles.set(OWNER, "before", "Calm.")
    await record.store.styles.set("team-b", "theirs", "Calm.")
    asked = await record.store.erasures.erase_owner(OWNER)
    await record.store.styles.set(OWNER, "later", "Calm.")
    later = await ended_job(record)

    await _sweep(record)

    rows = {row[0]: row[1] for row in await record.hand.fetch("SELECT id, erase_requested_at IS NOT NULL FROM jobs")}
    assert rows == dict.fromkeys(ended, True) | dict.fromkeys((still_open, theirs, later), False)
    assert (await record.store.prompts.get(prompt_job.id)).erase_requested_at is not None
    assert (await record.store.erasures.backlog()).owners == 1, "one of them is open"
    assert [style["name"] for style in await record.hand.fetch("SELECT name FROM prompt_styles ORDER BY name")] == [
        "later",
        "theirs",
    ]

    await record.store.jobs.advance(JobChange(job_id=still_open, status=JobStatus.COMPLETED))
    await record.hand.execute("UPDATE owner_erasures SET began_at = now(), requested_at = now() - interval '2 minutes'")
    await _sweep(record)

    assert (await record.store.jobs.get(still_open)).prompt is None
    assert (await record.store.jobs.get(later)).prompt is not None
    assert (await record.store.erasures.backlog()).owners == 0
    told = await record.hand.fetchval("SELECT after FROM audit_log WHERE action = 'owner.erase'")
    assert list(json.loads(told)) == ["acceptedUntil"]
    assert asked.left_open == 0


async def test_the_first_sweep_alone_never_ends_an_owners_erasure(record: Record) -> None:
    """A job whose acceptance was under way at the request may not have been seen by it."""
    await record.store.erasures.erase_owner(OWNER)

    await _sweep(record)

    assert (await record.store.erasures.backlog()).owners == 1
    with pytest.raises(RecordNotFound):
        await record.store.erasures.erase_owner("nobody")


async def test_an_owners_rows_are_a_range_of_an_index(record: Record) -> None:
    indexes = {"jobs": "jobs_owner_created_at_idx", "prompt_generation_jobs": "prompt_generation_jobs_owner_idx"}
    values = {"owner": "local", "limit": "500", "reached_at": "2026-01-01", "accepted_until": "2026-01-01"}
    await record.hand.execute("SET enable_seqscan = off")
    for begun in (False, True):
        for table, index in indexes.items():
            query = owner_page(table, begun=begun)
            for name, value in (values | {"reached_id": str(new_id())}).items():
                query = query.replace(f":{name}", f"'{value}'")

            plan = await plan_of(record.hand, query)

            assert f"Index Scan using {index}" in plan
            assert "Sort" not in plan
            assert "Filter" not in plan, "every row of the range is one of the owner's"


async def test_two_reconcilers_at_the_same_page_count_it_once(record: Record) -> None:
    still_open = [await record.generating() for _ in range(3)]
    jobs = [await ended_job(record) for _ in range(3)]
    await record.store.erasures.erase_owner(OWNER)
    [seen] = await record.store.erasures.owners()

    await asyncio.gather(*(record.store.erasures.erase_page(seen) for _ in range(2)))

    [reached] = await record.store.erasures.owners()
    assert (reached.table_name, reached.left_open) == ("prompt_generation_jobs", len(still_open))
    assert {erasure.id for erasure in await record.store.erasures.take(10)} == set(jobs)


async def test_a_reconciler_that_was_overtaken_moves_no_sweep(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not back to its page, and not to the end: what is still open would be forgotten."""
    monkeypatch.setattr("promptmill.store.erasures.PAGE", 2)
    for _ in range(3):
        await record.generating()
    await record.store.erasures.erase_owner(OWNER)
    seen: list[OwnerErasure] = []
    goes_on = True
    while goes_on:
        [erasure] = await record.store.erasures.owners()
        seen.append(erasure)
        goes_on = await record.store.erasures.erase_page(erasure)
    next_sweep = await record.hand.fetchrow("SELECT * FROM owner_erasures")

    for erasure in seen:
        await record.store.erasures.erase_page(erasure)

        assert await record.hand.fetchrow("SELECT * FROM owner_erasures") == next_sweep, erasure
    assert [erasure.table_name for erasure in seen] == ["jobs", "jobs", "prompt_generation_jobs"]
    assert next_sweep is not None


async def test_jobs_that_a_batch_made_after_the_request_are_erased_once_they_have_ended(record: Record) -> None:
    batch_id = await running(record.store, 3, max_open=1)
    [first] = await fed(record.store, batch_id)
    await record.store.erasures.erase_owner(OWNER)
    await record.store.jobs.advance(JobChange(job_id=first, status=JobStatus.FAILED))
    [second] = await fed(record.store, batch_id)
    await record.store.batches.cancel(batch_id, owner=OWNER)
    await record.store.jobs.advance(JobChange(job_id=second, status=JobStatus.FAILED))
    alone = await ended_job(record)
    await record.store.batches.feed(batch_id, at_once=9)

    await _sweep(record)

    for job_id, erased in ((first, True), (second, True), (alone, False)):
        assert ((await record.store.jobs.get(job_id)).erase_requested_at is not None) is erased
