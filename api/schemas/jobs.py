"""What callers send and get about jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from api.http.errors import short_name
from api.http.strict_json import canonical, text_error
from api.schemas.bases import Answer, StrictRequestModel, field_errors, unknown_field
from api.schemas.fields import (
    DAY,
    DEADLINE_SECONDS,
    PRIORITY,
    AllowUnknownModel,
    DeadlineSeconds,
    Flag,
    InstructionsText,
    Metadata,
    OptionalUrl,
    Priority,
    PromptText,
    RefUrls,
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
"""`vendor/name` or `vendor/name/variant`; the page judges by it too."""

SEARCH_CHARACTERS: Final = 200
JOBS_AT_ONCE: Final = 200
"""The longest page of a list."""

CURSOR_CHARACTERS: Final = 200

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
        None, description="Measured from WaveSpeed's acceptance. Default: 900 for images, 3600 for videos."
    )
    allow_unknown_model: AllowUnknownModel = False
    callback_url: OptionalUrl = Field(None, description="Called when the job ends; delivered at least once.")
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


def _storable(text: str) -> str:
    error = text_error(text)
    if error is not None:
        raise PydanticCustomError("refused", "{message}", {"message": f"The text {error}."})
    return text


def _in_utc(at: datetime) -> datetime:
    """Return the time in UTC; times at the limits of the calendar have none."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("refused", "This time cannot be represented in UTC.") from None


_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_out(value: Any) -> Any:
    """Refuse a number, which pydantic would read as seconds since 1970."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise PydanticCustomError("refused", "Must be a time with its zone, such as 2026-01-31T12:00:00Z.")
    return value


def _digits(value: Any) -> Any:
    """Refuse what is no plain whole number: pydantic would also take `5.0`, ` 5` and `1_0`."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise PydanticCustomError("refused", "Must be a whole number.")
    return value


def _known_field(name: str) -> str:
    """Refuse what is no field of a job."""
    known = {field.alias for field in JobAnswer.model_fields.values() if field.alias}
    if name not in known:
        raise PydanticCustomError("refused", "{message}", {"message": unknown_field(short_name(name), known)})
    return name


Time = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]


class ListJobs(StrictRequestModel):
    """Which jobs to list, newest first."""

    status: tuple[JobStatus, ...] = Field((), max_length=len(JobStatus), description="May be repeated.")
    model: ModelPath | None = None
    q: Annotated[str, StringConstraints(max_length=SEARCH_CHARACTERS), AfterValidator(_storable)] | None = Field(
        None,
        description=f"Searched in prompts, ids and metadata values, of {SEARCHED:,} jobs a page: see `searchedUntil`. "
        "A whole job id is always found.",
    )
    created_after: Time | None = None
    created_before: Time | None = None
    limit: Annotated[int, Field(ge=1, le=JOBS_AT_ONCE), BeforeValidator(_digits)] = 50
    cursor: Annotated[str, StringConstraints(max_length=CURSOR_CHARACTERS)] | None = Field(
        None, description="`nextCursor` of the previous page."
    )
    fields: tuple[Annotated[str, AfterValidator(_known_field)], ...] = Field(
        (),
        max_length=100,
        description="Names of the fields that each item has, such as `jobId`. May be repeated. Without it, all.",
    )


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
        exclude_if=lambda omitted: not omitted,
        description="True in lists where `url` or `text` was left out as too long; the job itself has it. Else absent.",
    )


class JobAnswer(Answer):
    """A job: one piece of media to generate."""

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
    kind: str = Field(description="What the model generates: image or video.")
    input: dict[str, Any] = Field(
        description="The model's own inputs except the prompt, with the images in the model's image field."
    )
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
        description="Predictions that an unclear submission may have created; null if nothing is unclear, and in lists."
    )
    billed: Billed
    paid_text: str = Field(
        description="What has been charged so far, in a sentence.", examples=["Already paid: WaveSpeed $0.012."]
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
    kept: bool | None = Field(description="The rating of the outputs; null if there is none.")
    prompt_rating: str | None = Field(
        description="The rating of the prompt of `promptJobId`; null if there is none.",
        examples=[str(rating) for rating in Rating],
    )
    links: Links


class JobList(Answer):
    """A page of jobs, newest first. `nextCursor` is null on the last one."""

    items: list[JobAnswer]
    next_cursor: str | None
    searched_until: datetime | None = Field(
        description="Set if `q` was searched only in the newest jobs: when the oldest of them was created. "
        "`nextCursor` goes on from there. Otherwise null."
    )


class Event(Answer):
    """One change of a job."""

    sequence: int
    at: datetime
    status: str
    reason_code: str | None
    text: str
    detail: dict[str, Any]


class Stage(Answer):
    """A stage of a job: how long it lasted, and whether it is still active."""

    stage: str = Field(description="A status that is not final, or `writing` while Grok writes.")
    seconds: float
    open: bool


class Timeline(Answer):
    """Everything that happened to a job, in order, and how long each stage took."""

    items: list[Event]
    stages: list[Stage]
