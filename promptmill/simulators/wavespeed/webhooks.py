"""Signed webhooks: sent when a prediction with a webhook URL ends, retried with backoff, corrupted on demand."""

from __future__ import annotations

import asyncio
import hmac
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from promptmill.simulators.accounts import Account
from promptmill.simulators.clock import now
from promptmill.simulators.faults import Fault
from promptmill.simulators.wavespeed.predictions import Prediction

ATTEMPTS = 4
"""The first delivery and three retries."""

ANSWER_SECONDS = 10
OLD_SECONDS = 3600
ANNOUNCED = frozenset({"completed", "failed"})
"""The endings that WaveSpeed sends a webhook for."""


def webhook_secret(key: str) -> str:
    """Return an account's webhook secret, the same for the same key."""
    return "whsec_" + sha256(f"webhook secret of {key}".encode()).hexdigest()


def signature(secret: str, webhook_id: str, timestamp: str, body: bytes) -> str:
    """Return the `webhook-signature` header: v3, HMAC-SHA256 in hex over id, timestamp and the bytes of the body.

    The key is the secret's text without `whsec_`, not base64-decoded.
    """
    message = f"{webhook_id}.{timestamp}.".encode() + body
    return "v3," + hmac.new(secret.removeprefix("whsec_").encode(), message, sha256).hexdigest()


@dataclass
class WebhookSender:
    """Delivers webhooks in the background, and records each attempt."""

    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _deliveries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def announce(self, account: Account, prediction: Prediction, base: str) -> None:
        """Send the prediction's webhook when it ends; with an `early` fault, before this returns."""
        fault = account.faults.take("webhook", _match_text(prediction), content=True)
        if fault is not None and fault.kind == "early":
            await self._deliver(account, prediction, base, fault)
        else:
            self.announce_end(account, prediction, base, fault)

    def announce_end(self, account: Account, prediction: Prediction, base: str, fault: Fault | None = None) -> None:
        """Send the prediction's webhook when it ends."""
        if prediction.webhook and prediction.finishes_at is not None:
            task = asyncio.create_task(self._deliver_at_end(account, prediction, base, fault))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def deliveries(self, key: str) -> list[dict[str, Any]]:
        """Return every attempt for an account, oldest first; `status` is 0 if there was no response."""
        return self._deliveries.get(key, [])

    async def close(self) -> None:
        """Stop delivering."""
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver_at_end(self, account: Account, prediction: Prediction, base: str, fault: Fault | None) -> None:
        finishes_at = prediction.finishes_at or 0.0
        late = fault.seconds if fault and fault.kind == "late" else 0
        await asyncio.sleep(max(0.0, finishes_at - now()) + late)
        lost = fault is not None and fault.kind == "lost"
        if prediction.finishes_at != finishes_at or prediction.ending.status not in ANNOUNCED or lost:
            return  # ended differently in the meantime, which sent its own webhook
        await self._deliver(account, prediction, base, fault)
        if fault is not None and fault.kind == "duplicate":
            await self._deliver(account, prediction, base, fault)

    async def _deliver(self, account: Account, prediction: Prediction, base: str, fault: Fault | None) -> None:
        shown = prediction.as_json(base, at=prediction.finishes_at)
        body = json.dumps({**shown, "input": prediction.inputs}).encode()
        for attempt in range(1, ATTEMPTS + 1):
            headers = _headers(account.key, prediction.id, body, fault)
            status = await asyncio.to_thread(_post, prediction.webhook or "", body, headers)
            delivery = {"id": prediction.id, "attempt": attempt, "status": status, "at": now()}
            self._deliveries.setdefault(account.key, []).append(delivery)
            if 200 <= status < 300:  # noqa: PLR2004  # any 2xx accepts it
                return
            if attempt < ATTEMPTS:
                await asyncio.sleep(account.timing.webhook_backoff_seconds * 2 ** (attempt - 1))


def _match_text(prediction: Prediction) -> bytes:
    return f"{prediction.model} {prediction.webhook} {json.dumps(prediction.inputs)}".encode()


def _headers(key: str, webhook_id: str, body: bytes, fault: Fault | None) -> dict[str, str]:
    kind = fault.kind if fault else None
    timestamp = str(int(now()) - (OLD_SECONDS if kind == "old_timestamp" else 0))
    secret = "whsec_another" if kind == "wrong_signature" else webhook_secret(key)
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(secret, webhook_id, timestamp, body),
    }


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as a response other than 2xx instead of following it."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _post(address: str, body: bytes, headers: dict[str, str]) -> int:
    """Post once, bypassing any proxy, in a thread; return the HTTP status, or 0 if there was no response."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    request = urllib.request.Request(address, data=body, headers=headers, method="POST")  # noqa: S310  # http(s) only: checked at submit
    try:
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0
