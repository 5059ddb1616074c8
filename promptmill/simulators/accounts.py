"""Accounts: a simulator keeps all state per API key, so that concurrent tests never interfere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from promptmill.simulators.faults import FaultBook
from promptmill.simulators.holds import Holds
from promptmill.simulators.ledger import Ledger
from promptmill.simulators.recording import Recorder

CREDIT = Decimal(1_000_000)
"""US dollars on a new account."""

REJECTED_KEY = "bad-"
BLOCKED_KEY = "blocked-"
POOR_KEY = "poor-"
"""Prefixes of keys that are rejected, blocked, or out of credit."""


class Timing(BaseModel):
    """An account's timing, in seconds, its limits, and how it is billed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_seconds: float = Field(1, ge=0, description="Shortest time that a prediction or a completion takes.")
    max_seconds: float = Field(3, ge=0, description="Longest.")
    refund_seconds: float = Field(0, ge=0, description="How long after a failure the money comes back.")
    sync_window_seconds: float = Field(90, ge=0, description="How long a synchronous submit is kept open.")
    webhook_backoff_seconds: float = Field(1, ge=0, description="Wait before a webhook's first retry; then doubling.")
    concurrent: int | None = Field(None, ge=1, description="Predictions in work at once; further ones stay `created`.")
    per_minute: int | None = Field(None, ge=1, description="Submits in one clock minute; further ones get a 429.")
    minute_seconds: float = Field(60, gt=0, description="How long such a minute is: tests have no time for real ones.")
    discount: float = Field(0, ge=0, le=1, description="What is quoted below the list price, as a share of it.")
    charged_share: float = Field(1, ge=0, description="What is charged, as a share of the price that is quoted.")
    refund_failures: bool = Field(default=True, description="Whether failed predictions are refunded.")
    billing_seconds: float = Field(0, ge=0, description="How long after a charge or refund the books show it.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_seconds > self.max_seconds:
            raise ValueError("min_seconds is larger than max_seconds")
        return self

    def quoted(self, price: Decimal) -> Decimal:
        """Return what is quoted for a list price, in whole millionths of a dollar."""
        return round(price * (1 - Decimal(str(self.discount))), 6)

    def charged(self, price: Decimal) -> Decimal:
        """Return what is charged for a list price."""
        return round(self.quoted(price) * Decimal(str(self.charged_share)), 6)

    def draw(self, seed: str) -> float:
        """Return a duration between both bounds, the same for the same seed."""
        return Random(seed).uniform(self.min_seconds, self.max_seconds)  # noqa: S311  # repeatable on purpose


@dataclass
class Account:
    """One API key's requests, charges, and planned faults."""

    key: str
    timing: Timing
    ledger: Ledger
    requests: Recorder = field(default_factory=Recorder)
    faults: FaultBook = field(default_factory=FaultBook)
    holds: Holds = field(default_factory=Holds)

    def as_json(self) -> dict[str, Any]:
        """Return the account's state, for the control interface."""
        return {
            "key": self.key,
            "balance": str(self.ledger.balance),
            "ledger": [entry.as_json() for entry in self.ledger.entries()],
            "requests": self.requests.as_json(),
            "faults": self.faults.as_json(),
            "held": self.holds.count,
            "timing": self.timing.model_dump(),
        }


@dataclass
class Accounts:
    """All accounts of one simulator; an unknown key creates one."""

    timing: Timing
    _accounts: dict[str, Account] = field(default_factory=dict)

    def of(self, key: str) -> Account:
        """Return the account of an API key."""
        if key not in self._accounts:
            credit = Decimal(0) if key.startswith(POOR_KEY) else CREDIT
            self._accounts[key] = Account(key, self.timing, Ledger(credit))
        return self._accounts[key]

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())
