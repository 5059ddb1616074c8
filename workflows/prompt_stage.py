"""The stage shared by jobs with `useAiPrompt` and stand-alone prompt jobs: Grok writes a prompt."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.prompts import PromptActivities
    from activities.records import RecordActivities
    from promptmill.contracts.names import grok_queue
    from promptmill.contracts.prompts import PromptRequest, PromptResult

from workflows import policies
from workflows.calling import call
from workflows.failures import raise_failure
from workflows.recording import record


async def write_prompt(request: PromptRequest) -> PromptResult:
    """Have Grok write the prompt, however long its queue is; the caller sets the deadline.

    Raises:
        StageFailed: All models and retries are exhausted, or xAI refused.
        StageEndedByRecord: The row does not allow another request.
    """
    try:
        written = await call(
            PromptActivities.write_prompt,
            request,
            policies.WRITE_PROMPT,
            summary=f"Grok: {request.operation.value} a prompt",
            task_queue=grok_queue(workflow.info().task_queue),
        )
    except ActivityError as error:
        raise_failure(error)
    if not written.recorded:
        await record(RecordActivities.record_prompt, written)
    return written
