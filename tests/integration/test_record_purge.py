"""What the simulators made is removed; what is real, or still open, never."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from promptmill.commands.purge import purge_simulated
from promptmill.config.settings import load_settings
from promptmill.contracts.audit import AuditFilter
from promptmill.contracts.errors import ConfigurationError, RecordError
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.purge import Purged
from tests.fixtures.record import Record, new_prompt_job
from tests.support import eventually


async def purge(record: Record, *, with_prompts: bool = False, apply: bool = True) -> Purged:
    settings = load_settings({"DATABASE_URL": record.url, "PROMPTMILL_ENV_FILE": ""})
    return await purge_simulated(settings, with_prompts=with_prompts, apply=apply)


async def ended(record: Record) -> None:
    job_id = await record.generating()
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))


async def count(record: Record, table: str) -> int:
    return int(await record.hand.fetchval(f"SELECT count(*) FROM {table}"))


async def test_what_was_simulated_is_removed_with_what_it_had_spent(record: Record) -> None:
    await ended(record)
    await ended(record)
    prompt_job, _ = await record.store.prompts.accept(new_prompt_job())
    await record.set_status(prompt_job.id, "completed", "prompt_generation_jobs")
    highest = await record.store.operations.highest_submission()
    await record.hand.execute(
        "INSERT INTO spending (owner, day, model, spent_usd, provider) VALUES ('local', 'today', 'grok', 2, 'grok')"
    )

    told = await purge(record, apply=False)
    assert await count(record, "jobs") == 2
    removed = await purge(record)

    assert told == removed
    assert (removed.jobs, removed.submissions, removed.prompt_jobs, removed.spent_usd) == (2, 2, 0, Decimal(10))
    for table in ("jobs", "job_events", "submissions", "readings", "bills"):
        assert await count(record, table) == 0, table
    assert await record.hand.fetch("SELECT provider FROM spending") == [("grok",)]
    assert await record.store.operations.highest_submission() == highest == 2
    await record.assert_counters_equal_rows()
    [entry] = await record.store.audit.list(AuditFilter(action="record.purge"))
    assert entry.after is not None
    assert entry.after["jobs"] == 2
    assert (await purge(record, with_prompts=True)).prompt_jobs == 1
    assert await count(record, "spending") == 0


async def test_a_bill_that_arrives_meanwhile_leaves_nothing_spent(record: Record) -> None:
    await ended(record)
    bill = record.hand.transaction()
    await bill.start()
    await record.hand.execute("UPDATE submissions SET media_cost_usd = 7")
    purging = asyncio.create_task(purge(record))
    await eventually(record.waits_for_a_lock, what="the purge waits for the bill")
    await bill.commit()

    assert (await purging).spent_usd == Decimal(7)
    assert await count(record, "spending") == 0


async def test_nothing_is_removed_while_a_job_is_open(record: Record) -> None:
    await ended(record)
    await record.accept()

    with pytest.raises(RecordError, match="jobs are open"):
        await purge(record)

    assert await count(record, "jobs") == 2


@pytest.mark.parametrize(
    "real", ["jobs SET provider_mode = 'real'", "submissions SET provider_base = 'https://a.example'"]
)
async def test_nothing_is_removed_once_anything_was_really_submitted(record: Record, real: str) -> None:
    await ended(record)
    await record.hand.execute(f"UPDATE {real}")

    for apply in (False, True):
        with pytest.raises((ConfigurationError, RecordError), match="the real WaveSpeed"):
            await purge(record, apply=apply)

    assert await count(record, "jobs") == 1
