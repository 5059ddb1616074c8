"""Logging and metrics, in one format for all processes.

Logs are JSON, one entry per line, unless written to a terminal. Metrics are named `promptmill_<noun>_<unit or total>`.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from structlog.types import EventDict, Processor, WrappedLogger

from promptmill.config.settings import Settings
from promptmill.terminal import visible, visible_line

CHATTY: Final = ("httpx", "httpcore", "asyncio", "alembic", "uvicorn", "PIL", "python_multipart")
"""Libraries whose INFO is noise; a request's URL may also contain secrets."""

SECRET_FIELDS: Final = frozenset(
    {"api_key", "authorization", "callback_token", "cookie", "password", "secret", "token"}
)
HIDDEN: Final = "***"
MAX_TEXT: Final = 10_000
"""Maximum characters of one value. Of an error the end is kept, which says most; otherwise the start."""

_LONG_TEXTS: Final = frozenset({"exception", "stack"})
_SECRET_TEXTS: Final = (
    (re.compile(r"((?<!\w)\w{1,32}://[^\s:/@]{0,256}):[^\s@/]+@"), rf"\1:{HIDDEN}@"),  # a password in a URL
    (re.compile(r"(?i)(bearer\s+)[\w.~+/=-]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)([?&](?:token|key|signature|sig|api_key)=)[^&\s\"']+"), rf"\1{HIDDEN}"),
)

METRIC_NAME: Final = re.compile(r"promptmill(?:_[a-z]+){2,}")
METRIC_UNITS: Final = frozenset({"total", "seconds", "bytes", "usd", "jobs", "requests", "ratio", "info", "up"})
DURATIONS: Final = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3600)
"""Histogram bounds in seconds: from a database call to a long video."""


def configure_logging(settings: Settings, process: str) -> None:
    """Send all logs of this process to standard error, in one format, whoever writes them.

    Args:
        settings: For `log_level` and `log_format`.
        process: `api`, `worker`, …; included in every line.
    """
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        _NameProcess(process),
        flatten_temporal,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(settings.log_format)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def flatten_temporal(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Turn the SDK's dictionaries about a workflow or activity into `workflow_id`, `attempt`, … and our own ids."""
    event.pop("temporal_log", None)  # the core's own entry; its message and fields are already in the text
    for source in ("temporal_workflow", "temporal_activity"):
        details = event.pop(source, None)
        if isinstance(details, Mapping):
            for name in ("workflow_id", "run_id", "workflow_run_id", "workflow_type", "activity_type", "attempt"):
                if name in details:
                    event.setdefault(
                        name.removeprefix("workflow_") if name == "workflow_run_id" else name, details[name]
                    )
            # The SDK repeats the dictionary in the text.
            event["event"] = str(event.get("event", "")).split(" ({'", 1)[0]
    kind, _dash, row_id = str(event.get("workflow_id", "")).partition("-")
    if row_id and kind in {"job", "prompt"}:
        event.setdefault("job_id" if kind == "job" else "prompt_job_id", row_id)
    return event


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Redact secrets: by the field's name, and passwords, tokens and signatures inside texts.

    Texts are truncated first: lines are written in the event loop, and anyone may have sent what they contain.
    """
    for name, value in event.items():
        if name.lower() in SECRET_FIELDS:
            event[name] = HIDDEN
        elif isinstance(value, str):
            part = value[-MAX_TEXT:] if name in _LONG_TEXTS else value[:MAX_TEXT]
            event[name] = without_secrets(part)
    return event


def show_controls(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Write control characters as escapes: a terminal would obey them, and a line break could forge an entry."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = visible(value) if name in _LONG_TEXTS else visible_line(value)
    return event


def without_secrets(text: str) -> str:
    """Return the text with passwords, bearer tokens and URL signatures redacted."""
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


@dataclass(frozen=True)
class Metrics:
    """One process's metrics. Each name is `promptmill_<noun>_<unit or total>`."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def counter(self, name: str, text: str, labels: Sequence[str] = ()) -> Counter:
        """Create a counter; its name ends with `_total`."""
        return Counter(_checked(name), text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
        """Create a gauge."""
        return Gauge(_checked(name), text, labels, registry=self.registry)

    def durations(self, name: str, text: str, labels: Sequence[str] = ()) -> Histogram:
        """Create a histogram of seconds; its name ends with `_seconds`."""
        return Histogram(_checked(name), text, labels, registry=self.registry, buckets=DURATIONS)

    def render(self) -> tuple[bytes, str]:
        """Return the body and the content type of a response to `GET /metrics`."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


def create_metrics() -> Metrics:
    """Return a process's metrics, including the platform's own process metrics."""
    metrics = Metrics()
    ProcessCollector(registry=metrics.registry)
    PlatformCollector(registry=metrics.registry)
    return metrics


@dataclass(frozen=True)
class _NameProcess:
    """Adds the process's name to every line."""

    process: str

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["process"] = self.process
        return event


def _renderers(log_format: str) -> list[Processor]:
    # Errors as one text, without the local variables of their frames; it may quote a URL.
    told: list[Processor] = [structlog.processors.format_exc_info, cast("Processor", hide_secrets)]
    if log_format == "text" or (log_format == "auto" and sys.stderr.isatty()):
        plain = structlog.dev.ConsoleRenderer(timestamp_key="at", exception_formatter=structlog.dev.plain_traceback)
        return [*told, cast("Processor", show_controls), plain]
    return [*told, structlog.processors.JSONRenderer()]


def _checked(name: str) -> str:
    if not METRIC_NAME.fullmatch(name) or name.rpartition("_")[2] not in METRIC_UNITS:
        raise ValueError(f"'{name}' is not named promptmill_<noun>_<unit or total>")
    return name
