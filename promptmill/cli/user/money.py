"""`promptmill balance` and `spend`: money, as the API tells it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from promptmill.cli.user.calling import FAILED, AsJson, Profile, calling
from promptmill.cli.user.telling import on_the_wire, print_json, print_table, print_text
from promptmill.formats import money

commands = typer.Typer()


@commands.command()
def balance(*, as_json: AsJson = False, profile: Profile = None) -> None:
    """Show what is left at WaveSpeed, with an operator's key."""
    with calling(profile) as client:
        found = client.money.balance()
    if as_json:
        print_json(on_the_wire(found))
    else:
        print_text(found.reason or "" if found.balance_usd is None else money(found.balance_usd))
    if found.balance_usd is None:
        raise typer.Exit(FAILED)


@commands.command()
def spend(
    *,
    by: Annotated[Literal["day", "owner", "model", "key"], typer.Option(help="What to group by.")] = "day",
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day (UTC).")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day.")] = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Show what was spent, and what is reserved. Operators ask the record: `promptmill budgets spend`."""
    with calling(profile) as client:
        found = client.money.spend(by=by, from_=first, to=last)
    if as_json:
        print_json(on_the_wire(found))
        return
    rows = [(row.name, money(row.spent_usd), money(row.reserved_usd)) for row in found.items]
    rows.append(("in all", money(found.spent_usd), money(found.reserved_usd)))
    print_table((by.upper(), "SPENT", "RESERVED"), rows)
