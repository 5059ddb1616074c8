"""What a process counts of its own work, for Prometheus: of every API and worker, to be summed over them.

What the record and Temporal know is in `api/installation/gauges.py`. Labels are bounded: no id, no owner, and of the
models that callers name only the first `MOST_MODELS`.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from promptmill.version import installed_version

PROCESS: Final = CollectorRegistry()
"""What follows, in one process. Where several processes serve one API, their shared folder has it too."""

_counter = partial(Counter, registry=PROCESS)
_histogram = partial(Histogram, registry=PROCESS)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each that nobody asks for

MOST_MODELS: Final = 50
OTHER_MODEL: Final = "(other)"

build_info: Final = Gauge(
    "promptmill_build_info",
    "1, with the version of Promptmill and of Python as labels.",
    ("version", "python"),
    registry=PROCESS,
    multiprocess_mode="livemax",
)
build_info.labels(installed_version(), platform.python_version()).set(1)
log_lines: Final = _counter(
    "promptmill_log_lines", "Lines written to the log, by level and logger.", ("level", "logger")
)
provider_seconds: Final = _histogram(
    "promptmill_provider_request_seconds",
    "Calls to a provider, by what became of them. The model is named for `write` and `submit` alone.",
    ("provider", "operation", "model", "outcome"),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
grok_tokens: Final = _counter("promptmill_grok_tokens", "Tokens that xAI counted, by direction.", ("direction",))
callback_seconds: Final = _histogram(
    "promptmill_callback_seconds",
    "Attempts to deliver a callback, by the receiver's answer: its class of status, `unreachable` or `refused` by us.",
    ("outcome",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
stored_outputs: Final = _counter(
    "promptmill_outputs",
    "Attempts to store an output, by what became of them: `stored`, `postponed`, `failed` for good, `unwanted`.",
    ("outcome",),
)
stored_bytes: Final = _counter(
    "promptmill_outputs_fetched_bytes", "Bytes of outputs that were stored, without renderings."
)
ratings: Final = _counter("promptmill_ratings", "Ratings given by people, changed ones again.", ("subject", "rating"))
uploaded_bytes: Final = _counter(
    "promptmill_uploaded_bytes", "Bytes of images stored at WaveSpeed, as cleaned.", ("content_type",)
)
unclear_resolved: Final = _counter(
    "promptmill_unclear_resolved",
    "Unclear submissions that were settled, by what settled them: a webhook, the history, absence from it, a person.",
    ("by",),
)
late_answers: Final = _counter(
    "promptmill_late_answers",
    "Paid answers that came too late: a prompt after its attempt was given up, media after its job had ended.",
    ("provider",),
)
billed_usd: Final = _counter(
    "promptmill_billed_usd", "What WaveSpeed's books were found to have charged and refunded.", ("what",)
)
deleted_rows: Final = _counter(
    "promptmill_deleted_rows", "Rows deleted because they were past their time, by what.", ("kind",)
)
step_done: Final = Gauge(
    "promptmill_reconciler_step_timestamp_seconds",
    "When this worker last finished a step of the reconciler without an error.",
    ("step",),
    registry=PROCESS,
    multiprocess_mode="max",
)
mended: Final = _counter(
    "promptmill_reconciler_mended",
    "What this worker's passes of the reconciler started, closed, settled or deleted.",
    ("what",),
)
statement_seconds: Final = _histogram(
    "promptmill_postgres_statement_seconds",
    "Statements, by SQL function or by verb and table, from waiting for a connection to the last row.",
    ("statement",),
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 15),
)
statements_failed: Final = _counter(
    "promptmill_postgres_statements_failed",
    "Statements that Postgres did not run: it was unavailable, too slow, or read-only.",
    ("error",),
)
pool_used: Final = Gauge(
    "promptmill_postgres_pool_used_connections",
    "Connections to Postgres that run a statement.",
    registry=PROCESS,
    multiprocess_mode="livesum",
)
pool_size: Final = Gauge(
    "promptmill_postgres_pool_size_connections",
    "Connections to Postgres that may be open at once.",
    registry=PROCESS,
    multiprocess_mode="livesum",
)


@dataclass
class BoundedNames:
    """Keeps the number of a label's values small: the first `most` names as they are, others as `OTHER_MODEL`."""

    most: int = MOST_MODELS
    _known: set[str] = field(default_factory=set, init=False)

    def __call__(self, name: str) -> str:
        """Return the label's value for a name."""
        if name in self._known:
            return name
        if len(self._known) >= self.most:
            return OTHER_MODEL
        self._known.add(name)
        return name
