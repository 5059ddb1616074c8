"""Feeds batches: jobs are accepted for rows that wait, and their workflows started."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio import activity

from promptmill.contracts.batches import BatchInput, BatchLook, BatchProgress
from promptmill.job_lines import job_changed
from promptmill.store import Store
from promptmill.store.batches import progress_of
from promptmill.temporal import WorkflowStarter
from promptmill.temporal.dispatch import create_dispatcher

FED_AT_ONCE: Final = 25
"""Jobs accepted in one transaction, which holds the batch's row: its permissions wait for it."""

_RPC: Final = timedelta(seconds=5)


@dataclass(frozen=True)
class BatchActivities:
    """Feeds batches through the acceptance of jobs.

    Attributes:
        open_jobs: How many open jobs an owner may have that has no limit of its own; None: any number.
    """

    store: Store
    starter: WorkflowStarter
    open_jobs: int | None

    @activity.defn
    async def feed_batch(self, look: BatchLook) -> BatchProgress:
        """Accept jobs for rows that wait, start them, and return how the batch stands. Safe to repeat.

        A row's job is accepted in the transaction that makes it the row's. Where this ends before it is started, the
        reconciler starts it.
        """
        fed = await self.store.batches.feed(look.batch_id, at_once=FED_AT_ONCE, most=self.open_jobs)
        if fed.jobs:
            jobs = await self.store.batches.jobs(fed.jobs)
            for job in jobs:
                job_changed(
                    job.id, job.status, owner=job.owner, prompt_job_id=job.prompt_job_id, model=job.model,
                    batch_id=str(job.batch_id),
                )  # fmt: skip
            await create_dispatcher(self.store, self.starter, patience=_RPC).start(jobs=jobs)
        ended = fed.batch.completed_at is not None
        counts = (await self.store.batches.counts([look.batch_id]))[look.batch_id] if look.counted or ended else {}
        return progress_of(fed.batch, more=fed.more, counts=counts)

    @activity.defn
    async def cancel_batch(self, request: BatchInput) -> BatchProgress:
        """Cancel what waits of a batch whose workflow an operator cancelled. Safe to repeat."""
        batch = await self.store.batches.get(request.batch_id)
        if batch.completed_at is None:
            batch, _ = await self.store.batches.cancel(batch.id, owner=batch.owner)
        return progress_of(batch)
