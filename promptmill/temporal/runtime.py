"""Temporal's native core, configured so that its messages go to our log."""

from __future__ import annotations

import logging
from typing import Final

from temporalio.runtime import LogForwardingConfig, LoggingConfig, PrometheusConfig, Runtime, TelemetryConfig

_LOGGER: Final = "temporalio.core"


def core_telemetry(metrics: PrometheusConfig | None = None) -> TelemetryConfig:
    """Return the core's telemetry; by default it would write to standard output, in its own format."""
    forwarding = LogForwardingConfig(
        logging.getLogger(_LOGGER), append_target_to_name=False, prepend_target_on_message=False
    )
    return TelemetryConfig(
        logging=LoggingConfig(filter=LoggingConfig.default.filter, forwarding=forwarding), metrics=metrics
    )


def log_by_default() -> None:
    """Make clients without an explicit runtime log in our format too; once per process, before its first client."""
    Runtime.set_default(Runtime(telemetry=core_telemetry()))
