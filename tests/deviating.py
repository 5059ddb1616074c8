"""A provider that answers as a simulator does, but for one change: for what notices that a provider has changed."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

HOOK = "/deviating-hook"


@dataclass
class Told:
    """An answer, or a webhook on its way, that may be changed.

    Attributes:
        path: Of the request, without its query; `HOOK` for a webhook.
        key: The key that it was made with.
    """

    path: str
    key: str
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Deviating:
    """A running one.

    Attributes:
        change: Changes an answer.
        cut: Whether the connection is closed instead of answering.
        posts: The paths of all POSTs that arrived.
    """

    url: str
    change: Callable[[Told], None] = lambda _: None
    cut: Callable[[str], bool] = lambda _: False
    posts: list[str] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, simulator: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.simulator = simulator
        self.deviating = Deviating(f"http://127.0.0.1:{self.server_address[1]}")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._pass_on(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = urlsplit(self.path)
        if parts.path == HOOK:
            self._pass_hook_on(parse_qs(parts.query)["to"][0], body)
            return
        self.server.deviating.posts.append(parts.path)
        self._pass_on(body)

    def _pass_on(self, body: bytes | None) -> None:
        parts = urlsplit(self.path)
        if self.server.deviating.cut(parts.path):
            self.close_connection = True
            return
        webhook = parse_qs(parts.query).get("webhook")
        query = f"?webhook={quote(f'{self.server.deviating.url}{HOOK}?to={quote(webhook[0])}')}" if webhook else ""
        request = urllib.request.Request(f"{self.server.simulator}{parts.path}{query}", body, method=self.command)
        for name in ("Authorization", "Content-Type"):
            if name in self.headers:
                request.add_header(name, self.headers[name])
        status, raw, _ = _ask(request)
        told = Told(parts.path, self.headers["Authorization"], status, json.loads(raw))
        self.server.deviating.change(told)
        self._answer(told.status, json.dumps(told.body).encode())

    def _pass_hook_on(self, to: str, body: bytes) -> None:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        told = Told(HOOK, "", 200, json.loads(body), {name: self.headers[name] for name in names})
        before = json.dumps(told.body)
        self.server.deviating.change(told)
        after = body if json.dumps(told.body) == before else json.dumps(told.body).encode()
        headers = {"Content-Type": "application/json", **told.headers}
        status, _, _ = _ask(urllib.request.Request(to, after, headers, method="POST"))
        self._answer(status, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def open_deviating(simulator: str) -> Iterator[Deviating]:
    """Serve in front of a simulator until the end; its webhooks come through here, too."""
    with _Server(simulator) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.deviating
        finally:
            server.shutdown()
            thread.join()


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _ask(request: urllib.request.Request) -> tuple[int, bytes, Any]:
    try:
        answer = _OPENER.open(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.read(), answer.headers
