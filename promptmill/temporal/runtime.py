"""Temporal's native core as our processes run it: what it has to say goes through our log."""

from __future__ import annotations

import logging
from typing import Final

from temporalio.runtime import LogForwardingConfig, LoggingConfig, PrometheusConfig, Runtime, TelemetryConfig

_LOGGER: Final = "temporalio.core"


def core_telemetry(metrics: PrometheusConfig | None = None) -> TelemetryConfig:
    """Return the core's telemetry; by default it would write to standard output, in a format of its own."""
    forwarding = LogForwardingConfig(
        logging.getLogger(_LOGGER), append_target_to_name=False, prepend_target_on_message=False
    )
    return TelemetryConfig(
        logging=LoggingConfig(filter=LoggingConfig.default.filter, forwarding=forwarding), metrics=metrics
    )


def log_by_default() -> None:
    """Let the clients that are given no runtime log in our format too; once a process, before its first client."""
    Runtime.set_default(Runtime(telemetry=core_telemetry()))
