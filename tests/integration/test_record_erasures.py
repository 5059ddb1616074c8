"""Erasing in the record: no word is left, whoever writes later."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal
from uuid import UUID

import pytest

from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.errors import IdempotencyBusy, RecordConflict, RecordError, RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.contracts.store import IdempotencyKey
from promptmill.store.migrations import downgrade
from promptmill.store.operations import AI_PROMPTS
from tests.fixtures.erased import MARK, ended_job, media_of
from tests.fixtures.record import OWNER, Record, accepted, new_id, new_job, new_prompt_job, outcome, written
from tests.support import eventually

KEPT = {
    "jobs": {
        "owner model kind operation on_prompt_failure provider_mode prompt_source prompt_status status reason_code",
        "prediction_id media_cost_source key_id relation",
    },
    "prompt_generation_jobs": {
        "owner operation status reason_code grok_model prompt_source key_id length target_model target_kind",
    },
    "submissions": {
        "state callback_token provider_base key_fingerprint prediction_id candidates reason_code resolved_by",
        "price_source",
    },
    "job_events": {"status reason_code"},
    "webhook_deliveries": {"provider event_id"},
    "idempotency_keys": {"owner"},
    "erasures": {"table_name problem"},
    "batch_rows": {"state"},
}
"""What an erased row keeps: owners, vocabulary, ids, tokens, and what money needs. A column that is not named here,
also a new one, must be empty after an erasure."""

UNTOUCHED = {
    "alembic_version": "the schema",
    "api_keys": "who may call",
    "applied_functions": "the schema",
    "backups": "names of backups",
    "audit_log": "who did what: ids, no words",
    "collections": "names that an owner gave, erased with the owner",
    "bills": "money: a prediction's id",
    "budgets": "money",
    "batches": "an owner's own, erased with the owner alone",
    "batch_proposals": "a batch's, whose table and prompts go once its rows are stored",
    "job_tags": "deleted with the erasure",
    "output_removals": "where files lie that are still to be deleted; a row goes with its file",
    "owner_erasures": "a name",
    "owners": "who may call",
    "prompt_styles": "an owner's own, erased with the owner alone",
    "readings": "a prediction's id, deleted with the erasure",
    "sessions": "who may call",
    "spending": "money",
    "status_counters": "numbers",
    "stored_outputs": "deleted with the erasure",
    "queue_minutes": "numbers",
    "templates": "an owner's own texts, of no job, erased with the owner",
    "submission_rates": "the installation",
    "switches": "the installation",
}
"""Tables that an erasure leaves alone, and why it may. A new table stands here or in `KEPT`."""

_TEXTS = "SELECT table_name, column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public'"
_MARKED = {
    "text": f"'{MARK}'",
    "varchar": f"'{MARK}'",
    "_text": f"ARRAY['{MARK}']",
    "jsonb": f"""jsonb_build_object('{MARK}', '{MARK}', 'id', {{id}})""",
}
_LISTS = {
    ("jobs", "outputs"): f"""'[{{"index": 0, "kind": "text", "text": "{MARK}"}}]'""",
    ("prompt_generation_jobs", "variants"): f"""'[{{"prompt": "{MARK}"}}]'""",
}


async def _columns(record: Record) -> dict[str, list[tuple[str, str]]]:
    """The columns of texts and JSON of every table."""
    found: dict[str, list[tuple[str, str]]] = {}
    views = {row[0] for row in await record.hand.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'public'")}
    for table, column, kind in await record.hand.fetch(_TEXTS):
        if kind in _MARKED and table not in views:
            found.setdefault(table, []).append((column, kind))
    return found


async def _mark(record: Record) -> None:
    """Write the mark into every text and JSON of the tables that an erasure touches, unless it is kept."""
    columns = await _columns(record)
    assert set(columns) == KEPT.keys() | UNTOUCHED.keys()
    for table, kept in KEPT.items():
        names = {name for line in kept for name in line.split()}
        known = {column for column, _ in columns[table]}
        assert names <= known, names - known
        own_id = "prediction_id" if table == "jobs" else "'an id'"
        values = [
            f"{column} = {_LISTS.get((table, column), _MARKED[kind].format(id=own_id))}"
            for column, kind in columns[table]
            if column not in names
        ]
        if values:
            await record.hand.execute(f"UPDATE {table} SET {', '.join(values)}")


async def _marked(record: Record) -> list[str]:
    """Where the mark still is, in any table."""
    found = []
    for table, columns in (await _columns(record)).items():
        for column, _ in columns:
            query = f"""SELECT count(*) FROM "{table}" WHERE "{column}"::text LIKE '%{MARK}%'"""
            if await record.hand.fetchval(query):
                found.append(f"{table}.{column}")
    return found


@pytest.fixture
async def erased(record: Record) -> UUID:
    """A job whose every text and JSON was marked, and that was erased then."""
    job_id = await ended_job(record)
    await record.hand.execute("UPDATE jobs SET callback_started_at = now(), callback_ended_at = now()")
    await _mark(record)
    assert len(await _marked(record)) > 20
    await record.store.erasures.erase_job(job_id, owner=OWNER)
    return job_id


async def test_no_table_has_a_word_of_an_erased_job(record: Record, erased: UUID) -> None:
    assert await _marked(record) == []


async def test_what_money_needs_stays(record: Record, erased: UUID) -> None:
    row = await record.store.jobs.get(erased)
    [submission] = await record.store.submissions.of_job(erased)
    spent = await record.hand.fetchval("SELECT sum(spent_usd) FROM spending")

    assert (row.status, row.model, float(row.media_cost_usd or 0)) == ("completed", "wavespeed-ai/flux-dev", 0.01)
    assert (submission.state, submission.prediction_id) == ("accepted", row.prediction_id)
    assert float(spent) == 0.012, "WaveSpeed's charge and Grok's"
    assert row.erase_requested_at is not None
    assert row.erased_at is None


async def test_nothing_that_comes_later_brings_a_word_back(record: Record, erased: UUID) -> None:
    """A late reading, webhook, answer of Grok or of WaveSpeed, and the end of a callback that was being delivered."""
    store = record.store
    row = await store.jobs.get(erased)
    [submission] = await store.submissions.of_job(erased)
    assert row.prompt_job_id is not None
    before = len(await store.jobs.events(erased))

    for status in (None, JobStatus.COMPLETED, JobStatus.FAILED):
        await store.jobs.advance(media_of(erased, row.prediction_id, status))
    assert len(await store.jobs.events(erased)) == before, "a late reading is no event"
    body = {"id": row.prediction_id, "outputs": [MARK]}
    await store.inbox.receive(event_id="late", job_id=erased, token=submission.callback_token, body=body)
    await store.submissions.settle(accepted(erased, submission.id, row.prediction_id, error=MARK))
    await store.submissions.settle(accepted(erased, new_id(), "of another attempt", error=MARK))
    await store.prompts.finish(written(row.prompt_job_id, 7, MARK))
    await store.callbacks.note_attempt(erased, 3, 500, MARK)
    await store.callbacks.end(erased, delivered=False, attempts=3, error=MARK)
    await record.hand.execute("UPDATE jobs SET prompt = $1, outputs = '[1]', callback_url = $1", MARK)
    await record.hand.execute("UPDATE prompt_generation_jobs SET rating_reason = $1", MARK)

    assert await _marked(record) == []
    assert await store.upkeep.claim_callbacks(10) == []
    assert (await store.jobs.events(erased))[-1].detail == {}


async def test_an_erased_job_is_neither_retried_nor_rated(record: Record, erased: UUID) -> None:
    row = await record.store.jobs.get(erased)
    assert row.prompt_job_id is not None

    for act in (
        record.store.jobs.retry(erased, owner=OWNER, new_id=new_id(), force=True),
        record.store.ratings.rate_result(erased, owner=OWNER, kept=True),
        record.store.ratings.rate_prompt(row.prompt_job_id, owner=OWNER, rating=None),
    ):
        with pytest.raises(RecordConflict) as refused:
            await act
        assert refused.value.conflict == "erased"


async def test_a_repeated_request_gets_the_erased_job_and_is_not_paid_again(record: Record) -> None:
    job_id = await ended_job(record)
    await record.store.erasures.erase_job(job_id, owner=OWNER)
    key = IdempotencyKey(key=f"key of {job_id}", request_hash="hash")

    again, replayed = await record.store.jobs.accept(new_job(prompt=MARK), key)

    assert (again.id, replayed) == (job_id, True)
    assert await record.hand.fetchval("SELECT count(*) FROM jobs") == 1
    assert await record.hand.fetchval("SELECT count(*) FROM idempotency_keys") == 1
    assert "key of" not in await record.hand.fetchval("SELECT key FROM idempotency_keys")


async def test_neither_budget_nor_switch_nor_limit_refuses_the_repetition_of_what_was_erased(record: Record) -> None:
    job_id = await ended_job(record)
    await record.store.erasures.erase_job(job_id, owner=OWNER)
    key = IdempotencyKey(key=f"key of {job_id}", request_hash="hash")
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal(0))
    await record.store.operations.set_switch(AI_PROMPTS, "off")
    await record.store.limits.set(OWNER, {"open_jobs": 0})

    asks_grok = new_job(use_ai_prompt=True, prompt_job=new_prompt_job(), prompt=None, prompt_source=None)
    again, replayed = await record.store.jobs.accept(asks_grok, key)

    assert (again.id, replayed) == (job_id, True)
    assert await record.store.jobs.accepted_before(OWNER, key)


async def test_a_repetition_during_the_erasure_is_not_paid_either(record: Record) -> None:
    """It waits for the key's row, which has another key when it goes on."""
    job_id = await ended_job(record)
    key = IdempotencyKey(key=f"key of {job_id}", request_hash="hash")

    async def repeat() -> None:
        with suppress(IdempotencyBusy):  # it waits for 2 s at most
            await record.store.jobs.accept(new_job(prompt=MARK), key)

    async with record.hand.transaction():
        await record.hand.execute("SELECT erase_job($1)", job_id)
        repetition = asyncio.create_task(repeat())

        async def waits() -> bool:
            return repetition.done() or await record.waits_for_a_lock()

        await eventually(waits, what="the repetition waits")
    await repetition

    again, replayed = await record.store.jobs.accept(new_job(prompt=MARK), key)
    assert (again.id, replayed) == (job_id, True)
    assert await record.hand.fetchval("SELECT count(*) FROM jobs") == 1


async def test_erasing_twice_is_one_entry_in_the_log(record: Record, erased: UUID) -> None:
    await record.store.erasures.erase_job(erased, owner=OWNER)

    entries = await record.hand.fetch("SELECT owner, target, before, after FROM audit_log WHERE action = 'job.erase'")
    assert [tuple(entry) for entry in entries] == [(OWNER, f"job:{erased}", None, None)]
    assert [event.detail for event in await record.store.jobs.events(erased) if event.detail] == [
        {"erased": "requested"}
    ]


async def test_only_an_ended_job_whose_money_is_settled_is_erased(record: Record) -> None:
    open_job = await record.generating()
    wish = await record.unclear()
    # Ended from outside while it is unclear, as when its workflow is terminated.
    await record.store.jobs.advance(JobChange(job_id=wish.job_id, status=JobStatus.TERMINATED))

    for job_id, conflict in ((open_job, "job_open"), (wish.job_id, "erase_unclear")):
        with pytest.raises(RecordConflict) as refused:
            await record.store.erasures.erase_job(job_id, owner=OWNER)
        assert refused.value.conflict == conflict
    await record.store.submissions.settle(outcome(wish, SubmissionState.REJECTED))
    assert (await record.store.erasures.erase_job(wish.job_id, owner=OWNER)).erase_requested_at is not None


async def test_what_can_never_be_settled_is_erased_when_wavespeeds_history_has_passed(record: Record) -> None:
    wish = await record.unclear()
    await record.store.jobs.advance(JobChange(job_id=wish.job_id, status=JobStatus.TERMINATED))
    await record.shift(wish.submission_id, "post_before", 8 * 86_400, table="submissions")

    await record.store.erasures.erase_job(wish.job_id)

    assert await record.submissions(wish.job_id) == [("unknown", None)], "what may have been paid stays known"


async def test_another_owners_job_does_not_exist(record: Record) -> None:
    job_id = await ended_job(record)

    with pytest.raises(RecordNotFound):
        await record.store.erasures.erase_job(job_id, owner="team-b")


async def test_an_erased_prediction_proves_nothing_about_wavespeeds_history(record: Record) -> None:
    """It is deleted there: a history without it would look broken for ever."""
    job_id = await ended_job(record)
    [submission] = await record.store.submissions.of_job(job_id)
    where = submission.provider_base, submission.key_fingerprint
    assert await record.store.resolution.known_prediction(*where, other_than_job=new_id()) is not None

    await record.store.erasures.erase_job(job_id)

    assert await record.store.resolution.known_prediction(*where, other_than_job=new_id()) is None


async def test_a_standalone_prompt_goes_with_the_last_job_that_used_it(record: Record) -> None:
    prompt_job, _ = await record.store.prompts.accept(new_prompt_job())
    attempt = await record.store.prompts.begin_attempt(prompt_job.id, "grok-4")
    await record.store.prompts.finish(written(prompt_job.id, attempt.attempt_no))
    jobs = [await record.accept(prompt_job_id=prompt_job.id) for _ in range(2)]
    for job_id in jobs:
        await record.store.jobs.request_cancel(job_id, owner=OWNER)

    await record.store.erasures.erase_job(jobs[0])
    assert (await record.store.prompts.get(prompt_job.id)).generated_prompt == "a red fox"
    await record.store.erasures.erase_job(jobs[1])

    row = await record.store.prompts.get(prompt_job.id)
    assert (row.generated_prompt, row.instructions, row.status) == (None, None, "completed")
    assert {erasure.id for erasure in await record.store.erasures.take(10)} == {*jobs, prompt_job.id}


async def test_a_prompt_goes_with_two_jobs_that_are_erased_at_the_same_time(record: Record) -> None:
    """Neither may take the other for one that still needs the prompt."""
    prompt_job, _ = await record.store.prompts.accept(new_prompt_job())
    attempt = await record.store.prompts.begin_attempt(prompt_job.id, "grok-4")
    await record.store.prompts.finish(written(prompt_job.id, attempt.attempt_no))
    jobs = [await record.accept(prompt_job_id=prompt_job.id) for _ in range(2)]
    for job_id in jobs:
        await record.store.jobs.request_cancel(job_id, owner=OWNER)

    async with record.hand.transaction():
        await record.hand.execute("SELECT erase_job($1)", jobs[0])
        other = asyncio.create_task(record.store.erasures.erase_job(jobs[1]))

        async def met() -> bool:
            return other.done() or await record.waits_for_a_lock()

        await eventually(met, what="the second erasure has met the first")
    await other

    assert (await record.store.prompts.get(prompt_job.id)).generated_prompt is None


async def test_erasing_allows_no_second_payment_that_was_refused_before(record: Record) -> None:
    """An earlier job of the same request may be billed: erasing its words does not change that."""
    first = await record.generating()
    await record.store.jobs.advance(JobChange(job_id=first, status=JobStatus.EXPIRED))
    second, _ = await record.store.jobs.retry(first, owner=OWNER, new_id=new_id(), force=True)
    await record.store.jobs.request_cancel(second.id, owner=OWNER)

    async def refused() -> str | None:
        with pytest.raises(RecordConflict) as conflict:
            await record.store.jobs.retry(second.id, owner=OWNER, new_id=new_id())
        return conflict.value.conflict

    assert await refused() == "may_be_billed"
    await record.store.erasures.erase_job(first)
    assert await refused() == "may_be_billed"
    assert await record.store.upkeep.late_predictions(10, 7) == [], "it is not read any more"


async def test_a_key_of_two_erased_jobs(record: Record) -> None:
    """The key of the first had expired, and was not deleted yet."""
    for _ in range(2):
        wanted = new_job()
        job, _ = await record.store.jobs.accept(wanted, IdempotencyKey(key="again", request_hash="hash"))
        assert job.id == wanted.id
        await record.store.jobs.request_cancel(job.id, owner=OWNER)
        await record.store.erasures.erase_job(job.id)
        await record.hand.execute("UPDATE idempotency_keys SET created_at = now() - interval '1 year'")


async def test_a_downgrade_is_refused_while_something_is_erased(record: Record, erased: UUID) -> None:
    """The older release would let words come back."""
    with pytest.raises(RecordError, match="There are erased jobs"):
        await downgrade(record.url, "0012")
