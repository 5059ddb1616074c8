"""The objectives of an installation, and the rules by which what was measured passes or fails. Pure: no I/O.

`docs/objectives.md` says the same in words, with the checklist's numbers of lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from promptmill.contracts.consistency import Check
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.messages import Message
from promptmill.contracts.reasons import ReasonCode

ENOUGH: Final = 20
"""Fewer observations than this prove nothing."""

ENOUGH_MINUTES: Final = 5
"""Minutes in which work waited that show how much an installation can do."""

ENOUGH_UPTIME_SECONDS: Final = 3600

MOST_WAIT_SECONDS: Final = 120
MOST_API_SECONDS: Final = 0.5
JOBS_A_MINUTE: Final = 10
MOST_ERRORS: Final = 0.05
LEAST_SATISFIED: Final = 0.9
LEAST_UPTIME: Final = 0.999
LEAST_COMPLETED: Final = 0.95
LEAST_RETRIED: Final = 0.8

CALLERS_OWN: Final = frozenset(
    {
        ReasonCode.GROK_REFUSED,
        ReasonCode.GROK_BAD_PICTURE,
        ReasonCode.GROK_TOO_LONG,
        ReasonCode.WAVESPEED_UNKNOWN_MODEL,
        ReasonCode.WAVESPEED_BAD_INPUT,
        ReasonCode.PRICE_ABOVE_MAX,
        ReasonCode.GENERATION_MODERATED,
        ReasonCode.GENERATION_BAD_INPUT,
        ReasonCode.GENERATION_INPUT_UNREACHABLE,
    }
)
"""Reasons that lie in what the caller asked for. Every other end without media is an error, ours or a provider's."""


class Verdict(StrEnum):
    """What was measured, compared with the target."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNKNOWN = "not enough data"


class Objective(Message):
    """One line: `line` is the checklist's number, `rests_on` how much the measure rests on."""

    line: str
    name: str
    target: str
    measured: str
    rests_on: str
    verdict: Verdict


class Throughput(Message):
    """Completed jobs in the best minute, in the best of those in which work waited, and the number of those."""

    best: int
    best_waiting: int
    waiting_minutes: int


class Ended(Message):
    """Jobs that ended with a status and reason, and how long they waited for WaveSpeed in all."""

    status: str
    reason_code: str | None
    jobs: int
    waited_seconds: float


class Share(Message):
    """How many of how many."""

    good: int
    all: int


class Uptime(Message):
    """Since when it was measured, for how long, and how much of that it was up."""

    since: datetime
    seconds: float
    up_seconds: float


class ApiTimes(NamedTuple):
    """A histogram: for each bound in seconds how many requests took no longer; and how many requests there were."""

    within: Sequence[tuple[float, float]]
    requests: float


class Measures(NamedTuple):
    """Everything that is judged.

    Attributes:
        waiting: Open jobs that wait for WaveSpeed, and how long in all, as if they had ended now.
        api: None with `api_problem`, which says why it could not be read.
        backups_restored: How often an older backup of the record was found in use.
    """

    throughput: Throughput
    ended: Sequence[Ended]
    waiting: Ended
    api: ApiTimes | None
    api_problem: str
    ratings: Share
    uptime: Uptime | None
    retries: Share
    checks: Sequence[Check]
    backups_restored: int


def judge(measures: Measures) -> list[Objective]:
    """Compare everything with its target, in the checklist's order."""
    ended = [group for group in measures.ended if group.status != JobStatus.CANCELLED]
    jobs = sum(group.jobs for group in ended)
    completed = sum(group.jobs for group in ended if group.status == JobStatus.COMPLETED)
    errors = sum(group.jobs for group in ended if is_error(group))
    return [
        _capacity(measures.throughput),
        _wait([*ended, measures.waiting]),
        _share(
            "18.3",
            "errors",
            "under 5 %",
            Share(good=errors, all=jobs),
            "ended jobs",
            passes=errors < MOST_ERRORS * jobs,
        ),
        _api(measures.api, measures.api_problem),
        _more("18.5", "satisfaction", LEAST_SATISFIED, measures.ratings, "ratings"),
        _uptime(measures.uptime),
        _more("19.2", "completion", LEAST_COMPLETED, Share(good=completed, all=jobs), "ended jobs"),
        _more("19.3", "retries that succeed", LEAST_RETRIED, measures.retries, "retries"),
        _consistency(measures.checks),
        _loss(measures.checks, measures.backups_restored),
    ]


def is_error(group: Ended) -> bool:
    """Return whether jobs that ended so are errors: without media, and not for what their caller asked."""
    return group.status not in {JobStatus.COMPLETED, JobStatus.CANCELLED} and group.reason_code not in CALLERS_OWN


def _capacity(found: Throughput) -> Objective:
    shown = found.best
    if found.best > JOBS_A_MINUTE:
        verdict = Verdict.PASS
    elif found.waiting_minutes >= ENOUGH_MINUTES:
        verdict, shown = Verdict.FAIL, found.best_waiting
    else:
        verdict = Verdict.UNKNOWN
    return Objective(
        line="18.1",
        name="jobs a minute",
        target=f"more than {JOBS_A_MINUTE}",
        measured=f"{shown} in the best minute",
        rests_on=f"{found.waiting_minutes:,} minutes in which work waited",
        verdict=verdict,
    )


def _wait(groups: Iterable[Ended]) -> Objective:
    groups = [*groups]
    jobs, seconds = sum(group.jobs for group in groups), sum(group.waited_seconds for group in groups)
    mean = seconds / jobs if jobs else 0.0
    return Objective(
        line="18.2",
        name="average wait",
        target="under 2 min",
        measured=f"{mean:,.1f} s" if jobs else "-",
        rests_on=f"{jobs:,} jobs",
        verdict=_verdict(mean < MOST_WAIT_SECONDS, enough=jobs >= ENOUGH),
    )


def _api(found: ApiTimes | None, problem: str) -> Objective:
    """Judge the 95th percentile by the nearest bounds: it is under the target if 95 % of all requests are."""
    measured, verdict, rests_on = "-", Verdict.UNKNOWN, problem
    if found is not None:
        rests_on = f"{found.requests:,.0f} requests since the API was started"
        below = [bound for bound, count in found.within if count >= 0.95 * found.requests]
        above = [bound for bound, count in found.within if count < 0.95 * found.requests]
        low, high = max(above, default=0.0), min(below, default=float("inf"))
        if found.requests >= ENOUGH:
            measured = f"p95 {_between(low, high)}"
            if high <= MOST_API_SECONDS:
                verdict = Verdict.PASS
            elif low >= MOST_API_SECONDS:
                verdict = Verdict.FAIL
            else:
                rests_on += "; no bound of the histogram decides it"
    return Objective(
        line="18.4",
        name="API answers",
        target="p95 under 500 ms",
        measured=measured,
        rests_on=rests_on,
        verdict=verdict,
    )


def _between(low: float, high: float) -> str:
    if high == float("inf"):
        return f"over {low * 1000:g} ms"
    return f"{low * 1000:g} to {high * 1000:g} ms" if low else f"up to {high * 1000:g} ms"


def _uptime(found: Uptime | None) -> Objective:
    share = found.up_seconds / found.seconds if found and found.seconds else 0.0
    days = found.seconds / 86400 if found else 0.0
    return Objective(
        line="19.1",
        name="uptime",
        target="more than 99.9 %",
        measured=f"{100 * share:.3f} %" if found else "-",
        rests_on=f"{days:,.1f} days, seen by the API",
        verdict=_verdict(share > LEAST_UPTIME, enough=found is not None and found.seconds >= ENOUGH_UPTIME_SECONDS),
    )


def _consistency(checks: Sequence[Check]) -> Objective:
    wrong = [check.name for check in checks if check.findings]
    return Objective(
        line="19.4",
        name="consistency",
        target="no findings",
        measured=f"findings: {', '.join(wrong)} (`promptmill audit-record`)" if wrong else "no findings",
        rests_on=f"{sum(check.compared for check in checks):,} comparisons",
        verdict=_verdict(not wrong, enough=True),
    )


def _loss(checks: Sequence[Check], restored: int) -> Objective:
    """Rows without their parents, and workflows without a row, were lost; so was whatever an older backup lacks."""
    lost = sum(check.lost for check in checks)
    return Objective(
        line="19.5",
        name="data loss",
        target="none",
        measured=f"{lost} rows, {restored} older backups restored" if lost or restored else "none",
        rests_on="orphans, workflows without a row, and the audit log",
        verdict=_verdict(not lost and not restored, enough=True),
    )


def _more(line: str, name: str, than: float, share: Share, what: str) -> Objective:
    return _share(line, name, f"more than {100 * than:.0f} %", share, what, passes=share.good > than * share.all)


def _share(line: str, name: str, target: str, share: Share, what: str, *, passes: bool) -> Objective:
    return Objective(
        line=line,
        name=name,
        target=target,
        measured=f"{100 * share.good / share.all:.1f} %" if share.all else "-",
        rests_on=f"{share.all:,} {what}",
        verdict=_verdict(passes, enough=share.all >= ENOUGH),
    )


def _verdict(passes: bool, *, enough: bool) -> Verdict:  # noqa: FBT001  # the fact itself
    if not enough:
        return Verdict.UNKNOWN
    return Verdict.PASS if passes else Verdict.FAIL
