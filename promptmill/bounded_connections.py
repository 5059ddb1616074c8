"""Limits on connections: a deadline for each step that depends on the caller, and a maximum number at once.

uvicorn limits none of this itself: a connection that sends no request, sends it byte by byte or never reads the
response stays open forever, and a process has a limited number of open files.
"""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS: Final = 10
"""Timeout for the first bytes of a connection, and for the head of each request."""

REST_SECONDS: Final = 30
"""Timeout for draining a refused body, which is discarded so that the caller gets the response."""

TAKE_SECONDS: Final = 120
"""Timeout for a caller to read a response, or most of it."""

CLOSING_SECONDS: Final = 10
"""How long a closed connection may take to send its last bytes."""


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol with deadlines and a limit.

    Attributes:
        most: Maximum connections that are served.
        refused_at_once: Connections beyond them that `refuse` handles; any further ones are closed without a response.
    """

    most: int
    refused_at_once = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Accept a connection, refuse it, or close it."""
        super().connection_made(transport)
        self._owed: float | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None
        beyond = len(self.connections) - self.most
        if beyond > self.refused_at_once:
            transport.abort()
        elif beyond > 0:
            self.refuse()
        self._watch()

    def refuse(self) -> None:
        """Prepare a connection beyond the limit for a response that says so."""

    def data_received(self, data: bytes) -> None:
        """Continue reading; an incomplete request has a deadline."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Continue with the next request; the rest of this one's body has a deadline."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Wait for a slow reader, but not forever."""
        super().pause_writing()
        self._patience = self.loop.call_later(TAKE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Continue: the caller has read."""
        super().resume_writing()
        self._stop_waiting()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which no further request arrived."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(CLOSING_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel all deadlines."""
        super().connection_lost(exc)
        self._stop_waiting()
        self._rearm(None)

    def _watch(self) -> None:
        owed = None if self.transport.is_closing() else self._owed_seconds()
        if owed != self._owed:
            self._rearm(owed)

    def _owed_seconds(self) -> float | None:
        """Return the timeout for what we wait for from the caller; None if we owe a response, or wait for nothing."""
        if self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None:
            begins = self.cycle is None or self.conn.trailing_data[0]
            return HEAD_SECONDS if begins else self.timeout_keep_alive
        if self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE:
            return REST_SECONDS
        return None

    def _rearm(self, owed: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._owed = owed
        self._deadline = None if owed is None else self.loop.call_later(owed, self._end)

    def _end(self) -> None:
        self.transport.close()
        self.loop.call_later(CLOSING_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
