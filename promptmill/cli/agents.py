"""The door for agents on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# ruff: noqa: PLC0415  # `--help` must not wait for the protocol's SDK

commands = typer.Typer()


@commands.command()
def mcp(
    *,
    folder: Annotated[
        Path | None, typer.Option(help="Folder that outputs may be saved below; without one there is no such tool.")
    ] = None,
) -> None:
    """Serve the tools for agents (Model Context Protocol) on standard input and output.

    PROMPTMILL_URL is the installation, PROMPTMILL_API_KEY a key of the role member.
    """
    from promptmill.commands.instance import caller_key, instance_url
    from promptmill.commands.mcp import serve

    serve(instance_url(), caller_key(), folder)
