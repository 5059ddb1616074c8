"""Tells a batch's workflow that the record has news of it."""

from __future__ import annotations

from api.jobs.starting import tolerating_refusal
from promptmill.api_resources import ApiResources
from promptmill.contracts.batches import BatchState
from promptmill.store.batches import DueBatch
from sql.models import Batch


async def wake(resources: ApiResources, batch: Batch) -> None:
    """Start or wake the workflow of a batch that has begun. If Temporal is away, the reconciler does it later."""
    if batch.completed_at is None and batch.state != BatchState.AWAITING_APPROVAL:
        due = DueBatch(batch.id, batch.owner, batch.priority)
        await tolerating_refusal(resources.gate.wake_batch(due))
