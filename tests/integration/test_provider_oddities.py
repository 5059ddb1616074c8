"""Responses that providers really give, from the wire to the job's end: one more request, never one more payment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from activities.results import ResultReader
from api.jobs.timeline import event_text
from promptmill.contracts.prompts import OnPromptFailure
from tests.fixtures.api import open_api
from tests.fixtures.mill import Mill
from tests.support import eventually

LARGE_SEED = 6_687_881_544_318_117_707
"""Beyond 2^53: a number that most JSON readers round."""


@pytest.mark.parametrize("kind", ["fenced", "wordy", "parts"])
async def test_a_prompt_in_an_odd_wrapping_costs_one_question(mill: Mill, kind: str) -> None:
    await mill.grok.order("chat", kind)

    row = await mill.prompt_reaches(await mill.create_prompt(), "completed")

    assert (row.retry_count, row.prompt_source) == (0, "grok")
    assert row.generated_prompt
    assert "{" not in row.generated_prompt
    assert len(await mill.grok.requests("chat")) == 1


async def test_numbers_that_do_not_fit_are_null_and_the_paid_prompt_is_used(mill: Mill) -> None:
    await mill.grok.order("chat", "huge_usage")

    job_id = await mill.create(use_ai_prompt=True)

    row = await mill.reaches(job_id, "completed")
    assert (row.prompt_status, row.prompt_source, row.prompt_cost_usd) == ("completed", "grok", None)
    assert row.prompt_job_id is not None
    prompt_job = await mill.prompt_job(row.prompt_job_id)
    assert (prompt_job.input_tokens, prompt_job.output_tokens, prompt_job.cost_usd) == (None, None, None)
    assert len(await mill.grok.requests("chat")) == 1


@pytest.mark.parametrize("kind", ["refusal_in_json", "refusal_as_prompt"])
async def test_a_refusal_inside_the_json_is_never_submitted(mill: Mill, kind: str) -> None:
    await mill.grok.order("chat", kind)

    row = await mill.reaches(await mill.create(use_ai_prompt=True), "failed")

    assert row.reason_code == "grok_refused"
    assert len(await mill.grok.requests("chat")) == 1
    assert await mill.wavespeed.requests("submit") == []
    assert await mill.wavespeed.charges() == []


async def test_a_refusal_inside_the_json_leaves_the_callers_choice(mill: Mill) -> None:
    await mill.grok.order("chat", "refusal_in_json")

    job_id = await mill.create(use_ai_prompt=True, prompt="My own words", on_prompt_failure=OnPromptFailure.USE_PROMPT)

    assert (await mill.reaches(job_id, "completed")).prompt == "My own words"


async def test_answers_without_a_prompt_cost_two_questions_a_model(mill: Mill) -> None:
    await mill.grok.order("chat", "invalid_json", times=100)

    row = await mill.prompt_reaches(await mill.create_prompt(), "failed")

    assert row.reason_code == "grok_bad_answer"
    first, second = mill.settings.grok_models
    asked = [request["body"]["model"] for request in await mill.grok.requests("chat")]
    assert asked == [first, first, second, second]


async def test_a_wait_that_is_too_long_is_left_to_nobody_while_another_model_may_answer(mill: Mill) -> None:
    await mill.grok.order("chat", "status", status=429, retry_after="3600")

    row = await mill.prompt_reaches(await mill.create_prompt(), "completed")

    assert row.prompt_source == "grok_fallback"
    assert len(await mill.grok.requests("chat")) == 2


async def test_what_one_model_cannot_do_another_one_may(mill: Mill) -> None:
    await mill.grok.order("chat", "status", status=400, message="Argument not supported on this model: response_format")

    assert (await mill.prompt_reaches(await mill.create_prompt(), "completed")).prompt_source == "grok_fallback"


async def test_a_firewall_is_asked_again_and_the_key_is_not_blamed(mill: Mill) -> None:
    await mill.grok.order("chat", "html", status=403)

    row = await mill.prompt_reaches(await mill.create_prompt(), "completed")

    assert row.retry_count == 1


@pytest.mark.parametrize("outputs", [[], [""], [None]], ids=str)
async def test_completed_without_an_output_is_no_success(mill: Mill, outputs: list[Any]) -> None:
    await mill.wavespeed.order("submit", "outputs", outputs=outputs)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "failed")
    assert (row.reason_code, row.outputs) == ("generation_without_output", [])
    assert (await mill.store.jobs.billed([job_id]))[job_id] == "yes"
    assert len(await mill.wavespeed.requests("submit")) == 1
    assert len(await mill.wavespeed.charges()) == 1
    assert len(await mill.wavespeed.requests("result")) >= 2, "asked once more before it is believed"


async def test_an_output_that_is_a_moment_late_is_waited_for(mill: Mill) -> None:
    await mill.wavespeed.order("result", "no_output")

    row = await mill.reaches(await mill.create(), "completed")

    assert len(row.outputs) == 1
    assert ResultReader.empty_again.total_seconds() < 10


@pytest.mark.parametrize("place", ["submit", "result"])
async def test_a_prediction_without_its_envelope_is_a_fact(mill: Mill, place: str) -> None:
    await mill.wavespeed.order(place, "bare", times=100)

    row = await mill.reaches(await mill.create(), "completed")

    assert len(row.outputs) == 1
    assert len(await mill.wavespeed.requests("submit")) == 1
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_word_that_nobody_knows_is_told_once_and_ends_nothing(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "ending", word="succeeded")
    job_id = await mill.create()

    async def told() -> list[str] | None:
        events = await mill.store.jobs.events(job_id)
        texts = [event_text(event.status, event.reason_code, event.detail) for event in events]
        return [text for text in texts if "succeeded" in text] or None

    await eventually(told, what="the word in the timeline")
    reads = len(await mill.wavespeed.requests("result"))
    await mill.wavespeed.asked("result", reads + 3)

    assert len(await told() or []) == 1
    assert (await mill.job(job_id)).status == "generating"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1400, "generation_bad_input"),
        (1401, "generation_bad_input"),
        (5000, "generation_unavailable"),
        (5003, "generation_unavailable"),
    ],
)
async def test_a_failed_prediction_says_whether_the_inputs_or_wavespeed_were_at_fault(
    mill: Mill, code: int, reason: str
) -> None:
    await mill.wavespeed.order("submit", "ending", word="failed", code=code, message="no")
    job_id = await mill.create()
    row = await mill.reaches(job_id, "failed")
    assert row.reason_code == reason
    reads = await mill.wavespeed.requests("result")

    async with open_api(mill.settings) as client:
        retried = await client.post(f"/api/jobs/{job_id}/retry")
    await mill.reconcile()

    assert retried.status_code == 202, "nothing more is expected of it"
    later = (await mill.wavespeed.requests("result"))[len(reads) :]
    assert row.prediction_id is not None
    assert not any(row.prediction_id in request["path"] for request in later)


async def test_an_integer_that_a_browser_would_round_passes_unchanged(mill: Mill) -> None:
    async with open_api(mill.settings) as client:
        asked = {"model": "vendor/own", "prompt": "a fox", "allowUnknownModel": True, "input": {"seed": LARGE_SEED}}
        answer = await client.post("/api/jobs/create", json=asked)
        looked = await client.get(f"/api/jobs/{answer.json()['jobId']}")

    assert str(LARGE_SEED) in answer.text
    assert str(LARGE_SEED) in looked.text
    assert (await mill.job(UUID(answer.json()["jobId"]))).input["seed"] == LARGE_SEED
    [submit] = await mill.wavespeed.asked("submit")
    assert submit["body"]["seed"] == LARGE_SEED


async def test_long_inline_outputs_are_left_out_of_lists(mill: Mill) -> None:
    inline = "data:image/png;base64," + "A" * 3_000_000
    await mill.wavespeed.order("submit", "outputs", outputs=[inline, "https://cdn.example/2.png", "x" * 5_000])
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")

    async with open_api(mill.settings) as client:
        listed = await client.get("/api/jobs")
        looked = await client.get(f"/api/jobs/{job_id}")

    assert len(listed.content) < 10_000
    [job] = [job for job in listed.json()["items"] if job["jobId"] == str(job_id)]
    assert [(output["url"], output.get("omitted"), output["kind"]) for output in job["outputs"]] == [
        (None, True, "image"),
        ("https://cdn.example/2.png", None, "image"),
        (None, True, "text"),
    ]
    assert looked.json()["outputs"][0]["url"] == inline
    assert not any("omitted" in output for output in looked.json()["outputs"])
    [live] = await mill.store.live.jobs([job_id])
    assert live.outputs[0]["omitted"]


async def test_the_cost_of_a_prompt_is_still_counted(mill: Mill) -> None:
    """The bounds do not affect ordinary numbers."""
    row = await mill.prompt_reaches(await mill.create_prompt(), "completed")

    assert row.input_tokens
    assert row.output_tokens
    assert row.cost_usd is not None
    assert 0 < row.cost_usd < Decimal(1)
