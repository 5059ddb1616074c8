"""Records traces with OpenTelemetry's SDK. Imported only where they are wanted: see `promptmill.tracing`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio.contrib.opentelemetry import TracingInterceptor

from promptmill.version import installed_version

SEND_SECONDS: Final = 5
METHOD: Final = "http.request.method"
ATTRIBUTES: Final = frozenset(
    {
        *(METHOD, "http.route", "http.response.status_code", "request_id"),
        *("provider", "operation", "model", "outcome", "db.system.name"),
        *("temporalWorkflowID", "temporalRunID", "temporalActivityID"),
    }
)
"""The only attributes that are sent."""


class OpenTelemetry:
    """A `promptmill.tracing.Recorder`."""

    def __init__(self, endpoint: str, process: str) -> None:
        """Start sending to `/v1/traces` of an endpoint; other settings are OpenTelemetry's own variables."""
        resource = Resource.create({"service.name": f"promptmill-{process}", "service.version": installed_version()})
        self._provider = TracerProvider(resource=resource, sampler=ParentBased(_RequestsOnly()), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=SEND_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(_WithoutWords(exporter)))
        self._tracer = self._provider.get_tracer("promptmill")
        self._format = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[None]:
        """Record a request that we answer."""
        carrier = {name: headers[name] for name in self._format.fields if name in headers}
        with self._tracer.start_as_current_span(
            method, self._format.extract(carrier), trace.SpanKind.SERVER, {METHOD: method}
        ):
            yield

    @contextmanager
    def step(self, name: str, attributes: Mapping[str, str]) -> Iterator[None]:
        """Record a step of the current trace."""
        if not trace.get_current_span().is_recording():
            yield
            return
        with self._tracer.start_as_current_span(name, kind=trace.SpanKind.CLIENT, attributes=attributes):
            yield

    def note(self, name: str | None, attributes: Mapping[str, str | int]) -> None:
        """Name the current span, or note what became of it."""
        span = trace.get_current_span()
        if name is not None:
            span.update_name(name)
        span.set_attributes(attributes)

    def ids(self) -> Mapping[str, str]:
        """Return the current trace's id, and the span's."""
        context = trace.get_current_span().get_span_context()
        if not context.trace_flags.sampled:
            return {}
        return {"trace_id": trace.format_trace_id(context.trace_id), "span_id": trace.format_span_id(context.span_id)}

    def outgoing(self) -> Mapping[str, str]:
        """Return `traceparent`, and `tracestate` if there is one."""
        carrier: dict[str, str] = {}
        self._format.inject(carrier)
        return carrier

    def interceptors(self) -> Sequence[Any]:
        """Return Temporal's own."""
        return [TracingInterceptor(self._tracer)]

    def close(self) -> None:
        """Send what is left, unless that takes too long: a process that ends does not wait for a collector."""
        sending = Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(SEND_SECONDS)


class _RequestsOnly(Sampler):
    """Traces begin with a request: what workers do by themselves all day is not recorded."""

    def should_sample(  # noqa: PLR0917
        self,
        parent_context: Context | None,  # noqa: ARG002  # OpenTelemetry's signature
        trace_id: int,  # noqa: ARG002
        name: str,  # noqa: ARG002
        kind: trace.SpanKind | None = None,  # noqa: ARG002
        attributes: Any = None,
        links: Any = None,  # noqa: ARG002
        trace_state: Any = None,  # noqa: ARG002
    ) -> SamplingResult:
        asked = METHOD in (attributes or {})
        return SamplingResult(Decision.RECORD_AND_SAMPLE if asked else Decision.DROP, attributes)

    def get_description(self) -> str:
        return "requests"


@dataclass(frozen=True)
class _WithoutWords(SpanExporter):
    """Sends names, times, ids and our own attributes: an error's message may quote a prompt."""

    exporter: SpanExporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self.exporter.export([_without_words(span) for span in spans])

    def shutdown(self) -> None:
        self.exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self.exporter.force_flush(timeout_millis)


def _without_words(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in ATTRIBUTES},
        links=[trace.Link(link.context) for link in span.links],
        kind=span.kind,
        status=trace.Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
