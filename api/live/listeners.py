"""One open stream's side of the feed: what it is still to be told, bounded; and how many an owner may have."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from api.http.errors import Refused

MAX_PENDING: Final = 1000
"""How many pieces may wait for a slow listener; one more, and it is dropped. It reconnects and reads anew."""


class Piece(NamedTuple):
    """A finished piece of a stream, shared by all who are told it.

    Attributes:
        sequence: The event up to which it tells; 0 for what belongs to no event.
        text: The bytes that go out.
        last: Whether nothing comes after it.
    """

    sequence: int
    text: bytes
    last: bool = False


@dataclass(eq=False)
class Listener:
    """What one stream is still to be told. The newest piece of a key replaces an older one.

    Attributes:
        after: Pieces up to this event are not told (any more).
    """

    after: int = 0
    _pending: dict[Hashable, Piece] = field(default_factory=dict, init=False)
    _waiting: asyncio.Future[None] | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)

    @property
    def closed(self) -> bool:
        """Whether it is to be told nothing any more."""
        return self._closed

    def tell(self, key: Hashable, piece: Piece) -> None:
        """Put a piece behind what already waits; a listener that has too much waiting is dropped."""
        if self._closed or 0 < piece.sequence <= self.after:
            return
        self._pending.pop(key, None)
        self._pending[key] = piece
        if len(self._pending) > MAX_PENDING:
            self.close()
        self._wake()

    def begin(self, pieces: Iterable[tuple[Hashable, Piece]], *, up_to: int) -> None:
        """Tell what was read after it had begun to listen, and drop what is older and came meanwhile."""
        meanwhile = self._pending
        self._pending = {}
        for key, piece in pieces:
            self.tell(key, piece)
        self.after = up_to
        for key, piece in meanwhile.items():
            self.tell(key, piece)

    def close(self) -> None:
        """Tell nothing any more; its stream ends."""
        self._closed = True
        self._pending.clear()
        self._wake()

    async def next(self, within: float) -> list[Piece]:
        """Return what is to be told now; nothing after `within` seconds of silence, or once it is closed."""
        if not self._pending and not self._closed:
            self._waiting = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._waiting,), timeout=within)
            self._waiting = None
        pieces = list(self._pending.values())
        self._pending.clear()
        return pieces

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


@dataclass(frozen=True)
class Places:
    """Counts each owner's open streams."""

    most: int
    _taken: Counter[str] = field(default_factory=Counter, init=False)

    @contextmanager
    def taken(self, owner: str) -> Iterator[None]:
        """Hold one of an owner's places.

        Raises:
            Refused: `too_many_streams`.
        """
        if self._taken[owner] >= self.most:
            raise Refused("too_many_streams")
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]
