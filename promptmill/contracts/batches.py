"""The vocabulary of a batch: its states, its rows, and the messages of its workflow."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from promptmill.contracts.messages import Message
from promptmill.contracts.store import NewPromptJob

MOST_ROWS: Final = 10_000
"""How many rows a batch may have; `add_batch_rows` refuses more."""

MOST_PROPOSED: Final = 20
"""How many prompts one question to Grok proposes for a batch, and how many of them may be approved."""

MOST_OPEN: Final = 1_000
"""How many jobs of a batch may be open at once."""


class BatchState(StrEnum):
    """Where a batch stands.

    `awaiting_approval`: Grok has been asked for prompts, and nothing is made before a person has approved some.
    `planning`: its rows are being stored, and nothing is made yet.
    """

    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting_approval"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    DONE_WITH_FAILURES = "done_with_failures"
    CANCELLED = "cancelled"


class PauseReason(StrEnum):
    """Why a batch is paused.

    `budget`: nothing is left of it. `failures`: too many rows have failed, or one as every other would. `owner`,
    `admin`: a person wants it.
    """

    BUDGET = "budget"
    FAILURES = "failures"
    OWNER = "owner"
    ADMIN = "admin"


class RowState(StrEnum):
    """What has become of a row: SQL's `batch_row_state` says it of the row and its job.

    `unclear`: its submission may be paid, and nobody knows yet. `gone`: its job was deleted after its time.
    """

    WAITING = "waiting"
    OPEN = "open"
    UNCLEAR = "unclear"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    FAULTY = "faulty"
    GONE = "gone"


class ProposalState(StrEnum):
    """Whether Grok has proposed prompts for a batch."""

    WRITING = "writing"
    READY = "ready"
    FAILED = "failed"


class NewProposal(Message):
    """What a batch waits for: Grok's answer to a question, and the approval of its prompts.

    `request` is the part of its request from which its rows are made once prompts are approved, `rows` for each prompt;
    `most` is how many open prompt jobs an owner may have that has no limit of its own, None: any number.
    """

    prompt_job: NewPromptJob
    rows: int
    request: dict[str, Any]
    request_hash: str
    most: int | None = None


class NewBatch(Message):
    """A batch to store; its rows follow, with a `proposal` once it is approved. `asks_grok`: it needs Grok."""

    id: UUID
    owner: str
    key: str | None = None
    name: str | None = None
    template: dict[str, Any]
    max_cost_usd: Decimal
    max_open: int
    stop_after_failures: int | None = None
    priority: int
    callback_url: str | None = None
    key_id: str | None = None
    asks_grok: bool = False
    proposal: NewProposal | None = None


class NewRow(Message):
    """A row to add to a batch: with a request, as `accept_job` takes it, and its job's id; or with faults."""

    key: str
    number: int
    given: dict[str, Any]
    request: dict[str, Any] | None = None
    content_hash: str = ""
    job_id: UUID | None = None
    faults: tuple[dict[str, Any], ...] = ()


class BatchEdit(Message):
    """New values of a batch, by the names of its columns. What is not set stays."""

    max_cost_usd: Decimal = Decimal(0)
    max_open: int = 0
    priority: int = 0
    stop_after_failures: int | None = None
    name: str | None = None


class BatchInput(Message):
    """The input of a batch's workflow: everything else is in the record."""

    batch_id: UUID


class BatchLook(Message):
    """What a batch's workflow asks for: feed it, and count its rows if people are to see how it stands."""

    batch_id: UUID
    counted: bool


class BatchProgress(Message):
    """How a batch stands after it was fed. `counts` is by state of its rows, and empty where nobody asked.

    `looks_again`: it has to be looked at without being woken. `more`: rows can be fed at once.
    """

    batch_id: UUID
    state: BatchState
    ended: bool
    more: bool
    looks_again: bool
    problem: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    reserved_usd: Decimal
    spent_usd: Decimal
    max_cost_usd: Decimal
    callback: bool = False
    """It has ended, and its end is still to be told."""


class BatchFilter(Message):
    """Which batches to list, newest first."""

    states: tuple[str, ...] = ()
    limit: int = 50
    before: tuple[datetime, UUID] | None = None
    """Keyset: only those older than this (created_at, id)."""


class RowFilter(Message):
    """Which rows of a batch to list, by number."""

    states: tuple[str, ...] = ()
    limit: int = 50
    after: tuple[int, str] | None = None
    """Keyset: only those after this (number, key)."""
