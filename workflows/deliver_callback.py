"""Delivers a job's callback, in its own workflow, so that a dead receiver keeps nothing else open."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.callbacks import CallbackActivities
    from promptmill.contracts.callbacks import CallbackInput, CallbackResult
    from promptmill.contracts.names import CALLBACK_WORKFLOW

from workflows import policies
from workflows.calling import call
from workflows.recording import cancelled, record


@workflow.defn(name=CALLBACK_WORKFLOW)
class DeliverCallbackWorkflow:
    """Deliver one callback, retried as long as the installation allows, and record the outcome."""

    @workflow.run
    async def run(self, request: CallbackInput) -> CallbackResult:
        """Deliver it and return the outcome: giving up does not fail the workflow.

        Raises:
            asyncio.CancelledError: An operator stopped it.
        """
        try:
            result = await call(
                CallbackActivities.deliver_callback,
                request,
                policies.DELIVER_CALLBACK,
                summary="deliver to the caller's URL",
            )
        except ActivityError as error:
            if not (is_cancelled_exception(error) and cancelled()):
                raise
            stopped = CallbackResult(
                job_id=request.job_id,
                delivered=False,
                attempts=0,
                error="An operator stopped its workflow.",
                of_batch=request.of_batch,
            )
            await record(CallbackActivities.end_callback, stopped)
            raise asyncio.CancelledError from error
        workflow.set_current_details("**Delivered.**" if result.delivered else f"**Given up.** {result.error}")
        return await record(CallbackActivities.end_callback, result)
