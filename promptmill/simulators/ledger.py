"""What an account was charged and refunded."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from promptmill.simulators.clock import now


@dataclass(frozen=True)
class LedgerEntry:
    """One entry in US dollars; `at` (epoch seconds) may be in the future, since refunds arrive late."""

    kind: Literal["charge", "refund"]
    subject_id: str
    model: str
    usd: Decimal
    at: float

    def as_json(self) -> dict[str, Any]:
        """Return the entry as the control interface shows it; the amount is a string, so that it stays exact."""
        return {"kind": self.kind, "id": self.subject_id, "model": self.model, "usd": str(self.usd), "at": self.at}


@dataclass
class Ledger:
    """An account's credit and its entries, oldest first."""

    credit: Decimal
    _entries: list[LedgerEntry] = field(default_factory=list)

    def charge(self, subject_id: str, model: str, usd: Decimal, at: float) -> None:
        """Record a charge for a prediction or a completion."""
        self._entries.append(LedgerEntry("charge", subject_id, model, usd, at))

    def refund(self, subject_id: str, model: str, usd: Decimal, at: float) -> None:
        """Record a refund that takes effect at `at`, unless there is one: nothing is refunded twice."""
        if not any(entry.kind == "refund" and entry.subject_id == subject_id for entry in self._entries):
            self._entries.append(LedgerEntry("refund", subject_id, model, usd, at))

    def forget_refund(self, subject_id: str) -> None:
        """Forget a refund that has not taken effect yet."""
        moment = now()
        self._entries = [
            entry
            for entry in self._entries
            if entry.kind != "refund" or entry.subject_id != subject_id or entry.at <= moment
        ]

    def entries(self, *, lag_seconds: float = 0) -> list[LedgerEntry]:
        """Return the entries in effect by now, or that long ago."""
        moment = now() - lag_seconds
        return [entry for entry in self._entries if entry.at <= moment]

    @property
    def balance(self) -> Decimal:
        """Remaining credit in US dollars."""
        booked = (entry.usd if entry.kind == "refund" else -entry.usd for entry in self.entries())
        return self.credit + sum(booked, Decimal(0))
