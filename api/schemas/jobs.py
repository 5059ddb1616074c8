"""What callers send about jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StrictInt, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.http.strict_json import canonical, text_trouble
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
from api.schemas.strict import StrictRequestModel, field_errors
from promptmill.contracts.catalogue import RESERVED_VENDORS
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.prompts import OnPromptFailure, Operation

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
    target_url: OptionalUrl = Field(None, description="The picture to change; Grok sees it last.")
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
