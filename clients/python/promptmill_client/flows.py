"""What the clients do, step by step: generators yield what is to be sent or waited, and both clients drive them.

So each rule, above all which request may be repeated, is written once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

import httpx

from promptmill_client import calls
from promptmill_client.errors import (
    JobCancelled,
    JobFailed,
    JobUnclear,
    PromptFailed,
    Unavailable,
    Unreachable,
    WaitedOut,
)
from promptmill_client.messages import Call, Looked, problem_code, retry_after, settled
from promptmill_client.models import (
    BatchAnswer,
    BatchState,
    JobAnswer,
    JobStatus,
    PromptJobAnswer,
    PromptJobStatus,
    ProposalState,
)

LOOK_SECONDS: Final = 2.0
"""Between two looks at a job."""

OUTAGE_SECONDS: Final = 300.0
"""How long whoever waits for a job bears an API that does not answer."""

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 30.0
LONGEST_RETRY_AFTER_SECONDS: Final = 90.0
"""An answer that asks for more is not waited for: whoever called decides."""

_AGAIN: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_IN_PROGRESS: Final = "idempotency_in_progress"
_WRONG_KEY: Final = "too_many_wrong_tokens"

ENDED: Final = frozenset(
    {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.EXPIRED, JobStatus.TERMINATED}
)
BATCH_ENDED: Final = frozenset({BatchState.DONE, BatchState.DONE_WITH_FAILURES, BatchState.CANCELLED})
BATCH_STOPPED: Final = BATCH_ENDED | {BatchState.PAUSED}
PROMPT_ENDED: Final = frozenset({PromptJobStatus.COMPLETED, PromptJobStatus.FAILED, PromptJobStatus.CANCELLED})


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


Outcome: TypeAlias = httpx.Response | httpx.TransportError | None
"""What the driver hands back: an answer, why there is none, or nothing after a pause."""

Result = TypeVar("Result")
State = TypeVar("State", JobAnswer, PromptJobAnswer, BatchAnswer)
Flow: TypeAlias = Generator[Call[Any] | Pause, Outcome, Result]


def sending(call: Call[Result], retries: int) -> Flow[Result]:
    """Send a call, and again where that is safe and may help.

    Raises:
        ApiError, UnexpectedAnswer: The answer.
        Unreachable: There was none.
    """
    tried = 0
    while True:
        outcome = yield call
        wait = wait_before_repeating(call, outcome, tried) if tried < retries else None
        if wait is None:
            return _result(call, outcome)
        yield Pause(wait)
        tried += 1


def wait_before_repeating(call: Call[Any], outcome: Outcome, tried: int) -> float | None:
    """Return after how many seconds a call is sent again; None: not again."""
    if not call.repeatable:
        return None
    longest = min(FIRST_WAIT_SECONDS * 2.0**tried, LONGEST_WAIT_SECONDS)
    usual = longest * random.uniform(0.5, 1)  # noqa: S311  # spreads callers, hides nothing
    if not isinstance(outcome, httpx.Response):
        return usual
    code = problem_code(outcome)
    if code != _IN_PROGRESS and (outcome.status_code not in _AGAIN or code == _WRONG_KEY):
        return None
    asked = retry_after(outcome)
    if asked is None:
        return usual
    return max(asked, usual) if asked <= LONGEST_RETRY_AFTER_SECONDS else None


def _result(call: Call[Result], outcome: Outcome) -> Result:
    if isinstance(outcome, httpx.Response):
        return settled(call, outcome)
    raise Unreachable(f"{call.method} {call.path}: no answer ({type(outcome).__name__}: {outcome}).") from outcome


def waiting_for_job(job_id: UUID, within: float | None, retries: int) -> Flow[JobAnswer]:
    """Wait until a job has ended, or is unclear.

    Raises:
        WaitedOut: Not within so many seconds.
    """
    return _waiting(lambda tag: calls.look_at_job(job_id, tag), _stopped, f"Job {job_id}", within, retries)


def waiting_for_prompt(prompt_job_id: UUID, within: float | None, retries: int) -> Flow[PromptJobAnswer]:
    """Wait until a prompt job has ended. Raises as `waiting_for_job`."""
    name = f"Prompt job {prompt_job_id}"
    return _waiting(
        lambda tag: calls.look_at_prompt_job(prompt_job_id, tag),
        lambda found: found.status in PROMPT_ENDED,
        name,
        within,
        retries,
    )


def waiting_for_batch(batch_id: UUID, within: float | None, retries: int) -> Flow[BatchAnswer]:
    """Wait until a batch has ended, is paused, or asks for approval. Raises as `waiting_for_job`."""
    return _waiting(
        lambda tag: calls.look_at_batch(batch_id, tag),
        lambda found: found.state in BATCH_STOPPED or asks_for_approval(found),
        f"Batch {batch_id}",
        within,
        retries,
    )


def asks_for_approval(batch: BatchAnswer) -> bool:
    """Return whether Grok's answer is there, or failed, and a person decides now which prompts are made."""
    proposal = batch.proposal
    return batch.state == BatchState.AWAITING_APPROVAL and (proposal is None or proposal.state != ProposalState.WRITING)


def _stopped(job: JobAnswer) -> bool:
    return job.status in ENDED or job.status == JobStatus.SUBMIT_UNKNOWN


def _waiting(
    look: Callable[[str | None], Call[Looked[State]]],
    is_over: Callable[[State], bool],
    name: str,
    within: float | None,
    retries: int,
) -> Flow[State]:
    began = answered = time.monotonic()
    last: State | None = None
    tag: str | None = None
    while True:
        try:
            found = yield from sending(look(tag), retries)
            answered = time.monotonic()
            last, tag = found.answer or last, found.tag
        except (Unavailable, Unreachable):
            if time.monotonic() - answered > OUTAGE_SECONDS:
                raise
        if last is not None and is_over(last):
            return last
        left = None if within is None else began + within - time.monotonic()
        if left is not None and left <= 0:
            raise WaitedOut(f"{name} has not ended within {within:g} s; it goes on.", last)
        yield Pause(LOOK_SECONDS if left is None else min(LOOK_SECONDS, left))


def completed(job: JobAnswer) -> JobAnswer:
    """Return a job that has its outputs.

    Raises:
        JobFailed, JobCancelled, JobUnclear: It has none.
    """
    if job.status == JobStatus.COMPLETED:
        return job
    if job.status == JobStatus.SUBMIT_UNKNOWN:
        raise JobUnclear(job)
    raise JobCancelled(job) if job.status == JobStatus.CANCELLED else JobFailed(job)


def written(prompt_job: PromptJobAnswer) -> PromptJobAnswer:
    """Return a prompt job that has its prompt.

    Raises:
        PromptFailed: It has none.
    """
    if prompt_job.status == PromptJobStatus.COMPLETED:
        return prompt_job
    raise PromptFailed(prompt_job)
