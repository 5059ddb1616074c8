"""`promptmill upload`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptmill.cli.user.calling import AsJson, Profile, calling
from promptmill.cli.user.telling import on_the_wire, print_json, print_text

commands = typer.Typer()


@commands.command()
def upload(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="An image, a video or a sound.", show_default=False),
    ],
    *,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Upload a file and print its address, which anyone who knows it can open, for seven days."""
    with calling(profile) as client:
        made = client.files.upload(file)
    if as_json:
        print_json(on_the_wire(made))
    else:
        print_text(made.url)
