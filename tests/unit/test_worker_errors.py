"""Our errors as Temporal gets them."""

from __future__ import annotations

from datetime import timedelta

from promptmill.contracts.errors import RecordNotFound, StageStopped, SubmissionsHeld
from promptmill.contracts.reasons import ReasonCode
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


def test_what_the_record_stops_is_not_tried_again() -> None:
    error = to_application_error(StageStopped(ReasonCode.DEADLINE_PASSED))

    assert error.non_retryable
    assert error.details == (ReasonCode.DEADLINE_PASSED,)
