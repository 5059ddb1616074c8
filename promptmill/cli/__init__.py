"""The command line: `python -m promptmill …`, or `promptmill …` from the virtualenv. A module for each subject."""

from __future__ import annotations

from typing import NoReturn

import typer

from promptmill.cli import (
    access,
    audit,
    backups,
    canary,
    checklist,
    documents,
    installation,
    money,
    monitoring,
    objectives,
    privacy,
    switches,
    training,
)
from promptmill.cli.options import complain
from promptmill.contracts.errors import PromptmillError
from promptmill.hard_exit import hard_exit

app = typer.Typer(
    name="promptmill",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def promptmill() -> None:
    """An AI prompt and media queue: Grok writes the prompt, WaveSpeed generates the media, nothing is paid twice."""


for subject in (
    installation,
    switches,
    access,
    money,
    privacy,
    audit,
    objectives,
    monitoring,
    backups,
    checklist,
    canary,
    training,
    documents,
):
    app.add_typer(subject.commands)


def main() -> NoReturn:
    """Run the command line; expected errors print one sentence and exit with code 1."""
    code = 0
    try:
        app()
    except PromptmillError as error:
        complain(f"promptmill: {error}")
        code = 1
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    hard_exit(code)
