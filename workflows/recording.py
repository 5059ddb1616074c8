"""Writes to the record that no cancel can drop, and the status text in the Web UI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from promptmill.contracts.messages import Message
    from promptmill.contracts.names import STATUS_ATTRIBUTE

from workflows import policies

_In = TypeVar("_In")
_Out = TypeVar("_Out", bound=Message)


async def record(activity: Callable[[Any, _In], Coroutine[Any, Any, _Out]], message: _In) -> _Out:
    """Run one write to the record as a local activity and return what the record holds afterwards.

    A cancel that arrives meanwhile is deferred until the write is done; the caller checks `cancelled()`.
    """
    write: asyncio.Task[_Out] = asyncio.create_task(
        workflow.execute_local_activity_method(activity, message, **policies.RECORD)
    )
    try:
        return await asyncio.shield(write)
    except asyncio.CancelledError:
        return await write


def cancelled() -> bool:
    """Return whether a caller or an operator asked Temporal to cancel this workflow.

    Nothing else counts as a cancel: timers and lost races look like one to asyncio. The reason may be empty.
    """
    return workflow.cancellation_reason() is not None


def stop_if_cancelled() -> None:
    """Stop if a cancel has arrived that no await has raised.

    Raises:
        asyncio.CancelledError: The workflow was cancelled.
    """
    if cancelled():
        raise asyncio.CancelledError


async def cancel_arrives(within: timedelta | None = None, summary: str | None = None) -> None:
    """Return once Temporal's cancel has arrived or the time has passed; without a time, wait indefinitely."""
    if cancelled():
        return
    try:
        if within is None:
            await workflow.wait_condition(lambda: False)
        else:
            await workflow.sleep(within, summary=summary)
    except asyncio.CancelledError:
        if not cancelled():
            raise


def show_status(status: str) -> None:
    """Make a status searchable if the namespace has the attribute: upserting an unknown one blocks indefinitely.

    The attribute's name, with the prefix that the installation had, is that of the workflow's own start, which is the
    first event of its history. No setting is read, so every replay finds the same name, and a workflow that runs when
    the prefix is changed keeps its own.
    """
    names = [pair.key.name for pair in workflow.info().typed_search_attributes]
    for name in names:
        if name.endswith(STATUS_ATTRIBUTE):
            workflow.upsert_search_attributes([SearchAttributeKey.for_keyword(name).value_set(status)])
