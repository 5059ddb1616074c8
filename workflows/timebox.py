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


class Deadline:
    """The deadline of a whole workflow. Each stage runs against it; a decision may move it."""

    def __init__(self, due: datetime, *, one_timer: bool) -> None:
        """Keep it. `one_timer`: the first stage starts the timer of all; otherwise each stage has one of its own."""
        self.due = due
        self._one_timer = one_timer
        self._timer: asyncio.Task[None] | None = None

    def move(self, due: datetime | None) -> None:
        """Replace it, if the row has another one."""
        if due in {None, self.due}:
            return
        assert due is not None
        self.due = due
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run the work and return its result if it finishes before the deadline, see `run_until`.

        Raises:
            TimeIsUp: The deadline passed first.
            asyncio.CancelledError: The workflow was cancelled.
        """
        left = self.due - workflow.now()
        if self._one_timer and self._timer is None and left > timedelta() and not cancelled():
            # Never cancelled at the end of a stage: it ends with the workflow, which costs no event.
            self._timer = _timer(left, ReasonCode.DEADLINE_PASSED)
        return await run_until(self.due, ReasonCode.DEADLINE_PASSED, work, shared_timer=self._timer)


async def run_until(
    due: datetime, reason: ReasonCode, work: Coroutine[Any, Any, _T], *, shared_timer: asyncio.Task[None] | None = None
) -> _T:
    """Run the work and return its result if it finishes before the deadline, with a timer of its own or a shared one.

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
    timer = shared_timer or _timer(left, reason)
    try:
        await workflow.wait([task, timer], return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        # Not `finally`: a workflow evicted from the cache ends here too, and must not wait for anything.
        if shared_timer is None:
            timer.cancel()
        await cancel_and_wait(task)
        raise
    in_time = task.done()
    if shared_timer is None:
        timer.cancel()
    await cancel_and_wait(task)
    stop_if_cancelled()
    if not in_time:
        raise TimeIsUp(reason)
    return task.result()


def _timer(left: timedelta, reason: ReasonCode) -> asyncio.Task[None]:
    return asyncio.create_task(workflow.sleep(left, summary=reason.value))


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
