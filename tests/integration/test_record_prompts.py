"""Attempts to have a prompt written, as the record counts them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from activities.records import RecordActivities
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.prompts import PromptChange, PromptJobStatus, PromptSource
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.store import AttemptDecision, PromptEnd, PromptFailure
from promptmill.metrics import PROCESS
from promptmill.store import job_input, prompt_request
from tests.fixtures.record import Record, new_id, new_prompt_job, written


def failure(prompt_job_id: object, attempt_no: int, **fields: object) -> PromptFailure:
    usual = {"reason_code": "grok_unavailable", "error": "503", "delay_seconds": 0}
    return PromptFailure.model_validate({"prompt_job_id": prompt_job_id, "attempt_no": attempt_no} | usual | fields)


async def test_written_prompt_sends_its_job_on(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    attempt = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    assert (attempt.decision, attempt.attempt_no, attempt.model) == (AttemptDecision.GO, 1, "grok-4")
    assert (await record.store.jobs.get(job_id)).prompt_status == "generating"

    ended = await record.store.prompts.finish(written(prompt_job_id, 1))

    job, prompt_job = await record.store.jobs.get(job_id), await record.store.prompts.get(prompt_job_id)
    assert ended.status is PromptJobStatus.COMPLETED
    assert (job.status, job.prompt_status, job.prompt, job.prompt_source) == (
        "dispatching",
        "completed",
        "a red fox",
        "grok",
    )
    assert (job.prompt_cost_usd, prompt_job.input_tokens, prompt_job.output_tokens) == (Decimal("0.002"), 30, 20)


async def test_worker_that_died_after_the_answer_pays_once(record: Record) -> None:
    _, prompt_job_id = await record.prompting()
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.prompts.finish(written(prompt_job_id, 1))

    again = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")

    assert again.decision is AttemptDecision.DONE
    assert again.result == written(prompt_job_id, 1).result


async def test_repeated_answer_is_counted_once(record: Record) -> None:
    _, prompt_job_id = await record.prompting()
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    for _ in range(3):
        await record.store.prompts.finish(written(prompt_job_id, 1))

    assert (await record.store.prompts.get(prompt_job_id)).cost_usd == Decimal("0.002")


async def test_failures_are_counted_in_the_row(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    for count in (1, 2):
        attempt = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
        await record.store.prompts.record_failure(failure(prompt_job_id, attempt.attempt_no, delay_seconds=count))
        row = await record.store.prompts.get(prompt_job_id)
        assert (row.status, row.retry_count, row.reason_code) == ("processing", count, "grok_unavailable")
        assert row.next_attempt_at is not None
        assert row.enqueued_at == row.next_attempt_at  # at the back of the queue, as at Temporal

    await record.store.prompts.record_failure(failure(prompt_job_id, 2))  # reported twice
    attempt = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    assert (attempt.attempt_no, attempt.retry_count) == (3, 2)
    await record.store.prompts.record_failure(failure(prompt_job_id, 3, next_model="grok-5"))
    attempt = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    assert (attempt.model, attempt.retry_count) == ("grok-5", 0)

    told = [event for event in await record.store.jobs.events(job_id) if event.reason_code]
    assert [(event.status, event.detail["retryCount"]) for event in told] == [
        ("prompting", 1),
        ("prompting", 2),
        ("prompting", 0),
    ]
    assert told[-1].detail["model"] == "grok-5"


async def test_failure_of_an_earlier_attempt_is_ignored(record: Record) -> None:
    _, prompt_job_id = await record.prompting()
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")

    await record.store.prompts.record_failure(failure(prompt_job_id, 1))
    ended = await record.store.prompts.finish(
        PromptEnd(prompt_job_id=prompt_job_id, attempt_no=1, reason_code=ReasonCode.GROK_REFUSED)
    )

    row = await record.store.prompts.get(prompt_job_id)
    assert ended.status is PromptJobStatus.PROCESSING
    assert (row.retry_count, row.attempt_no) == (0, 2)


async def test_late_answer_is_kept_and_used_only_where_there_is_no_better(record: Record) -> None:
    _, first = await record.prompting()
    job_id, second = await record.prompting()
    for prompt_job_id in (first, second):
        await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
        await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
        late = await record.store.prompts.finish(written(prompt_job_id, 1, "late"))
        assert late.status is PromptJobStatus.PROCESSING
        assert late.answered_late(1)

    in_time = await record.store.prompts.finish(written(first, 2, "in time"))
    assert not in_time.answered_late(2)
    assert (await record.store.prompts.finish(written(first, 1, "late"))).answered_late(1)
    used = await record.store.prompts.begin_attempt(second, "grok-4")

    row = await record.store.prompts.get(first)
    assert (row.generated_prompt, row.cost_usd) == ("in time", Decimal("0.004"))
    assert used.decision is AttemptDecision.DONE
    assert used.result is not None
    assert used.result.prompt == (await record.store.jobs.get(job_id)).prompt == "late"
    assert await record.status(job_id) == "dispatching"


async def test_late_answers_are_counted(record: Record) -> None:
    _, prompt_job_id = await record.prompting()
    for _attempt in (1, 2):
        await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    counted = late_prompts()

    for attempt_no in (1, 2):
        answer = written(prompt_job_id, attempt_no).result
        assert answer is not None
        await RecordActivities(record.store).record_prompt(answer)

    assert late_prompts() - counted == 1


def late_prompts() -> float:
    return PROCESS.get_sample_value("promptmill_late_answers_total", {"provider": "grok"}) or 0


async def test_answer_after_a_cancel_is_a_fact(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.jobs.request_cancel(job_id, owner="local")
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.CANCELLED))

    ended = await record.store.prompts.finish(written(prompt_job_id, 1))

    job, row = await record.store.jobs.get(job_id), await record.store.prompts.get(prompt_job_id)
    assert (ended.status, job.status) == (PromptJobStatus.CANCELLED, "cancelled")
    assert (row.generated_prompt, row.cost_usd, job.prompt_cost_usd) == (
        "a red fox",
        Decimal("0.002"),
        Decimal("0.002"),
    )


async def test_template_that_went_out_is_not_overwritten(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.store.jobs.advance(
        JobChange(
            job_id=job_id, status=JobStatus.DISPATCHING, prompt="by template", prompt_source=PromptSource.TEMPLATE
        )
    )

    await record.store.prompts.finish(written(prompt_job_id, 1))

    job = await record.store.jobs.get(job_id)
    assert (job.status, job.prompt, job.prompt_source) == ("dispatching", "by template", "template")
    assert job.prompt_cost_usd == Decimal("0.002")


async def test_attempt_stops_where_nobody_wants_the_prompt_any_more(record: Record) -> None:
    cancelled_job, first = await record.prompting()
    await record.store.jobs.request_cancel(cancelled_job, owner="local")
    late_job, second = await record.prompting()
    await record.shift(late_job, "deadline_at", 4000)
    ended_job, third = await record.prompting()
    await record.store.jobs.advance(
        JobChange(job_id=ended_job, status=JobStatus.TERMINATED, reason_code=ReasonCode.WORKFLOW_TERMINATED)
    )
    for prompt_job_id, reason in (
        (first, ReasonCode.CANCEL_REQUESTED),
        (second, ReasonCode.DEADLINE_PASSED),
        (third, ReasonCode.WORKFLOW_TERMINATED),
    ):
        attempt = await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
        assert (attempt.decision, attempt.reason_code) == (AttemptDecision.STOP, reason)
        assert (await record.store.prompts.get(prompt_job_id)).attempt_no == 0


async def test_failure_for_good_leaves_the_decision_to_the_workflow(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")

    ended = await record.store.prompts.finish(
        PromptEnd(prompt_job_id=prompt_job_id, attempt_no=1, reason_code=ReasonCode.GROK_REFUSED, error="no")
    )

    job = await record.store.jobs.get(job_id)
    assert (ended.status, ended.reason_code) == (PromptJobStatus.FAILED, "grok_refused")
    assert (job.status, job.prompt_status) == ("prompting", "failed")


async def test_update_by_hand_moves_the_job_too(record: Record) -> None:
    """The function that a person calls from psql."""
    job_id, prompt_job_id = await record.prompting()
    await record.hand.execute("SELECT update_prompt_job_status($1, 'processing')", prompt_job_id)

    await record.hand.execute("SELECT update_prompt_job_status($1, 'completed', 'by hand')", prompt_job_id)

    job = await record.store.jobs.get(job_id)
    assert (job.status, job.prompt, job.prompt_status) == ("dispatching", "by hand", "completed")


async def test_unknown_prompt_job_is_not_found(record: Record) -> None:
    store = record.store.prompts
    nobody = new_id()
    for asked in (
        store.get(nobody),
        store.begin(nobody),
        store.begin_attempt(nobody, "grok-4"),
        store.record_failure(failure(nobody, 1)),
        store.finish(written(nobody, 1)),
        store.change(PromptChange(prompt_job_id=nobody, status=PromptJobStatus.FAILED)),
        store.request_cancel(nobody, owner="local"),
    ):
        with pytest.raises(RecordNotFound):
            await asked


async def test_workflow_inputs_are_built_from_the_row_alone(record: Record) -> None:
    wanted = new_prompt_job(ref_urls=("https://a.example/1.png",), existing_prompt="old", metadata={"order": "7"})
    row, _ = await record.store.prompts.accept(wanted)
    job_id = await record.accept(metadata={"order": "8"})

    request = prompt_request(await record.store.prompts.get(row.id))
    of_job = job_input(await record.store.jobs.get(job_id))

    assert (request.prompt_job_id, request.existing_prompt, request.ref_urls) == (row.id, "old", wanted.ref_urls)
    assert (request.metadata, of_job.metadata) == ({"order": "7"}, {"order": "8"})
    assert (of_job.job_id, of_job.prompt, of_job.input) == (job_id, "a fox", {"size": "64*64"})
