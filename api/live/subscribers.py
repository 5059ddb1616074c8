"""One open stream's side of the feed: its bounded queue of frames; and the limit of streams per owner."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from api.http.errors import Refused

MAX_PENDING: Final = 1000
"""How many frames may be queued for a slow client; one more, and it is dropped. It then reconnects and resyncs."""


class Frame(NamedTuple):
    """One encoded server-sent event, shared by all subscribers that receive it.

    Attributes:
        sequence: The newest event that it covers; 0 if it belongs to no event.
        data: The bytes to send.
        last: Whether the stream ends after it.
    """

    sequence: int
    data: bytes
    last: bool = False


@dataclass(eq=False)
class Subscriber:
    """The frames queued for one stream. A newer frame replaces a queued one with the same key.

    Attributes:
        after: Frames up to this event are skipped.
    """

    after: int = 0
    _pending: dict[Hashable, Frame] = field(default_factory=dict, init=False)
    _wakeup: asyncio.Future[None] | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)

    @property
    def closed(self) -> bool:
        """Whether its stream is ending: nothing more is queued."""
        return self._closed

    def push(self, key: Hashable, frame: Frame) -> None:
        """Queue a frame at the end; a subscriber with too many queued frames is dropped."""
        if self._closed or 0 < frame.sequence <= self.after:
            return
        self._pending.pop(key, None)
        self._pending[key] = frame
        if len(self._pending) > MAX_PENDING:
            self.close()
        self._wake()

    def start_with(self, frames: Iterable[tuple[Hashable, Frame]], *, up_to: int) -> None:
        """Put the initial frames first, and drop frames queued meanwhile that they already cover."""
        queued_meanwhile = self._pending
        self._pending = {}
        for key, frame in frames:
            self.push(key, frame)
        self.after = up_to
        for key, frame in queued_meanwhile.items():
            self.push(key, frame)

    def close(self) -> None:
        """Discard what is queued and end the stream."""
        self._closed = True
        self._pending.clear()
        self._wake()

    async def next(self, within: float) -> list[Frame]:
        """Return the queued frames, waiting up to `within` seconds for one; empty after that, or once closed."""
        if not self._pending and not self._closed:
            self._wakeup = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._wakeup,), timeout=within)
            self._wakeup = None
        frames = list(self._pending.values())
        self._pending.clear()
        return frames

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)


@dataclass(frozen=True)
class StreamSlots:
    """Counts each owner's open streams."""

    limit: int
    _open: Counter[str] = field(default_factory=Counter, init=False)

    @contextmanager
    def hold(self, owner: str, most: int | None = None) -> Iterator[None]:
        """Hold one of an owner's slots, of `limit` or of as many as the owner itself may have.

        Raises:
            Refused: `too_many_streams`.
        """
        if self._open[owner] >= (self.limit if most is None else most):
            raise Refused("too_many_streams")
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]
