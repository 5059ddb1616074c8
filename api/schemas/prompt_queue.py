"""What callers send and get about prompt jobs, and how their queue does."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from api.schemas.bases import Answer, StrictRequestModel, field_errors
from api.schemas.fields import (
    DEADLINE_SECONDS,
    PRIORITY,
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
    """A prompt job to accept: Grok writes one prompt. Requires at least one image, instructions or a prompt."""

    operation: Operation | None = Field(
        None, description="Default: `enhance` if a prompt is given, otherwise `generate`."
    )
    instructions: InstructionsText = Field(None, description="What the prompt should achieve.")
    prompt: PromptText = Field(None, description="The prompt to enhance.")
    target_url: OptionalUrl = Field(None, description="The image to change; sent to Grok last.")
    ref_urls: RefUrls = Field(default_factory=list)
    priority: Priority = PRIORITY.usual
    deadline_seconds: DeadlineSeconds = DEADLINE_SECONDS.usual
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_what_to_write(self) -> Self:
        if not (self.prompt or self.instructions or self.target_url or self.ref_urls):
            message = "Requires at least one of `prompt`, `instructions`, `targetUrl`, `refUrls`."
            raise field_errors(type(self), [(("instructions",), message)])
        if self.operation is Operation.ENHANCE and self.prompt is None:
            raise field_errors(type(self), [(("operation",), "`enhance` requires a `prompt`.")])
        return self


class RatePrompt(StrictRequestModel):
    """A rating of a written prompt; replaces the previous one."""

    rating: Rating | None = Field(description="Null removes the rating and its reason.")
    reason: ReasonText = Field(None, description="The reason, in the person's own words.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.rating is None and self.reason is not None:
            raise field_errors(type(self), [(("reason",), "Only valid with `up` or `down`.")])
        return self


class ResultCounts(Answer):
    """How many results of a prompt were kept and discarded; unrated ones count as neither."""

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
        description="The rating; null if there is none.", examples=[str(rating) for rating in Rating]
    )
    rating_reason: str | None
    results: ResultCounts = Field(description="Across all jobs that used the prompt.")
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
    """The ratings of the prompts and results of one Grok model and one prompt source.

    `satisfaction_rate` is the share of `up` and `kept` in all four counts, 0 to 1.
    """

    model: str | None = Field(description="The Grok model; null if Grok did not write the prompt.")
    prompt_source: str | None = Field(examples=[str(source) for source in PromptSource])
    up: int
    down: int
    kept: int
    discarded: int
    satisfaction_rate: float


class QueueStatistics(Answer):
    """The prompt queue now and over the last hour. Null if the last hour has no data."""

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
    satisfaction_rate: float | None = Field(description="Across all of `satisfaction`; null without ratings.")
    satisfaction: list[SatisfactionAnswer] = Field(
        description="Ratings of the last 30 days, most rated first; groups without ratings are omitted."
    )
