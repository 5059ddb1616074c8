"""A small HTTP server in threads, for commands that receive something: strangers can neither fill nor hold it."""

from __future__ import annotations

import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any, Final

MOST: Final = 16
"""Connections at once. One more ends the oldest: who sends slowly gives way to who sends at once."""

SECONDS: Final = 10.0
"""Longest wait for a caller's next bytes."""


class BoundedServer(ThreadingHTTPServer):
    """Serves at most `MOST` connections, and says nothing about those that break."""

    daemon_threads = True

    def __init__(self, *args: Any, **named: Any) -> None:
        """Listen, as the server does."""
        self._lock = threading.Lock()
        self._open: dict[Any, None] = {}
        super().__init__(*args, **named)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        request.settimeout(SECONDS)
        with self._lock:
            oldest = next(iter(self._open)) if len(self._open) >= MOST else None
            self._open.pop(oldest, None)
            self._open[request] = None
        if oldest is not None:
            _end(oldest)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that was served."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write no stack: a caller that hangs up is nobody's error."""


def _end(connection: socket) -> None:
    with suppress(OSError):  # it has just ended by itself
        connection.shutdown(SHUT_RDWR)
