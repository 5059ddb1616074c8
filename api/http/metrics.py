"""Prometheus's metrics of the API: what its processes count, and what is known of the installation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from promptmill.metrics import PROCESS

_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Bounds of the histogram; what is promised about requests is promised at 0.5."""


@dataclass(frozen=True)
class RequestMetrics:
    """Counts and times requests by route and status.

    Attributes:
        seconds: Requests of this process.
        in_flight: Those that it is answering; live streams, which last, are `streams`.
        measured: What is shown besides the installation: requests of all processes of this API, and the processes.
    """

    seconds: Histogram
    in_flight: Gauge
    streams: Gauge
    measured: tuple[Collector, ...]

    @classmethod
    def create(cls, pids: Sequence[int] = ()) -> RequestMetrics:
        """Create the metrics of one application.

        Args:
            pids: Ids of all processes that serve this API, if there are several. One of them answers for all: their
                requests are added up through the folder that Prometheus's client was told of.
        """
        seconds = Histogram(
            "promptmill_http_request_seconds",
            "Time from a request's arrival to the end of its response, of a live stream to its beginning, by route.",
            ("method", "route", "status"),
            registry=None,
            buckets=REQUEST_SECONDS,
        )
        in_flight, streams = (
            Gauge(name, text, registry=None, multiprocess_mode="livesum")
            for name, text in (
                (
                    "promptmill_http_requests_in_flight",
                    "Requests that are being answered, open live streams among them.",
                ),
                ("promptmill_http_streams", "Live streams that are open."),
            )
        )
        platform = PlatformCollector(registry=None)
        if not pids:
            own = (seconds, in_flight, streams, PROCESS, ProcessCollector(registry=None), platform)
            return cls(seconds, in_flight, streams, own)
        everyones = MultiProcessCollector(None)  # type: ignore[no-untyped-call]
        return cls(seconds, in_flight, streams, (everyones, _Processes(pids), platform))

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        # Callers can invent methods; the number of labels must stay bounded.
        known = method if method in _METHODS else "OTHER"
        self.seconds.labels(known, route, str(status)).observe(seconds)

    def render(self, installation: Collector) -> tuple[bytes, str]:
        """Return Prometheus's text, with what is known of the installation, and its content type."""
        answer = CollectorRegistry()
        for collector in (*self.measured, installation):
            answer.register(collector)
        return generate_latest(answer), CONTENT_TYPE_LATEST


@dataclass(frozen=True, eq=False)  # a registry knows its collectors by identity
class _Processes(Collector):
    """CPU, memory and files of several processes, each labelled with its place."""

    pids: Sequence[int]

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for place, pid in enumerate(self.pids, 1):
            for found in ProcessCollector(pid=partial(int, pid), registry=None).collect():
                family = families.setdefault(found.name, Metric(found.name, found.documentation, found.type))
                for sample in found.samples:
                    family.add_sample(sample.name, {"process": str(place)}, sample.value)
        return families.values()
