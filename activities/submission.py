"""One paid POST: permission and intent, guarded sending, settlement. `docs/architecture.md` has the rules."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
import uuid_utils.compat as uuid_versions
from temporalio import activity

from activities.heartbeats import heartbeats
from activities.persistence import insist
from activities.quotes import Quotes
from promptmill.config.presets import LARGEST_SEED, compose_request, place_pictures, preset_for
from promptmill.config.providers import provider_mode
from promptmill.config.tiers import SubmissionPace
from promptmill.contracts.errors import (
    BudgetExhausted,
    NothingSent,
    OwnerPaused,
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    RecordError,
    StageStopped,
    SubmissionPaced,
    SubmissionsHeld,
    SubmitUnclear,
)
from promptmill.contracts.jobs import JobStatus, MediaRequest, SubmissionState, SubmitResult
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.store import (
    Permission,
    Settlement,
    SubmissionIntent,
    SubmissionOutcome,
    SubmissionPermit,
)
from promptmill.job_lines import job_changed
from promptmill.providers.wavespeed.client import WaveSpeedClient, boottime
from promptmill.store import Store

_log = structlog.get_logger(__name__)

BUDGET_PAUSE: Final = timedelta(seconds=5)
BUDGET_LONGEST_PAUSE: Final = timedelta(seconds=60)
"""How long a job waits before it asks again whether a budget has room: doubled with each attempt, up to the longest.
Longer still if many jobs wait (`Permission.HOLD`)."""


@dataclass(frozen=True)
class Sender:
    """Sends at most one submission, and never loses one.

    Attributes:
        quotes: What submissions cost.
        unknown_price: What is reserved, in USD, if neither a quote nor a recent charge of the model is known.
        post_within: How long after the recorded intent the first byte may be sent.
        rate_limit_wait: Wait after a 429 without Retry-After.
        pace: How fast paid POSTs may be made, by all workers.
        public_url: Where WaveSpeed can reach our API; None requests no webhooks.
        poll_after: How long to wait for a webhook before polling the result.
        on_accepted: Called after each acceptance that the record has.
    """

    wavespeed: WaveSpeedClient
    quotes: Quotes
    unknown_price: Decimal
    store: Store
    post_within: timedelta
    rate_limit_wait: timedelta
    pace: SubmissionPace
    public_url: str | None = None
    poll_after: timedelta = timedelta()
    on_accepted: Callable[[], None] = lambda: None

    async def submit(self, request: MediaRequest, known_submission: UUID | None) -> SubmitResult:
        """Request permission from the record; if granted, send once and settle.

        What is sent is what the row says when it is permitted: a request that its caller has changed since the
        workflow began is made again from the row.

        Raises:
            StageStopped: The record does not permit a submission.
            SubmissionsHeld: Submissions are on hold for all jobs; retry later.
            BudgetExhausted: A budget has no room for the price; nothing was reserved. Retry after `retry_after`.
            OwnerPaused: The job's owner is paused. Retry after `retry_after`.
            SubmissionPaced: It is not the job's turn; nothing was written. Retry after `retry_after`.
            ProviderRefused: WaveSpeed refused permanently; the job has failed.
            ProviderRateLimited, NothingSent: Nothing was created; retry after `retry_after`.
            RecordUnavailable: Postgres is unavailable, and nothing was sent.
        """
        asked = await self._ask(request, known_submission)
        while asked.permit.permission is Permission.CHANGED:
            request = await insist(partial(self.store.submissions.as_recorded, request))
            asked = await self._ask(request, known_submission)
        permit = asked.permit
        if permit.permission is Permission.STOP:
            if permit.reason_code is ReasonCode.REQUEST_MISMATCH:
                _log.error("submission_refused", job_id=str(request.job_id), problem=permit.error)
            raise StageStopped(permit.reason_code, permit.error)
        if permit.permission is Permission.HOLD:
            raise held(permit)
        if permit.permission is Permission.WAIT:
            # Temporal waits, not this worker: the slot is free for the others.
            raise SubmissionPaced(timedelta(seconds=permit.wait_seconds or 1))
        assert permit.submission_id is not None  # every other answer has one
        if permit.permission is not Permission.POST:
            return self._earlier(permit, permit.submission_id)
        job_changed(request.job_id, JobStatus.DISPATCHING, submission_id=permit.submission_id)
        posting = _Posting(
            submission_id=permit.submission_id,
            body=permit.request or {},
            post_by=asked.post_by,
            # Permission to send means that the row holds this intent's token.
            webhook_url=self._webhook_url(request.job_id, asked.intent.callback_token),
        )
        async with heartbeats(str(posting.submission_id)):
            outcome, again = await self._send(request, posting)
            cost = asked.intent.price_usd if outcome.state is SubmissionState.ACCEPTED else None
            result = await self._settle(outcome.model_copy(update={"media_cost_usd": cost}), again)
            if asked.list_usd is not None:
                with suppress(RecordError):  # only shown
                    await self.store.jobs.note_list_price(request.job_id, asked.list_usd)
            return result

    async def _ask(self, request: MediaRequest, known_submission: UUID | None) -> _Asked:
        body = compose_request(
            request.model, _inputs_with_pictures(request), request.prompt, secrets.randbelow(LARGEST_SEED + 1)
        )
        quote = await self.quotes.of(request.model, body)
        # The clock starts before the intent is written: a process that stalls between the two sends nothing.
        post_by = boottime() + self.post_within.total_seconds()
        intent = self._intent(request, body, None if quote is None else quote.usd, known_submission)
        permit = await insist(partial(self.store.submissions.permit, intent))
        return _Asked(intent, permit, post_by, None if quote is None else quote.list_usd)

    def _intent(
        self, request: MediaRequest, body: dict[str, Any], price: Decimal | None, known_submission: UUID | None
    ) -> SubmissionIntent:
        return SubmissionIntent(
            job_id=request.job_id,
            submission_id=uuid_versions.uuid7(),
            callback_token=secrets.token_urlsafe(32),
            model=request.model,
            prompt=request.prompt,
            input=request.input,
            target_url=request.target_url,
            ref_urls=request.ref_urls,
            request=body,
            request_hash=request_hash(request.model, body),
            provider_mode=provider_mode(self.wavespeed.base),
            provider_base=self.wavespeed.base,
            key_fingerprint=self.wavespeed.key_fingerprint,
            post_within_seconds=self.post_within.total_seconds(),
            slowest=self.pace.slowest,
            per_second=self.pace.per_second,
            known_submission_id=known_submission,
            price_usd=price,
            unknown_price_usd=self.unknown_price,
        )

    def _webhook_url(self, job_id: UUID, callback_token: str) -> str | None:
        if self.public_url is None:
            return None
        return f"{self.public_url.rstrip('/')}/api/webhooks/wavespeed/{job_id}?token={callback_token}"

    async def _send(self, request: MediaRequest, posting: _Posting) -> tuple[SubmissionOutcome, ProviderError | None]:
        """Send the POST; return the outcome, and the error to raise if Temporal should retry."""
        error: ProviderError
        try:
            if activity.is_cancelled():
                raise NothingSent(ReasonCode.CANCEL_REQUESTED, "Cancelled before it was sent.")  # noqa: TRY301
            prediction_id = await self.wavespeed.submit(
                request.model, posting.body, post_by=posting.post_by, webhook_url=posting.webhook_url
            )
        except ProviderError as caught:
            error = caught
        except Exception as fault:  # noqa: BLE001 - whatever failed, the POST may have been sent: never repeat it
            error = SubmitUnclear(ReasonCode.SUBMIT_UNCLEAR, f"{type(fault).__name__}: {fault}")
        else:
            accepted = SubmissionOutcome(
                submission_id=posting.submission_id,
                job_id=request.job_id,
                state=SubmissionState.ACCEPTED,
                prediction_id=prediction_id,
            )
            return accepted, None
        state, final, again = self._verdict(error)
        outcome = SubmissionOutcome(
            submission_id=posting.submission_id,
            job_id=request.job_id,
            state=state,
            reason_code=error.reason_code,
            error=str(error),
            final=final,
        )
        return outcome, again

    def _verdict(self, error: ProviderError) -> tuple[SubmissionState, bool, ProviderError | None]:
        """Return the submission's state, whether that ends the job, and the error to retry with."""
        if isinstance(error, ProviderRefused):
            return SubmissionState.REJECTED, True, None
        if isinstance(error, NothingSent):
            return SubmissionState.REJECTED, False, error
        if isinstance(error, ProviderRateLimited):
            wait = error.retry_after or self.rate_limit_wait
            return (
                SubmissionState.REJECTED,
                False,
                ProviderRateLimited(error.reason_code, str(error), retry_after=wait),
            )
        return SubmissionState.UNKNOWN, False, None

    async def _settle(self, outcome: SubmissionOutcome, again: ProviderError | None) -> SubmitResult:
        result = SubmitResult.built_from(
            outcome, accepted_at=None, recorded=True, poll_after_seconds=self._poll_after_seconds
        )
        try:
            settlement = await insist(lambda: self.store.submissions.settle(outcome))
        except RecordError:
            # Unavailable, or without the row (an older backup was restored): the workflow's history keeps the answer.
            return result.model_copy(update={"recorded": False})
        if outcome.state is not SubmissionState.REJECTED:  # a refusal's end is recorded, and told, by the workflow
            job_changed(
                outcome.job_id,
                settlement.job_status,
                reason_code=outcome.reason_code if settlement.state is outcome.state else None,
                submission_id=outcome.submission_id,
                prediction_id=settlement.prediction_id,
                cost_usd=outcome.media_cost_usd,
            )
        if settlement.state == SubmissionState.ACCEPTED:
            self.on_accepted()
        if {outcome.state, settlement.state} != {SubmissionState.REJECTED}:
            return result.model_copy(update=_as_recorded(settlement))
        if isinstance(again, ProviderRateLimited) and self.pace.adapts:
            await self._slow_down(outcome.submission_id, again.retry_after or self.rate_limit_wait)
        if again is not None:
            raise again
        raise ProviderRefused(outcome.reason_code or ReasonCode.WAVESPEED_BAD_INPUT, outcome.error or "")

    async def _slow_down(self, submission_id: UUID, pause: timedelta) -> None:
        """Lower the rate of all workers. Never fails: where it cannot be noted, the next 429 does it."""
        with suppress(RecordError):
            await self.store.rates.note_rate_limit(submission_id, self.pace, pause=pause)

    def _earlier(self, permit: SubmissionPermit, submission_id: UUID) -> SubmitResult:
        """Return the outcome that an earlier attempt recorded."""
        accepted = permit.permission is Permission.ACCEPTED
        return SubmitResult(
            submission_id=submission_id,
            state=SubmissionState.ACCEPTED if accepted else SubmissionState.UNKNOWN,
            prediction_id=permit.prediction_id,
            accepted_at=permit.accepted_at,
            error=permit.error,
            poll_after_seconds=self._poll_after_seconds,
        )

    @property
    def _poll_after_seconds(self) -> float:
        return self.poll_after.total_seconds() if self.public_url is not None else 0


@dataclass(frozen=True)
class _Asked:
    """What permission was asked for, and the answer; nothing is sent after `post_by`, a time of `boottime`."""

    intent: SubmissionIntent
    permit: SubmissionPermit
    post_by: float
    list_usd: Decimal | None


@dataclass(frozen=True)
class _Posting:
    """One permitted POST."""

    submission_id: UUID
    body: dict[str, Any]
    post_by: float
    webhook_url: str | None


def held(permit: SubmissionPermit) -> SubmissionsHeld | BudgetExhausted | OwnerPaused:
    """Return the error for a submission that is on hold."""
    if permit.reason_code not in (ReasonCode.BUDGET_EXHAUSTED, ReasonCode.OWNER_PAUSED):
        return SubmissionsHeld(permit.error)
    grown = BUDGET_PAUSE * 2 ** min(activity.info().attempt - 1, 10)
    wait = max(min(grown, BUDGET_LONGEST_PAUSE), timedelta(seconds=permit.wait_seconds or 0))
    kind = OwnerPaused if permit.reason_code is ReasonCode.OWNER_PAUSED else BudgetExhausted
    return kind(permit.error or "", retry_after=wait)


def _inputs_with_pictures(request: MediaRequest) -> dict[str, Any]:
    """Return the job's inputs, which include the images since acceptance.

    In earlier releases the worker placed them. For their jobs it still does, as the preset says.
    """
    preset = preset_for(request.model)
    if preset is None:
        return request.input
    return place_pictures(
        request.input, preset.pictures_field, preset.max_pictures, request.target_url, request.ref_urls
    )


def _as_recorded(settlement: Settlement) -> dict[str, Any]:
    """Return a submission as recorded: a webhook or a person may have settled it before the response arrived.

    Anything but accepted is `unknown` to the workflow: it then reads the row and continues from there.
    """
    accepted = settlement.state is SubmissionState.ACCEPTED
    return {
        "state": SubmissionState.ACCEPTED if accepted else SubmissionState.UNKNOWN,
        "prediction_id": settlement.prediction_id if accepted else None,
        "accepted_at": settlement.accepted_at,
        "final": False,
    }


def request_hash(model: str, body: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of a model and its canonical inputs."""
    canonical = json.dumps([model, body], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
