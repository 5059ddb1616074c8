"""`promptmill budgets` and `promptmill budgets spend`: what may be spent, and what is reserved and spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.budgets import (
    INSTALLATION,
    MOST_USD,
    Budget,
    BudgetPeriod,
    Spend,
    SpendBy,
    SpendQuery,
    grok_of,
    sum_of,
)
from promptmill.contracts.errors import RecordNotFound
from promptmill.formats import money

_SMALLEST = -6
"""Exponent of the smallest amount."""


def parse_usd(text: str) -> Decimal:
    """Return an amount in USD.

    Raises:
        ValueError: It is not one; the message says what is.
    """
    problem = f"{text!r} is not an amount in USD from 0 to {MOST_USD:,} with up to six decimal places"
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(problem) from None
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < _SMALLEST or not 0 <= amount <= MOST_USD:
        raise ValueError(problem)
    return amount


async def read_budgets(settings: Settings) -> list[Budget]:
    """Return all budgets.

    Raises:
        RecordUnavailable: Postgres is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    async with open_record(settings) as store:
        return await store.budgets.all()


async def set_budget(settings: Settings, owner: str, period: BudgetPeriod, limit_usd: Decimal) -> list[Budget]:
    """Set a budget and return all of them.

    Raises:
        RecordNotFound: There is no such owner: a mistyped one would bound nobody.
        RecordUnavailable, ConfigurationError: As `read_budgets`.
    """
    async with open_record(settings) as store:
        if owner != INSTALLATION and not await store.access.is_owner(owner):
            raise RecordNotFound(f"There is no owner {owner}: `promptmill owners list` shows all. Nothing was set.")
        await store.budgets.set(owner, period, limit_usd, by=operator())
        return await store.budgets.all()


async def remove_budget(settings: Settings, owner: str, period: BudgetPeriod) -> bool:
    """Remove a budget; return whether there was one. Raises as `read_budgets`."""
    async with open_record(settings) as store:
        return await store.budgets.remove(owner, period, by=operator())


async def read_spend(settings: Settings, query: SpendQuery) -> list[Spend]:
    """Return what was reserved and spent. Raises as `read_budgets`."""
    async with open_record(settings) as store:
        return await store.budgets.spend(query)


def last_days(by: SpendBy, days: int, owner: str | None) -> SpendQuery:
    """Return the query for the last days of UTC, today included."""
    today = datetime.now(UTC).date()  # noqa: TID251  # no workflow runs here
    return SpendQuery(by=by, first=today - timedelta(days=days - 1), last=today, owner=owner, all_names=True)


def budget_line(budget: Budget) -> str:
    """Describe a budget and what is left of it."""
    whose = "the installation (*)" if budget.owner == INSTALLATION else budget.owner
    used = budget.reserved_usd + budget.spent_usd
    left = max(budget.limit_usd - used, Decimal(0))
    parts = f"{money(budget.spent_usd)} spent, {money(budget.reserved_usd)} reserved, {money(left)} left"
    return f"{whose}, {budget.period}: {money(budget.limit_usd)}; {parts}"


def spend_lines(rows: Sequence[Spend]) -> Iterator[str]:
    """Describe what was reserved and spent, and the sum."""
    for row in rows:
        key = f" (pm_{row.key_id})" if row.key_id else ""
        yield f"{row.name}{key}: {_amounts(row.spent_usd, row.reserved_usd, row.grok_usd)}"
    yield f"In all: {_amounts(*sum_of(rows), grok_of(rows))}"


def _amounts(spent: Decimal, reserved: Decimal, grok: Decimal) -> str:
    part = f" ({money(grok)} of it for Grok)" if grok else ""
    return f"{money(spent)} spent{part}, {money(reserved)} reserved"
