"""The vocabulary of a job: its statuses and the messages of its workflow."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field

from promptmill.contracts.messages import Message
from promptmill.contracts.prompts import OnPromptFailure, Order, PromptSource, PromptStatus
from promptmill.contracts.reasons import ReasonCode


class JobStatus(StrEnum):
    """A job's status. `docs/transitions.md` lists the allowed transitions; SQL's `transition_allowed` enforces them."""

    QUEUED = "queued"
    PROMPTING = "prompting"
    DISPATCHING = "dispatching"
    SUBMIT_UNKNOWN = "submit_unknown"
    GENERATING = "generating"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TERMINATED = "terminated"

    @property
    def final(self) -> bool:
        """Whether the status is final."""
        return self in FINAL_STATUSES


FINAL_STATUSES: Final = frozenset(
    {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.EXPIRED, JobStatus.TERMINATED}
)


class Billed(StrEnum):
    """Whether WaveSpeed charged for a job, derived from its submissions. `refunded`: it did, and refunded all of it."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"
    REFUNDED = "refunded"


class ProviderMode(StrEnum):
    """Whether a provider is real or simulated; fixed for a job on acceptance."""

    REAL = "real"
    SIMULATED = "simulated"


class CostSource(StrEnum):
    """Where a media cost comes from."""

    QUOTED = "quoted"
    BILLED = "billed"


class MediaKind(StrEnum):
    """The media type of an output, or of a model's outputs."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    JSON = "json"


class Relation(StrEnum):
    """How a job was made from an output of another."""

    EDIT = "edit"
    ANIMATE = "animate"
    UPSCALE = "upscale"
    REFERENCE = "reference"
    VARIATION = "variation"
    RETRY = "retry"


class SubmissionState(StrEnum):
    """The known state of one paid POST."""

    INTENDED = "intended"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"


class Output(Message):
    """One finished file, as WaveSpeed lists it. `url` for files, `text` for text and JSON (as text)."""

    index: int
    kind: MediaKind
    url: str | None = None
    text: str | None = None
    nsfw: bool | None = None
    expires_at: datetime | None = None


class JobOrder(Order):
    """A job's request, from acceptance to its workflow; each of its fields is declared only here.

    `input` holds the images for WaveSpeed; `target_url` and `ref_urls` are those that Grok sees.
    """

    model: str
    kind: MediaKind
    input: dict[str, Any]
    use_ai_prompt: bool
    prompt_job_id: UUID | None = None
    on_prompt_failure: OnPromptFailure
    provider_mode: ProviderMode
    generate_timeout_seconds: int
    callback_url: str | None = None
    max_price_usd: Decimal | None = None
    """The job ends without being submitted if it costs more, in USD."""
    parent_job_id: UUID | None = None
    """The job that it was made from; `parent_index` says from which output, `relation` how."""
    parent_index: int | None = None
    relation: Relation | None = None
    style: str | None = None
    """The style in which Grok was asked to write its prompt."""
    variant: int | None = None
    """Which of the prompt job's variants it took, from 0."""


class JobInput(JobOrder):
    """The whole request of a job: the input of `GenerateMediaWorkflow`, built from the row alone.

    `prompt` is the caller's text: to send, to enhance, or to fall back on.
    """

    job_id: UUID
    prompt: str | None
    deadline_at: datetime
    created_at: datetime
    retry_of: UUID | None = None
    batch_id: UUID | None = None
    """The batch of whose row it was made, and that row's key."""
    row_key: str | None = None


class JobFacts(Message):
    """Facts about a job, whatever its status. The cost is in USD."""

    job_id: UUID
    error: str | None = None
    prompt: str | None = None
    prompt_source: PromptSource | None = None
    prediction_id: str | None = None
    media_cost_usd: Decimal | None = None


class JobResult(JobFacts):
    """A job's state; for an ended job the result of `GenerateMediaWorkflow`, or the details of its failure."""

    status: JobStatus
    reason_code: str | None = None
    outputs: tuple[Output, ...] = ()
    prompt_cost_usd: Decimal | None = None


class JobSnapshot(JobResult):
    """A job's row, as far as its workflow needs it to decide.

    `prompt_source` is null until the text that will be sent to WaveSpeed is settled. `open_submission` is the state of
    its submission in `intended`, `unknown` or `accepted`; a job in `submit_unknown` without one may be submitted again.
    `stores_outputs`: it has ended, and an output of it waits to be stored.
    """

    cancel_requested: bool = False
    prompt_status: PromptStatus | None = None
    deadline_at: datetime | None = None
    dispatched_at: datetime | None = None
    completed_at: datetime | None = None
    open_submission: SubmissionState | None = None
    stores_outputs: bool = False


class JobChange(JobFacts):
    """One report on a job: a requested status and the accompanying facts.

    Facts (everything not null besides status, reason and error) are stored even if the status is refused.
    `status` null stores facts alone.
    """

    status: JobStatus | None = None
    reason_code: ReasonCode | None = None
    outputs: tuple[Output, ...] | None = None
    media_cost_source: CostSource | None = None
    detail: dict[str, Any] = Field(default_factory=dict)


class MediaRequest(Message):
    """What `submit_media` needs: the job and the text that Grok or the caller wrote.

    `target_url` and `ref_urls` matter only for jobs of earlier releases, whose `input` does not hold the images yet.
    `known_submission` is the workflow's last known one if it resubmits: a record without it has lost a
    POST that may be charged.
    """

    job_id: UUID
    model: str
    input: dict[str, Any]
    prompt: str
    target_url: str | None = None
    ref_urls: tuple[str, ...] = ()
    provider_mode: ProviderMode
    known_submission: UUID | None = None


class SubmitResult(Message):
    """The outcome of a submission.

    `accepted` has its prediction. `rejected` has a reason; `final` says that WaveSpeed will refuse again. `recorded` is
    false if Postgres was unavailable when the response arrived: then the workflow records it.
    """

    submission_id: UUID
    state: Literal[SubmissionState.ACCEPTED, SubmissionState.REJECTED, SubmissionState.UNKNOWN]
    prediction_id: str | None = None
    accepted_at: datetime | None = None
    reason_code: ReasonCode | None = None
    error: str | None = None
    final: bool = False
    recorded: bool = True
    poll_after_seconds: float = 0
    """How long to wait for a webhook before polling the result; 0 if no webhook was requested."""


class PredictionRequest(Message):
    """Which prediction `collect_result` reads."""

    job_id: UUID
    prediction_id: str
    model: str
    kind: MediaKind
    accepted_at: datetime
