"""Requests and responses about prompt jobs, and the statistics of their queue."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, StrictInt, StringConstraints, model_validator

from api.schemas.bases import Answer, StrictRequestModel, ValueOf, field_errors
from api.schemas.fields import (
    DEADLINE_SECONDS,
    PRIORITY,
    DeadlineSeconds,
    InstructionsText,
    LanguageName,
    Metadata,
    ModelPath,
    OptionalStyle,
    OptionalUrl,
    Priority,
    PromptText,
    RefUrls,
    blank_is_absent,
)
from api.schemas.parts import ErrorAnswer, Links, Wait
from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.prompts import MOST_VARIANTS, Operation, PromptJobStatus, PromptLength, PromptSource
from promptmill.contracts.ratings import Rating

REASON_CHARACTERS: Final = 500

ReasonText = Annotated[
    Annotated[str, StringConstraints(max_length=REASON_CHARACTERS)] | None, BeforeValidator(blank_is_absent)
]


class EnqueuePrompt(StrictRequestModel):
    """A question to Grok: it writes one prompt, or several variants. Requires an image, instructions or a prompt."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"instructions": "A fox in the first snow", "wantedVariants": 3}]}
    )

    operation: Operation | None = Field(
        None,
        description="Default: `enhance` if a prompt is given, otherwise `generate`. `describe` writes the prompt that "
        "would produce `targetUrl`.",
    )
    instructions: InstructionsText = Field(None, description="What the prompt should achieve.")
    prompt: PromptText = Field(None, description="The prompt to enhance.")
    target_url: OptionalUrl = Field(None, description="The image to change, or to describe; sent to Grok last.")
    ref_urls: RefUrls = Field(default_factory=list)
    style: OptionalStyle = Field(
        None, description="How Grok writes: one of `GET /api/prompt-styles`. Default: as it likes."
    )
    length: PromptLength | None = Field(None, description="How long a prompt is to be. Default: `medium`.")
    language: LanguageName = Field(None, description="In which language, by its English name. Default: English.")
    target_model: ModelPath | None = Field(
        None, description="The model that gets the prompt. If it takes a negative prompt, that is written as well."
    )
    target_kind: MediaKind | None = Field(None, description="What is to be made. Default: what `targetModel` makes.")
    wanted_variants: Annotated[StrictInt, Field(ge=1, le=MOST_VARIANTS)] = Field(
        1, description="How many different prompts to write with one question. Fewer may come."
    )
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
        if self.operation is Operation.DESCRIBE and self.target_url is None:
            raise field_errors(type(self), [(("targetUrl",), "`describe` requires the image to describe.")])
        if self.operation is Operation.DESCRIBE and (self.ref_urls or self.prompt):
            raise field_errors(type(self), [(("operation",), "`describe` takes no `refUrls` and no `prompt`.")])
        return self


class RatePrompt(StrictRequestModel):
    """A rating of a written prompt; replaces the previous one."""

    rating: Rating | None = Field(description="Null removes the rating and its reason.")
    reason: ReasonText = Field(None, description="Why, in the person's own words.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.rating is None and self.reason is not None:
            raise field_errors(type(self), [(("reason",), "Only valid with `up` or `down`.")])
        return self


class ResultCounts(Answer):
    """How many results of a prompt were kept and discarded; unrated ones count as neither."""

    kept: int = Field(0, description="Results rated as kept.")
    discarded: int = Field(0, description="Results rated as discarded.")


class VariantAnswer(Answer):
    """One of the prompts that Grok wrote for a question."""

    prompt: str = Field(description="The prompt.")
    negative_prompt: str | None = Field(None, description="What must not be seen; null where none was asked for.")


class PromptJobAnswer(Answer):
    """A prompt job: one question to Grok, and the prompts that it wrote."""

    prompt_job_id: UUID = Field(description="Its id, a UUID of version 7.")
    job_id: UUID | None = Field(description="The job that it belongs to; null if it was requested alone.")
    status: Annotated[str, ValueOf(PromptJobStatus)] = Field(description="Where it stands.")
    status_text: str = Field(description="The status and what it means right now, in a sentence.")
    operation: Annotated[str, ValueOf(Operation)] = Field(description="What Grok does.")
    generated_prompt: str | None = Field(description="The prompt; null until it is written.")
    variants: list[VariantAnswer] = Field(description="All prompts of the answer, `generatedPrompt` first.")
    wanted_variants: int = Field(description="How many were asked for.")
    style: str | None = Field(description="The style that was asked for; null: none.")
    length: Annotated[str, ValueOf(PromptLength)] | None = Field(
        description="The length that was asked for; null: none."
    )
    language: str | None = Field(description="The language that was asked for; null: English.")
    target_model: str | None = Field(description="The model that it was written for; null: none in particular.")
    target_kind: Annotated[str, ValueOf(MediaKind)] | None = Field(
        description="What is to be made from it; null: not said."
    )
    prompt_source: Annotated[str, ValueOf(PromptSource)] | None = Field(
        description="Where the prompt came from; null until it is written."
    )
    grok_model: str | None = Field(description="The model that wrote it, or is asked now.")
    retry_count: int = Field(description="Failed attempts so far.")
    next_attempt_at: datetime | None = Field(description="When Grok is asked again; null if that is not planned.")
    wait: Wait
    queue_position: int | None = Field(description="The same as `wait.position`.")
    estimated_wait_seconds: float | None = Field(description="The same as `wait.estimateSeconds`.")
    error: ErrorAnswer | None = Field(description="Why it failed, or failed last; null if nothing is wrong.")
    prompt_cost_usd: float | None = Field(description="Grok's charge so far; null if unknown.")
    created_at: datetime = Field(description="When it was accepted.")
    started_at: datetime | None = Field(description="When Grok was first asked; null before.")
    completed_at: datetime | None = Field(description="When it ended; null before.")
    erase_requested_at: datetime | None = Field(
        description="Since when its words and addresses are erased here; null if they are not."
    )
    erased_at: datetime | None = Field(description="Since when they are deleted at Temporal as well; null before.")
    metadata: dict[str, str] = Field(description="The caller's own labels.")
    rating: Annotated[str, ValueOf(Rating)] | None = Field(description="The rating; null if there is none.")
    rating_reason: str | None = Field(description="Why, in the person's own words.")
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

    `satisfactionRate` is the share of `up` and `kept` in all four counts, 0 to 1.
    """

    model: str | None = Field(description="The Grok model; null if Grok did not write the prompt.")
    prompt_source: Annotated[str, ValueOf(PromptSource)] | None = Field(description="Where the prompts came from.")
    up: int = Field(description="Prompts rated up.")
    down: int = Field(description="Prompts rated down.")
    kept: int = Field(description="Results rated as kept.")
    discarded: int = Field(description="Results rated as discarded.")
    satisfaction_rate: float = Field(description="0 to 1.")


class QueueStatistics(Answer):
    """The prompt queue now and over the last hour. A value without data in the last hour is null."""

    total_queued: int = Field(description="Prompt jobs that wait for Grok.")
    total_processing: int = Field(description="Prompt jobs that Grok works on, or will be asked for again.")
    total_completed: int = Field(description="Prompt jobs that have a prompt, of all that the record keeps.")
    total_failed: int = Field(description="Prompt jobs without one, of all that the record keeps.")
    total_cancelled: int = Field(description="Cancelled ones, of all that the record keeps.")
    average_wait_seconds: float | None = Field(description="From acceptance to the first question.")
    average_processing_seconds: float | None = Field(description="From the first question to the end.")
    oldest_queued_seconds: float | None = Field(description="How long the oldest one has waited.")
    processed_per_minute: float | None = Field(description="Prompt jobs that ended.")
    error_rate: float | None = Field(description="Share that failed, 0 to 1.")
    retry_rate: float | None = Field(description="Share that needed more than one attempt, 0 to 1.")
    retry_success_rate: float | None = Field(description="Share of these that succeeded, 0 to 1.")
    estimated_wait_seconds: float | None = Field(description="For a prompt job accepted now.")
    jobs: JobCounts
    satisfaction_rate: float | None = Field(description="Across all of `satisfaction`; null without ratings.")
    satisfaction: list[SatisfactionAnswer] = Field(
        description="Ratings of the last 30 days, most rated first; groups without ratings are omitted."
    )
