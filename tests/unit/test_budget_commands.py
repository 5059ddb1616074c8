"""`promptmill budgets` and `promptmill budgets spend`: amounts as people write them, and sentences about money."""

from __future__ import annotations

from decimal import Decimal

import pytest

from promptmill.commands.budgets import budget_line, parse_usd, spend_lines
from promptmill.contracts.budgets import Budget, BudgetPeriod, Spend, SpendBy
from promptmill.spreadsheets import spend_csv


@pytest.mark.parametrize("text", ["0", "25", "0.000001", "999999", "1e3"])
def test_an_amount_is_read_exactly(text: str) -> None:
    assert parse_usd(text) == Decimal(text)


@pytest.mark.parametrize("text", ["", "-1", "1.0000001", "1000000", "nan", "inf", "1,5", "$5"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount in USD"):
        parse_usd(text)


@pytest.mark.parametrize(
    ("owner", "spent", "said"),
    [
        ("*", "1.25", "the installation (*), day: $5.00; $1.25 spent, $0.50 reserved, $3.25 left"),
        ("team-a", "6", "team-a, day: $5.00; $6.00 spent, $0.50 reserved, $0.00 left"),
    ],
)
def test_a_budget_says_what_is_left(owner: str, spent: str, said: str) -> None:
    budget = Budget(
        owner=owner,
        period=BudgetPeriod.DAY,
        limit_usd=Decimal(5),
        reserved_usd=Decimal("0.5"),
        spent_usd=Decimal(spent),
    )

    assert budget_line(budget) == said


def test_spending_is_added_up() -> None:
    rows = [
        Spend(name="m/1", spent_usd=Decimal("0.25"), reserved_usd=Decimal(0)),
        Spend(name="m/2", spent_usd=Decimal("1.5"), reserved_usd=Decimal("0.125")),
    ]

    assert [*spend_lines(rows)][-1] == "In all: $1.75 spent, $0.125 reserved"
    assert spend_csv(SpendBy.MODEL, rows).splitlines() == [
        "model,spent_usd,reserved_usd,grok_usd",
        "m/1,0.250000,0.000000,0.000000",
        "m/2,1.500000,0.125000,0.000000",
    ]
