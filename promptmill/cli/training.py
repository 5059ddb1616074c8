"""Drills for people in training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from promptmill.cli.options import say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()


@commands.command()
def drill(
    name: Annotated[
        Literal["support", "developer", "operator"], typer.Argument(help="Which drill: see docs/training.")
    ],
    *,
    check: Annotated[bool, typer.Option("--check", help="Look at what became of the scene.")] = False,
    answer: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="What the drill asks for; may be repeated.")
    ] = None,
    checkout: Annotated[Path, typer.Option(file_okay=False, exists=True, help="Where the developer works.")] = Path(),
) -> None:
    """Set the scene of a drill with the simulators' faults, or check it. Refuses where a provider is real."""
    from promptmill.commands.drills import check_drill, set_drill

    if answer and not check:
        raise typer.BadParameter("answers are given with --check", param_hint="--answer")
    answers = dict(text.split("=", 1) for text in answer or () if "=" in text)
    if len(answers) != len(answer or ()):
        raise typer.BadParameter("give each question once, as NAME=VALUE", param_hint="--answer")
    settings = load_settings()
    if not check:
        for line in set_drill(settings, name, checkout):
            say(line)
        return
    found = check_drill(settings, name, checkout, answers)
    for fact, missing in found:
        say(f"✗ {fact}: {missing}" if missing else f"✓ {fact}", "bold red" if missing else "")
    raise typer.Exit(1 if any(missing for _, missing in found) else 0)
