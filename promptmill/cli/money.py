"""Budgets and spending, as the record has them."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Literal

import typer

from promptmill.cli.options import checked, say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

Period = Annotated[
    Literal["day", "month", "total"], typer.Argument(help="A day or a month of UTC, or all time.", show_default=False)
]
Owner = Annotated[str, typer.Argument(help="Whose; '*' is the whole installation.", show_default=False)]

commands = typer.Typer()
budgets = typer.Typer(no_args_is_help=True, help="What owners, or the whole installation (`*`), may spend.")
commands.add_typer(budgets, name="budgets")


@budgets.command("list")
def list_budgets() -> None:
    """Show every budget, and what is used of it."""
    from promptmill.commands.budgets import budget_line, read_budgets

    found = asyncio.run(read_budgets(load_settings()))
    for budget in found:
        say(budget_line(budget))
    if not found:
        say("There are no budgets.")


@budgets.command("set")
def set_budget(
    owner: Owner, period: Period, usd: Annotated[str, typer.Argument(help="The limit in USD.", show_default=False)]
) -> None:
    """Set a budget. It holds from the next submission on."""
    from promptmill.commands.budgets import budget_line, parse_usd
    from promptmill.commands.budgets import set_budget as set_limit
    from promptmill.contracts.budgets import BudgetPeriod, budget_owner

    whose = checked(budget_owner, owner, "OWNER")
    try:
        limit = parse_usd(usd)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="USD") from None
    for budget in asyncio.run(set_limit(load_settings(), whose, BudgetPeriod(period), limit)):
        if (budget.owner, budget.period) == (whose, period):
            say(budget_line(budget))


@budgets.command("remove")
def remove_budget(owner: Owner, period: Period) -> None:
    """Remove a budget."""
    from promptmill.commands.budgets import remove_budget as remove
    from promptmill.contracts.budgets import BudgetPeriod

    removed = asyncio.run(remove(load_settings(), owner, BudgetPeriod(period)))
    say("The budget is removed." if removed else "There was no such budget.")


@budgets.command()
def spend(
    *,
    by: Annotated[Literal["day", "owner", "model", "key"], typer.Option(help="What to group by.")] = "day",
    owner: Annotated[str | None, typer.Option(help="Only what this owner spent.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days of UTC, up to today.")] = 31,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
) -> None:
    """Show what is reserved and spent, at WaveSpeed and for Grok's prompts."""
    from promptmill.commands.budgets import last_days, read_spend, spend_lines
    from promptmill.contracts.budgets import SpendBy
    from promptmill.spreadsheets import spend_csv

    rows = asyncio.run(read_spend(load_settings(), last_days(SpendBy(by), days, owner)))
    if csv:
        sys.stdout.write(spend_csv(SpendBy(by), rows))
        return
    for line in spend_lines(rows):
        say(line)
