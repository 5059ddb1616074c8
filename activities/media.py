"""WaveSpeed: the paid submission, and its result."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.heartbeats import heartbeats
from activities.pace import PollPace
from activities.results import ResultReader
from activities.submission import Sender
from promptmill.contracts.jobs import JobSnapshot, MediaRequest, PredictionRequest, SubmitResult
from promptmill.contracts.names import SUBMIT_MEDIA
from promptmill.job_lines import job_ended


@dataclass(frozen=True)
class MediaActivities:
    """Submits jobs to WaveSpeed, and reads results that no worker's reader has read."""

    sender: Sender
    results: ResultReader
    pace: PollPace

    @activity.defn(name=SUBMIT_MEDIA)
    async def submit_media(self, request: MediaRequest) -> SubmitResult:
        """Submit a job once and return the outcome.

        Safe to repeat: the record permits one POST, and an attempt that finds a trace of an earlier one does not send.
        A cancel does not interrupt it: a POST in flight first returns its prediction's id.

        Raises:
            StageStopped, ProviderRefused, ProviderRateLimited, NothingSent, RecordUnavailable: See `Sender.submit`.
        """
        known = _submission_of_earlier_attempt() or request.known_submission
        work = asyncio.create_task(self.sender.submit(request, known))
        while True:
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                # If it finished at the same moment, it still has a result: the next iteration returns it.
                if work.cancelled():
                    raise

    @activity.defn
    async def collect_result(self, request: PredictionRequest) -> JobSnapshot:
        """Read a prediction's result once; record it if finished, otherwise raise with the next delay.

        Safe to repeat: reading is free, and the record accepts a result once.

        Raises:
            ApplicationError: Not finished; benign, with the next delay.
        """
        async with heartbeats():
            found = await self.results.read(request)
        if isinstance(found, JobSnapshot):
            job_ended(found)
            return found
        delay = await self.pace.delay(request.kind, activity.info().attempt)
        raise ApplicationError(
            found.why, type="not_finished", category=ApplicationErrorCategory.BENIGN, next_retry_delay=delay
        )


def _submission_of_earlier_attempt() -> UUID | None:
    """Return the submission that an earlier attempt's heartbeat named before it sent, if one did."""
    details = activity.info().heartbeat_details
    return UUID(details[0]) if details and isinstance(details[0], str) else None
