"""Speaks to a simulator's control interface for one account: `SimulatorControl(wavespeed_simulator.url, account)`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from tests.support import eventually, open_http


class SimulatorControl:
    """One account (API key) at one simulator.

    Args:
        url: The simulator's address.
        key: The account's API key.
    """

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key
        self._account = f"{url}/_simulator/accounts/{quote(key, safe='')}"

    async def account(self) -> dict[str, Any]:
        """Everything: balance, ledger, requests, faults, held, timing; at WaveSpeed predictions and deliveries too."""
        answer: dict[str, Any] = (await self._send("GET", "")).json()
        return answer

    async def charges(self) -> list[dict[str, Any]]:
        """The charges, oldest first: kind, id (prediction or completion), model, usd (a text), at."""
        return [entry for entry in (await self.account())["ledger"] if entry["kind"] == "charge"]

    async def refunds(self) -> list[dict[str, Any]]:
        return [entry for entry in (await self.account())["ledger"] if entry["kind"] == "refund"]

    async def balance(self) -> Decimal:
        return Decimal((await self.account())["balance"])

    async def requests(self, where: str | None = None) -> list[dict[str, Any]]:
        """The requests, oldest first: number, where, method, path, query, body, at, status (None open, 0 cut)."""
        return [found for found in (await self.account())["requests"] if where in (None, found["where"])]

    async def predictions(self) -> list[dict[str, Any]]:
        """WaveSpeed's predictions, oldest first: id, model, status, inputs, created_at, hidden, webhook."""
        predictions: list[dict[str, Any]] = (await self.account())["predictions"]
        return predictions

    async def deliveries(self) -> list[dict[str, Any]]:
        """Each attempt to deliver a webhook: id, attempt, status (0: no answer), at."""
        deliveries: list[dict[str, Any]] = (await self.account())["deliveries"]
        return deliveries

    async def order(self, where: str, kind: str, **more: Any) -> None:
        """Inject a fault; `promptmill.simulators.faults.Fault` lists them."""
        await self._send("POST", "/faults", [{"where": where, "kind": kind, **more}])

    async def clear_faults(self) -> None:
        await self._send("DELETE", "/faults")

    async def hits(self) -> int:
        """How often injected faults have struck."""
        return sum(fault["hits"] for fault in (await self.account())["faults"])

    async def set_timing(self, **timing: float | None) -> None:
        """Change some of `promptmill.simulators.accounts.Timing`."""
        await self._send("PUT", "/timing", timing)

    async def set_credit(self, usd: str) -> None:
        await self._send("PUT", "/credit", {"usd": usd})

    async def release(self, then: str = "answer") -> int:
        """Release the held requests, `then` "answer" or "cut"; return how many there were."""
        released: int = (await self._send("POST", "/release", {"then": then})).json()["released"]
        return released

    async def end(self, prediction_id: str, **ending: Any) -> None:
        """End one of WaveSpeed's predictions now: status, code, error, nsfw."""
        await self._send("PUT", f"/predictions/{prediction_id}", ending)

    async def wait_requests(self, where: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until that many requests have arrived."""

        async def arrived() -> list[dict[str, Any]]:
            found = await self.requests(where)
            return found if len(found) >= count else []

        return await eventually(arrived, what=f"{count} request(s) to {where}")

    async def wait_held(self, count: int = 1) -> None:
        """Wait until that many requests are held."""

        async def held() -> bool:
            return bool((await self.account())["held"] >= count)

        await eventually(held, what=f"{count} held request(s)")

    async def _send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        async with open_http() as client:
            answer = await client.request(method, self._account + path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer
