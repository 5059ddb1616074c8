"""The audit: checks every promise against what a run left behind. Pure: no I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from promptmill.contracts.consistency import Check
from promptmill.contracts.jobs import FINAL_STATUSES
from promptmill.contracts.reconciliation import RunState
from promptmill.store import consistency
from tests.chaos.evidence import Event, Evidence, JobEvidence

RECOVERS_WITHIN_SECONDS = 15.0

CHARGED_TWICE = "predictions charged per decision to submit: at most 1"
CHARGED_UNKNOWN = "charged predictions that no job knows: 0"
NOT_FINAL = "jobs not in a final state, or in submit_unknown without an event that says why: 0"
DISAGREE = "rows and workflows that disagree: 0"
GONE = "accepted jobs that are gone: 0"
SLOW = "from the end of a blow until some job moves again: under 15 s"
DOUBLED = "jobs made from one Idempotency-Key: exactly 1"
STOLEN = "predictions that the wrong job owns: 0"
TWO_OPEN = "jobs with two submissions that may be paid: 0"
OVERSPENT = "moments at which more was reserved and spent than the budget allowed: 0"
MISCOUNTED = "moments at which what is reserved and spent differed from the submissions: 0"
WRONG_COST = "submissions whose cost in the record is not WaveSpeed's charge less its refund: 0"
STILL_RESERVED = "ended jobs for which something is still reserved: 0"
LOST_ROW = "rows of a batch without a job, or whose batch does not end: 0"
ROW_TWICE = "rows of a batch with more than one job: 0"
BATCH_OVERSPENT = "moments at which a batch exceeded its budget, or its account differed from its jobs: 0"
READABLE = "words of prompts that can be read at Temporal although payloads are encrypted: 0"
INCONSISTENT = "other findings of `promptmill audit-record`: 0"

RULES = (
    CHARGED_TWICE,
    CHARGED_UNKNOWN,
    NOT_FINAL,
    DISAGREE,
    GONE,
    SLOW,
    DOUBLED,
    STOLEN,
    TWO_OPEN,
    OVERSPENT,
    MISCOUNTED,
    WRONG_COST,
    STILL_RESERVED,
    LOST_ROW,
    ROW_TWICE,
    BATCH_OVERSPENT,
    READABLE,
    INCONSISTENT,
)

AUDITED = {
    consistency.ACCOUNT.name: MISCOUNTED,
    consistency.BATCHES.name: BATCH_OVERSPENT,
    consistency.ONE_OPEN.name: TWO_OPEN,
    consistency.RESERVED.name: STILL_RESERVED,
}
"""The promise that a finding of the record's audit breaks, where it has a name here."""

AGREEING = {
    "completed": {RunState.COMPLETED},
    "failed": {RunState.FAILED, RunState.COMPLETED},
    "expired": {RunState.FAILED},
    "cancelled": {RunState.CANCELED, RunState.COMPLETED},
    "terminated": {RunState.TERMINATED, RunState.TIMED_OUT},
}
"""How the workflow of a row with this status must have ended. `submit_unknown` and missing workflows are special."""


@dataclass(frozen=True)
class Violation:
    """One broken promise."""

    rule: str
    what: str
    job_id: str | None = None


def judge(evidence: Evidence) -> list[Violation]:
    """Return every broken promise."""
    return [
        *_charged_twice(evidence),
        *_charged_unknown(evidence),
        *_stolen(evidence),
        *_gone(evidence),
        *_doubled(evidence),
        *_wrong_cost(evidence),
        *(Violation(READABLE, f"{words!r}") for words in sorted(evidence.readable)),
        *(violation for job in evidence.jobs.values() for violation in _job(evidence, job)),
    ]


def judge_recovery(moved_after: Sequence[tuple[str, float | None]]) -> list[Violation]:
    """Return the blows after which no job progressed for too long."""
    return [
        Violation(SLOW, f"{kind}: {seconds:.1f} s")
        for kind, seconds in moved_after
        if seconds is not None and seconds >= RECOVERS_WITHIN_SECONDS
    ]


def judge_audit(checks: Iterable[Check]) -> list[Violation]:
    """Return what the record's audit has found."""
    return [
        Violation(AUDITED.get(check.name, INCONSISTENT), f"{check.name}: {finding}", _job_named(finding))
        for check in checks
        for finding in check.shown
    ]


def _job_named(finding: str) -> str | None:
    found = re.match(r"[0-9a-f-]{36}(?=:)", finding)
    return found and found[0]


def decisions(job: JobEvidence) -> int:
    """Return how often it was decided to submit: once for the job itself, and once for each `resubmit` of a person."""
    return 1 + [event.detail.get("decision") for event in job.events].count("resubmit")


def _charged_twice(evidence: Evidence) -> Iterator[Violation]:
    made = Counter(charge.job_id for charge in evidence.charges if charge.job_id)
    for job_id, count in made.items():
        job = evidence.jobs.get(job_id)
        allowed = 1 if job is None else decisions(job)
        if count > allowed:
            ids = ", ".join(charge.prediction_id for charge in evidence.charges if charge.job_id == job_id)
            yield Violation(CHARGED_TWICE, f"{count} charged ({ids}), {allowed} decided", job_id)


def _charged_unknown(evidence: Evidence) -> Iterator[Violation]:
    known: set[str | None] = set()
    for job in evidence.jobs.values():
        known.add(job.prediction_id)
        for submission in job.submissions:
            known |= {submission.prediction_id, *submission.candidates}
    for charge in evidence.charges:
        if charge.prediction_id not in known:
            yield Violation(CHARGED_UNKNOWN, f"prediction {charge.prediction_id}", charge.job_id)


def _stolen(evidence: Evidence) -> Iterator[Violation]:
    """Find predictions assigned to a job other than the one whose POST created them, except by a person's mistake."""
    made_for = {charge.prediction_id: charge.job_id for charge in evidence.charges}
    for job in evidence.jobs.values():
        for submission in job.submissions:
            maker = made_for.get(submission.prediction_id or "")
            if (
                submission.state == "accepted"
                and maker not in {None, job.job_id}
                and submission.resolved_by != "person"
            ):
                yield Violation(STOLEN, f"{submission.prediction_id} was made for job {maker}", job.job_id)


def _gone(evidence: Evidence) -> Iterator[Violation]:
    for job_id in evidence.accepted:
        if job_id not in evidence.jobs:
            yield Violation(GONE, "it was answered with 202, and there is no row", job_id)


def _doubled(evidence: Evidence) -> Iterator[Violation]:
    made = Counter(job.tag for job in evidence.jobs.values() if job.tag and not job.retry_of)
    for tag, count in made.items():
        if count > 1:
            yield Violation(DOUBLED, f"{count} jobs for the caller's number {tag}")


def _wrong_cost(evidence: Evidence) -> Iterator[Violation]:
    """Find submissions of ended jobs that count for another amount than WaveSpeed's ledger has in the end."""
    charged = {charge.prediction_id: charge.usd for charge in evidence.charges}
    for job in evidence.jobs.values():
        for submission in job.submissions if job.status in FINAL_STATUSES else ():
            usd = charged.get(submission.prediction_id or "")
            if usd is not None and submission.usd != usd:
                what = f"{submission.prediction_id} counts for {submission.usd}, and cost {usd}"
                yield Violation(WRONG_COST, what, job.job_id)


def _job(evidence: Evidence, job: JobEvidence) -> Iterator[Violation]:
    if job.status == "submit_unknown":
        if not says_why(job.events):
            yield Violation(NOT_FINAL, "in submit_unknown, and no event says why", job.job_id)
    elif job.status not in FINAL_STATUSES:
        yield Violation(NOT_FINAL, f"still {job.status}", job.job_id)
    elif job.prompt_job_status in {"queued", "processing"}:
        yield Violation(NOT_FINAL, f"its prompt job is still {job.prompt_job_status}", job.job_id)
    problem = disagreement(job, terminated=job.job_id in evidence.terminated)
    if problem:
        yield Violation(DISAGREE, problem, job.job_id)


def says_why(events: Sequence[Event]) -> bool:
    """Return whether the newest event by which a job became unclear names a reason."""
    unclear = [event for event in events if event.status == "submit_unknown"]
    return any(event.reason_code for event in unclear)


def disagreement(job: JobEvidence, *, terminated: bool) -> str | None:
    """Return how the row and its workflow disagree, or None.

    A workflow that was terminated after its row had ended leaves the row as it is. A job that was cancelled before
    its workflow was started never gets one.
    """
    words = f"the row is {job.status}, its workflow {job.run}"
    if job.status not in FINAL_STATUSES:
        return None if job.run is RunState.RUNNING else words
    if (terminated and job.run is RunState.TERMINATED) or (job.status == "cancelled" and job.run is RunState.MISSING):
        return None
    if job.run not in AGREEING[job.status]:
        return words
    if job.left is not None and job.left != job.status:
        return f"the row is {job.status}, its workflow left {job.left}"
    return None
