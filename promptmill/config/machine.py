"""Settings of this machine: its files, its logs and the local stack."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from promptmill.config.values import Port


class MachineSettings(BaseModel):
    """Where files are, how logs look, and the local stack's ports."""

    data_dir: Path = Field(
        Path(".promptmill"), description="Data folder of the local stack: databases, logs, local.env."
    )
    env_file: str = Field(".env", description="Settings file; can only be set in the environment itself.")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field(
        "auto", pattern="^(auto|json|text)$", description="json, text, or auto: text on a terminal, json otherwise."
    )
    log_file: Path | None = Field(
        None,
        description="File that API and worker write their log to, and all that goes to standard error, instead of there. When it has been renamed, as logrotate does, they go on in a new one.",
    )
    otel_endpoint: str | None = Field(
        None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        pattern="^https?://",
        description="Where traces are sent (OTLP over HTTP, such as http://collector:4318); without it none are recorded. OpenTelemetry's SDK reads its other variables itself, such as OTEL_EXPORTER_OTLP_HEADERS.",
    )
    simulated_only: bool = Field(
        False, description="Reject provider addresses that are not loopback (set by tests and benchmarks)."
    )
    local_temporal_port: Port = Field(7233, description="`make up`: port of the local Temporal server.")
    local_temporal_ui_port: Port = Field(8233, description="`make up`: port of its Web UI.")
    local_grok_port: Port = Field(3900, description="`make up`: port of Grok's simulator.")
    local_wavespeed_port: Port = Field(3901, description="`make up`: port of WaveSpeed's simulator.")
    local_shutdown_seconds: float = Field(
        10, ge=0, description="`make up`: how long the worker may finish its work after Ctrl-C."
    )
