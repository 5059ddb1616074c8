"""Requests and responses about batches that run: created, looked at, changed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from api.schemas.bases import Answer, StrictRequestModel, ValueOf, field_errors
from api.schemas.batches import BatchSource, FaultAnswer
from api.schemas.fields import PRIORITY, PROMPT_CHARACTERS, Flag, OptionalUrl, Priority, Usd, digits
from api.schemas.outputs import OutputAnswer
from api.schemas.pages import Cursor, NextCursor
from api.schemas.parts import ErrorAnswer
from promptmill.contracts.batches import MOST_OPEN, MOST_PROPOSED, BatchState, PauseReason, ProposalState, RowState
from promptmill.contracts.budgets import MOST_USD
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.texts import is_blank

USUAL_OPEN: Final = 10
"""How many jobs of a batch are open at once unless its caller says otherwise."""

NAME_CHARACTERS: Final = 200
KEY_CHARACTERS: Final = 255
PAGE: Final = 500
"""The longest page of rows."""

Budget = Annotated[Usd, Field(gt=0), WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_USD})]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("refused", "Must have printable characters only.")
    return text


BatchKey = Annotated[
    str, StringConstraints(min_length=1, max_length=KEY_CHARACTERS, strip_whitespace=True), AfterValidator(_printable)
]
BatchName = Annotated[
    str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS, strip_whitespace=True), AfterValidator(_printable)
]
OpenAtOnce = Annotated[StrictInt, Field(ge=1, le=MOST_OPEN, description="How many of its jobs may be open at once.")]
Failures = Annotated[StrictInt, Field(ge=1)]


class BatchOrder(BatchSource):
    """What the bodies to plan and to create a batch have in common: all but its budget, which a plan may be without."""

    key: BatchKey | None = Field(
        None,
        description="Names the batch: sent again with the same key, a table only adds what is new. Default: the "
        "`Idempotency-Key`, if there is one.",
    )
    name: BatchName | None = Field(None, description="What people call it.")
    max_open: OpenAtOnce = USUAL_OPEN
    stop_after_failures: Failures | None = Field(
        None, description="Pause it once this many of its rows have failed. Default: never."
    )
    priority: Priority | None = Field(None, description="Of all its jobs. Default: the template's, or 5.")
    skip_faulty: Flag = Field(
        default=False,
        description="Make the other rows if some are faulty. Otherwise, a single fault keeps all from being stored.",
    )
    callback_url: OptionalUrl = Field(None, description="Called once, when the batch has ended.")

    @model_validator(mode="after")
    def _skips_nothing_proposed(self) -> Self:
        if self.skip_faulty and self.proposed is not None:
            message = "Not possible with the prompts `variants`: correct the table first."
            raise field_errors(type(self), [(("skipFaulty",), message)])
        return self

    def filled_template(self) -> dict[str, Any]:
        """Return the template as each row's job has it."""
        return super().filled_template() | {"priority": self.used_priority()}

    def used_priority(self) -> Any:
        """Return the priority of its jobs; the template's is checked with it."""
        return self.priority if self.priority is not None else self.template.get("priority", PRIORITY.usual)


class CreateBatch(BatchOrder):
    """A batch to run: its rows become ordinary jobs, within a budget of its own."""

    max_cost_usd: Budget = Field(description="What all its jobs may cost together, prompts included, in USD.")


class PlanBatch(BatchOrder):
    """A batch to plan, in the same body that creates it. Nothing is stored, made or paid."""

    max_cost_usd: Budget | None = Field(
        None, description="What the batch may cost, to learn how many rows that is enough for."
    )


class ApproveBatch(StrictRequestModel):
    """The prompts with which a batch is made: as Grok proposed them, edited, or others."""

    prompts: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=PROMPT_CHARACTERS, strip_whitespace=True)]],
        Field(min_length=1, max_length=MOST_PROPOSED),
    ] = Field(description="Each row of the table is made with each of them. `{{column}}` is filled in from each row.")

    @model_validator(mode="after")
    def _differ(self) -> Self:
        first: dict[str, int] = {}
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        for place, prompt in enumerate(self.prompts):
            same = first.setdefault(" ".join(prompt.casefold().split()), place)
            if is_blank(prompt):
                wrong.append((("prompts", place), "Must have visible characters."))
            elif same != place:
                wrong.append((("prompts", place), f"Is the same as the prompt {same}, counted from 0."))
        if wrong:
            raise field_errors(type(self), wrong)
        return self


class ChangeBatch(StrictRequestModel):
    """New values for a batch; what is left out stays. Jobs that are open keep their priority."""

    max_cost_usd: Budget | None = Field(
        None, description="A batch that its budget has paused goes on if there is room now."
    )
    max_open: OpenAtOnce | None = Field(None, description="How many of its jobs may be open at once.")
    priority: Priority | None = Field(None, description="Of the jobs of rows that wait.")
    stop_after_failures: Failures | None = Field(None, description="Null: never.")
    name: BatchName | None = Field(None, description="Null: none.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        given = self.model_fields_set
        if not given:
            raise field_errors(type(self), [((), "Give at least one field to change.")])
        nulls = sorted(given & {"max_cost_usd", "max_open", "priority"})
        aliases = type(self).model_fields
        wrong = [
            ((aliases[name].alias or name,), "Leave it out, or give a value.")
            for name in nulls
            if getattr(self, name) is None
        ]
        if wrong:
            raise field_errors(type(self), wrong)
        return self


class CancelBatch(StrictRequestModel):
    """What to cancel of a batch."""

    open_jobs: Literal["keep", "cancel"] = Field(
        "keep", description="`keep`: its open jobs go on. `cancel`: they are cancelled, as far as that is possible."
    )


class ListBatches(StrictRequestModel):
    """Which batches to list, newest first."""

    state: tuple[BatchState, ...] = Field((), max_length=len(BatchState), description="May be repeated.")
    limit: Annotated[int, Field(ge=1, le=100, description="Batches per page."), BeforeValidator(digits)] = 20
    cursor: Cursor = None


class ListRows(StrictRequestModel):
    """Which rows of a batch to list, by their number."""

    state: tuple[RowState, ...] = Field((), max_length=len(RowState), description="May be repeated.")
    limit: Annotated[int, Field(ge=1, le=PAGE, description="Rows per page."), BeforeValidator(digits)] = 100
    cursor: Cursor = None


class RowCounts(Answer):
    """How many rows are in which state."""

    waiting: int = Field(0, description="They have no job yet, or are to be tried again.")
    open: int = Field(0, description="Their jobs are under way.")
    unclear: int = Field(0, description="A submission may be paid, and nobody knows yet.")
    completed: int = Field(0, description="Their outputs are there.")
    failed: int = Field(0, description="Their jobs ended without outputs.")
    cancelled: int = Field(0, description="Their jobs were cancelled.")
    skipped: int = Field(0, description="They waited when the batch was cancelled.")
    faulty: int = Field(0, description="No job can be made of them.")
    gone: int = Field(0, description="Their jobs were deleted after their time.")


class ProposalAnswer(Answer):
    """The prompts that Grok proposes for a batch, for approval. Nothing is made or paid at WaveSpeed before that."""

    state: Annotated[str, ValueOf(ProposalState)] = Field(description="Whether they are there.")
    prompt_job_id: UUID = Field(
        description="The question to Grok: `GET /api/prompt/queue/{promptJobId}` has its costs."
    )
    rows: int = Field(description="How many rows the table has, each of which is made with each prompt.")
    wanted: int = Field(description="How many Grok was asked for.")
    prompts: list[str] = Field(description="What it wrote, each text once.")
    problem: str | None = Field(description="Why there are none, or fewer; null if nothing is wrong.")


class BatchAnswer(Answer):
    """A batch, and how it stands."""

    batch_id: UUID = Field(description="Its id.")
    owner: str = Field(description="Whose it is.")
    key: str | None = Field(description="The key that its caller gave it; null: none.")
    name: str | None = Field(description="What people call it.")
    model: str | None = Field(description="The template's model.")
    state: Annotated[str, ValueOf(BatchState)] = Field(description="Where it stands.")
    pause_reason: Annotated[str, ValueOf(PauseReason)] | None = Field(
        description="Why it is paused; null while it is not."
    )
    paused_by: str | None = Field(description="Who paused it, as `actor` in logs; null if nobody did.")
    problem: str | None = Field(description="Why it is paused, or what it waits for, in words.")
    proposal: ProposalAnswer | None = Field(
        None, description="What `POST …/approve` takes prompts from; null unless it waits for that."
    )
    rows: int = Field(description="How many rows it has.")
    counts: RowCounts
    max_cost_usd: float = Field(description="Its budget.")
    spent_usd: float = Field(description="What its jobs have cost, prompts included.")
    reserved_usd: float = Field(description="What is reserved for submissions under way.")
    left_usd: float = Field(description="What is left of its budget.")
    max_open: int = Field(description="How many of its jobs may be open at once.")
    stop_after_failures: int | None = Field(description="How many failed rows pause it; null: it goes on.")
    priority: int = Field(description="Of its jobs, 1 to 10.")
    template: dict[str, Any] = Field(description="What its rows fill.")
    callback_url: str | None = Field(description="Called when it has ended.")
    created_at: datetime = Field(description="When it was accepted.")
    changed_at: datetime = Field(description="When it last changed.")
    completed_at: datetime | None = Field(description="When no row waited or was open any more; null before that.")


class CreatedBatch(BatchAnswer):
    """A batch as it was accepted, or added to."""

    added_rows: int = Field(description="How many rows of the table are new to it.")
    faults: list[FaultAnswer] = Field(description="What is wrong with the rows that are skipped; the first ones.")
    fault_count: int = Field(description="How many faults there are.")


class RetriedBatch(BatchAnswer):
    """A batch whose failed rows are tried again."""

    retried_rows: int = Field(description="How many rows wait again. Never one that is unclear, or may be charged.")


class BatchList(Answer):
    """A page of batches, newest first."""

    items: list[BatchAnswer] = Field(description="The batches.")
    next_cursor: NextCursor


class RowAnswer(Answer):
    """A row of a batch, and what has become of it."""

    number: int = Field(description="Its line in the table, from 1.")
    key: str = Field(description="What names it in its batch.")
    state: Annotated[str, ValueOf(RowState)] = Field(description="What has become of it.")
    values: dict[str, Any] = Field(description="Its columns as they were given.")
    job_id: UUID | None = Field(description="Its job; null while there is none.")
    status: Annotated[str, ValueOf(JobStatus)] | None = Field(description="Its job's status.")
    error: ErrorAnswer | None = Field(description="Why its job ended without outputs; null if nothing is wrong.")
    prompt: str | None = Field(description="What WaveSpeed gets; null while Grok has not written it.")
    outputs: list[OutputAnswer] = Field(description="The finished files.")
    cost_usd: float | None = Field(description="What it has cost, its prompt included; null if that is not known.")
    kept: bool | None = Field(description="The rating of its outputs; null if there is none.")
    faults: list[FaultAnswer] = Field(description="What is wrong with it, if it is faulty.")


class RowList(Answer):
    """A page of a batch's rows, by their number."""

    items: list[RowAnswer] = Field(description="The rows.")
    next_cursor: NextCursor
