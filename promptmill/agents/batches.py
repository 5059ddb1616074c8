"""The tools for batches: many jobs of one template, within a budget of their own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import Field

from promptmill.agents.shapes import BatchMade, BatchShown, IdempotencyKey, Plan, WaitSeconds
from promptmill.agents.tools import Asked, Reach
from promptmill.agents.waiting import until
from promptmill.contracts.batches import MOST_OPEN, MOST_ROWS, BatchState

FAULTS_TOLD: Final = 50
"""Faults that an agent gets of a table: enough to mend it."""

_GOES_ON: Final = frozenset({BatchState.PLANNING, BatchState.RUNNING})

Template = Annotated[
    dict[str, Any],
    Field(
        description="What all jobs have in common: `model`, `prompt`, `input`, … as for `create_job`. `{{column}}` in "
        "its texts is filled in from each row."
    ),
]
Rows = Annotated[
    list[dict[str, Any]],
    Field(
        max_length=MOST_ROWS,
        description="One job each: values for the template's words, `prompt`, `image`, `key` or inputs of the model.",
    ),
]
Table = Annotated[
    str,
    Field(
        description="Or: the rows as text, as in a file: CSV whose first line names the columns, separated by commas, "
        "semicolons or tabs; or JSON Lines."
    ),
]
Matrix = Annotated[dict[str, list[Any]], Field(description="Or: values for each column, all combined with all.")]
Repeat = Annotated[int, Field(ge=1, le=MOST_ROWS, description="Or: how many times, each with the next seed.")]
BatchCost = Annotated[
    Decimal,
    Field(
        gt=0,
        le=10_000,
        decimal_places=6,
        description="What all its jobs may cost together, in USD, as the person allows it: reached, it is paused.",
    ),
]


@dataclass(frozen=True)
class BatchTools:
    """The tools for batches of one installation."""

    reach: Reach

    async def plan_batch(
        self,
        ctx: Asked,
        *,
        template: Template,
        rows: Rows | None = None,
        table: Table | None = None,
        matrix: Matrix | None = None,
        repeat: Repeat | None = None,
        maxCostUsd: BatchCost | None = None,
    ) -> Plan:
        """Check a table and say what it would cost, row by row, and how long it would take. Free."""
        body = _source(template, rows=rows, table=table, matrix=matrix, repeat=repeat) | {
            "maxCostUsd": None if maxCostUsd is None else float(maxCostUsd)
        }
        async with self.reach(ctx) as calls:
            plan = Plan.model_validate(await calls.post("/api/batches/plan", body))
        return plan.model_copy(update={"faults": plan.faults[:FAULTS_TOLD]})

    async def create_batch(
        self,
        ctx: Asked,
        *,
        template: Template,
        idempotencyKey: IdempotencyKey,
        maxCostUsd: BatchCost,
        rows: Rows | None = None,
        table: Table | None = None,
        matrix: Matrix | None = None,
        repeat: Repeat | None = None,
        name: Annotated[str | None, Field(max_length=200, description="For people.")] = None,
        maxOpen: Annotated[int | None, Field(ge=1, le=MOST_OPEN, description="Jobs of it at once.")] = None,
        stopAfterFailures: Annotated[int | None, Field(ge=1, description="Pause it after so many.")] = None,
        skipFaulty: Annotated[bool, Field(description="Make the other rows although some are faulty.")] = False,
    ) -> BatchMade:
        """Make many jobs. Costs money: at most `maxCostUsd` for all of them. Plan it before.

        Sent again with the same key it adds the rows that are new, and nothing twice.
        """
        body = _source(template, rows=rows, table=table, matrix=matrix, repeat=repeat) | {
            "maxCostUsd": float(maxCostUsd),
            "name": name,
            "maxOpen": maxOpen,
            "stopAfterFailures": stopAfterFailures,
            "skipFaulty": skipFaulty,
        }
        async with self.reach(ctx) as calls:
            made = BatchMade.model_validate(await calls.post("/api/batches", body, key=idempotencyKey))
        return made.model_copy(update={"faults": made.faults[:FAULTS_TOLD]})

    async def get_batch(
        self, ctx: Asked, *, batchId: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")], waitSeconds: WaitSeconds = 0
    ) -> BatchShown:
        """Return how a batch stands; with `waitSeconds`, once it has ended or is paused. Its jobs: `list_jobs`."""
        async with self.reach(ctx) as calls:

            async def look() -> BatchShown:
                return BatchShown.model_validate(await calls.get(f"/api/batches/{batchId}"))

            return await until(
                look,
                lambda seen: seen.state not in _GOES_ON,
                lambda seen: f"{seen.counts.get('completed', 0)} of {seen.rows} rows are done.",
                seconds=waitSeconds,
                ctx=ctx,
            )


def _source(template: dict[str, Any], **sources: Any) -> dict[str, Any]:
    """Return the part of a body that says what the rows are; the API wants exactly one of the sources."""
    return {"template": template, **sources}
