"""What callers send and get about jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StrictInt, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.http.strict_json import canonical, text_trouble
from api.schemas.bases import Answer, StrictRequestModel, field_errors
from api.schemas.fields import (
    DAY,
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
from promptmill.contracts.jobs import Billed, JobStatus, ProviderMode
from promptmill.contracts.prompts import OnPromptFailure, Operation, PromptSource, PromptStatus
from promptmill.contracts.ratings import Rating

INPUT_BYTES: Final = 65_536
MODEL_CHARACTERS: Final = 200
SEARCH_CHARACTERS: Final = 200
CURSOR_CHARACTERS: Final = 200

REFUSED_INPUTS: Final = {
    "prompt": "Give the prompt in the field `prompt` beside `input`.",
    "enable_sync_mode": "Promptmill waits for the result itself.",
    "enable_base64_output": "Promptmill keeps addresses, never pictures.",
}
"""Inputs of WaveSpeed's models that a caller may not set, and why."""

RESERVED_VENDORS: Final = frozenset({"balance", "billings", "media", "model", "models", "predictions", "webhook"})
"""First parts of WaveSpeed's other paths: `predictions/delete` as a model would delete predictions."""


def _no_other_path(model: str) -> str:
    if model.split("/", 1)[0].lower() in RESERVED_VENDORS:
        raise PydanticCustomError("refused", "This is another path of WaveSpeed's API, not a model.")
    return model


ModelPath = Annotated[
    str,
    StringConstraints(
        max_length=MODEL_CHARACTERS, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){1,2}$"
    ),
    AfterValidator(_no_other_path),
    Field(description="WaveSpeed's model path: `vendor/name[/variant]`.", examples=["wavespeed-ai/flux-dev"]),
]


def wrong_inputs(given: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Return what is wrong with the inputs of a model, whatever the model: (path on the wire, message) each."""
    if len(canonical(given)) > INPUT_BYTES:
        return [(("input",), f"Must have at most {INPUT_BYTES} bytes as JSON.")]
    return [(("input", name), why) for name, why in REFUSED_INPUTS.items() if name in given]


class CreateJob(StrictRequestModel):
    """A job to accept: one piece of media, with a prompt given, taken from a prompt job, or written by Grok first."""

    model: ModelPath
    input: dict[str, Any] = Field(
        default_factory=dict, description="The model's own inputs except the prompt; 64 KiB at most."
    )
    prompt: PromptText = Field(None, description="Required unless `useAiPrompt` or `promptJobId`.")
    use_ai_prompt: Flag = Field(default=False, description="Grok writes the prompt first.")
    prompt_job_id: UUID | None = Field(None, description="A completed prompt job whose prompt is used.")
    operation: Operation | None = Field(None, description="Default: `enhance` when a prompt is given, else `generate`.")
    instructions: InstructionsText = Field(None, description="What the prompt should achieve.")
    target_url: OptionalUrl = Field(None, description="The picture to change; model and Grok get it last.")
    ref_urls: RefUrls = Field(default_factory=list)
    on_prompt_failure: OnPromptFailure = Field(OnPromptFailure.FAIL, description="What to do when Grok cannot help.")
    priority: Priority = 5
    deadline_seconds: DeadlineSeconds = DAY
    generate_timeout_seconds: Annotated[StrictInt, Field(ge=30, le=DAY)] | None = Field(
        None, description="From WaveSpeed's acceptance. Default: 900 for pictures, 3600 for videos."
    )
    callback_url: OptionalUrl = Field(None, description="Told once when the job ends.")
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
            wrong.append((("promptJobId",), "Instead of `useAiPrompt`, not with it."))
        if not (self.prompt or self.instructions or self.target_url or self.ref_urls):
            wrong.append((("useAiPrompt",), "Needs at least one of `prompt`, `instructions`, `targetUrl`, `refUrls`."))
        if self.operation is Operation.ENHANCE and self.prompt is None:
            wrong.append((("operation",), "`enhance` needs a `prompt`."))
        if self.on_prompt_failure is OnPromptFailure.USE_PROMPT and self.prompt is None:
            wrong.append((("onPromptFailure",), "`usePrompt` needs a `prompt` to fall back on."))
        return wrong


def _storable(text: str) -> str:
    trouble = text_trouble(text)
    if trouble is not None:
        raise PydanticCustomError("refused", "{message}", {"message": f"The text {trouble}."})
    return text


def _in_utc(at: datetime) -> datetime:
    """Return the time in UTC; times at the edges of the calendar have none."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("refused", "This time cannot be told in UTC.") from None


Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class ListJobs(StrictRequestModel):
    """Which jobs a list shows, newest first."""

    status: tuple[JobStatus, ...] = Field((), max_length=len(JobStatus), description="May be repeated.")
    model: ModelPath | None = None
    q: Annotated[str, StringConstraints(max_length=SEARCH_CHARACTERS), AfterValidator(_storable)] | None = Field(
        None, description="Looked for in prompts, ids and metadata values."
    )
    created_after: Time | None = None
    created_before: Time | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, StringConstraints(max_length=CURSOR_CHARACTERS)] | None = Field(
        None, description="`nextCursor` of the page before."
    )


class OutputAnswer(Answer):
    """One finished file: `url` for files, `text` for text and JSON."""

    index: int
    kind: str = Field(description="image, video, audio, text or json")
    url: str | None = None
    text: str | None = None
    nsfw: bool | None = None
    expires_at: datetime | None = None


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
    input: dict[str, Any] = Field(
        description="The model's own inputs except the prompt, with the pictures in the field that takes them."
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
