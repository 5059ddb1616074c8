"""What the commands share: rules for options, and lines to the person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import typer
from rich.console import Console
from rich.text import Text

from promptmill.terminal import visible

Checked = TypeVar("Checked")


def checked(rule: Callable[[str], Checked], text: str, name: str) -> Checked:
    """Apply a rule to an option or argument, which is named if it refuses."""
    try:
        return rule(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=name) from None


def require_reason(reason: str) -> None:
    """Refuse to stop anything without a reason: who meets it wants to know why."""
    if not reason.strip():
        raise typer.BadParameter("give a reason: --reason 'incident 12'", param_hint="--reason")


def say(text: str, style: str = "") -> None:
    """Print one line, with an optional style of rich."""
    Console(highlight=False, soft_wrap=True).print(Text(visible(text), style=style))


def complain(text: str, style: str = "bold red") -> None:
    """Print one line to standard error, by default as what went wrong."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(visible(text), style=style))
