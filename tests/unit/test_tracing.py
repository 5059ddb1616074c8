"""What a span may say, what begins a trace, and that a process without traces imports nothing for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased

from promptmill import tracing
from promptmill.contracts.errors import ConfigurationError
from promptmill.open_telemetry import METHOD, _RequestsOnly, _WithoutWords

ROOT = Path(__file__).parents[2]
FOLDERS = ("activities", "api", "promptmill", "worker", "workflows")


@pytest.fixture
def sent() -> Iterator[tuple[trace.Tracer, InMemorySpanExporter]]:
    """A tracer as a process has it, and what is sent."""
    provider, exporter = TracerProvider(sampler=ParentBased(_RequestsOnly())), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(_WithoutWords(exporter)))
    yield provider.get_tracer("test"), exporter
    provider.shutdown()


def failed_span(tracer: trace.Tracer, exporter: InMemorySpanExporter) -> ReadableSpan:
    attributes = {METHOD: "GET", "url.full": "http://h/?token=t", "temporalWorkflowID": "job-1"}
    with pytest.raises(ValueError, match="a fox"), tracer.start_as_current_span("GET /", attributes=attributes):
        raise ValueError("a fox")
    [span] = exporter.get_finished_spans()
    return span


def test_a_span_says_that_it_failed_and_not_in_whose_words(sent: tuple[trace.Tracer, InMemorySpanExporter]) -> None:
    span = failed_span(*sent)

    assert span.attributes == {METHOD: "GET", "temporalWorkflowID": "job-1"}
    assert span.events == ()
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, None)


def test_only_a_request_begins_a_trace(sent: tuple[trace.Tracer, InMemorySpanExporter]) -> None:
    tracer, exporter = sent
    with tracer.start_as_current_span("RunActivity:close_ended", kind=trace.SpanKind.SERVER):
        pass
    assert exporter.get_finished_spans() == ()
    with tracer.start_as_current_span("GET", attributes={METHOD: "GET"}), tracer.start_as_current_span("step"):
        pass

    assert [span.name for span in exporter.get_finished_spans()] == ["step", "GET"]


def test_nothing_of_opentelemetry_is_imported_before_it_is_wanted() -> None:
    importing = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom) and re.search("open_?telemetry", ast.unparse(node))
    }

    assert importing == {"promptmill/open_telemetry.py"}


def test_missing_packages_are_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "find_spec", lambda _: None)

    tracing.check_tracing(None)
    with pytest.raises(ConfigurationError, match=r"requirements-tracing\.txt"):
        tracing.check_tracing("http://127.0.0.1:4318")


def test_a_wrong_setting_of_opentelemetry_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "-5")

    with pytest.raises(ConfigurationError, match="schedule_delay"), tracing.traces("http://127.0.0.1:4318", "api"):
        pass


def test_a_process_that_ends_does_not_wait_for_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = Event()
    monkeypatch.setattr("promptmill.open_telemetry.SEND_SECONDS", 0.01)
    monkeypatch.setattr(TracerProvider, "shutdown", lambda _: hangs.wait())

    with tracing.traces("http://127.0.0.1:4318", "api"):
        pass

    hangs.set()
