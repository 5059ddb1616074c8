"""What can go wrong, one class for each kind.

`ApiError` says why a request was refused, `JobError` why a job has no outputs. All have `reason_code`, which is stable.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from promptmill_client.models import BatchAnswer, FieldError, JobAnswer, Problem, PromptJobAnswer


class PromptmillError(Exception):
    """The base of all errors of this package.

    Attributes:
        reason_code: Why, as a stable code; None if there is none.
    """

    reason_code: str | None = None


class Unreachable(PromptmillError):
    """No answer came. Whether the request had an effect is unknown: repeat it with the same idempotency key."""

    reason_code = "unreachable"


class UnexpectedAnswer(PromptmillError):
    """What answered is no Promptmill that this client knows: a proxy, a page, another version."""

    reason_code = "unexpected_answer"


class WaitedOut(PromptmillError, TimeoutError):
    """The time to wait is over. The job goes on; `last` is its last known state."""

    reason_code = "waited_out"

    def __init__(self, message: str, last: JobAnswer | PromptJobAnswer | BatchAnswer | None) -> None:
        super().__init__(message)
        self.last = last


class NotSaved(PromptmillError):
    """An output cannot be saved: there is no file, or its name would leave the folder."""

    reason_code = "not_saved"


class WrongSignature(PromptmillError):
    """A callback is not signed with this secret, or is too old."""

    reason_code = "wrong_signature"


class ApiError(PromptmillError):
    """A request was refused.

    Attributes:
        problem: The problem document.
        field_errors: The fields that are wrong or ask for too much, each with a JSON pointer.
        retry_after: Seconds after which it may succeed, where the API says so.
    """

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.reason_code = problem.code
        self.retry_after = retry_after
        self.field_errors: list[FieldError] = problem.errors or []


class InvalidRequest(ApiError):
    """The request is wrong: `field_errors` says where, and what would be right."""


class NotAllowed(ApiError):
    """There is no key, it is not valid, or it does not allow this."""


class NotFound(ApiError):
    """There is no such thing, or it is another owner's."""


class Conflict(ApiError):
    """What is there does not allow it."""


class BudgetExhausted(ApiError):
    """A budget has no room for it."""


class LimitReached(ApiError):
    """It is more than the owner may have, or ask for now."""


class Paused(ApiError):
    """The owner is paused."""


class Unavailable(ApiError):
    """The API, or something that it needs, is not available now."""


class ServerError(ApiError):
    """Something is broken there; its log has more under `problem.request_id`."""


_BY_CODE: Final[Mapping[str, type[ApiError]]] = {
    "limit_exceeded": LimitReached,
    "model_not_allowed": LimitReached,
    "too_many_wrong_tokens": NotAllowed,
}
_BY_STATUS: Final[Mapping[int, type[ApiError]]] = {
    HTTPStatus.UNAUTHORIZED: NotAllowed,
    HTTPStatus.PAYMENT_REQUIRED: BudgetExhausted,
    HTTPStatus.FORBIDDEN: NotAllowed,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.GONE: NotFound,
    HTTPStatus.LOCKED: Paused,
    HTTPStatus.TOO_MANY_REQUESTS: LimitReached,
    HTTPStatus.BAD_GATEWAY: Unavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: Unavailable,
    HTTPStatus.GATEWAY_TIMEOUT: Unavailable,
}


def api_error(problem: Problem, retry_after: float | None = None) -> ApiError:
    """Return the error of a problem document."""
    kind = _BY_CODE.get(problem.code) or _BY_STATUS.get(problem.status)
    if kind is None:
        broken = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        kind = ServerError if broken else InvalidRequest
    return kind(problem, retry_after)


class JobError(PromptmillError):
    """A job has no outputs.

    Attributes:
        job: The job.
        hint: What can be done about it.
    """

    def __init__(self, job: JobAnswer) -> None:
        super().__init__(job.error.message if job.error else job.status_text)
        self.job = job
        self.hint = job.error.hint if job.error else None
        self.reason_code = job.error.reason_code if job.error else None


class JobFailed(JobError):
    """It failed, expired or was terminated."""


class JobCancelled(JobError):
    """Somebody cancelled it."""


class JobUnclear(JobError):
    """Whether it was submitted is unclear, and so whether it was paid. It is never submitted again by itself."""


class PromptFailed(PromptmillError):
    """Grok wrote no prompt.

    Attributes:
        prompt_job: The prompt job.
    """

    def __init__(self, prompt_job: PromptJobAnswer) -> None:
        super().__init__(prompt_job.error.message if prompt_job.error else prompt_job.status_text)
        self.prompt_job = prompt_job
        self.reason_code = prompt_job.error.reason_code if prompt_job.error else None
