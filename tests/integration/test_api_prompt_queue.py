"""Prompt jobs over HTTP: accepted, reported, counted, cancelled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from promptmill.contracts.prompts import PromptResult, PromptSource
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.store import PromptEnd, PromptFailure
from promptmill.store import Store

MODEL = "grok-4.3"


async def enqueue(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/api/prompt/queue", json={"instructions": "a fox"} | fields)
    assert answer.status_code == 202, answer.text
    prompt_job: dict[str, Any] = answer.json()
    return prompt_job


async def test_a_prompt_job_is_accepted_while_temporal_is_away(lonely_api: httpx.AsyncClient) -> None:
    answer = await lonely_api.post("/api/prompt/queue", json={"prompt": "a fox", "metadata": {"a": "b"}})
    prompt_job = answer.json()

    assert answer.status_code == 202
    assert answer.headers["location"] == prompt_job["links"]["self"]
    assert (prompt_job["status"], prompt_job["operation"], prompt_job["jobId"]) == ("queued", "enhance", None)
    assert prompt_job["statusText"] == "Accepted; starts as soon as Temporal is available."
    assert prompt_job["metadata"] == {"a": "b"}
    assert prompt_job["links"]["temporal"].endswith(f"/prompt-{prompt_job['promptJobId']}")
    assert (await lonely_api.get(answer.headers["location"])).json() == prompt_job
    for unknown in ("generatedPrompt", "promptCostUsd", "queuePosition", "estimatedWaitSeconds", "startedAt", "error"):
        assert prompt_job[unknown] is None


async def test_the_place_in_the_queue_is_told(lonely_api: httpx.AsyncClient, store: Store) -> None:
    ids = [(await enqueue(lonely_api, priority=priority))["promptJobId"] for priority in (5, 5, 9)]
    await store.upkeep.mark_started(prompt_job_ids=[UUID(text) for text in ids])

    told = [(await lonely_api.get(f"/api/prompt/queue/{text}")).json() for text in ids]

    assert [job["queuePosition"] for job in told] == [2, 3, 1]
    assert [job["wait"]["of"] for job in told] == [3, 3, 3]
    assert told[1]["statusText"] == "Waiting for Grok: 3rd of 3."
    assert told[1]["estimatedWaitSeconds"] is None, "nothing was processed yet, so nothing can be said"


async def test_a_job_that_waits_to_ask_again_says_so(lonely_api: httpx.AsyncClient, store: Store) -> None:
    prompt_job_id = UUID((await enqueue(lonely_api))["promptJobId"])
    await store.prompts.begin(prompt_job_id)
    attempt = await store.prompts.begin_attempt(prompt_job_id, MODEL)
    writing = (await lonely_api.get(f"/api/prompt/queue/{prompt_job_id}")).json()
    await store.prompts.record_failure(
        PromptFailure(
            prompt_job_id=prompt_job_id,
            attempt_no=attempt.attempt_no,
            reason_code=ReasonCode.GROK_RATE_LIMITED,
            error="slow down",
            delay_seconds=60,
        )
    )
    waiting = (await lonely_api.get(f"/api/prompt/queue/{prompt_job_id}")).json()

    assert (writing["wait"]["for"], writing["statusText"]) == ("grok", "Grok is writing the prompt.")
    assert waiting["wait"]["for"] == "retry"
    assert 50 < waiting["estimatedWaitSeconds"] <= 60
    assert (waiting["retryCount"], waiting["status"]) == (1, "processing")
    assert waiting["nextAttemptAt"].endswith("Z")


async def test_a_written_prompt_is_shown_with_its_cost(lonely_api: httpx.AsyncClient, store: Store) -> None:
    prompt_job_id = UUID((await enqueue(lonely_api))["promptJobId"])
    await _write(store, prompt_job_id)

    written = (await lonely_api.get(f"/api/prompt/queue/{prompt_job_id}")).json()

    assert (written["status"], written["generatedPrompt"]) == ("completed", "a written fox")
    assert (written["promptSource"], written["grokModel"], written["promptCostUsd"]) == ("grok", MODEL, 0.0004)
    assert written["wait"]["for"] is None


async def test_statistics_tell_what_is_known(lonely_api: httpx.AsyncClient, store: Store) -> None:
    empty = (await lonely_api.get("/api/prompt/queue")).json()
    done = UUID((await enqueue(lonely_api))["promptJobId"])
    await _write(store, done)
    await enqueue(lonely_api)
    job = await lonely_api.post("/api/jobs/create", json={"model": "a/b", "prompt": "x"})
    await lonely_api.delete(job.headers["location"])
    busy = (await lonely_api.get("/api/prompt/queue")).json()

    assert set(empty) == {
        "totalQueued", "totalProcessing", "totalCompleted", "totalFailed", "totalCancelled", "averageWaitSeconds",
        "averageProcessingSeconds", "oldestQueuedSeconds", "processedPerMinute", "errorRate", "retryRate",
        "retrySuccessRate", "estimatedWaitSeconds", "jobs", "satisfactionRate", "satisfaction",
    }  # fmt: skip
    assert (empty["totalQueued"], empty["averageWaitSeconds"], empty["errorRate"]) == (0, None, None)
    assert (busy["totalQueued"], busy["totalCompleted"], busy["errorRate"]) == (1, 1, 0)
    assert busy["averageProcessingSeconds"] is not None
    assert busy["estimatedWaitSeconds"] > 0
    assert (busy["jobs"]["cancelled"], busy["jobs"]["submitUnknown"]) == (1, 0)


async def test_a_prompt_job_without_a_workflow_is_cancelled_at_once(lonely_api: httpx.AsyncClient) -> None:
    prompt_job = await enqueue(lonely_api)

    first = await lonely_api.delete(f"/api/prompt/queue/{prompt_job['promptJobId']}")
    again = await lonely_api.delete(f"/api/prompt/queue/{prompt_job['promptJobId']}")

    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert (again.status_code, again.json()) == (200, first.json())


async def test_cancelling_a_jobs_prompt_job_cancels_the_job(lonely_api: httpx.AsyncClient) -> None:
    body = {"model": "a/b", "useAiPrompt": True, "instructions": "x"}
    job = (await lonely_api.post("/api/jobs/create", json=body)).json()

    answer = await lonely_api.delete(f"/api/prompt/queue/{job['promptJobId']}")

    assert answer.status_code == 200
    assert (await lonely_api.get(f"/api/jobs/{job['jobId']}")).json()["status"] == "cancelled"


async def test_a_running_prompt_job_is_being_cancelled_until_its_workflow_ends(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    prompt_job_id = UUID((await enqueue(lonely_api))["promptJobId"])
    await store.upkeep.mark_started(prompt_job_ids=[prompt_job_id])

    answer = await lonely_api.delete(f"/api/prompt/queue/{prompt_job_id}")

    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert answer.json()["statusText"] == "Being cancelled."


async def _write(store: Store, prompt_job_id: UUID) -> None:
    """Complete a prompt job as its activity would."""
    await store.prompts.begin(prompt_job_id)
    attempt = await store.prompts.begin_attempt(prompt_job_id, MODEL)
    result = PromptResult(
        prompt_job_id=prompt_job_id,
        prompt="a written fox",
        source=PromptSource.GROK,
        grok_model=MODEL,
        input_tokens=10,
        output_tokens=20,
        cost_usd="0.0004",
    )
    await store.prompts.finish(PromptEnd(prompt_job_id=prompt_job_id, attempt_no=attempt.attempt_no, result=result))
