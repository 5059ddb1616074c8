"""Money: what may be spent, and what is reserved and spent. Amounts are USD; days and months are those of UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from promptmill.contracts.access import owner_name
from promptmill.contracts.messages import Message

MOST_USD: Final = 999_999
"""The highest budget, and the highest price of a single job."""

INSTALLATION: Final = "*"
"""The owner of the budgets that bound everybody together."""


class BudgetPeriod(StrEnum):
    """What a budget's limit holds for: each day, each month, or all time."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


class Budget(Message):
    """A limit of an owner, or of the installation, and what is reserved and spent in the current period."""

    owner: str
    period: BudgetPeriod
    limit_usd: Decimal
    reserved_usd: Decimal
    spent_usd: Decimal


class HeldBy(NamedTuple):
    """What holds jobs for want of room: a budget of an owner or of the installation, or a batch's own.

    Attributes:
        owner: Whose jobs; `*` for everybody's.
        period: The budget's; None for a batch's.
        batch_id: The batch.
    """

    owner: str
    period: BudgetPeriod | None = None
    batch_id: UUID | None = None

    @property
    def noted(self) -> dict[str, Any]:
        """How the event of a job that is held names it."""
        if self.batch_id is not None:
            return {"batch": str(self.batch_id)}
        return {"owner": self.owner, "period": self.period}


WARN_AT_PERCENT: Final = (80, 100)
"""How much of a budget is used when its warnings are given."""


class BudgetWarning(Message):
    """A budget of which so many percent are used, by what is reserved and spent in its current period."""

    owner: str
    period: BudgetPeriod
    percent: int
    limit_usd: Decimal
    used_usd: Decimal


class SpendBy(StrEnum):
    """What spending is added up by."""

    DAY = "day"
    OWNER = "owner"
    MODEL = "model"
    KEY = "key"
    """The API key that created the job."""


class Spend(Message):
    """What is reserved and spent for one day, owner, model or key.

    Attributes:
        name: The day as `YYYY-MM-DD`, or their name; `no key` for what no API key created.
        key_id: The key's id, if it is one.
        grok_usd: The part of `spent_usd` that Grok's prompts cost; the rest is WaveSpeed's.
    """

    name: str
    key_id: str | None = None
    reserved_usd: Decimal
    spent_usd: Decimal
    grok_usd: Decimal = Decimal(0)


class SpendQuery(Message):
    """Which spending is added up: of the days from `first` to `last`, and of one owner, or of all.

    `all_names`: whoever asks may know the names of all owners' keys.
    """

    by: SpendBy
    first: date
    last: date
    owner: str | None = None
    all_names: bool = False


def sum_of(rows: Sequence[Spend]) -> tuple[Decimal, Decimal]:
    """Return what is spent and reserved in all."""
    return sum((row.spent_usd for row in rows), Decimal(0)), sum((row.reserved_usd for row in rows), Decimal(0))


def grok_of(rows: Sequence[Spend]) -> Decimal:
    """Return what Grok's prompts cost of what is spent in all."""
    return sum((row.grok_usd for row in rows), Decimal(0))


def warning_percent(budget: Budget) -> int | None:
    """Return the highest of `WARN_AT_PERCENT` that a budget has reached; None below all."""
    used = budget.reserved_usd + budget.spent_usd
    return max((percent for percent in WARN_AT_PERCENT if used * 100 >= budget.limit_usd * percent), default=None)


def budget_name(owner: str, period: BudgetPeriod) -> str:
    """Return how sentences call a budget: `the daily budget of team-a`."""
    adjective = {BudgetPeriod.DAY: "daily", BudgetPeriod.MONTH: "monthly", BudgetPeriod.TOTAL: "total"}[period]
    return f"the installation's {adjective} budget" if owner == INSTALLATION else f"the {adjective} budget of {owner}"


def budget_owner(text: str) -> str:
    """Return whose budget it is: an owner's name, or `*`.

    Raises:
        ValueError: It is neither.
    """
    return text if text == INSTALLATION else owner_name(text)
