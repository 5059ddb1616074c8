"""A record that has lost commits (a restored backup, a standby that lagged) permits what its workflow knows."""

from __future__ import annotations

from uuid import UUID

from promptmill.contracts.prompts import PromptSource
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.store import Permission, SubmissionPermit
from promptmill.store.jobs import job_input
from tests.fixtures.record import Record, intent, new_prompt_job, written

TEXT = "a red fox in the snow"


async def permit(record: Record, job_id: UUID, prompt: str = TEXT) -> SubmissionPermit:
    return await record.store.submissions.permit(intent(job_id, prompt=prompt))


async def test_a_prompt_that_is_not_settled_in_the_record_refuses_none(record: Record) -> None:
    job_id, _ = await record.prompting()

    assert (await permit(record, job_id)).permission is Permission.POST


async def test_submissions_on_hold_wait_whatever_they_ask_for(record: Record) -> None:
    """Otherwise they would end before anyone could run `restore-check`."""
    job_id = await record.dispatching()
    await record.store.operations.hold_submissions("older backup")

    assert (await permit(record, job_id, "another")).permission is Permission.HOLD


async def test_a_lost_attempt_refuses_no_prompt(record: Record) -> None:
    job_id, prompt_job_id = await record.prompting()
    await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
    await record.hand.execute(
        "UPDATE prompt_generation_jobs SET attempt_no = 0, status = 'queued' WHERE id = $1", prompt_job_id
    )
    await record.store.prompts.finish(written(prompt_job_id, 1, TEXT))

    assert (await permit(record, job_id)).permission is Permission.POST


async def test_a_lost_job_comes_back_with_the_prompt_that_was_chosen(record: Record) -> None:
    alone = new_prompt_job()
    await record.store.prompts.accept(alone)
    job_id = await record.accept(
        original_prompt="fox", prompt=TEXT, prompt_source=PromptSource.GROK, prompt_job_id=alone.id
    )
    await record.store.jobs.begin(job_id)
    given = job_input(await record.store.jobs.get(job_id))
    await record.hand.execute("DELETE FROM job_events WHERE job_id = $1", job_id)
    await record.hand.execute("DELETE FROM jobs WHERE id = $1", job_id)
    assert await record.store.operations.restore_row(given)

    assert (await permit(record, job_id)).permission is Permission.POST


async def test_a_settled_prompt_is_bound(record: Record) -> None:
    job_id = await record.dispatching()

    assert (await permit(record, job_id, "another")).reason_code is ReasonCode.REQUEST_MISMATCH


async def test_a_late_answer_replaces_no_completed_prompt(record: Record) -> None:
    _, prompt_job_id = await record.prompting()
    prompts = record.store.prompts
    first = await prompts.begin_attempt(prompt_job_id, "grok-4")
    second = await prompts.begin_attempt(prompt_job_id, "grok-4")
    await prompts.finish(written(prompt_job_id, first.attempt_no, "first"))
    assert (await prompts.begin_attempt(prompt_job_id, "grok-4")).result is not None

    await prompts.finish(written(prompt_job_id, second.attempt_no, "second"))

    again = await prompts.begin_attempt(prompt_job_id, "grok-4")
    assert again.result is not None
    assert again.result.prompt == "first"
