"""Finds out what became of a submission that got no clear answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from promptmill.contracts.jobs import JobChange, JobSnapshot, JobStatus
from promptmill.store import Store


@dataclass(frozen=True)
class ResolutionActivities:
    """Looks for the predictions of unclear submissions."""

    store: Store

    @activity.defn
    async def resolve_submission(self, job_id: UUID) -> JobSnapshot:
        """Look once. Safe to repeat: it only reads."""
        row = await self.store.jobs.advance(JobChange(job_id=job_id))
        if row.status is not JobStatus.SUBMIT_UNKNOWN:
            return row
        raise ApplicationError(
            "still unclear",
            type="still_unclear",
            category=ApplicationErrorCategory.BENIGN,
            next_retry_delay=timedelta(seconds=60),
        )
