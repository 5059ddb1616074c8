"""Saves outputs where a template says, and says what it did."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from promptmill.cli.user.telling import note

if TYPE_CHECKING:
    from promptmill_client import Client, JobAnswer, Saved

# Each command imports what it needs: `--help` must not wait for the client.
# ruff: noqa: PLC0415

Download = Annotated[
    str | None,
    typer.Option(metavar="TEMPLATE", help="Save outputs, such as 'pictures/{model}/{slug}-{seed}.{ext}'."),
]


class Place(NamedTuple):
    """Where outputs are saved: nothing of a job can lead out of the folder.

    Attributes:
        folder: What stands before the first part with braces.
        template: The rest.
    """

    folder: Path
    template: str


def place(text: str) -> Place:
    """Return the place that a template names; a folder alone gets the usual names.

    Raises:
        ValueError: It cannot be filled.
    """
    from promptmill_client.downloads import TEMPLATE, checked_template

    path = Path(text)
    if text.endswith("/") or path.is_dir():
        return Place(path, TEMPLATE)
    parts = path.parts
    plain = next((number for number, part in enumerate(parts[:-1]) if "{" in part), len(parts) - 1)
    return Place(Path(*parts[:plain]), checked_template(str(PurePath(*parts[plain:]))))


def save(client: Client, job: JobAnswer, where: Place) -> None:
    """Save a job's outputs, and say where."""
    for saved in client.files.download(job, where.folder, where.template):
        tell_saved(saved)


def tell_saved(saved: Saved) -> None:
    """Say where something is saved, and if that is not where it was to be."""
    if saved.already:
        note(f"{saved.path} is there already")
    elif saved.instead_of is not None:
        note(f"{saved.path} saved: {saved.instead_of.name} is another file, and stays")
    else:
        note(f"{saved.path} saved")
