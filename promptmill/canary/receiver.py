"""Receives the one webhook of a canary, on this machine; whoever runs it leads a public address here."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Final

from promptmill.bounded_server import BoundedServer

LIMIT: Final = 1024 * 1024
"""Maximum bytes of a delivery."""


@dataclass(frozen=True)
class Delivery:
    """What was delivered, to the byte."""

    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass
class Receiver:
    """Takes the first delivery to an address that nobody can guess.

    Attributes:
        url: Where WaveSpeed is to send it.
        port: Of this machine; known once it listens.
    """

    url: str
    path: str
    port: int = 0
    delivery: Delivery | None = None
    arrived: threading.Event = field(default_factory=threading.Event)


@contextmanager
def open_receiver(callback_url: str, port: int) -> Iterator[Receiver]:
    """Listen on loopback until the end.

    Args:
        callback_url: The public address whose requests reach that port.
        port: Of this machine; 0 for any that is free.

    Raises:
        OSError: The port is taken.
    """
    token = f"canary/{secrets.token_urlsafe(24)}"
    receiver = Receiver(f"{callback_url.rstrip('/')}/{token}", token)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = self.headers.get("Content-Length", "")
            length = int(told) if told.isdecimal() and len(told) <= len(str(LIMIT)) else LIMIT + 1
            wanted = self.path.partition("?")[0].endswith(f"/{token}") and length <= LIMIT
            body = self.rfile.read(length) if wanted else b""
            wanted = wanted and len(body) == length  # one that broke off is delivered again
            if wanted:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.delivery = receiver.delivery or Delivery(headers, body, datetime.now(UTC).timestamp())  # noqa: TID251  # not in a workflow
                receiver.arrived.set()
            self.send_response(200 if wanted else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing: the path is a secret."""

    with BoundedServer(("127.0.0.1", port), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.arrived.set()  # nobody waits any longer
            server.shutdown()
            thread.join()
