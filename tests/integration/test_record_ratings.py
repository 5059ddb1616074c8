"""Ratings at record level: who may rate which prompt or result, and what the statistics show."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from promptmill.contracts.errors import RecordConflict, RecordError, RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus, Output
from promptmill.contracts.prompts import PromptSource
from promptmill.contracts.ratings import Rating, Results, Satisfaction
from tests.fixtures.record import OWNER, Record, new_id, new_prompt_job, written
from tests.support import eventually

OUTPUT = Output(index=0, kind="image", url="https://example.com/a.png")
PROMPTS = "prompt_generation_jobs"


async def prompt(
    record: Record, model: str = "grok-4", source: PromptSource = PromptSource.GROK, **fields: Any
) -> UUID:
    """A written prompt that belongs to no job."""
    row, _ = await record.store.prompts.accept(new_prompt_job(**fields))
    await record.store.prompts.begin(row.id)
    attempt = await record.store.prompts.begin_attempt(row.id, model)
    await record.store.prompts.finish(written(row.id, attempt.attempt_no, grok_model=model, source=source))
    return row.id


async def result(record: Record, source: PromptSource = PromptSource.CALLER, **fields: Any) -> UUID:
    """A job that has ended with outputs."""
    job_id = await record.generating(prompt_source=source, **fields)
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.COMPLETED, outputs=(OUTPUT,)))
    return job_id


async def rate(record: Record, prompt_job_id: UUID, rating: Rating | None, reason: str | None = None) -> None:
    await record.store.ratings.rate_prompt(prompt_job_id, owner=OWNER, rating=rating, reason=reason)


async def keep(record: Record, job_id: UUID, *, kept: bool | None) -> None:
    await record.store.ratings.rate_result(job_id, owner=OWNER, kept=kept)


async def columns_of(record: Record, table: str) -> list[str]:
    found = await record.hand.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped", table
    )
    return [row["attname"] for row in found]


async def said(record: Record, prompt_job_id: UUID) -> tuple[int | None, str | None]:
    row = await record.store.prompts.get(prompt_job_id)
    return row.rating, row.rating_reason


async def test_a_rating_replaces_the_one_before_and_null_takes_it_back(record: Record) -> None:
    prompt_job_id = await prompt(record)
    seen = []
    for rating, reason in ((Rating.UP, "sharp"), (Rating.DOWN, None), (Rating.DOWN, "dull"), (None, None)):
        await rate(record, prompt_job_id, rating, reason)
        seen.append(await said(record, prompt_job_id))

    assert seen == [(1, "sharp"), (-1, None), (-1, "dull"), (None, None)]


async def test_only_an_ended_prompt_job_with_a_prompt_can_be_rated(record: Record) -> None:
    """While another attempt is running, a late response's prompt may still be replaced, and the new one is unrated."""
    queued, _ = await record.store.prompts.accept(new_prompt_job())
    late, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.prompts.begin_attempt(late.id, "grok-4")
    await record.store.prompts.begin_attempt(late.id, "grok-4")
    await record.store.prompts.finish(written(late.id, 1, "an earlier attempt's"))
    assert (await record.store.prompts.get(late.id)).status == "processing"

    for prompt_job_id in (queued.id, late.id):
        for rating in (Rating.UP, None):
            with pytest.raises(RecordConflict) as refusal:
                await rate(record, prompt_job_id, rating)
            assert refusal.value.conflict == "prompt_not_written"
    await record.hand.execute("SELECT update_prompt_job_status($1, 'cancelled')", late.id)
    await rate(record, late.id, Rating.UP)

    assert await said(record, late.id) == (1, None), "it has ended, and its prompt is kept"


async def test_only_a_job_with_outputs_can_be_judged(record: Record) -> None:
    job_id = await record.generating()
    for kept in (True, False, None):
        with pytest.raises(RecordConflict) as refusal:
            await keep(record, job_id, kept=kept)
        assert refusal.value.conflict == "no_outputs"

    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.CANCELLED))
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.CANCELLED, outputs=(OUTPUT,)))
    seen = []
    for word in (True, False, None):
        await keep(record, job_id, kept=word)
        seen.append((await record.store.jobs.get(job_id)).kept)

    assert seen == [True, False, None], "media that came after the cancel can be kept as well"


async def test_nobody_rates_what_is_anothers_or_not_there(record: Record) -> None:
    prompt_job_id, job_id = await prompt(record), await result(record)
    ratings = record.store.ratings

    for owner, one, other in (("another", prompt_job_id, job_id), (OWNER, new_id(), new_id())):
        with pytest.raises(RecordNotFound):
            await ratings.rate_prompt(one, owner=owner, rating=Rating.UP)
        with pytest.raises(RecordNotFound):
            await ratings.rate_result(other, owner=owner, kept=True)

    assert await said(record, prompt_job_id) == (None, None)
    assert (await record.store.jobs.get(job_id)).kept is None


@pytest.mark.parametrize("wrong", ["0", "2", "NULL, 'a reason for nothing'"])
async def test_other_words_are_refused_by_hand_too(record: Record, wrong: str) -> None:
    prompt_job_id = await prompt(record)

    with pytest.raises(asyncpg.PostgresError) as refusal:
        await record.hand.execute(f"SELECT rate_prompt_job('{prompt_job_id}', 'local', {wrong})")

    assert refusal.value.sqlstate == "PM422"
    with pytest.raises(asyncpg.CheckViolationError):
        await record.hand.execute(f"UPDATE {PROMPTS} SET rating = 2")


async def test_of_ratings_at_once_one_stands_whole(record: Record) -> None:
    prompt_job_id, job_id = await prompt(record), await result(record)
    words = [(rating, f"{rating} {number}") for number in range(10) for rating in Rating]

    await asyncio.gather(
        *(rate(record, prompt_job_id, *word) for word in words),
        *(keep(record, job_id, kept=number % 2 == 0) for number in range(20)),
    )

    number, reason = await said(record, prompt_job_id)
    assert (number, reason) in [({Rating.UP: 1, Rating.DOWN: -1}[rating], text) for rating, text in words]
    assert (await record.store.jobs.get(job_id)).kept in (True, False)


async def test_what_is_deleted_meanwhile_is_not_there(record: Record) -> None:
    prompt_job_id, job_id = await prompt(record), await result(record)
    async with record.hand.transaction():
        await record.hand.execute(f"DELETE FROM {PROMPTS} WHERE id = $1", prompt_job_id)
        await record.hand.execute("DELETE FROM jobs WHERE id = $1", job_id)
        rating = asyncio.gather(
            rate(record, prompt_job_id, Rating.UP), keep(record, job_id, kept=True), return_exceptions=True
        )
        waiting = "SELECT count(*) = 2 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
        watch = await asyncpg.connect(record.url)
        await eventually(lambda: watch.fetchval(waiting), what="both wait for the deletion")
        await watch.close()

    assert [type(error) for error in await rating] == [RecordNotFound, RecordNotFound]


async def test_a_rating_is_told_and_is_no_event(record: Record) -> None:
    prompt_job_id = await prompt(record)
    job_id = await result(record, PromptSource.GROK, prompt_job_id=prompt_job_id)
    before = await record.store.jobs.events(job_id)
    told: list[str] = []
    listening = await asyncpg.connect(record.url)
    await listening.add_listener("promptmill_events", lambda *notice: told.append(notice[-1]))

    await rate(record, prompt_job_id, Rating.UP)
    await rate(record, prompt_job_id, Rating.UP)
    await keep(record, job_id, kept=True)
    await keep(record, job_id, kept=True)
    await listening.execute("SELECT 1")
    await eventually(lambda: len(told) >= 2, what="both are told")
    await listening.close()

    assert await record.store.jobs.events(job_id) == before
    assert len(told) == 2, "saying the same again changes nothing"
    assert all('"sequence" : 0' in text and str(job_id) in text for text in told), "0: no event"


async def test_a_retry_starts_unrated(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    attempt = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.prompts.finish(written(prompt_job_id, attempt.attempt_no))
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED, outputs=(OUTPUT,)))
    await rate(record, prompt_job_id, Rating.DOWN, "dull")
    await keep(record, job_id, kept=False)

    again, _ = await record.store.jobs.retry(job_id, owner=OWNER, new_id=new_id())

    assert again.kept is None
    assert again.prompt_job_id is not None
    assert await said(record, again.prompt_job_id) == (None, None)
    assert await said(record, prompt_job_id) == (-1, "dull")


async def test_results_are_counted_over_all_jobs_that_used_the_prompt(record: Record) -> None:
    prompt_job_id = await prompt(record)
    jobs = [await result(record, PromptSource.GROK, prompt_job_id=prompt_job_id) for _ in range(4)]
    for job_id, kept in zip(jobs, (True, True, False, None), strict=True):
        await keep(record, job_id, kept=kept)

    assert await record.store.ratings.results(prompt_job_id) == Results(kept=2, discarded=1)
    assert await record.store.ratings.of_prompts([None, prompt_job_id]) == {}
    await rate(record, prompt_job_id, Rating.DOWN)
    assert await record.store.ratings.of_prompts([None, prompt_job_id]) == {prompt_job_id: Rating.DOWN}


async def test_satisfaction_is_told_by_model_and_source(record: Record) -> None:
    four = [await prompt(record) for _ in range(5)]
    for prompt_job_id, rating in zip(four, (Rating.UP, Rating.UP, Rating.UP, Rating.DOWN, None), strict=True):
        await rate(record, prompt_job_id, rating)
    await rate(record, await prompt(record, "grok-3", PromptSource.GROK_FALLBACK), Rating.DOWN)
    for source, words in (
        (PromptSource.GROK, (True, True, False, None)),
        (PromptSource.EDITED, (False,)),
        (PromptSource.TEMPLATE, (True,)),
    ):
        for kept in words:
            await keep(record, await result(record, source, prompt_job_id=four[0]), kept=kept)
    for kept in (True, False, False):
        await keep(record, await result(record), kept=kept)

    told = await record.store.ratings.satisfaction(OWNER)

    names = ("grok_model", "prompt_source", "up", "down", "kept", "discarded", "satisfaction_rate")
    assert told == [
        Satisfaction.model_validate(dict(zip(names, row, strict=True)))
        for row in (
            ("grok-4", "grok", 3, 1, 2, 1, 5 / 7),
            (None, "caller", 0, 0, 1, 2, 1 / 3),
            ("grok-3", "grok_fallback", 0, 1, 0, 0, 0),
            ("grok-4", "edited", 0, 0, 0, 1, 0),
            (None, "template", 0, 0, 1, 0, 1),
        )
    ]


async def test_satisfaction_is_of_the_owners_last_30_days(record: Record) -> None:
    recent, old, anothers = await prompt(record), await prompt(record), await prompt(record, owner="another")
    recent_job, old_job = await result(record), await result(record)
    day = 86_400
    for row, days, table in (
        (recent, 29, PROMPTS),
        (old, 31, PROMPTS),
        (recent_job, 29, "jobs"),
        (old_job, 31, "jobs"),
    ):
        await record.shift(row, "created_at", days * day, table)
    for prompt_job_id in (recent, old):
        await rate(record, prompt_job_id, Rating.UP)
    await record.store.ratings.rate_prompt(anothers, owner="another", rating=Rating.DOWN)
    for job_id in (recent_job, old_job):
        await keep(record, job_id, kept=True)

    counted = [(one.prompt_source, one.up, one.kept) for one in await record.store.ratings.satisfaction(OWNER)]
    of_all_time = await record.hand.fetchval("SELECT sum(up + kept) FROM get_prompt_satisfaction('local', 365)")

    assert sorted(counted) == [("caller", 0, 1), ("grok", 1, 0)]
    assert of_all_time == 4
    assert [one.down for one in await record.store.ratings.satisfaction("another")] == [1]


async def test_satisfaction_reads_rated_rows_alone(record: Record) -> None:
    rated, judged = await prompt(record), await result(record)
    for table, row in ((PROMPTS, rated), ("jobs", judged)):
        columns = set(await columns_of(record, table)) - {"id", "prediction_id"}
        names = ", ".join(f'"{name}"' for name in columns)
        await record.hand.execute(
            f"INSERT INTO {table} (id, {names}) SELECT gen_random_uuid(), {names} "
            f"FROM {table}, generate_series(1, 5000) WHERE id = '{row}'"
        )
    await rate(record, rated, Rating.UP)
    await keep(record, judged, kept=True)
    await record.hand.execute("ANALYZE jobs, prompt_generation_jobs")

    plan = "\n".join(
        row[0] for row in await record.hand.fetch("EXPLAIN (ANALYZE) SELECT * FROM get_prompt_satisfaction('local')")
    )

    assert "jobs_kept_idx" in plan
    assert "prompt_generation_jobs_rated_idx" in plan
    assert "Seq Scan" not in plan


async def test_a_rating_is_gone_with_its_row(record: Record) -> None:
    job_id = await result(record)
    await keep(record, job_id, kept=True)
    await record.shift(job_id, "completed_at", 100 * 86_400)

    await record.hand.execute("SELECT delete_expired_records(90)")

    assert await record.store.ratings.satisfaction(OWNER) == []
    with pytest.raises(RecordError):
        await keep(record, job_id, kept=True)
