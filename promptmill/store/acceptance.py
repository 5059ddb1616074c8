"""Acceptance with an Idempotency-Key, shared by jobs and prompt jobs."""

from __future__ import annotations

from typing import Any, Final

from promptmill.contracts.access import with_actor
from promptmill.contracts.errors import (
    AiPromptsOff,
    BudgetExhausted,
    IdempotencyBusy,
    IntakeStopped,
    OwnerPaused,
    QueueFull,
    RecordUnavailable,
)
from promptmill.contracts.store import IdempotencyKey
from promptmill.store.database import Database, RowMapping
from promptmill.store.failures import LOCK_NOT_AVAILABLE, sqlstate
from promptmill.store.operations import AI_PROMPTS, DRAIN

_ACCEPTED_BEFORE: Final = "SELECT accepted_before(:owner, :key, :request_hash)"

REFUSED_BY: Final = """
    (r.refused_by).name AS refusing_switch, (r.refused_by).changed_at AS refused_since,
    (r.refused_by).reason AS refusal_reason, (r.refused_by).changed_by AS refusal_by
"""
"""Which switch refuses a request, from the result `r` of an accepting function."""

_REFUSALS: Final = {DRAIN: IntakeStopped, AI_PROMPTS: AiPromptsOff}
_BUDGET: Final = "budget"
"""What `refusing_switch_or_budget` calls a budget that is used up; its reason is which one."""

_PAUSED: Final = "paused"
_OPEN_JOBS: Final = "open_jobs"
"""What `refusing_owner` calls a pause, and that as many are open as may be; its reason is a sentence."""


async def accepted_before(database: Database, owner: str, idempotency: IdempotencyKey) -> bool:
    """Return whether the same request has already been accepted with this key, so that it is a replay."""
    return bool(await database.value(_ACCEPTED_BEFORE, owner=owner, **idempotency.model_dump()))


async def accept(database: Database, query: str, idempotency: IdempotencyKey | None, **values: Any) -> RowMapping:
    """Run an accepting function as `once` does, and return its row.

    Args:
        database: The record.
        query: Its columns include `REFUSED_BY`.
        idempotency: The caller's key.
        **values: What the function takes besides the key.

    Raises:
        IntakeStopped, AiPromptsOff: An operator does not allow it now. Nothing was stored.
        BudgetExhausted: A budget is used up. Nothing was stored.
        OwnerPaused, QueueFull: An admin has paused the owner; it has as many open as it may have. Nothing was stored.
        IdempotencyMismatch, IdempotencyBusy: As for `once`.
    """
    row = await once(database, query, idempotency, **values)
    if row["refusing_switch"] == _BUDGET:
        raise BudgetExhausted(row["refusal_reason"])
    if row["refusing_switch"] == _OPEN_JOBS:
        raise QueueFull(row["refusal_reason"])
    if row["refusing_switch"] == _PAUSED:
        raise OwnerPaused(row["refusal_reason"])
    if row["refusing_switch"] is not None:
        raise _REFUSALS[row["refusing_switch"]](
            row["refused_since"], with_actor(row["refusal_reason"], row["refusal_by"])
        )
    return row


async def once(database: Database, query: str, idempotency: IdempotencyKey | None, **values: Any) -> RowMapping:
    """Run a function that takes `:key` and `:request_hash` besides other values, and return its row.

    Raises:
        IdempotencyMismatch: The key was used for a different request.
        IdempotencyBusy: Another request with this key is still in progress after 2 s.
    """
    values |= {"key": idempotency and idempotency.key, "request_hash": idempotency and idempotency.request_hash}
    try:
        return await database.mapping(query, **values)
    except RecordUnavailable as error:
        if idempotency is not None and error.__cause__ and sqlstate(error.__cause__) == LOCK_NOT_AVAILABLE:
            raise IdempotencyBusy from error
        raise
