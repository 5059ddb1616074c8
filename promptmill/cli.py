"""The command line: `python -m promptmill …`, or `promptmill …` from the virtualenv."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from promptmill.contracts.errors import PromptmillError
from promptmill.settings import load_settings

app = typer.Typer(
    name="promptmill",
    help="An AI prompt queue: Grok writes the prompt, WaveSpeed makes the media, nothing is paid twice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def promptmill() -> None:
    """An AI prompt queue: Grok writes the prompt, WaveSpeed makes the media, nothing is paid twice."""


@app.command()
def simulators(
    *,
    instant: Annotated[bool, typer.Option("--instant", help="Answer at once instead of after 1 to 3 seconds.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Remember predictions in the data folder.")] = False,
) -> None:
    """Run both providers' simulators until Ctrl-C."""
    from promptmill.commands.simulators import run_simulators  # noqa: PLC0415  # each command pays for its own imports

    run_simulators(load_settings(), instant=instant, keep=keep)


def main() -> None:
    """Run the command line; our own errors are one sentence and exit code 1."""
    try:
        app()
    except PromptmillError as error:
        print(f"promptmill: {error}", file=sys.stderr)  # noqa: T201  # the command line's own voice
        raise SystemExit(1) from None
