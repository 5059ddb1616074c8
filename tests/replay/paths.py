"""Every path through the workflows, defined once: recorded by `make histories`, replayed by every test run."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path as FilePath
from typing import Any, Final

from temporalio.client import WorkflowHandle

from promptmill.contracts.names import batch_workflow_id, callback_workflow_id, store_workflow_id
from promptmill.contracts.prompts import OnPromptFailure
from promptmill.temporal import TemporalGate
from tests.fixtures.batches import begun_batch
from tests.fixtures.mill import PATIENCE, Mill
from tests.fixtures.outputs import stored, storing
from tests.raw_server import http_answer, open_raw_server
from tests.support import eventually

Handle = WorkflowHandle[Any, Any]
Path = Callable[[Mill], Awaitable[Handle]]


async def completed_with_ai_prompt(mill: Mill) -> Handle:
    return await _job(mill, "completed", use_ai_prompt=True)


async def completed_with_given_prompt(mill: Mill) -> Handle:
    return await _job(mill, "completed")


async def completed_after_grok_retry(mill: Mill) -> Handle:
    await mill.grok.order("chat", "status", status=503, retry_after="1")
    return await _job(mill, "completed", use_ai_prompt=True)


async def completed_after_rate_limit(mill: Mill) -> Handle:
    await mill.wavespeed.order("submit", "status", status=429)
    return await _job(mill, "completed")


async def completed_with_template(mill: Mill) -> Handle:
    await mill.grok.order("chat", "refusal")
    return await _job(mill, "completed", use_ai_prompt=True, on_prompt_failure=OnPromptFailure.TEMPLATE)


async def completed_with_callers_prompt(mill: Mill) -> Handle:
    await mill.grok.order("chat", "refusal")
    return await _job(
        mill, "completed", use_ai_prompt=True, prompt="My own", on_prompt_failure=OnPromptFailure.USE_PROMPT
    )


async def failed_prompt(mill: Mill) -> Handle:
    await mill.grok.order("chat", "refusal")
    return await _job(mill, "failed", use_ai_prompt=True)


async def failed_submission(mill: Mill) -> Handle:
    await mill.wavespeed.order("submit", "status", status=400)
    return await _job(mill, "failed")


async def failed_prediction(mill: Mill) -> Handle:
    await mill.wavespeed.order("submit", "ending", word="failed", code=1200)
    return await _job(mill, "failed")


async def expired_while_prompting(mill: Mill) -> Handle:
    await mill.grok.order("chat", "hold")
    return await _job(mill, "expired", use_ai_prompt=True, deadline_seconds=1)


async def expired_while_generating(mill: Mill) -> Handle:
    await mill.wavespeed.order("submit", "never")
    return await _job(mill, "expired", generate_timeout_seconds=1)


async def submit_unknown(mill: Mill) -> Handle:
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    return mill.handle(job_id)


async def completed_from_history(mill: Mill) -> Handle:
    await mill.wavespeed.order("submit", "cut", after=True)
    return await _job(mill, "completed")


async def completed_by_a_second_submission(mill: Mill) -> Handle:
    """Its sender came back and reported that nothing was sent."""
    await mill.wavespeed.order("submit", "cut")
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    await mill.sql("UPDATE submissions SET state = 'rejected'")
    await mill.reaches(job_id, "completed")
    await mill.closes(mill.handle(job_id))
    return mill.handle(job_id)


async def cancelled_before_it_began(mill: Mill) -> Handle:
    job_id = await mill.accept()
    await mill.cancel_row(job_id)
    await mill.start(job_id)
    await mill.closes(mill.handle(job_id))
    return mill.handle(job_id)


async def cancelled_while_prompting(mill: Mill) -> Handle:
    await mill.grok.order("chat", "hold")
    job_id = await mill.create(use_ai_prompt=True)
    await mill.grok.asked("chat")
    return await _cancel(mill, job_id)


async def cancelled_during_the_post(mill: Mill) -> Handle:
    await mill.wavespeed.order("submit", "hold", after=True)
    job_id = await mill.create()
    await mill.wavespeed.asked("submit")
    await mill.cancel(job_id)
    await mill.wavespeed.release()
    await mill.reaches(job_id, "cancelled")
    await mill.closes(mill.handle(job_id))
    return mill.handle(job_id)


async def cancelled_while_generating(mill: Mill) -> Handle:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")
    return await _cancel(mill, job_id)


async def cancelled_while_unknown(mill: Mill) -> Handle:
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    return await _cancel(mill, job_id)


async def cancelled_in_the_record_first(mill: Mill) -> Handle:
    """The row knows of the cancel before Temporal does."""
    await mill.grok.order("chat", "status", status=503, retry_after="1")
    job_id = await mill.create(use_ai_prompt=True)
    await mill.grok.asked("chat")
    await mill.cancel_row(job_id)

    async def follows_the_record() -> bool:
        history = await mill.handle(job_id).fetch_history()
        return sum(event.HasField("timer_started_event_attributes") for event in history.events) > 1

    await eventually(follows_the_record)
    return await _cancel(mill, job_id)


async def prompt_completed(mill: Mill) -> Handle:
    return await _prompt(mill, "completed")


async def prompt_failed(mill: Mill) -> Handle:
    await mill.grok.order("chat", "refusal")
    return await _prompt(mill, "failed")


async def prompt_expired(mill: Mill) -> Handle:
    await mill.grok.order("chat", "hold")
    return await _prompt(mill, "failed", deadline_seconds=1)


async def prompt_cancelled(mill: Mill) -> Handle:
    await mill.grok.order("chat", "hold")
    prompt_job_id = await mill.create_prompt()
    await mill.grok.asked("chat")
    await mill.store.prompts.request_cancel(prompt_job_id, owner="local")
    handle = mill.prompt_handle(prompt_job_id)
    await handle.cancel(rpc_timeout=PATIENCE)
    await mill.closes(handle)
    return handle


async def reconciled(mill: Mill) -> Handle:
    gate = TemporalGate(mill.client, mill.resources.starter, mill.settings.task_queue, 2, 0)
    await gate.run_reconciler_now()
    return mill.client.get_workflow_handle(f"{mill.settings.task_queue}-reconcile-now")


async def batch_done(mill: Mill) -> Handle:
    async with open_raw_server(http_answer(204)) as server:
        handle = mill.client.get_workflow_handle(
            batch_workflow_id(await begun_batch(mill, 3, max_open=1, callback_url=server.url))
        )
        await mill.closes(handle)
        return handle


async def batch_cancelled(mill: Mill) -> Handle:
    await mill.wavespeed.set_timing(min_seconds=600, max_seconds=600)
    handle = mill.client.get_workflow_handle(batch_workflow_id(await begun_batch(mill, 2, max_open=1)))
    await mill.wavespeed.asked("submit")
    await handle.cancel(rpc_timeout=PATIENCE)
    await mill.closes(handle)
    return handle


async def completed_with_callback(mill: Mill) -> Handle:
    async with open_raw_server(http_answer(204)) as server:
        return await _job(mill, "completed", callback_url=server.url)


async def callback_delivered(mill: Mill) -> Handle:
    return await _callback(mill, http_answer(204))


async def callback_given_up(mill: Mill) -> Handle:
    return await _callback(mill, http_answer(410))


async def callback_stopped(mill: Mill) -> Handle:
    async with open_raw_server(http_answer(503)) as server:
        job_id = await mill.create(callback_url=server.url)
        await eventually(lambda: server.requests, what="a first attempt")
        handle = mill.client.get_workflow_handle(callback_workflow_id(job_id))
        await handle.cancel(rpc_timeout=PATIENCE)
        await mill.closes(handle)
        return handle


async def completed_with_stored_outputs(mill: Mill) -> Handle:
    return (await _stored(mill))[0]


async def outputs_stored(mill: Mill) -> Handle:
    return (await _stored(mill))[1]


async def _stored(mill: Mill) -> tuple[Handle, Handle]:
    """Return a job whose output is stored, and what stored it."""
    with tempfile.TemporaryDirectory() as folder:
        async with storing(mill, FilePath(folder)):
            job_id = await mill.create()
            await stored(mill, job_id)
            await mill.closes(mill.handle(job_id))
            handle = mill.client.get_workflow_handle(store_workflow_id(job_id))
            await mill.closes(handle)
        return mill.handle(job_id), handle


async def _callback(mill: Mill, answer: bytes) -> Handle:
    async with open_raw_server(answer) as server:
        job_id = await mill.create(callback_url=server.url)
        await mill.reaches(job_id, "completed")
        await mill.closes(mill.handle(job_id))
        handle = mill.client.get_workflow_handle(callback_workflow_id(job_id))
        await mill.closes(handle)
        return handle


async def _job(mill: Mill, status: str, **fields: Any) -> Handle:
    job_id = await mill.create(**fields)
    await mill.reaches(job_id, status)
    await mill.closes(mill.handle(job_id))
    return mill.handle(job_id)


async def _prompt(mill: Mill, status: str, **fields: Any) -> Handle:
    prompt_job_id = await mill.create_prompt(**fields)
    await mill.prompt_reaches(prompt_job_id, status)
    await mill.closes(mill.prompt_handle(prompt_job_id))
    return mill.prompt_handle(prompt_job_id)


async def _cancel(mill: Mill, job_id: Any) -> Handle:
    await mill.cancel(job_id)
    await mill.reaches(job_id, "cancelled")
    await mill.closes(mill.handle(job_id))
    return mill.handle(job_id)


PATHS: Final[dict[str, Path]] = {
    path.__name__: path
    for path in (
        completed_with_ai_prompt,
        completed_with_given_prompt,
        completed_after_grok_retry,
        completed_after_rate_limit,
        completed_with_template,
        completed_with_callers_prompt,
        failed_prompt,
        failed_submission,
        failed_prediction,
        expired_while_prompting,
        expired_while_generating,
        submit_unknown,
        completed_from_history,
        completed_by_a_second_submission,
        cancelled_before_it_began,
        cancelled_while_prompting,
        cancelled_during_the_post,
        cancelled_while_generating,
        cancelled_while_unknown,
        cancelled_in_the_record_first,
        prompt_completed,
        prompt_failed,
        prompt_expired,
        prompt_cancelled,
        completed_with_callback,
        callback_delivered,
        callback_given_up,
        callback_stopped,
        completed_with_stored_outputs,
        outputs_stored,
        reconciled,
        batch_done,
        batch_cancelled,
    )
}
