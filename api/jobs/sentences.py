"""Describes the state of a job in one plain sentence."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from api.schemas.parts import ErrorAnswer, Wait, WaitFor
from promptmill.contracts.jobs import Billed, JobStatus
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.contracts.reasons import REASONS, Reason, ReasonCode
from promptmill.formats import duration, money

NOTHING_PAID: Final = "Nothing has been charged."
NOT_STARTED: Final = "Accepted; starts as soon as Temporal is available."

_STATUS: Final[dict[str, str]] = {
    JobStatus.QUEUED: "Accepted.",
    JobStatus.PROMPTING: "The prompt is being written.",
    JobStatus.DISPATCHING: "Being submitted to WaveSpeed.",
    JobStatus.SUBMIT_UNKNOWN: "It is unclear whether WaveSpeed accepted it; it is not resubmitted automatically.",
    JobStatus.GENERATING: "Generating at WaveSpeed.",
    JobStatus.CANCELLING: "Being cancelled.",
    JobStatus.COMPLETED: "Completed.",
    JobStatus.FAILED: "Failed.",
    JobStatus.CANCELLED: "Cancelled.",
    JobStatus.EXPIRED: "The job's deadline passed.",
    JobStatus.TERMINATED: "The workflow was terminated.",
}
_PROMPT_STATUS: Final[dict[str, str]] = {
    PromptJobStatus.QUEUED: "Waiting for Grok.",
    PromptJobStatus.PROCESSING: "Grok is writing.",
    PromptJobStatus.COMPLETED: "Completed.",
    PromptJobStatus.FAILED: "Failed.",
    PromptJobStatus.CANCELLED: "Cancelled.",
}
_EXPLAINED: Final = frozenset({JobStatus.FAILED, JobStatus.TERMINATED})
"""Statuses whose reason is worth adding."""

_BY_OTHERS: Final = frozenset({ReasonCode.WORKFLOW_CANCELLED})
"""Reasons that are news to a caller whatever the status."""

_REASONS: Final[dict[str, Reason]] = {str(code): reason for code, reason in REASONS.items()}
"""By the text in a row, which may also be of a newer release."""

_QUEUES: Final = {
    WaitFor.GROK_QUEUE: "Waiting for Grok",
    WaitFor.WAVESPEED_QUEUE: "Waiting to be submitted to WaveSpeed",
}

_CUT_SHORT: Final = frozenset({JobStatus.CANCELLED, JobStatus.EXPIRED, JobStatus.TERMINATED})
"""Ends imposed from outside, whatever was paid by then."""


def job_text(status: str, wait: Wait, reason_code: str | None, *, started: bool, more: str | None = None) -> str:
    """Return the state of a job.

    Args:
        status: Its status.
        wait: What it waits for.
        reason_code: The reason for its status.
        started: Whether its workflow is known to be started.
        more: A further sentence: `end_text`, `late_text`.
    """
    if status == JobStatus.QUEUED and not started:
        return NOT_STARTED
    text = _waiting(wait) or with_reason(status_text(status), _news(status, reason_code))
    return text if more is None else f"{text} {more}"


def paid_text(billed: Billed, media_usd: Decimal | None, prompt_usd: Decimal | None) -> str:
    """Return what has been paid for a job so far."""
    paid = [f"WaveSpeed {_price(media_usd)}"] if billed is Billed.YES else []
    paid += [f"Grok {money(prompt_usd)}"] if prompt_usd else []
    told = [f"Charged so far: {', '.join(paid)}."] if paid else []
    if billed is Billed.UNKNOWN:
        told.append("It is not yet known whether WaveSpeed will charge for this job.")
    if billed is Billed.REFUNDED:
        told.append("WaveSpeed has refunded it.")
    return " ".join(told) or NOTHING_PAID


def end_text(status: str, paid: str) -> str | None:
    """Return what was paid (`paid_text`) if worth mentioning: for a job that is, or was, cut short; else None."""
    if status in _CUT_SHORT:
        return paid
    return paid if status == JobStatus.CANCELLING and paid != NOTHING_PAID else None


def erased_text(*, done: bool, problem: str | None) -> str:
    """Return how far a job is erased, and why it waits if it does."""
    if done:
        return "Erased: its words, addresses and outputs are gone."
    waits = f" It waits: {problem}" if problem else ""
    return f"Erased here; what Temporal and WaveSpeed hold of it is being deleted.{waits}"


def price_text(usd: Decimal | None, *, floor: bool, missing: Sequence[str], reason: str | None) -> str:
    """Return the price of a run.

    Args:
        usd: WaveSpeed's price; None if unknown.
        floor: Whether the run may cost more.
        missing: The missing inputs that may raise it.
        reason: Why there is no price, or why it may be a floor although nothing is missing.
    """
    if usd is None:
        return f"Price unknown. {reason or ''}".strip()
    if not floor:
        return f"About {money(usd)} at WaveSpeed."
    names = ", ".join(f"“{name}”" for name in missing)
    why = f"{names} {'is' if len(missing) == 1 else 'are'} not set." if missing else reason or ""
    return f"At least {money(usd)} at WaveSpeed. {why}".strip()


def late_text(left_seconds: float) -> str:
    """Return the warning for a job whose wait may exceed its deadline."""
    return f"The deadline may pass first: {_roughly(left_seconds)} left."


def unclear_text(candidates: Sequence[str], *, open_: bool, absent: bool) -> str:
    """Return the state of a job in `submit_unknown`.

    Args:
        candidates: The predictions in WaveSpeed's history that may match.
        open_: Whether it is still unclear; if not, the job is about to be resubmitted.
        absent: Whether the history was read without a candidate.
    """
    if not open_:
        return "The earlier submission is resolved; the job will be resubmitted."
    if len(candidates) > 1:
        known = f"{len(candidates)} predictions in WaveSpeed's history may match: a person must decide."
    elif candidates:
        known = "One prediction in WaveSpeed's history may match."
    else:
        known = f"WaveSpeed's history {'does not show it so far' if absent else 'is being searched'}."
    return f"{status_text(JobStatus.SUBMIT_UNKNOWN)} {known}"


def prompt_job_text(
    status: str, wait: Wait, reason_code: str | None, *, started: bool, cancelling: bool, more: str | None = None
) -> str:
    """Return the state of a prompt job.

    Args:
        status: Its status, which does not change while it is being cancelled.
        wait: What it waits for.
        reason_code: The reason for its status.
        started: Whether its workflow is known to be started.
        cancelling: Whether a cancel was requested and it has not ended yet.
        more: A further sentence: `late_text`.
    """
    if cancelling:
        return _STATUS[JobStatus.CANCELLING]
    if status == PromptJobStatus.QUEUED and not started:
        return NOT_STARTED
    text = _waiting(wait) or with_reason(_PROMPT_STATUS.get(status, status), _news(status, reason_code))
    return text if more is None else f"{text} {more}"


def error_answer(reason_code: str | None, error: str | None) -> ErrorAnswer | None:
    """Return why something failed: the recorded message, or else the reason's, and the hint."""
    if reason_code is None and error is None:
        return None
    reason = _reason(reason_code)
    message = error or (reason.message if reason else "No reason was recorded.")
    return ErrorAnswer(reason_code=reason_code, message=message, hint=reason.hint if reason else None)


def status_text(status: str) -> str:
    """Return a job's status as a sentence; one of a newer version unchanged."""
    return _STATUS.get(status, status)


def with_reason(text: str, reason_code: str | None) -> str:
    """Return a sentence with its reason, if there is one and it adds something."""
    reason = _reason(reason_code)
    return text if reason is None or reason.message == text else f"{text} {reason.message}"


def _news(status: str, reason_code: str | None) -> str | None:
    """Return the reason if the status alone does not tell what a caller wants to know."""
    return reason_code if status in _EXPLAINED or reason_code in _BY_OTHERS else None


def _reason(reason_code: str | None) -> Reason | None:
    return _REASONS.get(reason_code or "")


def _waiting(wait: Wait) -> str | None:
    """Return a wait's sentence if it says more than the status."""
    if wait.for_ in _QUEUES:
        return f"{_QUEUES[wait.for_]}{_place(wait)}.{_stopped(wait)}"
    if wait.for_ in (WaitFor.BUDGET, WaitFor.RESUMPTION, WaitFor.OWN_RESUMPTION):
        return f"Waiting: {wait.stopped_reason}."
    if wait.for_ is WaitFor.GROK:
        return f"Grok is writing the prompt{_about(wait)}."
    if wait.for_ is WaitFor.WAVESPEED and (wait.estimate_seconds or wait.longer_than_usual):
        return f"Generating at WaveSpeed{_about(wait)}."
    if wait.for_ is WaitFor.RETRY:
        when = f" in {_roughly(wait.estimate_seconds)}" if wait.estimate_seconds else ""
        return f"A provider is temporarily failing; retrying{when}.{_stopped(wait)}"
    return None


def _stopped(wait: Wait) -> str:
    if not wait.stopped:
        return ""
    reason = (wait.stopped_reason or "").strip().rstrip(".")
    return f" This queue is stopped{': ' + reason if reason else ' by an operator'}."


def _price(usd: Decimal | None) -> str:
    return "(price unknown)" if usd is None else money(usd)


def _place(wait: Wait) -> str:
    if wait.position is None:
        return ""
    of = f" of {wait.of}{' or more' if wait.capped else ''}" if wait.of else ""
    return f": {ordinal(wait.position)}{of}{_about(wait)}"


def _about(wait: Wait) -> str:
    """Return how long it will take, if known; a range if uncertain."""
    if wait.longer_than_usual:
        return "; taking longer than usual"
    if wait.estimate_seconds is None:
        return ""
    low, high = wait.estimate_low_seconds, wait.estimate_high_seconds
    if low is None or high is None or _roughly(low) == _roughly(high):
        return f", about {_roughly(wait.estimate_seconds)}"
    return f", about {_roughly(low)} to {_roughly(high)}"


def _roughly(seconds: float) -> str:
    """Return an estimated duration: tenths of a second would suggest too much precision, and 0 s is never right."""
    return duration(max(1, round(seconds)))


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, … 11th."""
    teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
