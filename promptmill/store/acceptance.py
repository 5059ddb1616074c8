"""Acceptance with an Idempotency-Key, shared by jobs and prompt jobs."""

from __future__ import annotations

from typing import Any, Final

from promptmill.contracts.errors import AiPromptsOff, IdempotencyBusy, IntakeStopped, RecordUnavailable
from promptmill.contracts.messages import Message
from promptmill.contracts.store import IdempotencyKey
from promptmill.store.database import Database, RowMapping
from promptmill.store.failures import LOCK_NOT_AVAILABLE, sqlstate
from promptmill.store.operations import AI_PROMPTS, DRAIN

_ACCEPTED_BEFORE: Final = """
    SELECT EXISTS (SELECT FROM idempotency_keys
                   WHERE owner = :owner AND key = :key AND request_hash = :request_hash
                     AND created_at > now() - idempotency_key_lifetime())
"""

REFUSED_BY: Final = """
    (r.refused_by).name AS refusing_switch, (r.refused_by).changed_at AS refused_since,
    (r.refused_by).reason AS refusal_reason
"""
"""Which switch refuses a request, from the result `r` of an accepting function."""

_REFUSALS: Final = {DRAIN: IntakeStopped, AI_PROMPTS: AiPromptsOff}


async def accepted_before(database: Database, owner: str, idempotency: IdempotencyKey) -> bool:
    """Return whether the same request has already been accepted with this key, so that it is a replay."""
    return bool(await database.value(_ACCEPTED_BEFORE, owner=owner, **idempotency.model_dump()))


async def accept(database: Database, query: str, request: Message, idempotency: IdempotencyKey | None) -> RowMapping:
    """Run an accepting function with `:request`, `:key` and `:request_hash`, and return its row.

    Args:
        database: The record.
        query: Its columns include `REFUSED_BY`.
        request: What is to be stored.
        idempotency: The caller's key.

    Raises:
        IntakeStopped, AiPromptsOff: An operator does not allow it now. Nothing was stored.
        IdempotencyMismatch, IdempotencyBusy: As for `once`.
    """
    row = await once(database, query, idempotency, request=request.model_dump_json())
    if row["refusing_switch"] is not None:
        raise _REFUSALS[row["refusing_switch"]](row["refused_since"], row["refusal_reason"])
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
