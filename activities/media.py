"""WaveSpeed: the paid submission, and its result."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.heartbeats import heartbeats
from activities.pace import PollPace
from activities.submission import Sender
from promptmill.contracts.errors import ProviderError, ProviderRefused, RecordError
from promptmill.contracts.jobs import (
    JobChange,
    JobSnapshot,
    JobStatus,
    MediaRequest,
    PredictionRequest,
    SubmitResult,
)
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.wavespeed.client import Prediction, WaveSpeedClient
from promptmill.store import Store


@dataclass(frozen=True)
class MediaActivities:
    """Submits jobs to WaveSpeed and collects the results.

    Attributes:
        grace: How long a 404 for an accepted prediction is ignored.
        empty_again: When a prediction that completed without any output is read once more.
    """

    wavespeed: WaveSpeedClient
    store: Store
    sender: Sender
    pace: PollPace
    grace: timedelta
    empty_again: timedelta = timedelta(seconds=2)

    @activity.defn
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
            return await self._collect(request)

    async def _collect(self, request: PredictionRequest) -> JobSnapshot:
        try:
            prediction = await self._result(request)
        except ProviderRefused as error:
            age = datetime.now(UTC) - request.accepted_at  # noqa: TID251 - an activity, not a workflow
            if age < self.grace:
                await self._not_finished(request, str(error))
            if await self._made_with_another_key(request):
                # What was paid for must still be collected: the right key may be restored.
                await self._not_finished(request, f"It was submitted with a different key than this worker's. {error}")
            return await self._fail(request, ReasonCode.PREDICTION_GONE, str(error))
        except ProviderError as error:
            await self._not_finished(request, str(error))
        if prediction.unrecognized:
            await self._show_unknown_status(request, prediction.status)
        if not prediction.finished:
            await self._not_finished(request, f"WaveSpeed reports {prediction.status}")
        return await self._finish(request, prediction)

    async def _result(self, request: PredictionRequest) -> Prediction:
        """Read the prediction, and once more if it is completed without any output."""
        prediction = await self.wavespeed.result(request.prediction_id, kind=request.kind)
        if prediction.reason_code is ReasonCode.GENERATION_WITHOUT_OUTPUT:
            await asyncio.sleep(self.empty_again.total_seconds())
            prediction = await self.wavespeed.result(request.prediction_id, kind=request.kind)
        return prediction

    async def _show_unknown_status(self, request: PredictionRequest, word: str) -> None:
        """Show an unknown status in the timeline: it may be final, and only a person can find out."""
        with suppress(RecordError):
            await self.store.jobs.note_provider_status(request.job_id, word)

    async def _made_with_another_key(self, request: PredictionRequest) -> bool:
        """Return whether the record says so; a submission that an older backup lost counts as no."""
        made = {
            (submission.provider_base, submission.key_fingerprint)
            for submission in await self.store.submissions.of_job(request.job_id)
            if submission.prediction_id == request.prediction_id and submission.provider_base
        }
        return bool(made) and (self.wavespeed.base, self.wavespeed.key_fingerprint) not in made

    async def _finish(self, request: PredictionRequest, prediction: Prediction) -> JobSnapshot:
        if prediction.reason_code is not None:
            return await self._fail(request, prediction.reason_code, prediction.error or prediction.status)
        return await self._record(request, status=JobStatus.COMPLETED, outputs=prediction.outputs)

    async def _fail(self, request: PredictionRequest, reason: ReasonCode, error: str) -> JobSnapshot:
        return await self._record(request, status=JobStatus.FAILED, reason_code=reason, error=error)

    async def _record(self, request: PredictionRequest, **end: Any) -> JobSnapshot:
        # The id as well: a row from an older backup lacks it, and of one that turned out to be another job's
        # the record takes nothing.
        change = JobChange(job_id=request.job_id, prediction_id=request.prediction_id, **end)
        return await self.store.jobs.advance(change)

    async def _not_finished(self, request: PredictionRequest, why: str) -> NoReturn:
        delay = await self.pace.delay(request.kind, activity.info().attempt)
        raise ApplicationError(
            why, type="not_finished", category=ApplicationErrorCategory.BENIGN, next_retry_delay=delay
        )


def _submission_of_earlier_attempt() -> UUID | None:
    """Return the submission that an earlier attempt's heartbeat named before it sent, if one did."""
    details = activity.info().heartbeat_details
    return UUID(details[0]) if details and isinstance(details[0], str) else None
