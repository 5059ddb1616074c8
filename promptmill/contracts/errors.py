"""The errors that cross a room's border.

PromptmillError
├── RecordError
│   ├── RecordNotFound
│   ├── RecordUnavailable         (retryable)
│   ├── RecordConflict
│   ├── IdempotencyMismatch
│   └── IdempotencyBusy           (retryable)
├── StageStopped
├── SubmissionsHeld               (retryable)
├── TemporalUnavailable           (retryable)
├── ConfigurationError
├── ReceiverRefused
├── ReceiverUnavailable           (retryable)
└── ProviderError
    ├── ProviderUnavailable       (retryable)
    ├── ProviderRateLimited       (retryable)
    ├── ProviderAnswerUnusable    (retryable)
    ├── ProviderModelUnavailable
    ├── ProviderRefused
    ├── NothingSent               (retryable)
    └── SubmitUnclear

Each class has a stable `code` and says whether asking again may help (`retryable`). `worker.errors` turns them into
Temporal's failures, `api.http.errors` into problem documents.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from promptmill.contracts.reasons import ReasonCode

MESSAGE_LIMIT = 500
"""Characters of a foreign text that are kept; more could burst Temporal's payload limit and helps nobody."""


def cut(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return the text on one line, at most `limit` characters, with an ellipsis where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


class PromptmillError(Exception):
    """Something went wrong in Promptmill."""

    code: ClassVar[str] = "promptmill_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        """Keep the message; without one, the first line of the class's docstring."""
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])


class RecordError(PromptmillError):
    """The record refused."""

    code = "record_error"


class RecordNotFound(RecordError):
    """No such job."""

    code = "not_found"


class RecordUnavailable(RecordError):
    """Postgres is away."""

    code = "record_unavailable"
    retryable = True


class RecordConflict(RecordError):
    """The record holds something that forbids this.

    Attributes:
        conflict: What it is, as a stable word: the hint of the SQL function that refused. `api.http.problem_kinds`
            explains each.
    """

    code = "record_conflict"

    def __init__(self, conflict: str, message: str | None = None) -> None:
        """Keep the word and the record's sentence."""
        super().__init__(message)
        self.conflict = conflict


class IdempotencyMismatch(RecordError):
    """This Idempotency-Key was used before with another request."""

    code = "idempotency_key_reused"


class IdempotencyBusy(RecordError):
    """The first request with this Idempotency-Key is still being accepted."""

    code = "idempotency_in_progress"
    retryable = True


class StageStopped(PromptmillError):
    """The record says that this stage must not go on: the job has ended, was cancelled or is past its deadline."""

    code = "stage_stopped"

    def __init__(self, reason_code: ReasonCode | None, message: str | None = None) -> None:
        """Keep why, where the record says it."""
        super().__init__(message)
        self.reason_code = reason_code


class SubmissionsHeld(PromptmillError):
    """Submissions are stopped for all jobs: the record is older than what was paid. Asking later may help."""

    code = "submissions_held"
    retryable = True
    reason_code: ClassVar[ReasonCode] = ReasonCode.SUBMISSIONS_HELD
    retry_after: ClassVar[timedelta] = timedelta(seconds=10)


class TemporalUnavailable(PromptmillError):
    """Temporal is away."""

    code = "temporal_unavailable"
    retryable = True


class ConfigurationError(PromptmillError):
    """A setting is missing or wrong; the message says which and what to do."""

    code = "configuration_error"


class ReceiverRefused(PromptmillError):
    """A callback's address may not be opened, whatever the receiver is."""

    code = "receiver_refused"


class ReceiverUnavailable(PromptmillError):
    """A callback's receiver could not be found or reached, or did not answer in time."""

    code = "receiver_unavailable"
    retryable = True


class ProviderError(PromptmillError):
    """A provider did not do what it was asked.

    Attributes:
        reason_code: What to record.
        retry_after: How long the provider asked us to wait; None when it did not say.
    """

    code = "provider_error"

    def __init__(self, reason_code: ReasonCode, message: str, *, retry_after: timedelta | None = None) -> None:
        """Keep the reason and the provider's words, cut to `MESSAGE_LIMIT`."""
        super().__init__(cut(message))
        self.reason_code = reason_code
        self.retry_after = retry_after


class ProviderUnavailable(ProviderError):
    """The provider is down, slow or overloaded; asking later may help."""

    code = "provider_unavailable"
    retryable = True


class ProviderRateLimited(ProviderError):
    """The provider limits our rate; nothing was made or charged."""

    code = "provider_rate_limited"
    retryable = True


class ProviderAnswerUnusable(ProviderError):
    """The provider answered with something empty, cut or malformed."""

    code = "provider_answer_unusable"
    retryable = True


class ProviderModelUnavailable(ProviderError):
    """The provider does not know this model, or not for this key; another model may do."""

    code = "provider_model_unavailable"


class ProviderRefused(ProviderError):
    """The provider refused, and will refuse again."""

    code = "provider_refused"


class NothingSent(ProviderError):
    """The connection could not be made, or was too late: not one byte of the request left."""

    code = "nothing_sent"
    retryable = True


class SubmitUnclear(ProviderError):
    """The submission may have gone out and no clear answer came back. Never repeated."""

    code = "submit_unclear"
