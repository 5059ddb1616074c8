"""Sections 5 and 6: a prompt job and a job through the API, marked as ours and undone afterwards.

Jobs are created at simulators only. A prompt job asks Grok, so a real one is asked only if the caller allows it.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from promptmill.checklist.findings import Fails, NotSeen
from promptmill.checklist.lines import Line
from promptmill.checklist.target import JOBS, PROMPTS, Target
from promptmill.commands.instance import Instance
from promptmill.contracts.jobs import JobStatus, ProviderMode
from promptmill.contracts.prompts import OnPromptFailure, PromptJobStatus, PromptSource
from promptmill.contracts.reasons import ReasonCode

MODEL: Final = "wavespeed-ai/flux-dev"
INSTRUCTIONS: Final = "A lighthouse in the fog, for the deployment checklist"
TO_BE_CANCELLED: Final = f"{INSTRUCTIONS}, to be cancelled"


async def statistics_are_told(target: Target, _: Line) -> str:
    """Ask for the prompt queue's statistics."""
    numbers = await target.expect(HTTPStatus.OK, "GET", PROMPTS)
    return f"GET {PROMPTS}: {numbers['totalQueued']} queued, {numbers['totalProcessing']} processing"


async def prompt_is_queued(target: Target, _: Line) -> str:
    """Queue a prompt job."""
    return f"POST {PROMPTS}: {(await _prompt_job(target))['promptJobId']}"


async def prompt_status_is_told(target: Target, _: Line) -> str:
    """Ask for the prompt job."""
    path = f"{PROMPTS}/{(await _prompt_job(target))['promptJobId']}"
    found = await target.expect(HTTPStatus.OK, "GET", path)
    return f"GET {path}: {found['status']}"


async def prompt_is_cancelled(target: Target, _: Line) -> str:
    """Cancel the prompt job; one that has ended meanwhile stays as it is."""
    path = f"{PROMPTS}/{(await _prompt_job(target))['promptJobId']}"
    answer = await target.ask("DELETE", path)
    if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
        raise Fails(f"DELETE {path}: {answer.status}")
    status = (await target.ended(path))["status"]
    if status == PromptJobStatus.CANCELLED:
        return f"DELETE {path}: cancelled"
    raise NotSeen(f"it was {status} before it could be cancelled: run this once more")


async def reconciler_runs(target: Target, _: Line) -> str:
    """Run one pass of the reconciler."""
    found = await target.expect(HTTPStatus.OK, "POST", "/api/cron/prompt-processor")
    return f"POST /api/cron/prompt-processor: {found['started']} started, {found['closed']} closed"


async def job_is_accepted(target: Target, _: Line) -> str:
    """Create a job whose prompt Grok writes."""
    job = await trial_job(target)
    if job["promptJobId"] is None:
        raise Fails(f"{job['jobId']} was accepted without a prompt job")
    return f"POST {JOBS}/create: {job['jobId']}"


async def jobs_prompt_is_queued(target: Target, _: Line) -> str:
    """Look for the prompt job of that job."""
    job = await trial_job(target)
    found = await target.expect(HTTPStatus.OK, "GET", f"{PROMPTS}/{job['promptJobId']}")
    if found["jobId"] != job["jobId"]:
        raise Fails(f"the prompt job {job['promptJobId']} belongs to {found['jobId']}")
    return f"its prompt job is {found['promptJobId']}"


async def job_waits_for_its_prompt(target: Target, _: Line) -> str:
    """Look in its timeline whether it was dispatched after its prompt."""
    job = await trial_job(target)
    path = f"{JOBS}/{job['jobId']}"
    await target.ended(path)
    events = (await target.expect(HTTPStatus.OK, "GET", f"{path}/events"))["items"]
    statuses = list(dict.fromkeys(event["status"] for event in events if event["status"]))
    order = [status for status in statuses if status in {JobStatus.PROMPTING, JobStatus.DISPATCHING}]
    if order != [JobStatus.PROMPTING, JobStatus.DISPATCHING]:
        raise Fails(f"its timeline is {' → '.join(statuses)}")
    return " → ".join(statuses)


async def job_completes(target: Target, _: Line) -> str:
    """Wait for its media, and compare the prompt that was submitted with the one that was written."""
    found = await target.ended(f"{JOBS}/{(await trial_job(target))['jobId']}")
    if found["status"] != JobStatus.COMPLETED or not found["outputs"]:
        raise Fails(f"it is {found['status']}: {found['statusText']}")
    if not found["prompt"]:
        raise Fails("it completed without a prompt")
    return f"completed with {len(found['outputs'])} output, {found['paidText']}"


async def failed_prompt_is_handled(target: Target, _: Line) -> str:
    """Let the simulator refuse one prompt, and look what becomes of it and of its job."""
    await _require_simulators(target)
    await _require_workers(target)
    settings = target.settings
    if settings.grok_mode is not ProviderMode.SIMULATED or settings.xai_api_key is None:
        raise NotSeen("the settings here do not lead to the simulator that could be told to refuse")
    words = f"{INSTRUCTIONS}, refused {target.run}"
    account = quote(settings.xai_api_key.get_secret_value(), safe="")
    grok = Instance(settings.xai_api_base, None, named_by="XAI_API_BASE")
    fault = [{"where": "chat", "kind": "refusal", "contains": words}]
    faults = f"/_simulator/accounts/{account}/faults"
    answer = await asyncio.to_thread(grok.ask, "POST", faults, fault)
    if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}:
        raise NotSeen(f"Grok's simulator cannot be told to refuse ({answer.status})")
    # With a template instead, the trial ends as completed: it is no failure that the objectives should count.
    body = {"model": MODEL, "useAiPrompt": True, "instructions": words, "onPromptFailure": OnPromptFailure.TEMPLATE}
    job = await target.make(JOBS, "jobId", body)
    found = await target.ended(f"{JOBS}/{job['jobId']}")
    prompt_job = await target.ended(f"{PROMPTS}/{job['promptJobId']}")
    if prompt_job["status"] == PromptJobStatus.COMPLETED:
        raise NotSeen("the simulator that was told to refuse is not the one that was asked")
    reason = (prompt_job["error"] or {}).get("reasonCode")
    if (prompt_job["status"], reason) != (PromptJobStatus.FAILED, ReasonCode.GROK_REFUSED):
        raise Fails(f"the prompt is {prompt_job['status']} ({reason}), not failed ({ReasonCode.GROK_REFUSED})")
    if (found["status"], found["promptSource"]) != (JobStatus.COMPLETED, PromptSource.TEMPLATE):
        raise Fails(f"its job is {found['status']} with the prompt of {found['promptSource']}: {found['statusText']}")
    return f"a refused prompt is failed ({reason}), and its job went on with a template, as it had asked"


async def all_is_undone(target: Target, _: Line) -> str:
    """Cancel and erase what this run has made."""
    if not target.made and not target.left:
        return "this run made nothing"
    count = await target.undo()
    if target.left:
        raise Fails(f"not undone: {'; '.join(target.left)}")
    return f"{count} jobs of this run have ended and their words are erased; retention deletes the rows"


async def _prompt_job(target: Target) -> dict[str, Any]:
    """Return the prompt job of this run."""

    async def make() -> dict[str, Any]:
        grok = (await target.report())["providers"].get("grok")
        if grok != ProviderMode.SIMULATED and not target.options.ask_grok:
            raise NotSeen("Grok is real: --ask-grok allows one prompt, for a fraction of a cent")
        await _require_workers(target)
        return await target.make(PROMPTS, "promptJobId", {"instructions": TO_BE_CANCELLED})

    return await target.once("prompt job", make)


async def trial_job(target: Target) -> dict[str, Any]:
    """Return the job of this run."""

    async def make() -> dict[str, Any]:
        await _require_simulators(target)
        await _require_workers(target)
        body = {"model": MODEL, "useAiPrompt": True, "instructions": INSTRUCTIONS}
        return await target.make(JOBS, "jobId", body)

    return await target.once("job", make)


async def _require_simulators(target: Target) -> None:
    if not await target.simulated():
        raise NotSeen("the providers are real, or may be: a job would cost money")


async def _require_workers(target: Target) -> None:
    """Make nothing that could not end: line 4.3 says why it could not."""
    queues = (await target.report())["temporal"]["queues"]
    idle = [queue["name"] for queue in queues if queue["pollers"] == 0 or queue["stopped"]]
    if idle or not queues:
        raise NotSeen(f"not tried while nothing is taken from {', '.join(idle) or 'any queue'}: see line 4.3")
