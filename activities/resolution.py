"""Finds out what became of a job's submission that got no clear answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.heartbeats import heartbeats
from activities.resolver import Resolver
from promptmill.contracts.jobs import JobChange, JobSnapshot
from promptmill.store import Store

STILL_UNCLEAR: Final = "still_unclear"
"""Type of the failure with which a look ends that settled nothing."""


@dataclass(frozen=True)
class ResolutionActivities:
    """Looks for the predictions of unclear submissions: in the record first, then in WaveSpeed's history."""

    store: Store
    resolver: Resolver

    @activity.defn
    async def resolve_submission(self, job_id: UUID) -> JobSnapshot:
        """Return the job's row once its submission is settled, whoever settled it.

        Safe to repeat: looking is free, and the record takes a settlement once.

        Raises:
            ApplicationError: It is still unclear; benign, with the next wait.
        """
        async with heartbeats():
            return await self._look(job_id)

    async def _look(self, job_id: UUID) -> JobSnapshot:
        unclear = await self.store.resolution.unclear(job_id)
        if unclear is None:
            return await self.store.jobs.advance(JobChange(job_id=job_id))
        look = await self.resolver.look(unclear)
        if look.row is not None:
            return look.row
        raise ApplicationError(
            look.why,
            type=STILL_UNCLEAR,
            category=ApplicationErrorCategory.BENIGN,
            next_retry_delay=look.again,
        )
