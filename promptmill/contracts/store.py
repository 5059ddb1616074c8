"""The inputs and results of `promptmill.store`, as plain data."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from promptmill.contracts.jobs import Billed, JobOrder, ProviderMode, SubmissionState
from promptmill.contracts.messages import Message
from promptmill.contracts.prompts import PromptOrder, PromptRequest, PromptResult, PromptSource
from promptmill.contracts.reasons import ReasonCode


class IdempotencyKey(Message):
    """A caller's `Idempotency-Key` with the hash of method, path and parsed body (hex)."""

    key: str
    request_hash: str


class NewPromptJob(PromptOrder):
    """A prompt job to accept: alone, or together with the job that needs it."""

    id: UUID
    max_retries: int
    deadline_seconds: int
    key_id: str | None = None


class NewJob(JobOrder):
    """A job to accept.

    `prompt` is the text for WaveSpeed if that is settled, `original_prompt` the caller's own. `prompt_job` is the
    prompt job to create with it; `prompt_job_id` an existing one whose prompt it uses. `key_id` is the API key that
    creates it.
    """

    id: UUID
    original_prompt: str | None = None
    prompt: str | None = None
    prompt_source: PromptSource | None = None
    prompt_job: NewPromptJob | None = None
    deadline_seconds: int
    warnings: tuple[str, ...] = ()
    key_id: str | None = None


class JobEdit(Message):
    """New values of a job's request, by the names of its columns. What is not set stays."""

    model: str = ""
    input: dict[str, Any] = Field(default_factory=dict)
    target_url: str | None = None
    ref_urls: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    prompt: str = ""
    max_price_usd: Decimal | None = None
    priority: int = 0
    seen_at: datetime | None = None
    """`updated_at` of the row that the change was checked with: one that was written since is not changed."""


class JobFilter(Message):
    """Which jobs to list. `q` is looked for in prompts, instructions, models, ids and metadata values."""

    statuses: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    kind: str | None = None
    liked: bool | None = None
    min_cost_usd: Decimal | None = None
    max_cost_usd: Decimal | None = None
    group: str | None = None
    tag: str | None = None
    collection: UUID | None = None
    batch: UUID | None = None
    q: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    limit: int = 50
    before: tuple[datetime, UUID] | None = None
    """Keyset: only rows older than this (created_at, id)."""


class Received(Message):
    """How the record processed a webhook.

    Attributes:
        new: Whether this event arrived for the first time.
        token_ok: Whether the token is one of the job's; if not, nothing of a known job's delivery was stored.
        job_known: Whether the record holds the job.
        workflow_open: Whether the job has a workflow to signal.
        prediction_id: The prediction in the body, if the token is the job's.
    """

    new: bool
    token_ok: bool
    job_known: bool
    workflow_open: bool
    prediction_id: str | None = None


class WaitingDelivery(Message):
    """A webhook that has not been processed yet."""

    event_id: str
    job_id: UUID
    prediction_id: str | None = None


class OpenWork(Message):
    """An open job or stand-alone prompt job. `billed` is null for prompt jobs."""

    id: UUID
    table: Literal["jobs", "prompt_generation_jobs"]
    status: str
    billed: Billed | None
    created_at: datetime


class GoingOn(Message):
    """Open work: `going` can continue on its own, `waiting` needs a person."""

    going: tuple[OpenWork, ...]
    waiting: tuple[OpenWork, ...]


class AttemptDecision(StrEnum):
    """What an activity of the prompt stage must do."""

    GO = "go"
    DONE = "done"
    STOP = "stop"


class PromptAttempt(Message):
    """The record's permission to call Grok: go with `attempt_no` and `model`, done with `result`, or stop.

    `request` is the row's own request, set with `go`: nothing that travels through Temporal decides what is paid for.
    """

    decision: AttemptDecision
    request: PromptRequest | None = None
    attempt_no: int = 0
    model: str = ""
    retry_count: int = 0
    max_retries: int = 0
    result: PromptResult | None = None
    reason_code: ReasonCode | None = None
    error: str | None = None


class PromptFailure(Message):
    """One failed request to Grok, retried after `delay_seconds`, with `next_model` if there is one.

    A retry of the same model increments `retry_count`; another model starts at 0 again.
    """

    prompt_job_id: UUID
    attempt_no: int
    reason_code: ReasonCode
    error: str
    delay_seconds: float
    next_model: str | None = None


class PromptEnd(Message):
    """The end of a prompt job as seen by the activity: completed with its result, or failed permanently."""

    prompt_job_id: UUID
    attempt_no: int
    result: PromptResult | None = None
    reason_code: ReasonCode | None = None
    error: str | None = None


class Permission(StrEnum):
    """What an activity that wants to submit must do."""

    POST = "post"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    STOP = "stop"
    HOLD = "hold"
    """Submissions are on hold for all jobs (an older backup was restored), or a budget has no room: retry later, then
    after `wait_seconds` at the earliest."""

    CHANGED = "changed"
    """Its caller has changed the job since the request was made: read the row, and ask again with what it says."""

    WAIT = "wait"
    """It is not the job's turn, by the rate of paid POSTs: retry after `wait_seconds`."""


class SubmissionIntent(Message):
    """One paid POST that is about to be sent.

    `known_submission_id` comes from an earlier attempt's heartbeat or from the workflow: if the record lacks it, an
    older backup was restored, and the permit is `unknown`.
    `model`, `prompt`, `input` and the images are what `request` was built from; the record permits only its own.
    `slowest` and `per_second` bound the rate of paid POSTs, per second; the same number twice fixes it.
    `price_usd` is what it will cost, in USD; if unknown, the model's dearest recent charge is reserved, or else
    `unknown_price_usd`.
    """

    job_id: UUID
    submission_id: UUID
    callback_token: str
    model: str
    prompt: str
    input: dict[str, Any]
    target_url: str | None = None
    ref_urls: tuple[str, ...] = ()
    request: dict[str, Any]
    request_hash: str
    provider_mode: ProviderMode
    provider_base: str
    key_fingerprint: str
    post_within_seconds: float
    slowest: float
    per_second: float
    known_submission_id: UUID | None = None
    price_usd: Decimal | None = None
    unknown_price_usd: Decimal


class SubmissionPermit(Message):
    """The record's decision on an intent."""

    permission: Permission
    submission_id: UUID | None = None
    request: dict[str, Any] | None = None
    prediction_id: str | None = None
    accepted_at: datetime | None = None
    reason_code: ReasonCode | None = None
    error: str | None = None
    wait_seconds: float | None = None


class SubmissionOutcome(Message):
    """The observed outcome of a POST.

    `accepted` needs `prediction_id`. `rejected` with `final` fails the job with the reason, without it the job keeps
    waiting. `unknown` makes the job `submit_unknown`.
    """

    submission_id: UUID
    job_id: UUID
    state: SubmissionState
    prediction_id: str | None = None
    media_cost_usd: Decimal | None = None
    reason_code: ReasonCode | None = None
    error: str | None = None
    final: bool = False


class Settlement(Message):
    """The record's state after an outcome: the job's status, and which prediction was accepted when.

    The state may differ from the reported one: a webhook may have reported an acceptance that the POST did not see.
    """

    state: SubmissionState
    job_status: str
    accepted_at: datetime | None = None
    prediction_id: str | None = None
