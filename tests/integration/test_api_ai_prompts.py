"""`promptmill flag ai-prompts`: what is refused while it is off, what continues, and how it is reported."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import httpx
import pytest

from promptmill.commands.flags import flag_line, set_flag, show_flags
from promptmill.commands.operator import operator
from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.store import JobFilter
from promptmill.store import Store
from promptmill.store.operations import AI_PROMPTS
from tests.fixtures.api import open_api
from tests.fixtures.mill import IMAGE_MODEL, Mill, new_job, new_prompt_job
from tests.fixtures.record import written
from tests.fixtures.session import WarmPython

WITH_GROK = {"model": IMAGE_MODEL, "useAiPrompt": True, "instructions": "a fox"}
PLAIN = {"model": IMAGE_MODEL, "prompt": "a fox"}
QUEUE = "/api/prompt/queue"
CREATE = "/api/jobs/create"


async def switch(settings: Settings, state: str, reason: str | None = None) -> None:
    await set_flag(settings, AI_PROMPTS, on=state == "on", reason=reason)


async def ended(store: Store, settings: Settings, **fields: Any) -> str:
    job, _ = await store.jobs.accept(new_job(settings, **fields))
    await store.jobs.begin(job.id)
    await store.jobs.advance(JobChange(job_id=job.id, status=JobStatus.FAILED))
    return str(job.id)


async def written_prompt(store: Store) -> UUID:
    prompt_job, _ = await store.prompts.accept(new_prompt_job())
    await store.prompts.begin(prompt_job.id)
    attempt = await store.prompts.begin_attempt(prompt_job.id, "grok-4")
    await store.prompts.finish(written(prompt_job.id, attempt.attempt_no))
    return prompt_job.id


async def test_while_it_is_off_whatever_would_ask_grok_is_refused_with_the_reason(
    lonely_api: httpx.AsyncClient, lonely_settings: Settings, store: Store
) -> None:
    old = await ended(store, lonely_settings, use_ai_prompt=True)
    asked: dict[str, dict[str, Any]] = {CREATE: WITH_GROK, QUEUE: {"prompt": "a fox"}, f"/api/jobs/{old}/retry": {}}
    await switch(lonely_settings, "off", "prompts are being reviewed.")

    refused = [await lonely_api.post(path, json=body) for path, body in asked.items()]
    stored = await store.jobs.list("local", JobFilter()), (await store.operations.counts())["prompt_generation_jobs"]
    await switch(lonely_settings, "on")
    accepted = [await lonely_api.post(path, json=body) for path, body in asked.items()]

    for answer in refused:
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (403, "ai_prompts_off")
        assert "write the prompt yourself" in problem["detail"]
        assert "promptmill flag ai-prompts on" in problem["detail"]
        assert problem["detail"].endswith(f"Reason: prompts are being reviewed (by {operator().actor})")
    assert [str(job.id) for job in stored[0]] == [old]
    assert sum(stored[1].values()) == 1, "nothing was stored beside the old job's own prompt job"
    assert [answer.status_code for answer in accepted] == [202, 202, 202]


async def test_while_it_is_off_prompts_that_exist_are_used(
    lonely_api: httpx.AsyncClient, lonely_settings: Settings, store: Store
) -> None:
    plain = await ended(store, lonely_settings)
    prompt_job_id = await written_prompt(store)
    await switch(lonely_settings, "off")

    by_hand = await lonely_api.post(CREATE, json=PLAIN)
    taken = await lonely_api.post(CREATE, json={"model": IMAGE_MODEL, "promptJobId": str(prompt_job_id)})
    retried = await lonely_api.post(f"/api/jobs/{plain}/retry")
    shown = await lonely_api.get(f"{QUEUE}/{prompt_job_id}")

    assert [answer.status_code for answer in (by_hand, taken, retried, shown)] == [202, 202, 202, 200]
    assert (taken.json()["prompt"], taken.json()["promptSource"]) == ("a red fox", "grok")


@pytest.mark.parametrize(
    ("path", "body"), [(CREATE, WITH_GROK), (QUEUE, {"prompt": "a fox"})], ids=["create", "enqueue"]
)
async def test_what_was_accepted_before_is_replayed(
    lonely_api: httpx.AsyncClient, lonely_settings: Settings, path: str, body: dict[str, Any]
) -> None:
    first = await lonely_api.post(path, json=body, headers={"Idempotency-Key": "before"})
    await switch(lonely_settings, "off")

    again = await lonely_api.post(path, json=body, headers={"Idempotency-Key": "before"})
    another = await lonely_api.post(path, json=body | {"priority": 9}, headers={"Idempotency-Key": "before"})
    new = await lonely_api.post(path, json=body, headers={"Idempotency-Key": "since"})

    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    assert again.headers["location"] == first.headers["location"]
    assert [answer.json()["code"] for answer in (another, new)] == ["ai_prompts_off", "ai_prompts_off"]


async def test_a_retry_that_was_accepted_before_is_replayed(
    lonely_api: httpx.AsyncClient, lonely_settings: Settings, store: Store
) -> None:
    old = await ended(store, lonely_settings, use_ai_prompt=True)
    first = await lonely_api.post(f"/api/jobs/{old}/retry", headers={"Idempotency-Key": "before"})
    await switch(lonely_settings, "off")

    again = await lonely_api.post(f"/api/jobs/{old}/retry", headers={"Idempotency-Key": "before"})

    assert (again.status_code, again.json()["jobId"]) == (202, first.json()["jobId"])


async def test_a_prompt_that_is_being_written_is_finished(mill: Mill, api_client: httpx.AsyncClient) -> None:
    await mill.grok.order("chat", "hold", times=2)
    job = (await api_client.post(CREATE, json=WITH_GROK)).json()
    alone = (await api_client.post(QUEUE, json={"prompt": "a fox"})).json()
    await mill.grok.asked("chat", 2)

    await switch(mill.settings, "off")
    refused = await api_client.post(CREATE, json=WITH_GROK)
    await mill.grok.release()

    assert refused.status_code == 403
    finished = await mill.reaches(UUID(job["jobId"]), "completed")
    prompt_job = await mill.prompt_reaches(UUID(alone["promptJobId"]), "completed")
    assert (finished.prompt_source, prompt_job.prompt_source) == ("grok", "grok")
    assert len(await mill.grok.requests("chat")) == 2


async def test_every_api_process_agrees_at_once(lonely_settings: Settings) -> None:
    async with AsyncExitStack() as opened:
        both = [await opened.enter_async_context(open_api(lonely_settings)) for _ in range(2)]
        told = []
        for state in ("off", "on", "off"):
            await switch(lonely_settings, state)
            told.append([(await client.post(CREATE, json=WITH_GROK)).status_code for client in both])

    assert told == [[403, 403], [202, 202], [403, 403]]


async def test_init_and_readiness_tell_the_flag_with_reason_and_time(
    api_client: httpx.AsyncClient, settings: Settings
) -> None:
    never = (await api_client.get("/api/init")).json()
    await switch(settings, "off", "a review")
    off = (await api_client.get("/api/init")).json()
    ready = await api_client.get("/readyz")
    await switch(settings, "on")
    on = (await api_client.get("/api/init")).json()

    assert [report["flags"]["aiPrompts"] for report in (never, off, on)] == [True, False, True]
    assert never["aiPrompts"] == {"on": True, "reason": None, "by": None, "since": None}
    assert (off["aiPrompts"]["on"], off["aiPrompts"]["reason"]) == (False, "a review")
    assert off["aiPrompts"]["since"].endswith("Z")
    assert (on["aiPrompts"]["on"], on["aiPrompts"]["reason"]) == (True, None)
    assert off["problems"] == never["problems"], "that is what the operator wants"
    assert (ready.status_code, ready.json()["notes"]) == (
        200,
        ["AI prompts have been turned off by an operator. See GET /api/init."],
    )


async def test_flags_are_told_in_sentences(lonely_settings: Settings, store: Store) -> None:
    [never] = [flag_line(*flag) for flag in (await show_flags(lonely_settings)).items()]
    await switch(lonely_settings, "off", "a review")
    [off] = [flag_line(*flag) for flag in (await show_flags(lonely_settings)).items()]

    assert never.startswith("ai-prompts: on (default). Grok writes prompts")
    assert off.startswith("ai-prompts: off since 20")
    assert f"UTC by {operator().actor} (a review). New jobs and prompt jobs that need Grok are refused" in off


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("ai-prompts", "off", "--reason", "a review"), 0, "ai-prompts: off since"),
        (("ai-prompts",), 0, "ai-prompts: on (default)."),
        (("ai_prompt", "off"), 2, "unknown flag 'ai_prompt'; known flags: ai-prompts"),
    ],
)
async def test_the_command_says_what_it_means_now(
    warm_python: WarmPython,
    settings_environment: dict[str, str],
    store: Store,
    arguments: tuple[str, ...],
    code: int,
    text: str,
) -> None:
    done = warm_python.run("-m", "promptmill", "flag", *arguments, environment=settings_environment)

    assert done.returncode == code
    assert text in " ".join(done.stdout.replace("│", " ").split())
    assert (await store.operations.ai_prompts_off() is not None) == ("--reason" in arguments)
