"""Maps our errors to Temporal's: type, whether and when to retry, and the reason code as the first detail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from promptmill.contracts.errors import (
    BudgetExhausted,
    OwnerPaused,
    PromptmillError,
    ProviderError,
    RecordNotFound,
    StageStopped,
    SubmissionPaced,
    SubmissionsHeld,
)

_TOLD: Final = (BudgetExhausted, OwnerPaused, ProviderError, StageStopped, SubmissionPaced, SubmissionsHeld)
"""What a provider or the record answers: it is recorded with the job, and no failure of the worker."""

MISSING_ROW_AGAIN: Final = timedelta(seconds=10)
"""Retry delay for a job whose row is missing."""


class ErrorInterceptor(Interceptor):
    """Intercepts every activity of a worker."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Wrap each activity in the error mapping."""
        return _Translation(next)


class _Translation(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        try:
            return await super().execute_activity(input)
        except PromptmillError as error:
            raise to_application_error(error) from error


def to_application_error(error: PromptmillError) -> ApplicationError:
    """Return Temporal's form of one of our errors."""
    reason = error.reason_code if isinstance(error, _TOLD) else None
    # After a restore a row can be missing for a while: the operator decides, not the workflow that reads it.
    missing = isinstance(error, RecordNotFound)
    return ApplicationError(
        str(error),
        *([reason] if reason else []),
        type=error.code,
        non_retryable=not (error.retryable or missing),
        next_retry_delay=MISSING_ROW_AGAIN if missing else _retry_after(error),
        category=ApplicationErrorCategory.BENIGN if isinstance(error, _TOLD) else ApplicationErrorCategory.UNSPECIFIED,
    )


def _retry_after(error: PromptmillError) -> timedelta | None:
    waits = BudgetExhausted | OwnerPaused | ProviderError | SubmissionPaced | SubmissionsHeld
    return error.retry_after if isinstance(error, waits) else None
