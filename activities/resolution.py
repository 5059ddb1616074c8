"""Resolves a job's unclear submission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.heartbeats import heartbeats
from activities.resolver import Resolver
from promptmill.contracts.jobs import JobChange, JobSnapshot
from promptmill.job_lines import job_as_it_is
from promptmill.store import Store

STILL_UNCLEAR: Final = "still_unclear"
"""Failure type of a search that settled nothing."""


@dataclass(frozen=True)
class ResolutionActivities:
    """Searches for the predictions of unclear submissions: in the record first, then in WaveSpeed's history."""

    store: Store
    resolver: Resolver

    @activity.defn
    async def resolve_submission(self, job_id: UUID) -> JobSnapshot:
        """Return the job's row once its submission is settled, in whatever way.

        Safe to repeat: searching is free, and the record accepts a settlement once.

        Raises:
            ApplicationError: It is still unclear; benign, with the next delay.
        """
        async with heartbeats():
            return await self._look(job_id)

    async def _look(self, job_id: UUID) -> JobSnapshot:
        unclear = await self.store.resolution.unclear(job_id)
        if unclear is None:
            row = await self.store.jobs.advance(JobChange(job_id=job_id))
            job_as_it_is(row)
            return row
        look = await self.resolver.look(unclear)
        if look.row is not None:
            job_as_it_is(look.row)
            return look.row
        raise ApplicationError(
            look.why,
            type=STILL_UNCLEAR,
            category=ApplicationErrorCategory.BENIGN,
            next_retry_delay=look.again,
        )
