"""Backups of the record."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from promptmill.cli.options import say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

Folder = Annotated[Path | None, typer.Option("--dir", help="The folder, instead of PROMPTMILL_BACKUP_DIR.")]

commands = typer.Typer()
backup = typer.Typer(no_args_is_help=True, help="Back up the record, try its backups, and restore one.")
commands.add_typer(backup, name="backup")


@backup.command("create")
def create(
    *,
    folder: Folder = None,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Then delete all but the newest, never the last verified one. Default: keep all."),
    ] = None,
) -> None:
    """Take a backup while the service runs."""
    from promptmill.commands.backup import backup_folder, create_backup

    settings = load_settings()
    place = backup_folder(settings, folder)
    asyncio.run(create_backup(settings, place, keep=keep, say=say))
    _say_unreadable(place.contents().unreadable)


@backup.command("list")
def list_backups(
    *, folder: Folder = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Show the backups, newest first: how old and large they are, and whether they were verified."""
    from promptmill.commands.backup import backup_folder
    from promptmill.commands.backup_report import backup_lines, backups_json

    contents = backup_folder(load_settings(), folder).contents()
    if as_json:
        sys.stdout.write(f"{backups_json(contents)}\n")
        return
    for line in backup_lines(contents.backups):
        say(line)
    _say_unreadable(contents.unreadable)


@backup.command("verify")
def verify(
    name: Annotated[str | None, typer.Argument(help="Which; by default the newest.", show_default=False)] = None,
    *,
    folder: Folder = None,
) -> None:
    """Restore a backup into a scratch database of the same server, and compare it with its manifest.

    Fails as well if a manifest cannot be read and no name was given: that one may be the newest.
    """
    from promptmill.commands.backup import backup_folder, verify_backup

    settings = load_settings()
    place = backup_folder(settings, folder)
    unreadable = {} if name is not None else place.contents().unreadable
    _say_unreadable(unreadable)
    found = asyncio.run(verify_backup(settings, place, name, say))
    for line in found:
        say(f"✗ {line}", "bold red")
    if found:
        say("This backup does not hold what was in the record: take another, and keep an older one.")
    if found or unreadable:
        raise typer.Exit(1)


@backup.command("restore")
def restore(
    name: Annotated[str, typer.Argument(help="Which, as `backup list` shows it.", show_default=False)],
    *,
    folder: Folder = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move what the database holds aside, into a schema of its own.")
    ] = False,
) -> None:
    """Restore a backup into the record's database, while neither API nor worker runs."""
    from promptmill.commands.backup import backup_folder, restore_backup
    from promptmill.commands.backup_report import NEXT

    settings = load_settings()
    asyncio.run(restore_backup(settings, backup_folder(settings, folder), name, replace=replace, say=say))
    for line in NEXT:
        say(line)


@backup.command("note")
def note(
    name: Annotated[str, typer.Argument(help="What that tool calls it.", show_default=False)],
) -> None:
    """Note that another tool, such as pgBackRest, has taken a backup: the alert about old backups asks for that."""
    from promptmill.commands.backup import note_backup

    asyncio.run(note_backup(load_settings(), name))
    say(f"{name} is noted.")


def _say_unreadable(unreadable: Mapping[str, str]) -> None:
    for problem in unreadable.values():
        say(f"✗ {problem}", "bold red")
