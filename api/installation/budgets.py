"""The budgets that a caller may see, and the notices of those that are nearly used up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from api.schemas.installation import Notice
from promptmill.contracts.access import Caller, Scope
from promptmill.contracts.budgets import WARN_AT_PERCENT, Budget, BudgetPeriod, budget_name, warning_percent
from promptmill.formats import money
from promptmill.store import Store

_AGAIN: Final = {
    BudgetPeriod.DAY: "It starts again at 00:00 UTC.",
    BudgetPeriod.MONTH: "It starts again with the next month (UTC).",
    BudgetPeriod.TOTAL: "An admin can raise it.",
}


async def budgets_of(store: Store, caller: Caller) -> list[Budget]:
    """Return the caller's budgets, for admins all.

    Raises:
        RecordUnavailable: Postgres is unavailable.
    """
    everybodys = caller.may(Scope.ADMIN)
    return [budget for budget in await store.budgets.all() if everybodys or budget.owner == caller.owner]


def budget_notices(budgets: Sequence[Budget]) -> Iterator[Notice]:
    """Return a notice of each budget that has reached one of `WARN_AT_PERCENT`."""
    for budget in budgets:
        percent = warning_percent(budget)
        if percent is not None:
            yield _notice(budget, used_up=percent == max(WARN_AT_PERCENT))


def _notice(budget: Budget, *, used_up: bool) -> Notice:
    name = budget_name(budget.owner, budget.period)
    used = f"{money(budget.spent_usd + budget.reserved_usd)} of {money(budget.limit_usd)} are spent or reserved."
    waits = " Jobs that it has no room for wait, unpaid." if used_up else ""
    return Notice(
        tone="attention",
        title=f"{name[:1].upper()}{name[1:]} is {'used up' if used_up else 'nearly used up'}.",
        text=f"{used}{waits} {_AGAIN[budget.period]}",
    )
