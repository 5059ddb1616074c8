"""Requests and responses about jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from api.http.errors import short_name
from api.http.strict_json import canonical
from api.schemas.bases import Answer, StrictRequestModel, ValueOf, field_errors, unknown_field
from api.schemas.fields import (
    DAY,
    DEADLINE_SECONDS,
    METADATA_VALUE_CHARACTERS,
    PRIORITY,
    AllowUnknownModel,
    DeadlineSeconds,
    Flag,
    InstructionsText,
    LanguageName,
    MaxPrice,
    Metadata,
    ModelPath,
    OptionalStyle,
    OptionalUrl,
    Priority,
    PromptText,
    RefUrls,
    SearchText,
    TagText,
    Time,
    WrittenFlag,
    WrittenUsd,
    digits,
    storable,
)
from api.schemas.outputs import OutputAnswer
from api.schemas.pages import Cursor, NextCursor
from api.schemas.parts import ErrorAnswer, Links, Wait
from promptmill.config.presets import NEVER_SENT
from promptmill.contracts.jobs import Billed, CostSource, JobStatus, MediaKind, ProviderMode, Relation
from promptmill.contracts.prompts import (
    MOST_VARIANTS,
    OnPromptFailure,
    Operation,
    PromptLength,
    PromptSource,
    PromptStatus,
)
from promptmill.contracts.ratings import Rating
from promptmill.store.families import DESCENDANTS, GENERATIONS

INPUT_BYTES: Final = 65_536

MAX_INDEX: Final = 2**15 - 1
"""Of an output: a smallint."""

MODELS_AT_ONCE: Final = 50
"""The most models that a list is filtered by."""

JOBS_AT_ONCE: Final = 200
"""The longest page of a list."""


REFUSED_INPUTS: Final = {
    "prompt": "Set the prompt in the field `prompt`, next to `input`.",
    **NEVER_SENT,
}
"""Inputs of WaveSpeed's models that callers may not set, and why."""


def wrong_inputs(given: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """Return what is wrong with a model's inputs, for any model: (path on the wire, message) each."""
    if len(canonical(given)) > INPUT_BYTES:
        return [(("input",), f"Must have at most {INPUT_BYTES} bytes as JSON.")]
    return [(("input", name), why) for name, why in REFUSED_INPUTS.items() if name in given]


class CreateJob(StrictRequestModel):
    """A job to accept: one piece of media, with a prompt given, taken from a prompt job, or written by Grok first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": "wavespeed-ai/flux-dev", "prompt": "A fox in the first snow", "maxPriceUsd": 0.05},
                {"model": "wavespeed-ai/flux-dev", "useAiPrompt": True, "instructions": "A fox in the first snow"},
            ]
        }
    )

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
    parent_job_id: UUID | None = Field(None, description="The job of yours that it is made from; with `relation`.")
    parent_index: Annotated[StrictInt, Field(ge=0, le=MAX_INDEX)] | None = Field(
        None, description="Which of that job's `outputs`, from 0; null: none in particular."
    )
    relation: Relation | None = Field(None, description="How it is made from `parentJobId`.")
    style: OptionalStyle = Field(
        None, description="With `useAiPrompt`: how Grok writes, one of `GET /api/prompt-styles`."
    )
    prompt_length: PromptLength | None = Field(None, description="With `useAiPrompt`: how long. Default: `medium`.")
    prompt_language: LanguageName = Field(
        None, description="With `useAiPrompt`: in which language, by its English name. Default: English."
    )
    variant: Annotated[StrictInt, Field(ge=0, lt=MOST_VARIANTS)] | None = Field(
        None, description="Which of the `variants` of `promptJobId` to use, from 0. Default: the first."
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        wrong = [*wrong_inputs(self.input), *self._wrong_prompt(), *self._wrong_question(), *self._wrong_parent()]
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
        if self.operation is Operation.DESCRIBE:
            wrong.append((("operation",), "Only prompt jobs `describe`: use one, and then its `promptJobId`."))
        if self.on_prompt_failure is OnPromptFailure.USE_PROMPT and self.prompt is None:
            wrong.append((("onPromptFailure",), "`usePrompt` requires a `prompt` to fall back on."))
        return wrong

    def _wrong_question(self) -> list[tuple[tuple[str, ...], str]]:
        given = (
            ("style", self.style, self.use_ai_prompt, "useAiPrompt"),
            ("promptLength", self.prompt_length, self.use_ai_prompt, "useAiPrompt"),
            ("promptLanguage", self.prompt_language, self.use_ai_prompt, "useAiPrompt"),
            ("variant", self.variant, self.prompt_job_id, "promptJobId"),
        )
        return [
            ((name,), f"Requires `{needed}`.")
            for name, value, there, needed in given
            if value is not None and not there
        ]

    def _wrong_parent(self) -> list[tuple[tuple[str, ...], str]]:
        if self.parent_job_id is None:
            given = (("parentIndex", self.parent_index), ("relation", self.relation))
            return [((name,), "Requires `parentJobId`.") for name, value in given if value is not None]
        return [] if self.relation else [(("relation",), "Required with `parentJobId`.")]


class ChangeJob(StrictRequestModel):
    """New values for a job that waits; what is left out stays.

    `input`, `targetUrl` and `refUrls` belong together: giving one of them replaces all three.
    """

    model: ModelPath | None = Field(None, description="Another model of the same kind.")
    input: dict[str, Any] | None = Field(None, description="As when it is created, without the prompt.")
    prompt: PromptText = Field(None, description="What WaveSpeed gets; once Grok has written its own.")
    target_url: OptionalUrl = Field(None, description="The image to change.")
    ref_urls: RefUrls = Field(default_factory=list)
    priority: Priority | None = Field(None, description="1-10; 10 is the highest.")
    max_price_usd: MaxPrice = Field(None, description="Null: no limit.")
    allow_unknown_model: AllowUnknownModel = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        given = self.model_fields_set - {"allow_unknown_model"}
        if not given:
            raise field_errors(type(self), [((), "Give at least one field to change.")])
        wrong = wrong_inputs(self.input or {})
        nulls = given & {"model", "input", "prompt", "priority"}
        wrong += [((name,), "Leave it out, or give a value.") for name in sorted(nulls) if getattr(self, name) is None]
        if wrong:
            raise field_errors(type(self), wrong)
        return self


def _known_field(name: str) -> str:
    """Refuse a name that is not a field of a job."""
    known = {field.alias for field in JobAnswer.model_fields.values() if field.alias}
    if name not in known:
        raise PydanticCustomError("refused", "{message}", {"message": unknown_field(short_name(name), known)})
    return name


class ListJobs(StrictRequestModel):
    """Which jobs to list, newest first."""

    status: tuple[JobStatus, ...] = Field((), max_length=len(JobStatus), description="May be repeated.")
    model: tuple[ModelPath, ...] = Field(
        (), max_length=MODELS_AT_ONCE, description="Only jobs of this model. May be repeated: any of them."
    )
    kind: MediaKind | None = Field(None, description="Only jobs whose model generates this.")
    liked: WrittenFlag | None = Field(None, description="Only jobs with this rating of the outputs: their `kept`.")
    min_cost_usd: WrittenUsd | None = Field(None, description="Only jobs whose `mediaCostUsd` is at least this.")
    max_cost_usd: WrittenUsd | None = Field(None, description="Only jobs whose `mediaCostUsd` is at most this.")
    group: (
        Annotated[str, StringConstraints(min_length=1, max_length=METADATA_VALUE_CHARACTERS), AfterValidator(storable)]
        | None
    ) = Field(None, description="Only jobs whose `metadata` has this value as `group`.")
    tag: TagText | None = Field(None, description="Only jobs with this tag.")
    collection: UUID | None = Field(None, description="Only jobs with outputs in this collection.")
    batch: UUID | None = Field(None, description="Only jobs of this batch.")
    q: SearchText | None = Field(
        None,
        description="Text to find in prompts, instructions, models, ids and metadata values. A complete job id is "
        "always found.",
    )
    created_after: Time | None = Field(None, description="Only jobs accepted after this time.")
    created_before: Time | None = Field(None, description="Only jobs accepted before this time.")
    limit: Annotated[int, Field(ge=1, le=JOBS_AT_ONCE, description="Jobs per page."), BeforeValidator(digits)] = 50
    cursor: Cursor = None
    fields: tuple[Annotated[str, AfterValidator(_known_field)], ...] = Field(
        (),
        max_length=100,
        description="Names of the fields to return for each item, such as `jobId`. May be repeated. Default: all.",
    )


class JobAnswer(Answer):
    """A job: one piece of media to generate."""

    job_id: UUID = Field(description="Its id, a UUID of version 7.")
    owner: str = Field(description="Whose job it is.")
    status: Annotated[str, ValueOf(JobStatus)] = Field(description="Where it stands.")
    status_text: str = Field(description="The status and what it means right now, in a sentence.")
    wait: Wait
    queue_position: int | None = Field(description="The same as `wait.position`.")
    estimated_wait_seconds: float | None = Field(description="The same as `wait.estimateSeconds`.")
    prompt_job_id: UUID | None = Field(description="The prompt job whose prompt it uses.")
    prompt_status: Annotated[str, ValueOf(PromptStatus)] = Field(description="Where its prompt stands.")
    prompt_source: Annotated[str, ValueOf(PromptSource)] | None = Field(
        description="Where the prompt came from; null until it is settled."
    )
    model: str = Field(description="The WaveSpeed model.")
    kind: Annotated[str, ValueOf(MediaKind)] = Field(description="What the model generates: image or video.")
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
    media_cost_source: Annotated[str, ValueOf(CostSource)] | None = Field(
        description="`quoted`: its price when it was submitted. `billed`: what WaveSpeed's books show, "
        "minutes or hours after the job's end."
    )
    media_list_price_usd: float | None = Field(
        description="WaveSpeed's list price, where it quoted less; null without a discount, or if unknown."
    )
    max_price_usd: float | None = Field(
        description="If it costs more, it ends without being submitted; null: no limit."
    )
    provider_mode: Annotated[str, ValueOf(ProviderMode)] = Field(
        description="Whether providers are real or simulated, so that nothing is charged."
    )
    retry_of: UUID | None = Field(description="The job that it retries.")
    parent_job_id: UUID | None = Field(
        description="The job that it was made from; null if there is none, or it has been deleted."
    )
    parent_index: int | None = Field(description="Which of that job's outputs, from 0; null: none in particular.")
    relation: Annotated[str, ValueOf(Relation)] | None = Field(
        description="How it was made from another; null: not at all."
    )
    style: str | None = Field(description="The style in which Grok was asked to write its prompt; null: none.")
    variant: int | None = Field(
        description="Which of the variants of `promptJobId` it took, from 0; null if it named none."
    )
    batch_id: UUID | None = Field(description="The batch of whose row it was made; null: none, or it was deleted.")
    row_key: str | None = Field(description="The key of that row.")
    warnings: list[str] = Field(description="What the caller should know about the request, in sentences.")
    created_at: datetime = Field(description="When it was accepted.")
    dispatched_at: datetime | None = Field(description="When it was handed to WaveSpeed; null before.")
    completed_at: datetime | None = Field(description="When it ended; null before.")
    deadline_at: datetime = Field(description="When it is given up if it has not ended by then.")
    erase_requested_at: datetime | None = Field(
        description="Since when its words, addresses and outputs are erased here; null if they are not."
    )
    erased_at: datetime | None = Field(
        description="Since when they are deleted at Temporal and WaveSpeed as well; null before."
    )
    metadata: dict[str, str] = Field(description="The caller's own labels.")
    tags: list[str] = Field(description="The owner's words on it, in order.")
    collections: list[UUID] = Field(description="The collections that have outputs of it.")
    kept: bool | None = Field(description="The rating of the outputs; null if there is none.")
    prompt_rating: Annotated[str, ValueOf(Rating)] | None = Field(
        description="The rating of the prompt of `promptJobId`; null if there is none."
    )
    links: Links


class JobList(Answer):
    """A page of jobs, newest first. `nextCursor` is null on the last one."""

    items: list[JobAnswer] = Field(description="The jobs.")
    next_cursor: NextCursor
    searched_until: datetime | None = Field(
        description="Set if older jobs have not been looked at yet: when the oldest one looked at was created. "
        "`nextCursor` continues from there. Otherwise null."
    )


class Family(Answer):
    """What a job was made from, and what was made from it."""

    ancestors: list[JobAnswer] = Field(
        description=f"The job's parent, its parent and so on: the nearest first, {GENERATIONS} at most. "
        "A deleted job ends the line."
    )
    items: list[JobAnswer] = Field(
        description=f"What was made from the job, and from that, oldest first. {DESCENDANTS:,} of them are looked at."
    )
    next_cursor: NextCursor


class ShowFamily(StrictRequestModel):
    """Which part of a job's descendants to return."""

    limit: Annotated[
        int, Field(ge=1, le=JOBS_AT_ONCE, description="Descendants per page."), BeforeValidator(digits)
    ] = 50
    cursor: Cursor = None
