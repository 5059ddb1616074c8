"""Runs work against a deadline; timers are named, so that the Web UI shows which one expires."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from promptmill.contracts.reasons import ReasonCode

from workflows.recording import cancelled, stop_if_cancelled

_T = TypeVar("_T")


class TimeIsUp(Exception):
    """A job's time is up; the reason says which limit was exceeded."""

    def __init__(self, reason_code: ReasonCode) -> None:
        """Keep the reason."""
        super().__init__(reason_code)
        self.reason_code = reason_code


async def run_until(due: datetime, reason: ReasonCode, work: Coroutine[Any, Any, _T]) -> _T:
    """Run the work and return its result if it finishes before the deadline.

    Otherwise, and if the workflow is cancelled, the work is cancelled and awaited: whatever it returns (the id of a
    paid prediction) is recorded by then. `asyncio.timeout` around an activity would look like a cancel of the workflow,
    hence the timer task.

    Raises:
        TimeIsUp: The deadline passed first.
        asyncio.CancelledError: The workflow was cancelled.
    """
    left = due - workflow.now()
    if cancelled() or left <= timedelta():
        work.close()
        stop_if_cancelled()
        raise TimeIsUp(reason)
    task = asyncio.create_task(work)
    timer = asyncio.create_task(workflow.sleep(left, summary=reason.value))
    try:
        await workflow.wait([task, timer], return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        # Not `finally`: a workflow evicted from the cache ends here too, and must not wait for anything.
        timer.cancel()
        await cancel_and_wait(task)
        raise
    in_time = task.done()
    timer.cancel()
    await cancel_and_wait(task)
    stop_if_cancelled()
    if not in_time:
        raise TimeIsUp(reason)
    return task.result()


async def until(condition: Callable[[], bool], *work: asyncio.Task[Any]) -> None:
    """Wait for a condition; if the workflow is cancelled, cancel the work first.

    Raises:
        asyncio.CancelledError: The workflow was cancelled.
    """
    try:
        await workflow.wait_condition(condition)
    except asyncio.CancelledError:
        for task in work:
            await cancel_and_wait(task)
        raise


async def cancel_and_wait(task: asyncio.Task[Any]) -> None:
    """Cancel a task unless it is done, and wait until it is.

    Its outcome is not used here: its findings are in the record, and a failure of work that finished in time is
    raised by `task.result()`.
    """
    if not task.done():
        task.cancel()
    await workflow.wait([task])
    if not task.cancelled():
        # Retrieved, so that asyncio does not warn of an exception that was never retrieved.
        task.exception()
