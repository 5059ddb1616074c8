"""Progress output in the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Writes one line for each step that is done; in a terminal also the current one."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show a step while it runs and how long it took."""
        begun = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(what):
                yield
        else:
            yield
        self.say(f"  ✓ {what} ({time.monotonic() - begun:.1f} s)")

    def say(self, text: str) -> None:
        """Write one line."""
        self._console.print(text)
