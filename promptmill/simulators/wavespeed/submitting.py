"""`POST /api/v3/{model}`: creates a prediction and charges for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response

from promptmill.simulators.accounts import Account
from promptmill.simulators.clock import now
from promptmill.simulators.faults import Fault
from promptmill.simulators.front_door import Call
from promptmill.simulators.wavespeed.bookkeeping import Books
from promptmill.simulators.wavespeed.catalogue import Model
from promptmill.simulators.wavespeed.envelope import WORDS, problem, success
from promptmill.simulators.wavespeed.inputs import find_problem
from promptmill.simulators.wavespeed.predictions import Prediction
from promptmill.simulators.wavespeed.webhooks import WebhookSender

SYNC_TICK_SECONDS = 0.02
STILL_RUNNING = 5004


@dataclass(frozen=True)
class Submitting:
    """Accepts submissions."""

    models: Mapping[str, Model]
    books: Books
    webhooks: WebhookSender
    _minutes: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def submit(self, call: Call) -> Response:
        """Create a prediction, or refuse."""
        model = self.models.get(call.request.path_params["model"])
        if model is None:
            return problem(404, f"model {call.request.path_params['model']} not found")
        webhook = call.request.query_params.get("webhook")
        refusal = self._refusal(call, model, webhook)
        if refusal is not None:
            return refusal
        fault = call.content_fault()
        prediction = self.books.make(call.account, model, call.body, fault=fault, webhook=webhook)
        await self.webhooks.announce(call.account, prediction, call.base) if webhook else None
        if call.body.get("enable_sync_mode") and "enable_sync_mode" in model.inputs:
            return await self._wait(call, prediction)
        shown = prediction.as_json(call.base, at=prediction.created_at)
        return _spoiled(fault, {**shown, "status": "created", "outputs": [], "has_nsfw_contents": []})

    def _refusal(self, call: Call, model: Model, webhook: str | None) -> Response | None:
        wrong = find_problem(model, call.body)
        if wrong:
            return problem(400, wrong)
        if webhook and urlsplit(webhook).scheme not in ("http", "https"):
            return problem(400, "webhook must be a URL")
        if call.body.get("enable_base64_output") and "enable_base64_output" in model.inputs:
            return problem(501, "base64 outputs are not simulated")
        if self._too_many(call.account):
            return problem(429)
        if call.account.ledger.balance < max(model.price(call.body), Decimal("0.0001")):
            return problem(402)
        return None

    def _too_many(self, account: Account) -> bool:
        if account.timing.per_minute is None:
            return False
        minute = int(now() // account.timing.minute_seconds)
        last, count = self._minutes.get(account.key, (minute, 0))
        count = count + 1 if last == minute else 1
        self._minutes[account.key] = (minute, count)
        return count > account.timing.per_minute

    @staticmethod
    async def _wait(call: Call, prediction: Prediction) -> Response:
        """Keep the request open until the prediction ends or the sync window closes; the prediction then continues."""
        window = call.account.timing.sync_window_seconds
        closes_at = now() + window
        while now() < closes_at:
            if prediction.ended():
                return success(prediction.as_json(call.base))
            await asyncio.sleep(SYNC_TICK_SECONDS)
        shown = prediction.as_json(call.base)
        words = f"Sync mode timed out after {window:g} seconds. The prediction is still processing asynchronously."
        return success({**shown, "status": "processing", "code": STILL_RUNNING, "error": words})


def _spoiled(fault: Fault | None, shown: dict[str, object]) -> Response:
    """Return the new prediction, without its id or beside an error code if a fault demands that."""
    if fault is not None and fault.kind == "no_id":
        return success({name: value for name, value in shown.items() if name not in ("id", "urls")})
    if fault is not None and fault.kind == "bare":
        return JSONResponse(shown)
    if fault is not None and fault.kind == "id_with_code":
        code = fault.code if isinstance(fault.code, int) else 500
        return JSONResponse({"code": code, "message": fault.message or WORDS.get(code, "error"), "data": shown})
    return success(shown)
