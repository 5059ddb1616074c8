"""Keeps the predictions, the account's ledger and the journal consistent."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from promptmill.simulators.accounts import Account, Accounts
from promptmill.simulators.clock import now
from promptmill.simulators.faults import Fault
from promptmill.simulators.wavespeed.catalogue import Model
from promptmill.simulators.wavespeed.journal import Journal
from promptmill.simulators.wavespeed.predictions import REFUNDED, Ending, Prediction, Predictions

FAILURE = "The task failed."


@dataclass(frozen=True)
class Books:
    """Creates and ends predictions so that ledger, history and journal agree."""

    accounts: Accounts
    predictions: Predictions
    journal: Journal

    def restore(self) -> None:
        """Restore what an earlier process persisted."""
        for prediction in self.journal.load():
            self.predictions.add(prediction)
            self._book(self.accounts.of(prediction.key), prediction)

    def make(
        self, account: Account, model: Model, inputs: dict[str, Any], *, fault: Fault | None, webhook: str | None
    ) -> Prediction:
        """Create a prediction, charge for it and persist it; the fault determines how it will end."""
        prediction_id = secrets.token_hex(16)
        seconds = account.timing.draw(prediction_id)
        created = now()
        starts = self.predictions.start_time(account.key, account.timing.concurrent, seconds)
        kind = fault.kind if fault else None
        hidden_seconds = fault.seconds if fault and kind == "hidden" else 0.0
        prediction = Prediction(
            id=prediction_id,
            key=account.key,
            model=model.model_id,
            inputs=inputs,
            outputs=_output_names(prediction_id, model, inputs),
            created_at=created,
            starts_at=starts,
            finishes_at=None if kind == "never" else starts + seconds,
            usd=str(account.timing.charged(model.price(inputs))),
            ending=_ending(fault),
            hidden=kind == "hidden" and not hidden_seconds,
            webhook=webhook,
            listed_from=created + hidden_seconds,
        )
        self.predictions.add(prediction)
        self._book(account, prediction)
        self.journal.write(prediction)
        return prediction

    def end(self, prediction: Prediction, ending: Ending) -> None:
        """End a prediction now, in a different way than planned."""
        account = self.accounts.of(prediction.key)
        prediction.ending = ending
        prediction.finishes_at = now()
        account.ledger.forget_refund(prediction.id)
        self._refund(account, prediction)
        self.journal.write(prediction)

    def delete(self, prediction: Prediction) -> None:
        """Delete what was submitted and what it made; what was charged stays in the ledger."""
        prediction.deleted = True
        prediction.inputs = {}
        prediction.ending = replace(prediction.ending, outputs=None)
        self.journal.write(prediction)

    def _book(self, account: Account, prediction: Prediction) -> None:
        account.ledger.charge(prediction.id, prediction.model, Decimal(prediction.usd), prediction.created_at)
        self._refund(account, prediction)

    @staticmethod
    def _refund(account: Account, prediction: Prediction) -> None:
        if not account.timing.refund_failures or prediction.ending.status not in REFUNDED:
            return
        if prediction.finishes_at is not None:
            at = prediction.finishes_at + account.timing.refund_seconds
            account.ledger.refund(prediction.id, prediction.model, Decimal(prediction.usd), at)


def _ending(fault: Fault | None) -> Ending:
    if fault is None or fault.kind not in ("ending", "nsfw", "outputs"):
        return Ending()
    if fault.kind == "outputs":
        return Ending(outputs=fault.outputs)
    if fault.kind == "nsfw":
        return Ending(nsfw=True)
    if fault.word == "completed":
        return Ending()
    code = fault.code if isinstance(fault.code, int) else None
    return Ending(fault.word, code, fault.message or FAILURE)


def _output_names(prediction_id: str, model: Model, inputs: dict[str, Any]) -> list[str]:
    extension = "mp4" if model.is_video else str(model.value(inputs, "output_format") or "png")
    return [f"{prediction_id}-{number}.{extension}" for number in range(model.count(inputs))]
