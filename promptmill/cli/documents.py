"""The documents that are made from the code."""

from __future__ import annotations

import asyncio
import sys

import typer

from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()


@commands.command()
def settings() -> None:
    """Print every setting with its default and meaning, in the format of .env.example."""
    from promptmill.commands.settings_page import env_example

    sys.stdout.write(env_example())


@commands.command()
def reasons() -> None:
    """Print every reason code with its meaning, in the format of docs/reason-codes.md."""
    from promptmill.commands.reasons_page import reasons_page

    sys.stdout.write(reasons_page())


@commands.command()
def transitions() -> None:
    """Print every transition of a status that the database allows, as docs/transitions.md has them."""
    from promptmill.commands.transitions_page import read_transitions

    sys.stdout.write(asyncio.run(read_transitions(load_settings())))


@commands.command()
def functions() -> None:
    """Print the list of SQL functions with their SHA-256, as sql/functions.sql has it."""
    from promptmill.store.functions import functions_file

    sys.stdout.write(functions_file())
