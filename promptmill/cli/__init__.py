"""The command line: `python -m promptmill …`, or `promptmill …` from the virtualenv. A module for each subject."""

from __future__ import annotations

import logging
import sys
from typing import NoReturn

import structlog
import typer

from promptmill.cli import (
    access,
    agents,
    audit,
    backups,
    canary,
    checklist,
    documents,
    installation,
    money,
    monitoring,
    objectives,
    outputs,
    privacy,
    switches,
    training,
    user,
)
from promptmill.cli.options import complain
from promptmill.contracts.errors import PromptmillError
from promptmill.hard_exit import hard_exit

app = typer.Typer(
    name="promptmill",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def promptmill() -> None:
    """An AI prompt and media queue: Grok writes the prompt, WaveSpeed generates the media, nothing is paid twice."""


for subject in (
    user,
    installation,
    switches,
    access,
    money,
    privacy,
    outputs,
    audit,
    objectives,
    monitoring,
    backups,
    checklist,
    canary,
    agents,
    training,
    documents,
):
    app.add_typer(subject.commands)


def main() -> NoReturn:
    """Run the command line; expected errors print one sentence and exit with code 1."""
    # A command says itself what it did: the log's lines for machines would stand between its own, and in its JSON.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    code = 0
    try:
        app(prog_name="promptmill")
    except PromptmillError as error:
        complain(f"promptmill: {error}")
        code = 1
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    hard_exit(code)
