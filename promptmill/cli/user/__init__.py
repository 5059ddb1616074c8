"""What users do from a terminal, against any installation, by the Python client: `promptmill run …`."""

from __future__ import annotations

import typer

from promptmill.cli.user import access, batches, catalogue, files, jobs, making, money

commands = typer.Typer()
for subject in (making, jobs, batches, files, catalogue, money, access):
    commands.add_typer(subject.commands)
