"""Stored outputs: what is there, and whether it still is."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from promptmill.cli.options import say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()
outputs = typer.Typer(no_args_is_help=True, help="Stored outputs: have more stored, and check the storage.")
commands.add_typer(outputs, name="outputs")


@outputs.command("keep")
def keep() -> None:
    """Store what WaveSpeed still keeps and is not stored yet: from the last seven days, including what failed."""
    from promptmill.commands.outputs import keep_outputs

    asyncio.run(keep_outputs(load_settings(), say))


@outputs.command("verify")
def verify(
    *,
    contents: Annotated[
        bool, typer.Option("--contents", help="Read every file, and compare its SHA-256; otherwise its size.")
    ] = False,
    delete_unknown: Annotated[
        bool,
        typer.Option(
            help="Delete files that the record does not know. Not after an older backup was restored: there they are "
            "the only copy."
        ),
    ] = False,
) -> None:
    """Compare the storage with the record: files that are missing, differ, or are unknown."""
    from promptmill.commands.outputs import verify_outputs

    found = asyncio.run(verify_outputs(load_settings(), say, contents=contents, delete_unknown=delete_unknown))
    if found.wrong:
        raise typer.Exit(1)
