"""Turns our errors into Temporal's: type, whether to retry, when, and the reason code as the first detail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from promptmill.contracts.errors import (
    PromptmillError,
    ProviderError,
    RecordNotFound,
    StageStopped,
    SubmissionsHeld,
)

MISSING_ROW_AGAIN: Final = timedelta(seconds=10)
"""When a job whose row is missing is looked for again."""


class ErrorInterceptor(Interceptor):
    """Sees every activity of a worker."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Put the translation around each activity."""
        return _Translation(next)


class _Translation(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        try:
            return await super().execute_activity(input)
        except PromptmillError as error:
            raise to_application_error(error) from error


def to_application_error(error: PromptmillError) -> ApplicationError:
    """Return Temporal's form of one of our errors."""
    reason = error.reason_code if isinstance(error, ProviderError | StageStopped | SubmissionsHeld) else None
    # After a restore a row can be missing for a while: whoever restores it decides, not the workflow that looks for it.
    missing = isinstance(error, RecordNotFound)
    return ApplicationError(
        str(error),
        *([reason] if reason else []),
        type=error.code,
        non_retryable=not (error.retryable or missing),
        next_retry_delay=MISSING_ROW_AGAIN if missing else _retry_after(error),
        # What a provider or the record refuses is the job's business and stands there; it is no fault of the worker.
        category=ApplicationErrorCategory.BENIGN
        if isinstance(error, ProviderError | StageStopped | SubmissionsHeld)
        else ApplicationErrorCategory.UNSPECIFIED,
    )


def _retry_after(error: PromptmillError) -> timedelta | None:
    return error.retry_after if isinstance(error, ProviderError | SubmissionsHeld) else None
