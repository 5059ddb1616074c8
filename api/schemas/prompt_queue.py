"""What callers send and get about prompt jobs, and how their queue does."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from api.schemas.bases import Answer, StrictRequestModel, field_errors
from api.schemas.fields import (
    DAY,
    DeadlineSeconds,
    InstructionsText,
    Metadata,
    OptionalUrl,
    Priority,
    PromptText,
    RefUrls,
    blank_is_absent,
)
from api.schemas.parts import ErrorAnswer, Links, Wait
from promptmill.contracts.prompts import Operation, PromptJobStatus, PromptSource
from promptmill.contracts.ratings import Rating

REASON_CHARACTERS: Final = 500

ReasonText = Annotated[
    Annotated[str, StringConstraints(max_length=REASON_CHARACTERS)] | None, BeforeValidator(blank_is_absent)
]


class EnqueuePrompt(StrictRequestModel):
    """A prompt job to accept: Grok writes one prompt. At least one of picture, instructions or prompt."""

    operation: Operation | None = Field(None, description="Default: `enhance` when a prompt is given, else `generate`.")
    instructions: InstructionsText = Field(None, description="What the prompt should achieve.")
    prompt: PromptText = Field(None, description="The text to enhance.")
    target_url: OptionalUrl = Field(None, description="The picture to change; Grok sees it last.")
    ref_urls: RefUrls = Field(default_factory=list)
    priority: Priority = 5
    deadline_seconds: DeadlineSeconds = DAY
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_what_to_write(self) -> Self:
        if not (self.prompt or self.instructions or self.target_url or self.ref_urls):
            message = "Needs at least one of `prompt`, `instructions`, `targetUrl`, `refUrls`."
            raise field_errors(type(self), [(("instructions",), message)])
        if self.operation is Operation.ENHANCE and self.prompt is None:
            raise field_errors(type(self), [(("operation",), "`enhance` needs a `prompt`.")])
        return self


class RatePrompt(StrictRequestModel):
    """A person's word on a written prompt; it replaces what was said before."""

    rating: Rating | None = Field(description="Null takes the rating back, and its reason.")
    reason: ReasonText = Field(None, description="Why, in the person's own words.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.rating is None and self.reason is not None:
            raise field_errors(type(self), [(("reason",), "Goes with `up` or `down` alone.")])
        return self


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
