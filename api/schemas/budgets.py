"""Requests and responses about money. Amounts are USD; days and months are those of UTC."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from api.schemas.access import checked
from api.schemas.bases import Answer, StrictRequestModel
from api.schemas.days import AskDays
from api.schemas.fields import Usd
from promptmill.contracts.budgets import BudgetPeriod, SpendBy, budget_owner

BudgetOwner = Annotated[str, BeforeValidator(checked(budget_owner))]


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


class AskSpend(AskDays):
    """Which spending to add up."""

    by: SpendBy = Field(SpendBy.DAY, description="What it is added up by.")
    format: Literal["json", "csv"] | None = Field(None, description="Default: what `Accept` prefers, or JSON.")


class SpendAnswer(Answer):
    """What one day, owner, model or key cost: charged (`spentUsd`), and held for submissions that may be."""

    name: str = Field(description="The day, owner, model or key; `no key` for what no API key created.")
    key_id: str | None = Field(description="By key: its id. Else null.")
    spent_usd: float = Field(description="Charged, by WaveSpeed and xAI.")
    grok_usd: float = Field(description="Of `spentUsd`, what xAI charged for Grok's prompts.")
    reserved_usd: float = Field(description="Held for submissions that may be charged.")


class SpendList(Answer):
    """Spending from one day to another, both included: days in order, all else by cost, highest first."""

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
