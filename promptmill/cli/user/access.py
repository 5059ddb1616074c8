"""`promptmill login`: keeps an installation's address and a key, as a profile."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from promptmill.cli.options import checked
from promptmill.cli.user.calling import guarding
from promptmill.cli.user.profiles import USUAL, read_profiles, remove_profile, write_profile

# Each command imports what it needs: `--help` must not wait for the client.
# ruff: noqa: PLC0415

commands = typer.Typer()


@commands.command()
def login(
    name: Annotated[str, typer.Argument(help="The profile's name, for --profile.")] = USUAL,
    *,
    url: Annotated[str | None, typer.Option(help="Where the installation is.", show_default=False)] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show the profiles instead.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the profile instead.")] = False,
) -> None:
    """Save an installation's address and a key for other commands. The key is asked for, or read from standard input.

    Profiles are kept in your configuration folder, in a file that only you can read. PROMPTMILL_URL and
    PROMPTMILL_API_KEY take precedence, unless a profile is named.
    """
    if listed:
        for each, profile in read_profiles().items():
            typer.echo(f"{each}: {profile['url']}{'' if profile.get('key') else ' (no key)'}")
        return
    if remove:
        typer.echo("The profile is removed." if remove_profile(name) else "There was no such profile.")
        return
    from promptmill_client import Client
    from promptmill_client.settings import Address

    if url is None:
        raise typer.BadParameter("say where: --url https://mill.example.com", param_hint="--url")
    address = checked(lambda text: Address.of(text, "", None).url, url, "--url")
    key = _read_key()
    with guarding(checked(lambda text: Client(address, text), key, "the key")) as client:
        next(client.jobs(limit=1), None)
    file = write_profile(name, {"url": address} | ({"key": key} if key else {}))
    typer.echo(f"Profile {name} is kept in {file}.")


def _read_key() -> str:
    """Return the key, never from the arguments, which other users of a machine can see; empty where none is needed."""
    if sys.stdin.isatty():
        asked = "API key (empty if none is needed)"
        return str(typer.prompt(asked, default="", hide_input=True, show_default=False)).strip()
    return sys.stdin.readline().strip()
