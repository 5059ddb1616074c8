"""Erasing and exporting."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from promptmill.cli.options import checked, say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()
erase = typer.Typer(no_args_is_help=True, help="Erase words, addresses and outputs, here, at Temporal and WaveSpeed.")
commands.add_typer(erase, name="erase")


@erase.command("job")
def erase_job(ids: Annotated[list[UUID], typer.Argument(metavar="ID...", help="Of ended jobs, of any owner.")]) -> None:
    """Erase ended jobs. There is no way back; erasing one again is harmless."""
    from promptmill.commands.privacy import erase_jobs

    if asyncio.run(erase_jobs(load_settings(), ids, say)):
        raise typer.Exit(1)


@erase.command("owner")
def erase_owner(
    name: Annotated[str, typer.Argument(help="Whose jobs and prompt jobs.")],
    *,
    confirm: Annotated[str, typer.Option(help="The name once more: there is no way back.")],
    until: Annotated[
        datetime | None, typer.Option(help="Only what was accepted until then (UTC); by default until now.")
    ] = None,
) -> None:
    """Erase everything of an owner that was accepted so far. What is open follows when it has ended."""
    from promptmill.commands.privacy import erase_owner as erase_all
    from promptmill.contracts.access import owner_name

    owner = checked(owner_name, name, "NAME")
    if confirm != owner:
        raise typer.BadParameter(f"repeat the name: --confirm {owner}", param_hint="--confirm")
    state = asyncio.run(erase_all(load_settings(), owner, until and until.replace(tzinfo=until.tzinfo or UTC)))
    say(f"What {owner} had until {state.accepted_until:%F %T} UTC is erased from the reconciler's next pass on.")


@commands.command()
def export(*, owner: Annotated[str, typer.Option(help="Whose data.")]) -> None:
    """Write everything that the record holds of an owner, as JSON lines; the last says `end` if it is whole."""
    from promptmill.commands.privacy import export_owner
    from promptmill.contracts.access import owner_name

    asyncio.run(export_owner(load_settings(), checked(owner_name, owner, "--owner"), sys.stdout.write))
