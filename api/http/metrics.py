"""Prometheus metrics of this process and of the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import Final

from prometheus_client import Gauge, Histogram

from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.telemetry import Metrics, create_metrics

_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_JOBS: Final = "jobs"
_PROMPT_JOBS: Final = "prompt_generation_jobs"


@dataclass(frozen=True)
class RequestMetrics:
    """Counts and times requests by route and status, and exposes the record's counters."""

    metrics: Metrics
    seconds: Histogram
    postgres_up: Gauge
    recorded_jobs: Gauge
    recorded_prompt_jobs: Gauge
    submission_rate: Gauge

    @classmethod
    def create(cls) -> RequestMetrics:
        """Create the metrics of one application, in their own registry."""
        metrics = create_metrics()
        return cls(
            metrics,
            metrics.durations(
                "promptmill_http_request_seconds",
                "Time from a request's arrival to the end of its response, by route.",
                ("method", "route", "status"),
            ),
            metrics.gauge("promptmill_postgres_up", "1 if the record could be read for this answer, else 0."),
            metrics.gauge("promptmill_recorded_jobs", "Jobs in the record, by status.", ("status",)),
            metrics.gauge("promptmill_recorded_prompt_jobs", "Prompt jobs in the record, by status.", ("status",)),
            metrics.gauge(
                "promptmill_submission_rate_ratio",
                "Rate of paid submissions: 1 at full speed, less after a 429.",
                ("provider",),
            ),
        )

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        # Callers can invent methods; the number of labels must stay bounded.
        known = method if method in _METHODS else "OTHER"
        self.seconds.labels(known, route, str(status)).observe(seconds)

    def render(
        self, counts: Mapping[str, Mapping[str, int]] | None, submission_rate: float | None
    ) -> tuple[bytes, str]:
        """Return Prometheus's text and its content type.

        Args:
            counts: The record's, by table and status. None while Postgres is unavailable: then the record's gauges are
                NaN, since a gauge that is missing looks like none in that status.
            submission_rate: Share of the full rate of paid submissions; None while Postgres is unavailable.
        """
        self.submission_rate.labels("wavespeed").set(nan if submission_rate is None else submission_rate)
        self.postgres_up.set(counts is not None)
        for table, statuses, gauge in (
            (_JOBS, JobStatus, self.recorded_jobs),
            (_PROMPT_JOBS, PromptJobStatus, self.recorded_prompt_jobs),
        ):
            found = dict.fromkeys(statuses, nan) if counts is None else counts.get(table, {})
            gauge.clear()
            for status, number in found.items():
                gauge.labels(status).set(number)
        return self.metrics.render()
