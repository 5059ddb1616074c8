"""What `promptmill load` found, in words and as JSON."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from promptmill.contracts.jobs import JobStatus
from promptmill.formats import duration, money

SHARES: Final = (0.5, 0.95, 0.99)


@dataclass
class LoadReport:
    """The course of one load.

    Attributes:
        planned: How many jobs were to be created.
        latencies: Seconds of each create, accepted or not.
        refusals: Creates that were not accepted, by code.
        jobs: The accepted jobs as seen last, by id.
        seconds: From the first create to the last end.
        cancelled: How many jobs were asked to be cancelled because the load was stopped before they had ended.
        interrupted: Whether a person stopped it.
    """

    planned: int
    latencies: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    jobs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0
    cancelled: int = 0
    interrupted: bool = False

    @property
    def open_jobs(self) -> list[str]:
        """The ids of jobs that have not ended as far as is known."""
        return [job_id for job_id, job in self.jobs.items() if not JobStatus(job["status"]).final]

    @property
    def passed(self) -> bool:
        """Whether every planned job was accepted and completed."""
        return self.ends == {JobStatus.COMPLETED: self.planned}

    @property
    def ends(self) -> Counter[str]:
        """How many jobs have each status."""
        return Counter(str(job["status"]) for job in self.jobs.values())

    @property
    def waits(self) -> list[float]:
        """Seconds from acceptance to WaveSpeed's acceptance, of each job that got there."""
        return [_between(job, "createdAt", "dispatchedAt") for job in self.jobs.values() if job.get("dispatchedAt")]

    @property
    def took(self) -> list[float]:
        """Seconds from acceptance to the end, of each completed job."""
        done = [job for job in self.jobs.values() if job["status"] == JobStatus.COMPLETED]
        return [_between(job, "createdAt", "completedAt") for job in done]

    @property
    def per_minute(self) -> float:
        """Completed jobs a minute, from the first acceptance to the last completion."""
        done = [job for job in self.jobs.values() if job["status"] == JobStatus.COMPLETED]
        if not done:
            return 0.0
        first = min(_time(job["createdAt"]) for job in self.jobs.values())
        last = max(_time(job["completedAt"]) for job in done)
        return 60 * len(done) / max((last - first).total_seconds(), 1e-3)

    @property
    def usd(self) -> float:
        """What is known to have been spent."""
        return sum((job.get("mediaCostUsd") or 0) + (job.get("promptCostUsd") or 0) for job in self.jobs.values())


def report_lines(report: LoadReport) -> Iterator[str]:
    """Describe a load."""
    yield f"{len(report.jobs):,} of {report.planned:,} jobs accepted in {duration(report.seconds)}"
    yield f"create: {_shown(report.latencies, milliseconds=True)}"
    yield f"ends: {', '.join(f'{count:,} {status}' for status, count in report.ends.most_common()) or 'none'}"
    yield f"wait for WaveSpeed: {_shown(report.waits)}"
    yield f"from acceptance to media: {_shown(report.took)}"
    yield f"{report.per_minute:,.1f} jobs a minute; {money(report.usd)} spent"
    if report.refusals:
        yield f"not accepted: {', '.join(f'{n:,} {code}' for code, n in report.refusals.most_common())}"
    reasons = Counter(job["error"]["reasonCode"] for job in report.jobs.values() if job.get("error"))
    if reasons:
        yield f"reasons: {', '.join(f'{count:,} {code}' for code, count in reasons.most_common())}"
    if report.cancelled:
        yield f"{report.cancelled:,} jobs that had not ended were cancelled; what WaveSpeed has accepted is billed."


def report_json(report: LoadReport) -> str:
    """Return a load as JSON. Times are in seconds."""
    return json.dumps(
        {
            "ok": report.passed,
            "planned": report.planned,
            "accepted": len(report.jobs),
            "refusals": report.refusals,
            "ends": report.ends,
            "createSeconds": _percentiles(report.latencies),
            "waitSeconds": _percentiles(report.waits),
            "totalSeconds": _percentiles(report.took),
            "jobsPerMinute": round(report.per_minute, 1),
            "usd": round(report.usd, 6),
            "seconds": round(report.seconds, 1),
            "cancelled": report.cancelled,
            "interrupted": report.interrupted,
        },
        indent=2,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return what this share of values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {f"p{share * 100:g}": round(percentile(values, share), 4) for share in SHARES} if values else {}


def _shown(values: Sequence[float], *, milliseconds: bool = False) -> str:
    if not values:
        return "-"
    return ", ".join(
        f"p{share * 100:g} {f'{found * 1000:,.0f} ms' if milliseconds else duration(found)}"
        for share in SHARES
        for found in (percentile(values, share),)
    )


def _between(job: Mapping[str, Any], first: str, last: str) -> float:
    return (_time(job[last]) - _time(job[first])).total_seconds()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
