"""The account's books: what was deducted and refunded, some time after it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from promptmill.simulators.front_door import Call
from promptmill.simulators.ledger import LedgerEntry
from promptmill.simulators.wavespeed.envelope import problem, success
from promptmill.simulators.wavespeed.predictions import Predictions

TYPES = {"charge": "deduct", "refund": "refund"}


class BillingQuestion(BaseModel):
    """The body of `POST /api/v3/billings/search`; what Promptmill does not filter by is not simulated."""

    page: int = Field(1, ge=1, strict=True)
    page_size: int = Field(20, ge=1, le=100, strict=True)
    prediction_uuids: list[str] | None = Field(None, max_length=100)


@dataclass(frozen=True)
class Billing:
    """Shows an account its own entries."""

    predictions: Predictions

    async def search(self, call: Call) -> Response:
        """List entries, newest first."""
        try:
            question = BillingQuestion.model_validate(call.body)
        except ValidationError as error:
            first = error.errors()[0]
            return problem(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        wanted = None if question.prediction_uuids is None else set(question.prediction_uuids)
        entries = [
            entry
            for entry in reversed(call.account.ledger.entries(lag_seconds=call.account.timing.billing_seconds))
            if wanted is None or entry.subject_id in wanted
        ]
        start, end = (question.page - 1) * question.page_size, question.page * question.page_size
        items = [self._shown(entry) for entry in entries[start:end]]
        return success({"page": question.page, "items": items, "has_more": end < len(entries)})

    def _shown(self, entry: LedgerEntry) -> dict[str, Any]:
        """Return an entry as WaveSpeed shows it, with its time in milliseconds."""
        prediction = self.predictions.find(entry.subject_id)
        return {
            "uuid": uuid5(NAMESPACE_URL, f"{entry.kind}/{entry.subject_id}").hex,
            "billing_type": TYPES[entry.kind],
            "price": float(entry.usd),
            "created_at": round(entry.at * 1000),
            "order": entry.subject_id,
            "prediction": {
                "uuid": entry.subject_id,
                "model_uuid": entry.model,
                "status": prediction.status() if prediction else "deleted",
            },
        }
