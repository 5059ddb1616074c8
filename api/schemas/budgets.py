"""Requests and responses about money. Amounts are USD; days and months are those of UTC."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.access import OwnerName, checked
from api.schemas.bases import Answer, StrictRequestModel, field_errors
from api.schemas.fields import Usd
from promptmill.contracts.budgets import BudgetPeriod, SpendBy, budget_owner

MOST_DAYS: Final = 366
"""The longest range of days that spending is added up for."""

BudgetOwner = Annotated[str, BeforeValidator(checked(budget_owner))]


def _written_out(value: Any) -> Any:
    """Refuse what pydantic would also read as a day (a number of seconds), and days near the calendar's ends."""
    if not isinstance(value, str) or not re.fullmatch(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("refused", "Must be a day, such as 2026-01-31.")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]


class SetBudget(StrictRequestModel):
    """A budget's limit."""

    limit_usd: Usd = Field(description="What may be spent in the period.")


class BudgetAnswer(Answer):
    """A budget and what is used of it in the current period. `owner` is `*` for the whole installation."""

    owner: str = Field(description="Whose it is.")
    period: BudgetPeriod = Field(description="What the limit holds for.")
    limit_usd: float = Field(description="What may be spent in the period.")
    reserved_usd: float = Field(description="Held for submissions that may be charged.")
    spent_usd: float = Field(description="Charged.")


class BudgetList(Answer):
    """All budgets, the installation's first."""

    items: list[BudgetAnswer] = Field(description="The budgets.")


class AskSpend(StrictRequestModel):
    """Which spending to add up."""

    by: SpendBy = Field(SpendBy.DAY, description="What it is added up by.")
    from_: Day | None = Field(None, alias="from", description="The first day (UTC). Default: 30 days before `to`.")
    to: Day | None = Field(None, description=f"The last day. Default: today. At most {MOST_DAYS} days in all.")
    owner: OwnerName | None = Field(
        None, description="Only what this owner spent. Default: the caller's; for admins everybody."
    )
    format: Literal["json", "csv"] | None = Field(None, description="Default: what `Accept` prefers, or JSON.")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.from_ is not None and self.to is not None and not 0 <= (self.to - self.from_).days < MOST_DAYS:
            raise field_errors(type(self), [(("from",), f"Must be at most {MOST_DAYS - 1} days before `to`.")])
        return self


class SpendAnswer(Answer):
    """What one day, owner, model or key cost: charged (`spentUsd`), and held for submissions that may be."""

    name: str = Field(description="The day, owner, model or key; `no key` for what no API key created.")
    key_id: str | None = Field(description="By key: its id. Else null.")
    spent_usd: float = Field(description="Charged, by WaveSpeed and xAI.")
    grok_usd: float = Field(description="Of `spentUsd`, what xAI charged for Grok's prompts.")
    reserved_usd: float = Field(description="Held for submissions that may be charged.")


class SpendList(Answer):
    """Spending from one day to another, both included: days in order, the others the dearest first."""

    by: SpendBy = Field(description="What it is added up by.")
    from_: date = Field(alias="from", description="The first day (UTC).")
    to: date = Field(description="The last day.")
    items: list[SpendAnswer] = Field(description="Rows with something charged or held.")
    spent_usd: float = Field(description="Charged, in all.")
    grok_usd: float = Field(description="Of `spentUsd`, what xAI charged.")
    reserved_usd: float = Field(description="Held, in all.")


class BalanceAnswer(Answer):
    """What is left on the account at WaveSpeed."""

    balance_usd: float | None = Field(description="The balance; null if it is unavailable.")
    reason: str | None = Field(description="Why it is unavailable.")
