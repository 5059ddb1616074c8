"""Both simulators as used by the run: faults injected, hits counted, the ledger read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.faults import Order


@dataclass
class Simulator:
    """One simulator, for the run's account.

    Attributes:
        orders: Active faults, in the simulator's own order.
        ordered, hits: How many faults of each kind were injected, and have struck.
    """

    http: httpx.AsyncClient
    url: str
    account: str
    orders: list[Order] = field(default_factory=list)
    ordered: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)

    async def order(self, orders: Sequence[Order]) -> None:
        """Inject faults."""
        if orders:
            await self._send("POST", "/faults", [order.fault for order in orders])
            self.orders += orders
            self.ordered.update(order.kind for order in orders)

    async def forget_faults(self) -> None:
        """Count the hits, then remove all faults: from here on the provider works."""
        for order, seen in zip(self.orders, (await self.book())["faults"], strict=True):
            self.hits[order.kind] += seen["hits"]
        await self._send("DELETE", "/faults")
        self.orders.clear()

    async def book(self) -> dict[str, Any]:
        """Return everything that the simulator keeps of the account."""
        return (await self._send("GET", "")).json()  # type: ignore[no-any-return]  # JSON

    async def made_for(self, job_id: str) -> int:
        """Return how many predictions were created for a job, by their webhook URLs. WaveSpeed only."""
        return sum(job_id in (prediction["webhook"] or "") for prediction in (await self.book())["predictions"])

    async def set_timing(self, **timing: float) -> None:
        """Change how long things take."""
        await self._send("PUT", "/timing", timing)

    async def struck(self, kind: str) -> int:
        """Return how often faults of a kind have struck since all were last removed."""
        faults = (await self._send("POST", "/faults", [])).json()
        return sum(seen["hits"] for order, seen in zip(self.orders, faults, strict=True) if order.kind == kind)

    async def release(self) -> None:
        """Release held requests."""
        await self._send("POST", "/release", {"then": "answer"})

    async def _send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = await self.http.request(method, f"{self.url}/_simulator/accounts/{self.account}{path}", json=body)
        if not answer.is_success:
            raise RuntimeError(f"The simulator refused {method} {path}: {answer.status_code} {answer.text}")
        return answer
