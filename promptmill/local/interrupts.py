"""Ctrl-C and SIGTERM, turned into a flag that is polled where stopping is safe."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

AGAIN_AFTER_SECONDS = 0.5
"""A second Ctrl-C counts only after this: `make` and a terminal may deliver one press twice."""


class StopAsked(BaseException):
    """A stop was requested; not an error."""


class Interrupts:
    """Whether a stop was requested, and what a second Ctrl-C does.

    Args:
        at_once: Called on a second Ctrl-C, at any point; ends the process.
    """

    def __init__(self, at_once: Callable[[], None]) -> None:
        self._at_once = at_once
        self._asked = threading.Event()
        self._asked_at = 0.0

    def check(self) -> None:
        """Do nothing unless a stop was requested.

        Raises:
            StopAsked: A stop was requested.
        """
        if self._asked.is_set():
            raise StopAsked

    def wait(self, seconds: float) -> None:
        """Wait, unless a stop is requested.

        Raises:
            StopAsked: A stop was requested.
        """
        self._asked.wait(seconds)
        self.check()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if not self._asked.is_set():
            self._asked_at = time.monotonic()
            self._asked.set()
        # A repeated SIGTERM is not impatience: `make` forwards what its whole group has already received.
        elif number == signal.SIGINT and time.monotonic() - self._asked_at > AGAIN_AFTER_SECONDS:
            # Whoever goes on pressing must not interrupt it: each press would begin it anew inside the last one.
            for each in STOP_SIGNALS:
                signal.signal(each, signal.SIG_IGN)
            self._at_once()

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Handle signals while the context is open."""
        before = {number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
