"""After a job's end, at record level: late media, and the callback."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.resolution import Decision
from promptmill.store import open_store
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id

OUTPUT = {"index": 0, "kind": "image", "url": "u"}
URL = "https://a.example/done"


async def late(record: Record) -> list[str]:
    return [found.prediction_id for found in await record.store.upkeep.late_predictions(100, 7)]


async def looked(record: Record, prediction_id: str, **fields: bool) -> None:
    submission_id = await record.hand.fetchval("SELECT id FROM submissions WHERE prediction_id = $1", prediction_id)
    await record.store.upkeep.note_late_look(submission_id, **fields)


async def ended(record: Record, prediction_id: str, status: JobStatus, reason: ReasonCode | None = None) -> None:
    job_id = await record.generating(prediction_id)
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.CANCELLING))
    change = JobChange(job_id=job_id, status=status, reason_code=reason)
    assert (await record.store.jobs.advance(change)).status is status


async def test_paid_media_of_every_ended_job_is_looked_for(record: Record) -> None:
    for status in (JobStatus.CANCELLED, JobStatus.EXPIRED, JobStatus.TERMINATED, JobStatus.FAILED):
        await ended(record, f"p-{status}", status)
    await ended(record, "p-gone", JobStatus.FAILED, ReasonCode.PREDICTION_GONE)
    await ended(record, "p-refused", JobStatus.FAILED, ReasonCode.GENERATION_FAILED)
    await record.generating("p-open")
    completed = await record.generating("p-completed")
    await record.store.jobs.advance(
        JobChange.model_validate({"job_id": completed, "status": "completed", "outputs": [OUTPUT]})
    )

    found = await record.store.upkeep.late_predictions(100, 7)

    assert {one.prediction_id for one in found} == {
        "p-cancelled", "p-expired", "p-terminated", "p-failed", "p-gone",
    }  # fmt: skip
    assert {(one.model, one.kind) for one in found} == {("wavespeed-ai/flux-dev", "image")}


async def test_only_the_first_look_that_finds_an_end_says_so(record: Record) -> None:
    """By that the late answers are counted: a pass that is repeated must not count them again."""
    await ended(record, "p-1", JobStatus.EXPIRED)
    submission_id = await record.hand.fetchval("SELECT id FROM submissions WHERE prediction_id = 'p-1'")

    looks = [await record.store.upkeep.note_late_look(submission_id, ended=ended) for ended in (False, True, True)]

    assert looks == [False, True, False]
    assert not await record.store.upkeep.note_late_look(new_id(), ended=True)


async def test_media_of_what_a_person_gave_up_is_looked_for(record: Record) -> None:
    wish = await record.unclear()
    await record.store.resolution.decide(wish.job_id, OWNER, Decision.ABANDON)
    assert await late(record) == []

    await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id, "p-1"))

    assert await late(record) == ["p-1"]


async def test_late_media_is_attached_and_looked_for_no_more(record: Record) -> None:
    await ended(record, "p-1", JobStatus.CANCELLED)
    (found,) = await record.store.upkeep.late_predictions(10, 7)

    row = await record.store.jobs.advance(
        JobChange.model_validate({"job_id": found.job_id, "prediction_id": "p-1", "outputs": [OUTPUT]})
    )

    assert (row.status, [output.url for output in row.outputs]) == (JobStatus.CANCELLED, ["u"])
    assert (await record.last_event(found.job_id)).detail["facts"] == ["outputs"]
    assert await late(record) == []


async def test_late_predictions_come_ever_more_rarely(record: Record) -> None:
    await ended(record, "p-1", JobStatus.EXPIRED)

    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        assert await late(record) == ["p-1"]
        assert await late(record) == ["p-1"], "only a look counts"
        await looked(record, "p-1")
        shift = "UPDATE submissions SET looked_at = looked_at - $1 * interval '1 second'"
        await record.hand.execute(shift, minutes * 60 - 3)
        assert await late(record) == [], f"sooner than after {minutes} min"
        await record.hand.execute(shift, 3)
    await record.hand.execute("UPDATE submissions SET outcome_at = outcome_at - interval '8 days'")
    assert await late(record) == []


async def test_those_never_looked_at_come_first(record: Record) -> None:
    for name in ("a", "b", "c"):
        await ended(record, name, JobStatus.EXPIRED)
    await looked(record, "a")
    await record.hand.execute("UPDATE submissions SET looked_at = looked_at - interval '1 hour'")

    found = await record.store.upkeep.late_predictions(2, 7)

    assert [one.prediction_id for one in found] == ["b", "c"]


async def test_prediction_that_wavespeed_gave_up_is_not_read_again(record: Record) -> None:
    await ended(record, "p-1", JobStatus.EXPIRED)

    await looked(record, "p-1", ended=True)
    await record.hand.execute("UPDATE submissions SET looked_at = looked_at - interval '1 day'")

    assert await late(record) == []


# -- callbacks


async def with_callback(record: Record, status: JobStatus = JobStatus.EXPIRED) -> UUID:
    job_id = await record.dispatching(callback_url=URL)
    await record.store.jobs.advance(JobChange(job_id=job_id, status=status))
    return job_id


async def test_two_relays_at_once_never_tell_the_same_end(record: Record) -> None:
    wanted = {await with_callback(record) for _ in range(20)}
    await record.dispatching(callback_url=URL)  # open
    await record.store.jobs.advance(JobChange(job_id=await record.dispatching(), status=JobStatus.FAILED))

    async with open_store(record.url) as other:
        claimed = await asyncio.gather(
            *(store.upkeep.claim_callbacks(4) for _ in range(4) for store in (record.store, other))
        )

    ids = [job_id for batch in claimed for job_id in batch]
    assert len(ids) == len(set(ids))
    assert set(ids) == wanted


async def test_claimed_callback_is_free_again_after_a_minute_unless_it_was_started(record: Record) -> None:
    first, second = await with_callback(record), await with_callback(record)
    assert set(await record.store.upkeep.claim_callbacks(10)) == {first, second}
    assert await record.store.upkeep.claim_callbacks(10) == []

    await record.store.upkeep.mark_callback_started([first])
    await record.hand.execute("UPDATE jobs SET callback_claimed_at = callback_claimed_at - interval '61 seconds'")

    assert await record.store.upkeep.claim_callbacks(10) == [second]


async def test_attempts_and_the_end_of_a_callback_stand_in_the_timeline_once(record: Record) -> None:
    job_id = await record.dispatching(callback_url=URL)
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))
    before = len(await record.store.jobs.events(job_id))
    callbacks = record.store.callbacks

    for _ in range(2):  # a report whose response was lost is repeated
        await callbacks.note_attempt(job_id, 1, 503, "busy")
        await callbacks.note_attempt(job_id, 2, None, "no answer")
        await callbacks.end(job_id, delivered=True, attempts=3, status_code=204)
    await callbacks.end(job_id, delivered=False, attempts=4)

    told = [event.detail for event in (await record.store.jobs.events(job_id))[before:]]
    assert told == [
        {"callback": "attempt", "attempt": 1, "statusCode": 503, "error": "busy"},
        {"callback": "attempt", "attempt": 2, "error": "no answer"},
        {"callback": "delivered", "attempts": 3, "statusCode": 204},
    ]
    job = await record.store.jobs.get(job_id)
    assert (job.status, job.callback_ended_at is not None, job.callback_started_at is not None) == (
        "failed",
        True,
        True,
    )
    assert await record.store.upkeep.claim_callbacks(10) == []
    with pytest.raises(RecordNotFound):
        await callbacks.note_attempt(new_id(), 1, 503)


async def test_secret_of_the_installation_is_made_once(record: Record) -> None:
    kept = await asyncio.gather(*(record.store.callbacks.secret(f"secret-{n}") for n in range(8)))

    assert len(set(kept)) == 1
    assert await record.store.callbacks.secret("another") == kept[0]


async def test_intent_of_a_late_job_is_not_late_media(record: Record) -> None:
    wish = intent(await record.dispatching())
    await record.store.submissions.permit(wish)
    await record.store.jobs.advance(JobChange(job_id=wish.job_id, status=JobStatus.TERMINATED))

    assert await late(record) == []
