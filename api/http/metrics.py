"""Prometheus metrics of this process and of the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import Gauge, Histogram

from promptmill.telemetry import Metrics, create_metrics

_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_JOBS: Final = "jobs"
_PROMPT_JOBS: Final = "prompt_generation_jobs"


@dataclass(frozen=True)
class RequestMetrics:
    """Counts and times requests by route and status, and exposes the record's counters."""

    metrics: Metrics
    seconds: Histogram
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

    def render(self, counts: Mapping[str, Mapping[str, int]], submission_rate: float | None) -> tuple[bytes, str]:
        """Return Prometheus's text and its content type; `counts` are the record's, by table and status.

        `submission_rate` is the share of the full rate; null while nobody knows it.
        """
        self.submission_rate.clear()
        if submission_rate is not None:
            self.submission_rate.labels("wavespeed").set(submission_rate)
        for table, gauge in ((_JOBS, self.recorded_jobs), (_PROMPT_JOBS, self.recorded_prompt_jobs)):
            gauge.clear()
            for status, number in counts.get(table, {}).items():
                gauge.labels(status).set(number)
        return self.metrics.render()
