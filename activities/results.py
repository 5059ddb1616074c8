"""Reads a prediction's result once, judges it, and records it if it is final."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from promptmill.contracts.errors import ProviderError, ProviderRefused, RecordError
from promptmill.contracts.jobs import JobChange, JobSnapshot, JobStatus, PredictionRequest
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.wavespeed.client import Prediction, WaveSpeedClient
from promptmill.store import Store


class NotFinished(NamedTuple):
    """A prediction is to be read again: why, and after how long if WaveSpeed said so. `failed`: it was not read."""

    why: str
    failed: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class ResultReader:
    """Reads results. Safe to repeat: reading is free, and the record accepts a result once.

    Attributes:
        grace: How long a 404 for an accepted prediction is ignored.
        empty_again: When a prediction that completed without any output is read once more.
    """

    wavespeed: WaveSpeedClient
    store: Store
    grace: timedelta
    empty_again: timedelta = timedelta(seconds=2)

    async def read(self, request: PredictionRequest) -> JobSnapshot | NotFinished:
        """Read a result; if it is final, record it and return the job as the record then has it.

        Raises:
            RecordUnavailable: Postgres is unavailable.
        """
        try:
            prediction = await self._result(request)
        except ProviderRefused as error:
            age = datetime.now(UTC) - request.accepted_at  # noqa: TID251 - no workflow runs here
            if age < self.grace:
                return NotFinished(str(error), failed=True)
            if await self._made_with_another_key(request):
                # What was paid for must still be collected: the right key may be restored.
                why = f"It was submitted with a different key than this worker's. {error}"
                return NotFinished(why, failed=True)
            return await self._fail(request, ReasonCode.PREDICTION_GONE, str(error))
        except ProviderError as error:
            return NotFinished(str(error), failed=True, retry_after=error.retry_after)
        if prediction.unrecognized:
            await self._show_unknown_status(request, prediction.status)
        if not prediction.finished:
            return NotFinished(f"WaveSpeed reports {prediction.status}")
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
