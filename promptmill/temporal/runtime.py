"""Temporal's native core, configured so that its messages go to our log, and its metrics to Prometheus."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from temporalio.runtime import LogForwardingConfig, LoggingConfig, PrometheusConfig, Runtime, TelemetryConfig

from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError

_LOGGER: Final = "temporalio.core"
_HEARTBEAT: Final = timedelta(seconds=60)

_WAITS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Bounds, in seconds, of how long a task waits for a worker: the first sign that there are too few."""

_BUCKETS: Final = {
    "workflow_task_schedule_to_start_latency": _WAITS,
    "activity_schedule_to_start_latency": _WAITS,
}


def core_telemetry(metrics: PrometheusConfig | None = None) -> TelemetryConfig:
    """Return the core's telemetry; by default it would write to standard output, in its own format."""
    forwarding = LogForwardingConfig(
        logging.getLogger(_LOGGER),
        append_target_to_name=False,
        prepend_target_on_message=False,
        append_log_fields_to_message=False,  # the log has them as fields
    )
    return TelemetryConfig(
        logging=LoggingConfig(filter=LoggingConfig.default.filter, forwarding=forwarding), metrics=metrics
    )


def open_runtime(host: str, port: int, variable: str) -> Runtime:
    """Return a runtime, one per process, that serves Temporal's own metrics; with port 0, none.

    Args:
        host: The address to serve them at.
        port: The port.
        variable: The setting that the port comes from, for the error message.

    Raises:
        ConfigurationError: The port is taken.
    """
    metrics = None
    if port:
        metrics = PrometheusConfig(
            bind_address=f"{host}:{port}",
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
            histogram_bucket_overrides=_BUCKETS,
        )
    try:
        return Runtime(telemetry=core_telemetry(metrics), worker_heartbeat_interval=_HEARTBEAT)
    except (RuntimeError, ValueError) as error:
        raise ConfigurationError(
            f"Temporal's metrics cannot be served at {host}:{port} ({error}): set {variable} to another port, or to 0 "
            "to disable them."
        ) from error


def open_api_runtime(settings: Settings, place: int = 0) -> None:
    """Make an API's runtime that of all clients without one; once per process, before its first client.

    Args:
        settings: The API's.
        place: Which of several processes of this API this is.

    Raises:
        ConfigurationError: The port of its metrics is taken.
    """
    first = settings.api_temporal_metrics_port
    port = first + place if first else 0
    Runtime.set_default(open_runtime(settings.metrics_host, port, "PROMPTMILL_API_TEMPORAL_METRICS_PORT"))
