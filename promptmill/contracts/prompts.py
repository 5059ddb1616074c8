"""The vocabulary of a prompt job: its statuses and the messages of its stage."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import Field

from promptmill.contracts.messages import Message
from promptmill.contracts.reasons import ReasonCode


class PromptJobStatus(StrEnum):
    """A prompt job's status. Between attempts it stays `processing`."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether the status is final."""
        return self in FINAL_PROMPT_STATUSES


FINAL_PROMPT_STATUSES: Final = frozenset({PromptJobStatus.COMPLETED, PromptJobStatus.FAILED, PromptJobStatus.CANCELLED})


class PromptStatus(StrEnum):
    """`jobs.prompt_status`: the state of a job's prompt, from the job's point of view."""

    NOT_REQUESTED = "not_requested"
    PENDING = "pending"
    GENERATING = "generating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PromptSource(StrEnum):
    """Who wrote the prompt that goes to WaveSpeed."""

    GROK = "grok"
    GROK_FALLBACK = "grok_fallback"
    TEMPLATE = "template"
    CALLER = "caller"
    EDITED = "edited"


class Operation(StrEnum):
    """What Grok is asked to do: write from images and instructions, enhance a prompt, or describe the target image."""

    GENERATE = "generate"
    ENHANCE = "enhance"
    DESCRIBE = "describe"


class PromptLength(StrEnum):
    """How long a prompt is to be."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


MOST_VARIANTS: Final = 6
"""The most prompts that one question asks for."""


class OnPromptFailure(StrEnum):
    """What a job does if Grok fails to write its prompt."""

    FAIL = "fail"
    TEMPLATE = "template"
    USE_PROMPT = "usePrompt"


class Order(Message):
    """What jobs and prompt jobs have in common, with all defaults resolved."""

    owner: str
    operation: Operation
    instructions: str | None = None
    target_url: str | None = None
    ref_urls: tuple[str, ...] = ()
    priority: int
    metadata: dict[str, str] = Field(default_factory=dict)


class Question(Message):
    """How Grok is to write, and for which model.

    `style_wording` is what the style said when it was accepted; `wants_negative`: the target model takes a negative
    prompt, which is written as well.
    """

    style: str | None = None
    style_wording: str | None = None
    length: PromptLength | None = None
    language: str | None = None
    target_model: str | None = None
    target_kind: str | None = None
    wanted_variants: int = 1
    wants_negative: bool = False


class PromptOrder(Order, Question):
    """A prompt job's request, from its acceptance to Grok. `existing_prompt` is the text to enhance."""

    existing_prompt: str | None = None


class PromptRequest(PromptOrder):
    """What `write_prompt` needs, and the input of `GeneratePromptWorkflow`."""

    prompt_job_id: UUID
    job_id: UUID | None = None
    deadline_at: datetime
    created_at: datetime


class Variant(Message):
    """One of the prompts that an answer gave."""

    prompt: str
    negative_prompt: str | None = None


class PromptResult(Message):
    """A written prompt and its cost in USD, null if xAI did not report it.

    `variants` are all that the answer gave, the prompt first; empty from a worker of an earlier release.
    `recorded` is false if Postgres was unavailable when the response arrived: then the workflow records it.
    """

    prompt_job_id: UUID
    prompt: str
    variants: tuple[Variant, ...] = ()
    source: PromptSource
    grok_model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    attempt_no: int = 0
    recorded: bool = True


class PromptSnapshot(Message):
    """A prompt job's row, as far as its workflow needs it to decide."""

    prompt_job_id: UUID
    status: PromptJobStatus
    reason_code: str | None = None
    error: str | None = None
    cancel_requested: bool = False
    attempt_no: int = 0

    def answered_late(self, attempt_no: int) -> bool:
        """Whether the answer of an attempt came too late to be what the row was completed with."""
        return self.status is not PromptJobStatus.COMPLETED or self.attempt_no != attempt_no


class PromptChange(Message):
    """The end of a prompt job that its workflow or the reconciler reports."""

    prompt_job_id: UUID
    status: PromptJobStatus
    reason_code: ReasonCode | None = None
    error: str | None = None
