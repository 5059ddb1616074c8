"""The stage after a submission without a clear answer: it is waited for until the record says what came of it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.resolution import ResolutionActivities
    from promptmill.contracts.jobs import JobSnapshot, SubmissionState

from workflows import policies
from workflows.calling import call
from workflows.recording import cancelled, stop_if_cancelled
from workflows.timebox import cancel_and_wait, until
from workflows.wakeups import Wakeups


async def until_settled(job_id: UUID, wakeups: Wakeups) -> JobSnapshot:
    """Wait indefinitely until an unclear submission is settled: it is never repeated without proof or a decision.

    A webhook, WaveSpeed's history or a person settles it in the record; this only watches.

    Raises:
        asyncio.CancelledError: The workflow was cancelled.
    """
    looking = asyncio.create_task(_look_in_history(job_id))
    while True:
        row = await wakeups.look_at_row()
        if cancelled() or row.open_submission is not SubmissionState.UNKNOWN:
            await cancel_and_wait(looking)
            stop_if_cancelled()
            return row
        if looking.done():
            looking = asyncio.create_task(_look_in_history(job_id))
        await until(lambda: looking.done() or wakeups.unheeded(), looking)  # noqa: B023 - awaited here


async def _look_in_history(job_id: UUID) -> None:
    """Search WaveSpeed's history repeatedly until the submission is settled."""
    try:
        await call(
            ResolutionActivities.resolve_submission,
            job_id,
            policies.RESOLVE_SUBMISSION,
            summary="WaveSpeed: search the history for the prediction",
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            return
        workflow.logger.warning("searching the history failed: %s", error.cause)
        await workflow.sleep(policies.LOOK_AGAIN, summary="until WaveSpeed's history is searched again")
