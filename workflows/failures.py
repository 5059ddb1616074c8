"""How a stage ends without a result, in the record's terms."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    RetryState,
    TimeoutError,  # noqa: A004 - Temporal's
    TimeoutType,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from promptmill.contracts.errors import StageStopped
    from promptmill.contracts.reasons import ReasonCode

from workflows.recording import cancelled


class StageFailed(Exception):
    """A stage failed, with the reason that the record shows."""

    def __init__(self, reason_code: ReasonCode, error: str) -> None:
        """Keep the reason and the provider's message."""
        super().__init__(error)
        self.reason_code = reason_code
        self.error = error


class StageEndedByRecord(Exception):
    """The row says that the job has ended, was cancelled or is past its deadline."""


_REFUSALS = {ReasonCode.PROVIDER_MODE_CHANGED, ReasonCode.REQUEST_MISMATCH, ReasonCode.PRICE_ABOVE_MAX}
"""Why the record permits no submission although the job is still open: it fails with that reason."""


def ended_by_its_time(error: ActivityError) -> bool:
    """Return whether an activity ended because its `schedule_to_close_timeout` left no time, or none to retry."""
    cause = error.cause
    return error.retry_state is RetryState.TIMEOUT or (
        isinstance(cause, TimeoutError) and cause.type is TimeoutType.SCHEDULE_TO_CLOSE
    )


def raise_failure(error: ActivityError) -> NoReturn:
    """Raise the error that an activity's failure means for the job.

    Raises:
        asyncio.CancelledError: The activity ended because the workflow was cancelled.
        StageEndedByRecord: The record did not let it continue.
        StageFailed: The provider refused, or was unavailable for too long.
        ActivityError: Unexpected; the workflow fails with it.
    """
    if is_cancelled_exception(error) and cancelled():
        raise asyncio.CancelledError from error
    cause = error.cause
    if isinstance(cause, ApplicationError):
        reason = ReasonCode(cause.details[0]) if cause.details else None
        if cause.type == StageStopped.code and reason not in _REFUSALS:
            raise StageEndedByRecord from error
        if reason is not None:
            raise StageFailed(reason, cause.message) from error
    raise error
