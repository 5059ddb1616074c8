"""Traces of requests and of the work that they cause, where `OTEL_EXPORTER_OTLP_ENDPOINT` is set.

Nothing of OpenTelemetry's SDK is imported before. Spans are written where the names are ours (a route, a statement, a
provider's operation), not by instrumenting libraries, which would put addresses with their queries into them: callers'
words, and tokens of webhooks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import Any, Final, Protocol

from promptmill.contracts.errors import ConfigurationError

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Recorder(Protocol):
    """Records spans; see the functions of the same names."""

    def request(self, method: str, headers: Mapping[str, str]) -> AbstractContextManager[None]: ...  # noqa: D102

    def step(self, name: str, attributes: Mapping[str, str]) -> AbstractContextManager[None]: ...  # noqa: D102

    def note(self, name: str | None, attributes: Mapping[str, str | int]) -> None: ...  # noqa: D102

    def ids(self) -> Mapping[str, str]: ...  # noqa: D102

    def outgoing(self) -> Mapping[str, str]: ...  # noqa: D102

    def interceptors(self) -> Sequence[Any]: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


_recorder: Recorder | None = None
_OFF: Final = nullcontext()


def check_tracing(endpoint: str | None) -> None:
    """Check that traces can be recorded, if they are wanted.

    Raises:
        ConfigurationError: The packages are not installed.
    """
    if endpoint is not None and find_spec("opentelemetry.exporter") is None:
        raise ConfigurationError(
            f"{ENDPOINT} is set, but the packages for it are not installed: install requirements-tracing.txt."
        )


@contextmanager
def traces(endpoint: str | None, process: str) -> Iterator[None]:
    """Record this process's traces and send them to an OTLP/HTTP endpoint; None records nothing.

    Raises:
        ConfigurationError: OpenTelemetry refuses one of its own settings.
    """
    global _recorder  # noqa: PLW0603  # as OpenTelemetry's own: one per process
    if endpoint is None:
        yield
        return
    from promptmill.open_telemetry import OpenTelemetry  # noqa: PLC0415  # costs nothing where it is not wanted

    try:
        _recorder = OpenTelemetry(endpoint, process)
    except ValueError as error:
        raise ConfigurationError(f"OpenTelemetry refuses one of the settings OTEL_…: {error}") from error
    try:
        yield
    finally:
        recorder, _recorder = _recorder, None
        recorder.close()


def request(method: str, headers: Mapping[str, str]) -> AbstractContextManager[None]:
    """Record a request that we answer, as part of its caller's trace, if it names one (`traceparent`)."""
    return _OFF if _recorder is None else _recorder.request(method, headers)


def step(name: str, **attributes: str) -> AbstractContextManager[None]:
    """Record a step of the trace that is being recorded; outside of one nothing."""
    return _OFF if _recorder is None else _recorder.step(name, attributes)


def note(name: str | None = None, **attributes: str | int) -> None:
    """Name the current span, or note what became of it."""
    if _recorder is not None:
        _recorder.note(name, attributes)


def ids() -> Mapping[str, str]:
    """Return `trace_id` and `span_id` of the trace that is being recorded, for the log."""
    return {} if _recorder is None else _recorder.ids()


def outgoing() -> Mapping[str, str]:
    """Return the headers that continue the trace at whoever is called."""
    return {} if _recorder is None else _recorder.outgoing()


def interceptors() -> Sequence[Any]:
    """Return the interceptors of clients of Temporal, by which workflows and activities continue a trace."""
    return () if _recorder is None else _recorder.interceptors()
