"""Work that must be done before a time; named timers, so that the Web UI shows what runs out."""

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
    """A job's time ran out; the reason says which."""

    def __init__(self, reason_code: ReasonCode) -> None:
        """Keep which time it was."""
        super().__init__(reason_code)
        self.reason_code = reason_code


async def before(due: datetime, reason: ReasonCode, work: Coroutine[Any, Any, _T]) -> _T:
    """Return the work's result if it comes before the time is due.

    Otherwise, and when the workflow is cancelled, the work is cancelled and waited for: what it still brings home (the
    id of a paid prediction) it has recorded by then. `asyncio.timeout` around an activity would look like a cancel of
    the workflow, hence the timer task.

    Raises:
        TimeIsUp: The time was due first.
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
        # Not `finally`: a workflow that leaves the cache ends here too, and may not wait for anything.
        timer.cancel()
        await let_go(task)
        raise
    in_time = task.done()
    timer.cancel()
    await let_go(task)
    stop_if_cancelled()
    if not in_time:
        raise TimeIsUp(reason)
    return task.result()


async def until(condition: Callable[[], bool], *work: asyncio.Task[Any]) -> None:
    """Wait for a condition; a cancel of the workflow lets the work go first.

    Raises:
        asyncio.CancelledError: The workflow was cancelled.
    """
    try:
        await workflow.wait_condition(condition)
    except asyncio.CancelledError:
        for task in work:
            await let_go(task)
        raise


async def let_go(task: asyncio.Task[Any]) -> None:
    """Cancel a task that is not done and wait until it is.

    Its outcome is not looked at here: what it found is in the record, and a failure of work that was done in time is
    raised by `task.result()`.
    """
    if not task.done():
        task.cancel()
    await workflow.wait([task])
    if not task.cancelled():
        # Looked at here, so that asyncio does not complain of a failure that nobody wanted.
        task.exception()
