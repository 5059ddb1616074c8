"""What alerts say in a terminal: a receiver for Alertmanager, on loopback."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from promptmill.bounded_server import BoundedServer
from promptmill.local.ports import LOOPBACK, free_port

MAX_BYTES: Final = 1_000_000

Say = Callable[[str, str], None]
"""Writes a line in a style."""


@contextmanager
def receiver(say: Say) -> Iterator[str]:
    """Show what is posted while the block runs; yield the URL, to which each contact's name is added.

    Its path is a secret: what is shown tells people what to run, and any page in a browser can post to loopback.
    """
    secret = f"/{secrets.token_urlsafe(16)}/"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Show one notification."""
            size = self.headers.get("Content-Length", "")
            status = HTTPStatus.BAD_REQUEST
            if not self.path.startswith(secret):
                status = HTTPStatus.NOT_FOUND
            elif size.isdecimal() and int(size) <= MAX_BYTES:
                status = _show(self.rfile.read(int(size)), self.path.removeprefix(secret), say)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing about the requests themselves."""

    server = BoundedServer((LOOPBACK, free_port()), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}{secret.rstrip('/')}"
    finally:
        server.shutdown()
        server.server_close()


def _show(body: bytes, contact: str, say: Say) -> HTTPStatus:
    try:
        lines = [line for alert in json.loads(body)["alerts"] for line in alert_lines(alert, contact)]
    except (ValueError, TypeError, KeyError, AttributeError):
        return HTTPStatus.BAD_REQUEST
    for text, style in lines:
        say(text, style)
    return HTTPStatus.OK


def alert_lines(alert: dict[str, Any], contact: str) -> Iterator[tuple[str, str]]:
    """Yield the lines about an alert, each with its style: what has happened, and what to do; or that it is over."""
    name, severity = alert["labels"]["alertname"], alert["labels"].get("severity", "")
    told = alert["annotations"]
    at = f"{datetime.now():%H:%M:%S}"  # noqa: DTZ005, TID251  # the time of whoever reads it, as in the other lines
    if alert["status"] != "firing":
        yield f"{at} over      {name} ({contact})", "green"
        return
    yield (
        f"{at} {severity:<9} {name} ({contact}): {told['summary']}",
        "bold red" if severity == "critical" else "yellow",
    )
    yield f"         run {told['action']}", ""
    yield f"         read {told['runbook_url']}", ""
