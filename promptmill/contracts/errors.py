"""The errors that cross a package's boundary.

PromptmillError
├── RecordError
│   ├── RecordNotFound
│   ├── RecordUnavailable         (retryable)
│   │   └── RecordReadOnly        (retryable)
│   ├── RecordConflict
│   ├── IntakeStopped
│   ├── AiPromptsOff
│   ├── QueueFull                 (retryable)
│   ├── IdempotencyMismatch
│   └── IdempotencyBusy           (retryable)
├── StageStopped
├── SubmissionsHeld               (retryable)
├── BudgetExhausted               (retryable)
├── OwnerPaused                   (retryable)
├── TemporalUnavailable           (retryable)
├── PayloadUnreadable             (retryable)
├── ConfigurationError
├── ReceiverRefused
├── ReceiverUnavailable           (retryable)
├── OutputRefused
├── OutputUnavailable             (retryable)
├── NotStored
├── StorageUnavailable            (retryable)
└── ProviderError
    ├── ProviderUnavailable       (retryable)
    ├── ProviderRateLimited       (retryable)
    ├── ProviderAnswerUnusable    (retryable)
    ├── ProviderModelUnavailable
    ├── ProviderRefused
    ├── NothingSent               (retryable)
    └── SubmitUnclear

Each class has a stable `code` and says whether a retry may succeed (`retryable`). `worker.errors` maps them to
Temporal failures, `api.http.errors` to problem documents.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.usage import TokenUsage

MESSAGE_LIMIT = 500
"""Maximum characters kept of a third party's text; more could exceed Temporal's payload limit and adds nothing."""


def cut(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return the text on one line, at most `limit` characters, with an ellipsis where it was truncated."""
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
    """The record refused the change."""

    code = "record_error"


class RecordNotFound(RecordError):
    """Nothing exists under this id."""

    code = "not_found"


class RecordUnavailable(RecordError):
    """Postgres is unavailable."""

    code = "record_unavailable"
    retryable = True


class RecordReadOnly(RecordUnavailable):
    """Postgres is read-only: a standby, or a primary that refuses writes."""

    code = "record_read_only"


class RecordConflict(RecordError):
    """The record's state forbids this.

    Attributes:
        conflict: The cause, as a stable code: the hint of the SQL function that refused. `api.http.problem_kinds`
            explains each.
    """

    code = "record_conflict"

    def __init__(self, conflict: str, message: str | None = None) -> None:
        """Keep the code and the record's message."""
        super().__init__(message)
        self.conflict = conflict


class IntakeStopped(RecordError):
    """An operator has stopped intake."""

    code = "intake_stopped"

    def __init__(self, since: datetime, reason: str | None) -> None:
        """Say since when, and who stopped it why, as far as it is known."""
        super().__init__(f"Intake has been stopped since {since:%F %T} UTC; try again later.{_because(reason)}")


class AiPromptsOff(RecordError):
    """An operator has turned new prompts of Grok off."""

    code = "ai_prompts_off"

    def __init__(self, since: datetime, reason: str | None) -> None:
        """Say since when, what to do instead, and who turned them off why, as far as it is known."""
        super().__init__(
            f"AI prompts have been off since {since:%F %T} UTC: write the prompt yourself, or have an operator "
            f"run `promptmill flag ai-prompts on`.{_because(reason)}"
        )


class QueueFull(RecordError):
    """The owner has as many open jobs as it may have."""

    code = "queue_full"
    retryable = True


def _because(reason: str | None) -> str:
    return f" Reason: {reason}" if reason else ""


class IdempotencyMismatch(RecordError):
    """This Idempotency-Key was already used for a different request."""

    code = "idempotency_key_reused"


class IdempotencyBusy(RecordError):
    """The first request with this Idempotency-Key is still in progress."""

    code = "idempotency_in_progress"
    retryable = True


class StageStopped(PromptmillError):
    """The record does not let this stage continue: the job has ended, was cancelled or is past its deadline."""

    code = "stage_stopped"

    def __init__(self, reason_code: ReasonCode | None, message: str | None = None) -> None:
        """Keep the reason, if the record gives one."""
        super().__init__(message)
        self.reason_code = reason_code


class SubmissionsHeld(PromptmillError):
    """Submissions are on hold for all jobs: the record is older than what has been paid for. Retry later."""

    code = "submissions_held"
    retryable = True
    reason_code: ClassVar[ReasonCode] = ReasonCode.SUBMISSIONS_HELD
    retry_after: ClassVar[timedelta] = timedelta(seconds=10)


class BudgetExhausted(PromptmillError):
    """A budget has no room for this."""

    code = "budget_exhausted"
    retryable = True
    reason_code: ClassVar[ReasonCode] = ReasonCode.BUDGET_EXHAUSTED

    def __init__(self, problem: str, *, retry_after: timedelta | None = None) -> None:
        """Keep the wait, and make a sentence of what the record says: which budget, and when it starts again."""
        super().__init__(f"{problem[:1].upper()}{problem[1:]}." if problem else None)
        self.retry_after = retry_after


class OwnerPaused(PromptmillError):
    """An admin has paused the owner, or the owner its own queue."""

    code = "owner_paused"
    retryable = True
    reason_code: ClassVar[ReasonCode] = ReasonCode.OWNER_PAUSED

    def __init__(self, problem: str, *, retry_after: timedelta | None = None) -> None:
        """Keep the wait, and make a sentence of what the record says: who paused it, and why."""
        super().__init__(f"{problem[:1].upper()}{problem[1:]}." if problem else None)
        self.retry_after = retry_after


class SubmissionPaced(PromptmillError):
    """It is not this job's turn: paid submissions are as fast as WaveSpeed allows. Retry after `retry_after`."""

    code = "submission_paced"
    retryable = True
    reason_code: ClassVar[ReasonCode] = ReasonCode.WAVESPEED_RATE_LIMITED

    def __init__(self, retry_after: timedelta) -> None:
        """Keep the wait."""
        super().__init__(f"Waiting for its turn, {retry_after.total_seconds():.0f} s: WaveSpeed limits submissions.")
        self.retry_after = retry_after


class TemporalUnavailable(PromptmillError):
    """Temporal is unavailable."""

    code = "temporal_unavailable"
    retryable = True


class PayloadUnreadable(PromptmillError):
    """A payload at Temporal cannot be decrypted here; the message names its key's id.

    Retryable: another worker may have the key, or this one may get it.
    """

    code = "payload_unreadable"
    retryable = True


class ConfigurationError(PromptmillError):
    """A setting is missing or invalid; the message names it and says what to do."""

    code = "configuration_error"


class ReceiverRefused(PromptmillError):
    """A callback's URL is not allowed, whatever is behind it."""

    code = "receiver_refused"


class ReceiverUnavailable(PromptmillError):
    """A callback's receiver could not be resolved or reached, or did not respond in time."""

    code = "receiver_unavailable"
    retryable = True


class OutputRefused(PromptmillError):
    """An output must not be fetched from where it is said to be, or is too large."""

    code = "output_refused"


class OutputUnavailable(PromptmillError):
    """An output could not be fetched now, or not whole."""

    code = "output_unavailable"
    retryable = True


class NotStored(PromptmillError):
    """The storage of outputs has no such file."""

    code = "not_stored"


class StorageUnavailable(PromptmillError):
    """The storage of outputs cannot be reached, or refuses; the message says why."""

    code = "storage_unavailable"
    retryable = True


class ProviderError(PromptmillError):
    """A request to a provider failed.

    Attributes:
        reason_code: The reason to record.
        retry_after: The delay that the provider requested, or None.
        usage: What the provider charged nevertheless, if it said so.
    """

    code = "provider_error"
    usage: TokenUsage | None = None

    def __init__(self, reason_code: ReasonCode, message: str, *, retry_after: timedelta | None = None) -> None:
        """Keep the reason and the provider's message, truncated to `MESSAGE_LIMIT`."""
        super().__init__(cut(message))
        self.reason_code = reason_code
        self.retry_after = retry_after


class ProviderUnavailable(ProviderError):
    """The provider is down, slow or overloaded; retry later."""

    code = "provider_unavailable"
    retryable = True


class ProviderRateLimited(ProviderError):
    """The provider rejected the request by its rate limit; nothing was created or charged."""

    code = "provider_rate_limited"
    retryable = True


class ProviderAnswerUnusable(ProviderError):
    """The provider's response is empty, truncated or malformed."""

    code = "provider_answer_unusable"
    retryable = True


class ProviderModelUnavailable(ProviderError):
    """The provider does not offer this model, or not to this key; another model may work."""

    code = "provider_model_unavailable"


class ProviderRefused(ProviderError):
    """The provider refused; a retry would be refused too."""

    code = "provider_refused"


class NothingSent(ProviderError):
    """The connection failed or came too late: not one byte of the request was sent."""

    code = "nothing_sent"
    retryable = True


class SubmitUnclear(ProviderError):
    """The submission may have been sent, but the response was lost or unclear. Never repeated."""

    code = "submit_unclear"
