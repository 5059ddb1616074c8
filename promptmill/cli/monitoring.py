"""Watching an installation: Prometheus and Alertmanager beside `make up`, and who is told."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()


@commands.command()
def monitor() -> None:
    """Run Prometheus, Alertmanager and, where it is installed, Grafana beside `make up`, until Ctrl-C."""
    from promptmill.commands.monitor import run_monitor

    raise typer.Exit(run_monitor(load_settings()))


@commands.command()
def alertmanager(
    *,
    to: Annotated[
        list[str] | None,
        typer.Option(
            help="role=address: where that contact's alerts go instead, such as a pager's URL.", show_default=False
        ),
    ] = None,
    smarthost: Annotated[
        str | None, typer.Option(help="host:port of the server that sends mail.", show_default=False)
    ] = None,
    sender: Annotated[
        str | None, typer.Option("--from", help="Address that the mail comes from.", show_default=False)
    ] = None,
) -> None:
    """Print Alertmanager's configuration with PROMPTMILL_CONTACTS as its receivers: mail addresses, or URLs."""
    from promptmill.commands.monitor import contacts_file

    sys.stdout.write(contacts_file(load_settings(), to or [], smarthost=smarthost, sender=sender))
