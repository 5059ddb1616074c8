"""What a batch is made of: its table and its template, and what is wrong with them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from promptmill.cli.user.orders import STDIN, read_inputs
from promptmill.cli.user.telling import print_table

if TYPE_CHECKING:
    from promptmill_client import Client
    from promptmill_client.models import FaultAnswer


def asked_prompts(variants: int | None) -> dict[str, Any]:
    """Return what asks Grok for variants, in the words of the API; empty without them."""
    return {} if variants is None else {"prompts": {"mode": "variants", "count": variants}}


def read_table(table: Path | None, variants: int | None) -> bytes | None:
    """Return the table's content; None without a table, which only variants can do without."""
    if table is None:
        if variants is None:
            raise typer.BadParameter("give a table, or --variants", param_hint="TABLE")
        return None
    try:
        return sys.stdin.buffer.read() if str(table) == STDIN else table.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{table} cannot be read: {error.strerror}", param_hint="TABLE") from None


def made_template(
    client: Client,
    file: Path | None,
    *,
    model: str | None,
    prompt: str | None,
    inputs: list[str] | None,
    grok: bool,
    uploads: dict[str, str],
) -> dict[str, Any]:
    """Return the template: a file's, or that of the options."""
    if file is not None:
        if model or prompt or inputs or grok:
            raise typer.BadParameter("give a file, or -m, -p, -i and --grok", param_hint="--template")
        try:
            found = json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise typer.BadParameter(f"{file} cannot be read as JSON: {error}", param_hint="--template") from None
        if not isinstance(found, dict):
            raise typer.BadParameter(f"{file} is no JSON object", param_hint="--template")
        return found
    if model is None:
        raise typer.BadParameter("say which model makes the rows", param_hint="-m")
    words: dict[str, Any] = {"useAiPrompt": True, "instructions": prompt} if grok else {"prompt": prompt}
    given = {"model": model, "input": read_inputs(client, inputs or [], uploads), **words}
    return {name: value for name, value in given.items() if value is not None}


def tell_faults(faults: Sequence[FaultAnswer], to: TextIO) -> None:
    """Print a table of faults, if there are any."""
    if faults:
        rows = (
            (_lines(fault), fault.column or "", fault.value or "", _with_guess(fault.message, fault.suggestion))
            for fault in faults
        )
        print_table(("LINE", "COLUMN", "VALUE", "FAULT"), rows, to=to)


def _lines(fault: FaultAnswer) -> str:
    return str(fault.line) if fault.rows <= 1 else f"{fault.line} +{fault.rows - 1:,}"


def _with_guess(message: str, suggestion: str | None) -> str:
    return f"{message} Did you mean {suggestion}?" if suggestion and suggestion not in message else message
