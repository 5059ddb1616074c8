"""The canary."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import Annotated

import typer

from promptmill.cli.options import checked, complain, say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()


@commands.command()
def canary(
    *,
    max_cost: Annotated[str, typer.Option(help="What it may cost in USD at most, such as 0.05.", show_default=False)],
    model: Annotated[str | None, typer.Option(help="WaveSpeed's model. Default: the cheapest.")] = None,
    callback_url: Annotated[
        str | None, typer.Option(help="Public address that leads to --callback-port: tries the webhook, too.")
    ] = None,
    callback_port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen for it, on loopback.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, without keys, ids and addresses.")] = False,
) -> None:
    """Compare the providers with what we rely on: ONE paid request to each that has a key, never repeated.

    Exits with 1 if something deviates, or it could not be paid for.
    """
    from promptmill.canary.report import report_lines
    from promptmill.canary.run import Plan, run_canary
    from promptmill.commands.budgets import parse_usd

    plan = Plan(checked(parse_usd, max_cost, "--max-cost"), model, callback_url, callback_port)
    report = asyncio.run(run_canary(load_settings(), plan, partial(complain, style="")))
    try:
        if as_json:
            sys.stdout.write(f"{report.model_dump_json(indent=2)}\n")
            sys.stdout.flush()
        else:
            for line, style in report_lines(report):
                say(line, style)
    except OSError as error:  # such as a full disk: what was paid for is told all the same
        complain(f"promptmill: the report cannot be written ({error.strerror or error}).")
        for line, style in report_lines(report):
            complain(line, style)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if report.ok else 1)
