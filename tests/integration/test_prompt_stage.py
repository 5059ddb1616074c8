"""Grok's failures, told apart and counted in the row; what a job does when it gets no prompt."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from promptmill.commands.budgets import last_days
from promptmill.contracts.budgets import SpendBy
from promptmill.contracts.prompts import OnPromptFailure
from tests.fixtures.mill import Mill

TEMPORARY: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 429, "retry_after": "1"}),
    ("status", {"status": 500}),
    ("status", {"status": 529}),
    ("html", {"status": 520}),
    ("cut", {}),
    ("status", {"status": 200, "code": "The service is currently unavailable"}),
    ("invalid_json", {}),
    ("cut_json", {}),
    ("empty_content", {}),
]


@pytest.mark.parametrize(
    ("kind", "fault"), TEMPORARY, ids=[f"{kind}-{fault.get('status', '')}" for kind, fault in TEMPORARY]
)
async def test_a_temporary_failure_is_asked_again_and_counted(mill: Mill, kind: str, fault: dict[str, Any]) -> None:
    await mill.grok.order("chat", kind, **fault)

    prompt_job_id = await mill.create_prompt()

    row = await mill.prompt_reaches(prompt_job_id, "completed")
    assert row.retry_count == 1
    assert row.next_attempt_at is None
    assert len(await mill.grok.requests("chat")) == 2


PERMANENT: list[tuple[dict[str, Any], str]] = [
    ({"status": 400, "message": "Incorrect API key provided: xa***gA."}, "grok_bad_key"),
    ({"status": 401, "code": "unauthenticated:bad-credentials", "message": "bad"}, "grok_bad_key"),
    (
        {"status": 403, "message": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"},
        "grok_refused",
    ),
    (
        {"status": 429, "message": "Your team has either used all available credits or reached its spending limit."},
        "grok_no_credit",
    ),
    ({"status": 400, "code": "invalid_image", "message": "Could not process image"}, "grok_bad_picture"),
    ({"status": 400, "message": "This model's maximum prompt length is 500000"}, "grok_too_long"),
    ({"status": 422, "message": "messages: wrong form"}, "grok_bad_request"),
    ({"status": 503, "should_retry": False}, "grok_unavailable"),
]


@pytest.mark.parametrize(("fault", "reason"), PERMANENT, ids=[f"{f['status']}-{r}" for f, r in PERMANENT])
async def test_a_permanent_failure_ends_at_once_with_its_reason(mill: Mill, fault: dict[str, Any], reason: str) -> None:
    await mill.grok.order("chat", "status", **fault)

    prompt_job_id = await mill.create_prompt()

    row = await mill.prompt_reaches(prompt_job_id, "failed")
    assert row.reason_code == reason
    assert row.error
    assert len(await mill.grok.requests("chat")) == 1
    assert await mill.closes(mill.prompt_handle(prompt_job_id)) is WorkflowExecutionStatus.FAILED


async def test_a_refusal_in_the_answer_ends_the_prompt_job(mill: Mill) -> None:
    await mill.grok.order("chat", "refusal")

    prompt_job_id = await mill.create_prompt()

    assert (await mill.prompt_reaches(prompt_job_id, "failed")).reason_code == "grok_refused"


async def test_an_answer_without_a_prompt_is_paid_for_too(mill: Mill) -> None:
    await mill.grok.order("chat", "refusal")
    refused = await mill.prompt_reaches(await mill.create_prompt(), "failed")
    written = await mill.prompt_reaches(await mill.create_prompt(), "completed")

    assert refused.cost_usd
    assert written.cost_usd
    [day] = await mill.store.budgets.spend(last_days(SpendBy.DAY, 2, None))
    assert (day.spent_usd, day.grok_usd) == (refused.cost_usd + written.cost_usd,) * 2


async def test_an_unknown_model_gives_way_to_the_next(mill: Mill) -> None:
    await mill.grok.order("chat", "status", status=404, code="not-found", message="The model X does not exist")

    prompt_job_id = await mill.create_prompt()

    row = await mill.prompt_reaches(prompt_job_id, "completed")
    assert row.prompt_source == "grok_fallback"
    asked = [request["body"]["model"] for request in await mill.grok.requests("chat")]
    assert asked == list(mill.settings.grok_models)


async def test_retry_after_is_obeyed(mill: Mill) -> None:
    await mill.grok.order("chat", "status", status=503, retry_after="2")

    prompt_job_id = await mill.create_prompt()

    await mill.prompt_reaches(prompt_job_id, "completed")
    first, second = await mill.grok.requests("chat")
    assert second["at"] - first["at"] >= 2


async def test_all_models_and_retries_used_up_fails_the_job_with_the_last_reason(mill: Mill) -> None:
    # 1 ms instead of exponential seconds: the provider sets the delay.
    await mill.grok.order("chat", "status", status=503, times=100, retry_after="1")
    job_id = await mill.create(use_ai_prompt=True, max_retries=1)

    row = await mill.reaches(job_id, "failed")

    assert row.reason_code == "grok_unavailable"
    assert row.prompt_status == "failed"
    assert len(await mill.grok.requests("chat")) == 4, "two models, each asked twice"
    assert await mill.wavespeed.requests("submit") == []
    with pytest.raises(WorkflowFailureError) as failure:
        await mill.handle(job_id).result()
    cause = failure.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "grok_unavailable"
    assert cause.details[0]["status"] == "failed"


async def test_a_job_may_go_on_with_a_template(mill: Mill) -> None:
    await mill.grok.order("chat", "status", status=403, message="Failed check: SAFETY_CHECK_TYPE_BIO")

    job_id = await mill.create(
        use_ai_prompt=True, instructions="A quiet harbour", on_prompt_failure=OnPromptFailure.TEMPLATE
    )

    row = await mill.reaches(job_id, "completed")
    assert row.prompt_source == "template"
    assert row.prompt is not None
    assert "A quiet harbour" in row.prompt
    assert row.prompt_status == "failed"
    [submit] = await mill.wavespeed.requests("submit")
    assert submit["body"]["prompt"] == row.prompt


async def test_a_job_may_go_on_with_the_callers_prompt(mill: Mill) -> None:
    await mill.grok.order("chat", "status", status=401)

    job_id = await mill.create(use_ai_prompt=True, prompt="My own words", on_prompt_failure=OnPromptFailure.USE_PROMPT)

    row = await mill.reaches(job_id, "completed")
    assert (row.prompt, row.prompt_source) == ("My own words", "caller")


async def test_a_deadline_ends_a_prompt_that_never_comes(mill: Mill) -> None:
    await mill.grok.order("chat", "hold")

    job_id = await mill.create(use_ai_prompt=True, deadline_seconds=2)

    row = await mill.reaches(job_id, "expired")
    assert row.reason_code == "deadline_passed"
    assert (await mill.store.jobs.billed([job_id]))[job_id] == "no"
