"""Logging, in one format for all processes: JSON, one entry per line, unless written to a terminal."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from logging.handlers import WatchedFileHandler
from math import isfinite
from pathlib import Path
from typing import Final, cast

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from promptmill import tracing
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.metrics import log_lines
from promptmill.terminal import visible, visible_line

CHATTY: Final = ("httpx", "httpcore", "asyncio", "alembic", "uvicorn", "PIL", "python_multipart")
"""Libraries whose INFO is noise; a request's URL may also contain secrets."""

SECRET_FIELDS: Final = frozenset(
    {"api_key", "authorization", "callback_token", "cookie", "password", "secret", "token"}
)
HIDDEN: Final = "***"
MAX_TEXT: Final = 10_000
"""Maximum characters of one value. Of an error the end is kept, which says most; otherwise the start."""

MAX_ITEMS: Final = 100
"""Maximum values of a list that a line has."""

MAX_DEPTH: Final = 4
"""How deep lists may be nested; what is deeper is written as one text."""

_ROWS_OF_WORKFLOWS: Final = {"job": "job_id", "callback": "job_id", "prompt": "prompt_job_id"}
"""What the id after the kind in a workflow's id names."""

_LONG_TEXTS: Final = frozenset({"exception", "stack"})
_SECRET_TEXTS: Final = (
    (re.compile(r"((?<!\w)\w{1,32}://[^\s:/@]{0,256}):[^\s@/]+@"), rf"\1:{HIDDEN}@"),  # a password in a URL
    (re.compile(r"(?i)(bearer\s+)[\w.~+/=-]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(\bpm_[0-9A-Za-z]{8})[0-9A-Za-z]+"), rf"\1{HIDDEN}"),  # an API key, whole or cut
    (re.compile(r"(?i)([?&](?:token|key|signature|sig|api_key)=)[^&\s\"']+"), rf"\1{HIDDEN}"),
)

_PLAIN: Final = re.compile(r"[\w.:/-]*")
"""Ids, words and times: without a blank, `@` or `=`, none of the above but an API key can be in them."""


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
        add_trace,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = _FollowedFile(settings.log_file) if settings.log_file else logging.StreamHandler(sys.stderr)
    handler.addFilter(count_line)
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
    # A line that cannot be written is lost. The standard library would print it instead, with all that we redact.
    logging.raiseExceptions = False
    # No line has threads, processes or places in the code, and finding them out takes a fifth of its time: see
    # "Optimization" in the documentation of `logging`.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001


class _FollowedFile(WatchedFileHandler):
    """Writes to a file, and to a new one of that name once it has been renamed: no line is lost.

    Standard output and error go along, so that what the log does not write (how a process crashed) is beside it.
    """

    def __init__(self, path: Path) -> None:
        try:
            super().__init__(path, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise ConfigurationError(
                f"PROMPTMILL_LOG_FILE is {path}, which cannot be written: {error.strerror}."
            ) from None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line. Never fails: the standard library's would, where the new file cannot be opened."""
        try:
            super().emit(record)
        except Exception:  # noqa: BLE001  # a full disk, a folder that is gone: whoever writes a line may hold an answer
            self.handleError(record)

    def _open(self) -> TextIOWrapper:
        stream = super()._open()
        for taken_along in (1, 2):
            os.dup2(stream.fileno(), taken_along)
        return stream


def count_line(record: logging.LogRecord) -> bool:
    """Count a line that is about to be written; never leaves one out."""
    log_lines.labels(record.levelname.lower(), record.name).inc()
    return True


def flatten_temporal(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Turn the SDK's dictionaries about a workflow or activity into `workflow_id`, `attempt`, … and our own ids."""
    core = event.pop("temporal_log", None)
    if core is not None:
        event.update({name: value for name, value in core.fields.items() if name not in event})
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
    if row_id and kind in _ROWS_OF_WORKFLOWS:
        event.setdefault(_ROWS_OF_WORKFLOWS[kind], row_id)
    return event


def add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Add the ids of the trace that is being recorded."""
    event.update(tracing.ids())
    return event


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Redact secrets: by the field's name, and passwords, tokens and signatures inside texts, also in lists.

    Texts are truncated first: lines are written in the event loop, and anyone may have sent what they contain. What
    JSON has no form for is written as text.
    """
    for name, value in event.items():
        if name.lower() in SECRET_FIELDS:
            event[name] = HIDDEN
        elif name in _LONG_TEXTS and isinstance(value, str):
            event[name] = without_secrets(value[-MAX_TEXT:])
        else:
            event[name] = _shown(value, MAX_DEPTH)
    return event


def _shown(value: object, depth: int) -> object:
    """Return a value as a line may have it: without secrets, of a bounded size, and of JSON's types."""
    if isinstance(value, str):
        return without_secrets(value[:MAX_TEXT])
    if value is None or isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    if depth and isinstance(value, Mapping):
        return {
            without_secrets(str(name)[:MAX_TEXT]): HIDDEN
            if str(name).lower() in SECRET_FIELDS
            else _shown(one, depth - 1)
            for name, one in islice(value.items(), MAX_ITEMS)
        }
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_shown(one, depth - 1) for one in islice(value, MAX_ITEMS)]
    # `repr`, as structlog would write it: for NaN and infinities it would write what no reader of JSON accepts.
    return without_secrets(repr(value)[:MAX_TEXT])


def show_controls(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Write control characters as escapes: a terminal would obey them, and a line break could forge an entry."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = visible(value) if name in _LONG_TEXTS else visible_line(value)
    return event


def without_secrets(text: str) -> str:
    """Return the text with passwords, bearer tokens and URL signatures redacted, and API keys but for their ids."""
    if _PLAIN.fullmatch(text) and "pm_" not in text:
        return text  # most fields: the patterns would take most of a line's time
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


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
