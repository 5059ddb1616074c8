"""Whether an installation keeps what it promises."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from promptmill.cli.options import checked, say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


@commands.command("audit-record")
def audit_record(*, as_json: AsJson = False) -> None:
    """Compare the record with itself and with Temporal; change nothing. Exits with 1 if anything does not agree."""
    from promptmill.commands.audit_record import audit_json, audit_lines
    from promptmill.commands.audit_record import audit_record as audit

    checks = asyncio.run(audit(load_settings()))
    if as_json:
        sys.stdout.write(f"{audit_json(checks)}\n")
    else:
        for line, style in audit_lines(checks):
            say(line, style)
    raise typer.Exit(1 if any(check.findings for check in checks) else 0)


@commands.command()
def slo(
    *,
    window: Annotated[str, typer.Option(help="How far back, in hours, days or weeks, such as 12h, 30d or 4w.")] = "30d",
    as_json: AsJson = False,
) -> None:
    """Compare what was measured with the objectives. Exits with 1 if one is missed; PROMPTMILL_URL is the API."""
    from promptmill.commands.access import duration_of
    from promptmill.commands.slo import failed, objective_lines, objectives_json, read_objectives

    objectives = asyncio.run(read_objectives(load_settings(), checked(duration_of, window, "--window")))
    if as_json:
        sys.stdout.write(f"{objectives_json(objectives)}\n")
    else:
        for line, style in objective_lines(objectives):
            say(line, style)
    raise typer.Exit(1 if failed(objectives) else 0)


@commands.command()
def load(
    url: Annotated[str, typer.Argument(help="Where the installation is, such as http://127.0.0.1:3000.")],
    *,
    jobs: Annotated[int, typer.Option(min=1, max=100_000, help="How many jobs to create.")] = 60,
    rate: Annotated[float, typer.Option(min=0.1, max=60_000, help="How many a minute.")] = 60,
    mix: Annotated[
        str | None, typer.Option(help="Kinds in turn: own=3,grok=1. Default: both, or own=1 with --max-cost.")
    ] = None,
    model: Annotated[str, typer.Option(help="WaveSpeed's model.")] = "wavespeed-ai/flux-dev",
    max_cost: Annotated[
        str | None, typer.Option(help="What all jobs together may cost at real providers, in USD.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Load an installation with jobs and report; the key is in PROMPTMILL_API_KEY. Ctrl-C cancels what it made."""
    from rich.console import Console

    from promptmill.commands.budgets import parse_usd
    from promptmill.commands.instance import caller_key
    from promptmill.commands.load import LoadPlan, parse_mix, run_load
    from promptmill.commands.load_report import report_json, report_lines

    limit = None if max_cost is None else checked(parse_usd, max_cost, "--max-cost")
    kinds = checked(parse_mix, mix or ("own=1,grok=1" if limit is None else "own=1"), "--mix")
    plan = LoadPlan(jobs=jobs, per_minute=rate, mix=kinds, max_cost=limit, model=model)
    report = asyncio.run(run_load(url, caller_key(), plan, Console(stderr=True)))
    if as_json:
        sys.stdout.write(f"{report_json(report)}\n")
    else:
        for line in report_lines(report):
            say(line)
    raise typer.Exit(130 if report.interrupted else 0 if report.passed else 1)
