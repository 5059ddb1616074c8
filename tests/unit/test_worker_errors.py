"""Our errors as Temporal sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.submission import held
from promptmill.contracts.errors import RecordNotFound, StageStopped, SubmissionsHeld
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.store import Permission, SubmissionPermit
from worker.errors import to_application_error


def test_a_missing_row_is_looked_for_again() -> None:
    """An older backup was restored: the row comes back, and its workflow must still be there."""
    error = to_application_error(RecordNotFound())

    assert not error.non_retryable
    assert error.next_retry_delay == timedelta(seconds=10)


def test_held_submissions_are_asked_for_again() -> None:
    error = to_application_error(SubmissionsHeld())

    assert not error.non_retryable
    assert error.next_retry_delay == timedelta(seconds=10)
    assert error.details == (ReasonCode.SUBMISSIONS_HELD,)


@pytest.mark.parametrize(
    ("attempt", "told", "seconds"),
    [(1, None, 5), (2, None, 10), (4, None, 40), (5, None, 60), (900, 0, 60), (1, 200, 200)],
)
async def test_a_budget_is_asked_about_less_and_less_often(attempt: int, told: float | None, seconds: float) -> None:
    """And less often still if the record says so, because many jobs wait."""
    permit = SubmissionPermit(
        permission=Permission.HOLD, reason_code=ReasonCode.BUDGET_EXHAUSTED, error="it is used up", wait_seconds=told
    )
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)

    async def asked() -> ApplicationError:
        return to_application_error(held(permit))

    error = await environment.run(asked)

    assert not error.non_retryable
    assert error.next_retry_delay == timedelta(seconds=seconds)
    assert (error.message, error.details) == ("It is used up.", (ReasonCode.BUDGET_EXHAUSTED,))


def test_what_the_record_stops_is_not_tried_again() -> None:
    error = to_application_error(StageStopped(ReasonCode.DEADLINE_PASSED))

    assert error.non_retryable
    assert error.details == (ReasonCode.DEADLINE_PASSED,)
