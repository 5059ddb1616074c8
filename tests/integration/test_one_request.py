"""One request, followed through real processes: by the lines of their logs, and as one trace up to the callback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from promptmill.local.ports import free_port
from promptmill.local.processes import Child
from promptmill.local.readiness import answers, wait_ready
from tests.callback_receiver import deliveries
from tests.fixtures.callbacks import OK
from tests.fixtures.session import StartProcess
from tests.raw_server import open_raw_server
from tests.support import eventually, open_http

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
REQUEST = "order-4711"
WORDS, ADDRESS = "a heron in the reeds", "word-of-an-address"
STEPS = {
    "POST /api/jobs/create",
    "accept_job_v3",
    "StartWorkflow:GenerateMediaWorkflow",
    "RunWorkflow:GenerateMediaWorkflow",
    "RunActivity:write_prompt",
    "grok write",
    "RunActivity:submit_media",
    "permit_submission_in_turn_v2",
    "wavespeed submit",
    "RunActivity:deliver_callback",
    "callback",
}


@dataclass
class Collector:
    """What an OpenTelemetry collector got."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[Span]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        scopes = [scope for request in requests for of in request.resource_spans for scope in of.scope_spans]
        return [span for scope in scopes for span in scope.spans]


@contextmanager
def open_collector() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield collector
        server.shutdown()


def is_whole(spans: list[Span]) -> bool:
    """Check that the caller's trace has every step, and that each span of it hangs on another."""
    ours = [span for span in spans if span.trace_id.hex() == TRACE]
    assert {span.name for span in ours} >= STEPS
    known = {span.span_id for span in ours} | {bytes.fromhex(PARENT)}
    assert {span.name for span in ours if span.parent_span_id not in known} == set()
    return True


def lines(child: Child) -> list[dict[str, Any]]:
    return [json.loads(line) for line in child.log.read_text().splitlines()]


def of(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [line for line in events if line["event"] == name]


async def test_a_request_is_one_trace_and_its_lines_have_its_id(
    start_process: StartProcess, settings_environment: dict[str, str]
) -> None:
    port = free_port()
    with open_collector() as collector:
        environment = settings_environment | {
            "PROMPTMILL_PORT": str(port),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        worker = start_process("worker", "-m", "worker", environment=environment)
        api = start_process("api", "-m", "api", environment=environment)
        wait_ready(api, lambda: answers(f"http://127.0.0.1:{port}/healthz"), within=60)
        async with open_raw_server(OK) as receiver, open_http(f"http://127.0.0.1:{port}") as http:
            order = {"model": "wavespeed-ai/flux-dev", "useAiPrompt": True, "instructions": WORDS}
            created = await http.post(
                "/api/jobs/create",
                json=order | {"callbackUrl": f"{receiver.url}/{ADDRESS}"},
                headers={"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": REQUEST},
            )
            assert created.status_code == 202, created.text
            job_id = created.json()["jobId"]
            await eventually(lambda: receiver.requests, what="the callback")
            events = (await http.get(f"/api/jobs/{job_id}/events")).json()
            sent = deliveries(receiver)[0].headers["traceparent"]
            await eventually(lambda: is_whole(collector.spans), what="every step of the trace")

    assert sent.split("-")[1] == TRACE
    [asked] = [span for span in collector.spans if span.name == "POST /api/jobs/create"]
    told_of_it = {one.key: one.value.string_value or one.value.int_value for one in asked.attributes}
    assert told_of_it["http.route"] == "/api/jobs/create"
    assert (told_of_it["http.response.status_code"], told_of_it["request_id"]) == (202, REQUEST)
    for body in collector.bodies:
        assert not [word for word in (WORDS, ADDRESS, "token=") if word.encode() in body]

    told = [*lines(api), *lines(worker)]
    changes = [line for line in of(told, "job_changed") if line["job_id"] == job_id]
    assert [line["status"] for line in changes] == [
        *("queued", "prompting", "dispatching", "generating", "completed"),
    ]
    assert {event["status"] for event in events["items"]} == {line["status"] for line in changes}
    assert {(line["request_id"], line["trace_id"], line["owner"]) for line in changes} == {(REQUEST, TRACE, "local")}
    assert changes[-1]["cost_usd"] > changes[-2]["cost_usd"] > 0
    calls = {line["operation"]: line for line in of(told, "provider_call") if line.get("job_id") == job_id}
    assert calls.keys() >= {"write", "submit", "result"}
    assert {calls[name]["request_id"] for name in ("write", "submit")} == {REQUEST}
    assert of(told, "callback_sent")[0]["request_id"] == REQUEST
    written = api.log.read_text() + worker.log.read_text()
    assert not [word for word in (WORDS, ADDRESS, "\x1b", settings_environment["XAI_API_KEY"]) if word in written]
