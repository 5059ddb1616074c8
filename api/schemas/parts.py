"""The parts that responses about jobs and about prompt jobs share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from api.schemas.bases import Answer


class WaitFor(StrEnum):
    """What a job is waiting for."""

    GROK_QUEUE = "grok_queue"
    GROK = "grok"
    WAVESPEED_QUEUE = "wavespeed_queue"
    WAVESPEED = "wavespeed"
    RETRY = "retry"
    OPERATOR = "operator"
    BUDGET = "budget"
    RESUMPTION = "resumption"
    OWN_RESUMPTION = "own_resumption"


class Wait(Answer):
    """What a job is waiting for now. Position and estimates are approximate; null means unknown, never 0.

    `of` is counted up to 1,000 (`capped`). `stopped`: whether the queue is stopped, null if unknown; `stoppedReason`:
    the operator's reason, or for `budget` which one has no room and when it starts again, for `resumption` who
    paused the owner and why, for `own_resumption` which of the owner's own people paused its queue. The estimate is
    based on recent throughput; low and high are given if it is uncertain. `longerThanUsual`: it is already taking
    longer than nearly all comparable recent jobs.
    """

    for_: WaitFor | None = Field(None, alias="for", description="What it waits for; null if it does not wait.")
    position: int | None = Field(None, description="How many are ahead, plus one.")
    of: int | None = Field(None, description="How many wait in that queue, counted up to 1,000.")
    capped: bool = Field(default=False, description="Whether there are more than `of`.")
    stopped: bool | None = Field(None, description="Whether an operator has stopped the queue; null if unknown.")
    stopped_reason: str | None = Field(None, description="The operator's reason.")
    stopped_since: datetime | None = Field(None, description="Since when the owner or its queue is paused.")
    estimate_seconds: float | None = Field(None, description="Based on recent throughput.")
    estimate_low_seconds: float | None = Field(None, description="Given if the estimate is uncertain.")
    estimate_high_seconds: float | None = Field(None, description="Given if the estimate is uncertain.")
    longer_than_usual: bool = Field(
        default=False, description="Whether it is already taking longer than nearly all comparable recent jobs."
    )


class ErrorAnswer(Answer):
    """Why something failed, the provider's message, and what a person can do."""

    reason_code: str | None = Field(description="A stable code; `docs/reason-codes.md` explains each.")
    message: str = Field(description="What happened, with the provider's own words where there are any.")
    hint: str | None = Field(description="What a person can do about it.")


class Links(Answer):
    """Links: related resources of this service, and the workflow in the Temporal Web UI."""

    self_: str = Field(alias="self", description="Itself.")
    events: str | None = Field(None, description="Its timeline.")
    cancel: str | None = Field(None, description="Where to send DELETE; null once it has ended.")
    retry: str | None = Field(None, description="Where to send POST; null if it cannot be retried.")
    erase: str | None = Field(None, description="Where to send POST; null until it has ended, and once it is erased.")
    resolve: str | None = Field(None, description="Where to decide an unclear submission; null unless it is unclear.")
    temporal: str | None = Field(
        None, description="Its workflow in the Temporal Web UI; null if no address is configured."
    )
