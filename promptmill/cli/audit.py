"""Who did what."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from promptmill.cli.options import checked
from promptmill.config.settings import load_settings
from promptmill.terminal import visible

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()


@commands.command()
def audit(
    *,
    since: Annotated[
        str | None, typer.Option(help="Only the last hours, days or weeks, such as 12h, 7d or 4w.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this actor did, such as cli:anna.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only what concerns this owner.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action, such as key.revoke.")] = None,
    target: Annotated[str | None, typer.Option(help="Only what was done to this, such as key:3f9Kq2Lm.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV, for spreadsheets.")] = False,
) -> None:
    """Show who did what, newest first: keys, sign-ins, switches, brakes, and people's decisions about jobs."""
    from promptmill.commands.access import duration_of
    from promptmill.commands.audit import print_audit, time_before
    from promptmill.contracts.audit import Action, AuditFilter

    began = None if since is None else time_before(checked(duration_of, since, "--since"))
    if action is not None:
        checked(Action, action, "--action")
    where = AuditFilter(actor=actor, owner=owner, action=action, target=target, since=began)
    write = sys.stdout.write if as_csv else lambda text: sys.stdout.write(visible(text))
    asyncio.run(print_audit(load_settings(), where, as_csv=as_csv, write=write))
