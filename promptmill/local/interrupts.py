"""Ctrl-C and SIGTERM, turned into a question that is asked where stopping is safe."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN_AFTER_SECONDS = 0.5
"""A second Ctrl-C counts as one only after this: `make` and a terminal may deliver one press twice."""


class StopAsked(BaseException):
    """Somebody wants the stack to stop; not an error."""


class Interrupts:
    """Whether a stop was asked, and what a second Ctrl-C does.

    Args:
        at_once: Called by a second Ctrl-C, in the midst of anything; it ends the process.
    """

    def __init__(self, at_once: Callable[[], None]) -> None:
        self._at_once = at_once
        self._asked = threading.Event()
        self._asked_at = 0.0

    def check(self) -> None:
        """Do nothing while nobody asked.

        Raises:
            StopAsked: A stop was asked.
        """
        if self._asked.is_set():
            raise StopAsked

    def wait(self, seconds: float) -> None:
        """Wait, unless a stop is asked.

        Raises:
            StopAsked: A stop was asked.
        """
        self._asked.wait(seconds)
        self.check()

    def _hear(self, number: int, _: FrameType | None) -> None:
        if not self._asked.is_set():
            self._asked_at = time.monotonic()
            self._asked.set()
        # A repeated SIGTERM is no impatience: `make` passes on what its whole group has received already.
        elif number == signal.SIGINT and time.monotonic() - self._asked_at > AGAIN_AFTER_SECONDS:
            self._at_once()

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear signals while the context is open."""
        before = {
            number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
