"""Requests that are held open until a test releases them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

Release = Literal["answer", "cut"]


@dataclass
class Holds:
    """The held requests of one account."""

    _waiting: set[asyncio.Future[Release]] = field(default_factory=set)

    async def wait(self) -> Release:
        """Wait until a test releases this request; return how it continues."""
        gate: asyncio.Future[Release] = asyncio.get_running_loop().create_future()
        self._waiting.add(gate)
        try:
            return await gate
        finally:
            self._waiting.discard(gate)

    def release(self, how: Release) -> int:
        """Release all held requests; return how many there were."""
        gates = [gate for gate in self._waiting if not gate.done()]
        for gate in gates:
            gate.set_result(how)
        return len(gates)

    @property
    def count(self) -> int:
        """Number of held requests."""
        return len(self._waiting)
