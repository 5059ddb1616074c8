"""Requests and responses about jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from api.http.errors import short_name
from api.http.strict_json import canonical
from api.schemas.bases import Answer, StrictRequestModel, field_errors, unknown_field
from api.schemas.fields import (
    CURSOR_CHARACTERS,
    DAY,
    DEADLINE_SECONDS,
    PRIORITY,
    AllowUnknownModel,
    DeadlineSeconds,
    Flag,
    InstructionsText,
    MaxPrice,
    Metadata,
    OptionalUrl,
    Priority,
    PromptText,
    RefUrls,
    Time,
    digits,
    storable,
)
from api.schemas.parts import ErrorAnswer, Links, Wait
from promptmill.config.presets import NEVER_SENT
from promptmill.contracts.catalogue import RESERVED_VENDORS
from promptmill.contracts.jobs import Billed, JobStatus, ProviderMode
from promptmill.contracts.prompts import OnPromptFailure, Operation, PromptSource, PromptStatus
from promptmill.contracts.ratings import Rating
from promptmill.store.jobs import SEARCHED

INPUT_BYTES: Final = 65_536
MODEL_CHARACTERS: Final = 200
MODEL_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){1,2}$"
"""`vendor/name` or `vendor/name/variant`; the page checks it too."""

SEARCH_CHARACTERS: Final = 200
JOBS_AT_ONCE: Final = 200
"""The longest page of a list."""


REFUSED_INPUTS: Final = {
    "prompt": "Set the prompt in the field `prompt`, next to `input`.",
    **NEVER_SENT,
}
"""Inputs of WaveSpeed's models that callers may not set, and why."""


def _no_other_path(model: str) -> str:
    if model.split("/", 1)[0].lower() in RESERVED_VENDORS:
        raise PydanticCustomError("refused", "This is another path of WaveSpeed's API, not a model.")
    return model


ModelPath = Annotated[
    str,
    StringConstraints(max_length=MODEL_CHARACTERS, pattern=MODEL_PATTERN),
    AfterValidator(_no_other_path),
    Field(description="WaveSpeed's model path: `vendor/name[/variant]`.", examples=["wavespeed-ai/flux-dev"]),
]


def wrong_inputs(given: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Return what is wrong with a model's inputs, for any model: (path on the wire, message) each."""
    if len(canonical(given)) > INPUT_BYTES:
        return [(("input",), f"Must have at most {INPUT_BYTES} bytes as JSON.")]
    return [(("input", name), why) for name, why in REFUSED_INPUTS.items() if name in given]


class CreateJob(StrictRequestModel):
    """A job to accept: one piece of media, with a prompt given, taken from a prompt job, or written by Grok first."""

    model: ModelPath
    input: dict[str, Any] = Field(
        default_factory=dict, description="The model's own inputs except the prompt; 64 KiB at most."
    )
    prompt: PromptText = Field(None, description="Required without `useAiPrompt` or `promptJobId`.")
    use_ai_prompt: Flag = Field(default=False, description="Have Grok write the prompt first.")
    prompt_job_id: UUID | None = Field(None, description="A completed prompt job whose prompt to use.")
    operation: Operation | None = Field(
        None, description="Default: `enhance` if a prompt is given, otherwise `generate`."
    )
    instructions: InstructionsText = Field(None, description="What the prompt should achieve.")
    target_url: OptionalUrl = Field(None, description="The image to change; sent last to the model and to Grok.")
    ref_urls: RefUrls = Field(default_factory=list)
    on_prompt_failure: OnPromptFailure = Field(OnPromptFailure.FAIL, description="What to do if Grok fails.")
    priority: Priority = PRIORITY.usual
    deadline_seconds: DeadlineSeconds = DEADLINE_SECONDS.usual
    generate_timeout_seconds: Annotated[StrictInt, Field(ge=30, le=DAY)] | None = Field(
        None, description="Seconds from WaveSpeed's acceptance. Default: 900 for images, 3600 for videos."
    )
    allow_unknown_model: AllowUnknownModel = False
    callback_url: OptionalUrl = Field(None, description="Called when the job ends; delivered at least once.")
    max_price_usd: MaxPrice = Field(
        None, description="Do not submit the job, and end it as `failed`, if it costs more, in USD. Default: no limit."
    )
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        wrong = [*wrong_inputs(self.input), *self._wrong_prompt()]
        if wrong:
            raise field_errors(type(self), wrong)
        return self

    def _wrong_prompt(self) -> list[tuple[tuple[str, ...], str]]:
        if not self.use_ai_prompt:
            if self.prompt is None and self.prompt_job_id is None:
                return [(("prompt",), "Required unless `useAiPrompt` is true or `promptJobId` is given.")]
            return []
        wrong: list[tuple[tuple[str, ...], str]] = []
        if self.prompt_job_id is not None:
            wrong.append((("promptJobId",), "Cannot be combined with `useAiPrompt`."))
        if not (self.prompt or self.instructions or self.target_url or self.ref_urls):
            wrong.append(
                (("useAiPrompt",), "Requires at least one of `prompt`, `instructions`, `targetUrl`, `refUrls`.")
            )
        if self.operation is Operation.ENHANCE and self.prompt is None:
            wrong.append((("operation",), "`enhance` requires a `prompt`."))
        if self.on_prompt_failure is OnPromptFailure.USE_PROMPT and self.prompt is None:
            wrong.append((("onPromptFailure",), "`usePrompt` requires a `prompt` to fall back on."))
        return wrong


def _known_field(name: str) -> str:
    """Refuse a name that is not a field of a job."""
    known = {field.alias for field in JobAnswer.model_fields.values() if field.alias}
    if name not in known:
        raise PydanticCustomError("refused", "{message}", {"message": unknown_field(short_name(name), known)})
    return name


class ListJobs(StrictRequestModel):
    """Which jobs to list, newest first."""

    status: tuple[JobStatus, ...] = Field((), max_length=len(JobStatus), description="May be repeated.")
    model: ModelPath | None = Field(None, description="Only jobs of this model.")
    q: Annotated[str, StringConstraints(max_length=SEARCH_CHARACTERS), AfterValidator(storable)] | None = Field(
        None,
        description=f"Text to find in prompts, ids and metadata values, {SEARCHED:,} jobs per page: see "
        "`searchedUntil`. A complete job id is always found.",
    )
    created_after: Time | None = Field(None, description="Only jobs accepted after this time.")
    created_before: Time | None = Field(None, description="Only jobs accepted before this time.")
    limit: Annotated[int, Field(ge=1, le=JOBS_AT_ONCE, description="Jobs per page."), BeforeValidator(digits)] = 50
    cursor: Annotated[str, StringConstraints(max_length=CURSOR_CHARACTERS)] | None = Field(
        None, description="`nextCursor` of the previous page."
    )
    fields: tuple[Annotated[str, AfterValidator(_known_field)], ...] = Field(
        (),
        max_length=100,
        description="Names of the fields to return for each item, such as `jobId`. May be repeated. Default: all.",
    )


class OutputAnswer(Answer):
    """One finished file: `url` for files, `text` for text and JSON."""

    index: int = Field(description="Its place among the outputs, from 0.")
    kind: str = Field(description="image, video, audio, text or json")
    url: str | None = Field(None, description="Where WaveSpeed keeps the file; until `expiresAt`.")
    text: str | None = Field(None, description="The output itself, where it is text or JSON.")
    nsfw: bool | None = Field(None, description="WaveSpeed's classification; null if there is none.")
    expires_at: datetime | None = Field(
        None, description="When WaveSpeed deletes the file, seven days after it was made."
    )
    omitted: bool = Field(
        default=False,
        exclude_if=lambda omitted: not omitted,
        description="True in a list if `url` or `text` was too long for it; the job itself has it. Otherwise absent.",
    )


class JobAnswer(Answer):
    """A job: one piece of media to generate."""

    job_id: UUID = Field(description="Its id, a UUID of version 7.")
    owner: str = Field(description="Whose job it is.")
    status: str = Field(description="Where it stands.", examples=[str(status) for status in JobStatus])
    status_text: str = Field(description="The status and what it means right now, in a sentence.")
    wait: Wait
    queue_position: int | None = Field(description="The same as `wait.position`.")
    estimated_wait_seconds: float | None = Field(description="The same as `wait.estimateSeconds`.")
    prompt_job_id: UUID | None = Field(description="The prompt job whose prompt it uses.")
    prompt_status: str = Field(
        description="Where its prompt stands.", examples=[str(status) for status in PromptStatus]
    )
    prompt_source: str | None = Field(
        examples=[str(source) for source in PromptSource],
        description="Where the prompt came from; null until it is settled.",
    )
    model: str = Field(description="The WaveSpeed model.")
    kind: str = Field(description="What the model generates: image or video.")
    input: dict[str, Any] = Field(
        description="The model's own inputs except the prompt, with the images in the model's image field."
    )
    prompt: str | None = Field(description="What WaveSpeed gets; null until it is settled.")
    original_prompt: str | None = Field(description="The caller's own prompt.")
    instructions: str | None = Field(description="What the caller asked Grok for.")
    target_url: str | None = Field(description="The image to change.")
    ref_urls: list[str] = Field(description="The reference images.")
    priority: int = Field(description="1 to 10; 10 is served first.")
    prediction_id: str | None = Field(description="WaveSpeed's prediction; null until it is known.")
    outputs: list[OutputAnswer] = Field(description="The finished files.")
    error: ErrorAnswer | None = Field(
        description="Why it ended without outputs, or why it waits; null if nothing is wrong."
    )
    candidates: list[str] | None = Field(
        description="Predictions that an unclear submission may have created; null if nothing is unclear, and in lists."
    )
    billed: Billed
    paid_text: str = Field(
        description="What has been charged so far, in a sentence.", examples=["Already paid: WaveSpeed $0.012."]
    )
    prompt_cost_usd: float | None = Field(description="Grok's charge so far; null if unknown.")
    media_cost_usd: float | None = Field(
        description="What its prediction costs at WaveSpeed, less what was refunded; null if unknown."
    )
    media_cost_source: str | None = Field(
        description="`quoted`: its price when it was submitted. `billed`: what WaveSpeed's books show, "
        "minutes or hours after the job's end."
    )
    media_list_price_usd: float | None = Field(
        description="WaveSpeed's list price, where it quoted less; null without a discount, or if unknown."
    )
    max_price_usd: float | None = Field(
        description="If it costs more, it ends without being submitted; null: no limit."
    )
    provider_mode: str = Field(
        description="Whether providers are real or simulated, so that nothing is charged.",
        examples=[str(mode) for mode in ProviderMode],
    )
    retry_of: UUID | None = Field(description="The job that it retries.")
    warnings: list[str] = Field(description="What the caller should know about the request, in sentences.")
    created_at: datetime = Field(description="When it was accepted.")
    dispatched_at: datetime | None = Field(description="When it was handed to WaveSpeed; null before.")
    completed_at: datetime | None = Field(description="When it ended; null before.")
    deadline_at: datetime = Field(description="When it is given up unless it has ended.")
    erase_requested_at: datetime | None = Field(
        description="Since when its words, addresses and outputs are erased here; null if they are not."
    )
    erased_at: datetime | None = Field(
        description="Since when they are deleted at Temporal and WaveSpeed as well; null before."
    )
    metadata: dict[str, str] = Field(description="The caller's own labels.")
    kept: bool | None = Field(description="The rating of the outputs; null if there is none.")
    prompt_rating: str | None = Field(
        description="The rating of the prompt of `promptJobId`; null if there is none.",
        examples=[str(rating) for rating in Rating],
    )
    links: Links


class JobList(Answer):
    """A page of jobs, newest first. `nextCursor` is null on the last one."""

    items: list[JobAnswer] = Field(description="The jobs.")
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")
    searched_until: datetime | None = Field(
        description="Set if older jobs have not been searched for `q` yet: when the oldest one searched was created. "
        "`nextCursor` continues from there. Otherwise null."
    )


class Event(Answer):
    """One change of a job."""

    sequence: int = Field(description="Its number among the job's events, from 1, without gaps.")
    at: datetime = Field(description="When it was recorded.")
    status: str = Field(description="The job's status from then on.")
    reason_code: str | None = Field(description="Why, as a stable code.")
    text: str = Field(description="What happened, in a sentence.")
    detail: dict[str, Any] = Field(description="What else was recorded; differs by event.")


class Stage(Answer):
    """A stage of a job: how long it lasted, and whether it is still active."""

    stage: str = Field(description="A status that is not final, or `writing` while Grok writes.")
    seconds: float = Field(description="How long it lasted, or has lasted so far.")
    open: bool = Field(description="Whether it is still active.")


class Timeline(Answer):
    """Everything that happened to a job, in order, and how long each stage took."""

    items: list[Event] = Field(description="The events, oldest first.")
    stages: list[Stage] = Field(description="The stages, in order.")
