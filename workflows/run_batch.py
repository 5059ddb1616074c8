"""A batch from its first row to its end: fed to the queue as its jobs end, never more than may be open at once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.batches import BatchActivities
    from promptmill.contracts.batches import BatchInput, BatchLook, BatchProgress, BatchState
    from promptmill.contracts.names import BATCH_WORKFLOW, WAKE_BATCH

from workflows import policies
from workflows.abandoned_children import start_callback
from workflows.calling import call
from workflows.recording import cancelled, record


@workflow.defn(name=BATCH_WORKFLOW)
class RunBatchWorkflow:
    """Feed a batch whenever one of its jobs has ended or somebody has changed it. The record decides what may be fed.

    It is woken by a signal, and looks by itself now and then in case that was lost. Nothing is kept here that the
    record does not have, so a new run begins as the old one ended.
    """

    @workflow.init
    def __init__(self, request: BatchInput) -> None:
        """Look at once; signals may come before `run`."""
        self._batch_id = request.batch_id
        self._woken = False
        self._looks = 0
        self._shown_at: datetime | None = None

    @workflow.signal(name=WAKE_BATCH)
    def wake(self) -> None:
        """The record has news: a job of the batch has ended, or somebody has changed the batch."""
        self._woken = True

    @workflow.run
    async def run(self, request: BatchInput) -> BatchProgress:
        """Feed the batch until it has ended, and return how.

        Raises:
            asyncio.CancelledError: An operator cancelled it, and so what waits of the batch.
        """
        try:
            return await self._until_ended(request)
        except asyncio.CancelledError:
            if cancelled():
                await record(BatchActivities.cancel_batch, request)
            raise

    async def _until_ended(self, request: BatchInput) -> BatchProgress:
        while True:
            self._woken = False
            progress = await self._feed()
            if progress.ended:
                if progress.callback:
                    with suppress(asyncio.CancelledError):  # it has ended: a cancel changes nothing
                        await start_callback(self._batch_id, of_batch=True)
                if not self._woken:
                    return progress
            elif not (progress.more or self._woken):
                await self._pause(progress)
            if self._looks >= policies.LOOKS_PER_RUN or workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(request)

    async def _feed(self) -> BatchProgress:
        now = workflow.now()
        counted = self._shown_at is None or now - self._shown_at >= policies.SHOW_PROGRESS
        self._looks += 1
        progress = await call(
            BatchActivities.feed_batch,
            BatchLook(batch_id=self._batch_id, counted=counted),
            policies.FEED_BATCH,
            summary="feed the batch",
        )
        if progress.counts:
            self._shown_at = now
            _show(progress)
        return progress

    async def _pause(self, progress: BatchProgress) -> None:
        """Wait until woken; not forever where a lost signal would stop the batch."""
        held = progress.state is BatchState.RUNNING and progress.problem is not None
        within = policies.LOOK_AT_HELD_BATCH if held else policies.LOOK_AT_BATCH
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._woken, timeout=within if progress.looks_again else None)


def _show(progress: BatchProgress) -> None:
    rows = ", ".join(f"{n} {state}" for state, n in sorted(progress.counts.items()))
    money = f"${progress.spent_usd} spent and ${progress.reserved_usd} reserved of ${progress.max_cost_usd}"
    why = f"\n\n{progress.problem}." if progress.problem else ""
    workflow.set_current_details(f"**{progress.state}:** {rows}; {money}.{why}")
    workflow.upsert_memo({"state": progress.state.value, "rows": progress.counts})
