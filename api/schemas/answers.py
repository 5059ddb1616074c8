"""What callers get: camelCase, times in RFC 3339 with Z, money in USD as numbers, unknown as null.

Clients must expect new fields and new status words. Words of the record are passed on as text, for another process may
be newer than this one and know more of them.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from promptmill.contracts.jobs import Billed, JobStatus, ProviderMode
from promptmill.contracts.prompts import Operation, PromptJobStatus, PromptSource, PromptStatus
from promptmill.contracts.ratings import Rating


class Answer(BaseModel):
    """An answer: camelCase names on the wire."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


class WaitFor(StrEnum):
    """What a job waits for."""

    GROK_QUEUE = "grok_queue"
    GROK = "grok"
    WAVESPEED_QUEUE = "wavespeed_queue"
    WAVESPEED = "wavespeed"
    RETRY = "retry"
    OPERATOR = "operator"


class Wait(Answer):
    """What a job waits for now. Position and estimates are approximate; null is 'not known', never 0.

    `of` is counted to 1,000 (`capped`). `stopped`: whether the queue is stopped, null while nobody knows; then
    `stopped_reason` are the words of whoever stopped it. The estimate comes from what was really done lately; low and
    high are given where it is uncertain. `longer_than_usual`: it takes longer already than anything like it lately.
    """

    for_: WaitFor | None = Field(None, alias="for")
    position: int | None = None
    of: int | None = None
    capped: bool = False
    stopped: bool | None = None
    stopped_reason: str | None = None
    estimate_seconds: float | None = None
    estimate_low_seconds: float | None = None
    estimate_high_seconds: float | None = None
    longer_than_usual: bool = False


class OutputAnswer(Answer):
    """One finished file: `url` for files, `text` for text and JSON."""

    index: int
    kind: str = Field(description="image, video, audio, text or json")
    url: str | None = None
    text: str | None = None
    nsfw: bool | None = None
    expires_at: datetime | None = None
    omitted: bool = Field(
        default=False,
        description="In lists: whether `url` and `text` were left out because they are long; see the job.",
    )


class ErrorAnswer(Answer):
    """Why something failed, what a provider said, and what a person can do."""

    reason_code: str | None
    message: str
    hint: str | None


class Links(Answer):
    """Where to go on: addresses on this service, and the workflow in the Temporal Web UI."""

    self_: str = Field(alias="self")
    events: str | None = None
    cancel: str | None = None
    retry: str | None = None
    resolve: str | None = None
    temporal: str | None = None


class JobAnswer(Answer):
    """A job: one piece of media on its way."""

    job_id: UUID
    owner: str
    status: str = Field(examples=[str(status) for status in JobStatus])
    status_text: str
    wait: Wait
    queue_position: int | None
    estimated_wait_seconds: float | None
    prompt_job_id: UUID | None
    prompt_status: str = Field(examples=[str(status) for status in PromptStatus])
    prompt_source: str | None = Field(examples=[str(source) for source in PromptSource])
    model: str
    kind: str = Field(description="What the model makes: image or video.")
    input: dict[str, Any]
    prompt: str | None
    original_prompt: str | None
    instructions: str | None
    target_url: str | None
    ref_urls: list[str]
    priority: int
    prediction_id: str | None
    outputs: list[OutputAnswer]
    error: ErrorAnswer | None
    candidates: list[str] | None = Field(
        description="Predictions that an unclear submission may have made; null where nothing is unclear, and in lists."
    )
    billed: Billed
    paid_text: str = Field(
        description="What is paid by now, in a sentence.", examples=["Already paid: WaveSpeed $0.012."]
    )
    prompt_cost_usd: float | None
    media_cost_usd: float | None
    media_cost_source: str | None
    provider_mode: str = Field(examples=[str(mode) for mode in ProviderMode])
    retry_of: UUID | None
    warnings: list[str]
    created_at: datetime
    dispatched_at: datetime | None
    completed_at: datetime | None
    deadline_at: datetime
    metadata: dict[str, str]
    kept: bool | None = Field(description="A person's word on the outputs; null while there is none.")
    prompt_rating: str | None = Field(
        description="A person's word on the prompt of `promptJobId`; null while there is none.",
        examples=[str(rating) for rating in Rating],
    )
    links: Links


class JobList(Answer):
    """A page of jobs, newest first. `nextCursor` is null on the last one."""

    items: list[JobAnswer]
    next_cursor: str | None


class ResultCounts(Answer):
    """How many results of a prompt people kept and discarded; those without a word are in neither."""

    kept: int = 0
    discarded: int = 0


class PromptJobAnswer(Answer):
    """A prompt job: one prompt that Grok writes."""

    prompt_job_id: UUID
    job_id: UUID | None
    status: str = Field(examples=[str(status) for status in PromptJobStatus])
    status_text: str
    operation: str = Field(examples=[str(operation) for operation in Operation])
    generated_prompt: str | None
    prompt_source: str | None = Field(examples=[str(source) for source in PromptSource])
    grok_model: str | None
    retry_count: int
    next_attempt_at: datetime | None
    wait: Wait
    queue_position: int | None
    estimated_wait_seconds: float | None
    error: ErrorAnswer | None
    prompt_cost_usd: float | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    metadata: dict[str, str]
    rating: str | None = Field(
        description="A person's word; null while there is none.", examples=[str(rating) for rating in Rating]
    )
    rating_reason: str | None
    results: ResultCounts = Field(description="Of all jobs that used the prompt.")
    links: Links


class Event(Answer):
    """One change of a job."""

    sequence: int
    at: datetime
    status: str
    reason_code: str | None
    text: str
    detail: dict[str, Any]


class Stage(Answer):
    """A part of a job's way: how long it was there, and whether it still is."""

    stage: str = Field(description="A status that is not final, or `writing` while Grok writes.")
    seconds: float
    open: bool


class Timeline(Answer):
    """Everything that happened to a job, in order, and where the time went."""

    items: list[Event]
    stages: list[Stage]


class JobCounts(Answer):
    """Jobs by status."""

    queued: int = 0
    prompting: int = 0
    dispatching: int = 0
    submit_unknown: int = 0
    generating: int = 0
    cancelling: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    expired: int = 0
    terminated: int = 0


class SatisfactionAnswer(Answer):
    """What people said of the prompts and results of one Grok model and one prompt source.

    `satisfaction_rate` is the share of `up` and `kept` in all four counts, 0 to 1.
    """

    model: str | None = Field(description="Grok's model; null where the prompt is not Grok's.")
    prompt_source: str | None = Field(examples=[str(source) for source in PromptSource])
    up: int
    down: int
    kept: int
    discarded: int
    satisfaction_rate: float


class QueueStatistics(Answer):
    """The prompt queue now and in the last hour. Null where the last hour shows nothing."""

    total_queued: int
    total_processing: int
    total_completed: int
    total_failed: int
    total_cancelled: int
    average_wait_seconds: float | None
    average_processing_seconds: float | None
    oldest_queued_seconds: float | None
    processed_per_minute: float | None
    error_rate: float | None
    retry_rate: float | None
    retry_success_rate: float | None
    estimated_wait_seconds: float | None
    jobs: JobCounts
    satisfaction_rate: float | None = Field(description="Of all of `satisfaction` together; null without a rating.")
    satisfaction: list[SatisfactionAnswer] = Field(
        description="Ratings of the last 30 days, the most rated first; groups without a rating are left out."
    )


class Dispatched(Answer):
    """What `POST /api/dispatch` did."""

    ok: bool
    claimed: int
    started: int


class Reconciled(Answer):
    """What one pass of the reconciler did."""

    started: int
    closed: int
    delivered: int
    resolved: int


class WebhookTaken(Answer):
    """A webhook was taken; there is nothing to do again."""

    ok: bool = True


class Readiness(Answer):
    """Whether the neighbours answer, and in a sentence each why not (`problems`) and what else is stopped (`notes`)."""

    ok: bool
    postgres: bool
    temporal: bool
    problems: list[str]
    notes: list[str]


class Alive(Answer):
    """The process answers."""

    ok: bool = True
