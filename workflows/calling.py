"""Runs an activity by its policy, with the summary that the Web UI shows."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.workflow import ActivityConfig

_In = TypeVar("_In")
_Out = TypeVar("_Out")


async def call(
    activity: Callable[[Any, _In], Coroutine[Any, Any, _Out]],
    message: _In,
    policy: ActivityConfig,
    *,
    summary: str,
    task_queue: str | None = None,
) -> _Out:
    """Return the activity's result.

    Raises:
        ActivityError: It failed permanently or was cancelled.
    """
    config: ActivityConfig = {**policy, "summary": summary, "task_queue": task_queue}
    return await workflow.execute_activity_method(activity, message, **config)
