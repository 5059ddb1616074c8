"""Delivers callbacks: notifies callers' URLs that their jobs have ended."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

import structlog
from pydantic import SecretStr
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.callback_places import CallbackPlaces, NoPlace
from promptmill.contracts.callbacks import CallbackInput, CallbackResult
from promptmill.contracts.errors import (
    ReceiverRefused,
    ReceiverUnavailable,
    RecordNotFound,
    RecordUnavailable,
)
from promptmill.contracts.names import callback_workflow_id
from promptmill.providers.callbacks.sender import CallbackSender
from promptmill.providers.callbacks.signature import CallbackSigner, new_callback_secret
from promptmill.store import Store
from promptmill.store.callback_body import batch_callback_body, callback_body

_log = structlog.get_logger(__name__)

_POSTPONED: Final = timedelta(seconds=5)
"""Retry delay if nothing was sent: Postgres was unavailable, or there was no place: then it grows with each attempt."""

_LONGEST_POSTPONED: Final = timedelta(seconds=30)
"""Longest of these delays: thousands of callbacks may wait for a receiver that hangs, and each asks the record."""

_MAX_DOUBLINGS: Final = 30
"""Enough to reach any maximum wait without a float overflow."""


@dataclass(frozen=True)
class _Letter:
    """What to tell whom about the end of an owner's job or batch."""

    owner: str
    url: str
    content: bytes


@dataclass(frozen=True)
class _Attempt:
    """The result of one POST: the receiver's status, if any; `for_good`: it must not be retried."""

    status_code: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    for_good: bool = False


@dataclass(frozen=True)
class CallbackActivities:
    """Delivers callbacks, each attempt on its own.

    Attributes:
        signer: Signs with the operator's secret; None uses the one that this installation generated.
        give_up: How long delivery is retried.
        places: Concurrent deliveries in this worker. Hanging receivers must take neither the slots of paid work nor
            all places of other receivers.
    """

    store: Store
    sender: CallbackSender
    signer: CallbackSigner | None
    give_up: timedelta
    places: CallbackPlaces

    @activity.defn
    async def deliver_callback(self, request: CallbackInput) -> CallbackResult:
        """Deliver to the receiver; return if that was final, otherwise raise with the next delay.

        At least once: each attempt carries the same id, so that a receiver can detect duplicates. One occurs
        if a worker dies between the receiver's response and its own.

        Raises:
            ApplicationError: To be retried; benign, with the next delay.
        """
        try:
            letter = await (self._of_batch if request.of_batch else self._of_job)(request.job_id)
            if letter is None:
                return _unsent(request, "It had already ended.")
            with self.places.taken(letter.owner, letter.url):
                return await self._deliver(request, letter)
        except NoPlace as error:
            # No attempt was made, so none is counted: the delays between attempts and the timeline stay as they are.
            raise _again(str(error), postponement(activity.info().attempt)) from error
        except RecordUnavailable as error:
            raise _again(str(error), _POSTPONED) from error
        except RecordNotFound as error:
            # Restoring the record may bring the row back.
            if self._time_left() <= timedelta():
                return _unsent(request, str(error))
            info = activity.info()
            raise _again(str(error), wait_after(info.attempt, info.retry_policy, None)) from error

    @activity.defn
    async def end_callback(self, result: CallbackResult) -> CallbackResult:
        """Record the outcome of a delivery. Safe to repeat: the first one is kept."""
        if result.of_batch:
            await self.store.batches.end_callback(result.job_id)
            return result
        # The row may have been deleted in the meantime.
        with suppress(RecordNotFound):
            await self.store.callbacks.end(
                result.job_id,
                delivered=result.delivered,
                attempts=result.attempts,
                status_code=result.status_code,
                error=result.error,
            )
        return result

    async def _of_job(self, job_id: UUID) -> _Letter | None:
        """Return what to tell of a job; None if nobody is to be told, or has been."""
        job = await self.store.jobs.get(job_id)
        if job.callback_url is None or job.callback_ended_at is not None:
            return None
        billed = await self.store.jobs.billed([job_id])
        return _Letter(job.owner, job.callback_url, callback_body(job, billed[job_id]).model_dump_json().encode())

    async def _of_batch(self, batch_id: UUID) -> _Letter | None:
        batch = await self.store.batches.get(batch_id)
        if batch.callback_url is None or batch.callback_ended_at is not None:
            return None
        counts = (await self.store.batches.counts([batch_id]))[batch_id]
        return _Letter(batch.owner, batch.callback_url, batch_callback_body(batch, counts).model_dump_json().encode())

    async def _deliver(self, request: CallbackInput, letter: _Letter) -> CallbackResult:
        job_id = request.job_id
        await (self.store.batches if request.of_batch else self.store.upkeep).mark_callback_started([job_id])
        number = _attempts_before() + 1
        # Outlives this attempt: mere postponements do not lengthen the delays.
        activity.heartbeat(number)
        began = time.perf_counter()
        seen = await self._post(job_id, letter.url, letter.content)
        ms = round((time.perf_counter() - began) * 1000, 1)
        told = {"batch_id" if request.of_batch else "job_id": str(job_id)}
        _log.info("callback_sent", **told, attempt=number, status=seen.status_code, error=seen.error, ms=ms)
        result = CallbackResult(
            job_id=job_id,
            delivered=seen.error is None,
            attempts=number,
            status_code=seen.status_code,
            error=seen.error,
            of_batch=request.of_batch,
        )
        left = self._time_left()
        if seen.for_good or left <= timedelta():
            return result
        if not request.of_batch:
            await self.store.callbacks.note_attempt(job_id, number, seen.status_code, seen.error)
        wait = wait_after(number, activity.info().retry_policy, seen.retry_after)
        raise _again(result.error or "", min(left, wait))

    async def _post(self, job_id: UUID, url: str, content: bytes) -> _Attempt:
        signer = self.signer or await self._own_signer()
        headers = signer.headers(callback_workflow_id(job_id), _now(), content)
        try:
            answer = await self.sender.send(url, content=content, headers=headers)
        except ReceiverRefused as error:
            return _Attempt(error=f"Not sent: {error}.", for_good=True)
        except ReceiverUnavailable as error:
            return _Attempt(error=f"The receiver could not be reached: {error}.")
        if answer.ok:
            return _Attempt(answer.status, for_good=True)
        if answer.status == HTTPStatus.GONE:
            return _Attempt(answer.status, "The receiver asked not to be called again (410).", for_good=True)
        words = "a redirect, which is not followed" if 300 <= answer.status < 400 else "not 2xx"  # noqa: PLR2004 - 3xx
        return _Attempt(answer.status, f"The receiver responded {answer.status}: {words}.", answer.retry_after)

    def _time_left(self) -> timedelta:
        return activity.info().scheduled_time + self.give_up - _now()

    async def _own_signer(self) -> CallbackSigner:
        return CallbackSigner.of(SecretStr(await self.store.callbacks.secret(new_callback_secret())))


def _unsent(request: CallbackInput, why: str) -> CallbackResult:
    return CallbackResult(job_id=request.job_id, delivered=False, attempts=0, error=why, of_batch=request.of_batch)


def wait_after(number: int, policy: RetryPolicy | None, retry_after: timedelta | None) -> timedelta:
    """Return the delay after that many attempts: the policy's backoff, or longer if the receiver requests it."""
    policy = policy or RetryPolicy()
    longest = policy.maximum_interval or policy.initial_interval * 100
    grown = policy.initial_interval * policy.backoff_coefficient ** min(number - 1, _MAX_DOUBLINGS)
    return min(max(grown, retry_after or timedelta()), longest)


def postponement(attempt: int) -> timedelta:
    """Return how long a delivery waits that found no place at this attempt, counted by Temporal.

    Scattered, so that those that wait do not all ask at once.
    """
    grown = min(_POSTPONED * attempt, _LONGEST_POSTPONED)
    return grown * random.uniform(0.5, 1.5)  # noqa: S311 - no secret


def _attempts_before() -> int:
    """Return how many attempts have sent a request, from the last heartbeat."""
    details = activity.info().heartbeat_details
    return details[0] if details and isinstance(details[0], int) else 0


def _again(why: str, wait: timedelta) -> ApplicationError:
    """Return the error that makes Temporal retry after that delay."""
    return ApplicationError(why, type="not_told", category=ApplicationErrorCategory.BENIGN, next_retry_delay=wait)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - an activity, not a workflow
