"""The places of one worker's callback deliveries: bounded, and so that no receiver and no owner holds all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from promptmill.addresses import host_named


class NoPlace(Exception):
    """All places that a delivery may take are taken; the message says which."""


@dataclass(frozen=True)
class CallbackPlaces:
    """Counts running deliveries. A delivery that finds no place is refused at once: nothing waits here.

    Attributes:
        in_all: How many may run.
        per_host: How many of them to receivers at one host, whatever the port.
        per_owner: How many of them for one owner, whose receivers may have any number of hosts.
    """

    in_all: int
    per_host: int
    per_owner: int
    _taken: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)

    @contextmanager
    def taken(self, owner: str, url: str) -> Iterator[None]:
        """Hold a place for a delivery to this URL.

        Raises:
            NoPlace: There is none.
        """
        kinds = {
            ("all", ""): (self.in_all, "other callbacks are being delivered"),
            ("host", host_named(url)): (self.per_host, "other callbacks to the same host are being delivered"),
            ("owner", owner): (self.per_owner, "other callbacks of the same owner are being delivered"),
        }
        for kind, (most, why) in kinds.items():
            if self._taken[kind] >= most:
                raise NoPlace(why)
        self._taken.update(list(kinds))
        try:
            yield
        finally:
            self._taken.subtract(list(kinds))
            for kind in kinds:
                if not self._taken[kind]:
                    del self._taken[kind]  # there are as many hosts as callers can think of
