"""Opens the client that a command uses, and says what went wrong with an exit code of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from promptmill.cli.options import complain
from promptmill.cli.user.profiles import USUAL, read_profiles
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.reasons import ReasonCode

if TYPE_CHECKING:
    from promptmill_client import Client, PromptmillError

# Each command imports what it needs: `--help` must not wait for the client.
# ruff: noqa: PLC0415

FAILED: Final = 1
USAGE: Final = 2
NOT_ALLOWED: Final = 3
REFUSED: Final = 4
UNCLEAR: Final = 5
WAITED_OUT: Final = 124
INTERRUPTED: Final = 130

PROFILE: Final = "PROMPTMILL_PROFILE"

Profile = Annotated[
    str | None, typer.Option(help=f"As `promptmill login` named it. Default: {PROFILE}.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]


@contextmanager
def calling(profile: str | None) -> Iterator[Client]:
    """Open the client of a profile, or of the environment; errors of the API end the command."""
    with guarding(open_client(profile)) as client:
        yield client


@contextmanager
def guarding(opened: Client) -> Iterator[Client]:
    """Use a client; errors of the API end the command."""
    from promptmill_client import PromptmillError

    try:
        with opened as client:
            yield client
    except PromptmillError as error:
        for line in lines_about(error):
            complain(line)
        raise typer.Exit(exit_code(error)) from None


def open_client(profile: str | None) -> Client:
    """Return the client: a profile that is named, else the environment, else the usual profile.

    Raises:
        BadParameter: There is no such profile.
        ConfigurationError: Its address is none.
    """
    from promptmill_client import Client
    from promptmill_client.settings import API_KEY, URL

    named = profile or os.environ.get(PROFILE)
    by_environment = not named and (os.environ.get(URL) or os.environ.get(API_KEY))
    found = {} if by_environment else read_profiles()
    name = named or USUAL
    if named and name not in found:
        known = ", ".join(sorted(found)) or "none"
        message = f"there is no profile {name}; there are: {known}. `promptmill login` makes one"
        raise typer.BadParameter(message, param_hint="--profile")
    try:
        if name not in found:
            return Client()
        # The environment's key is meant for the environment's address alone.
        return Client(found[name]["url"], found[name].get("key", ""))
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def exit_code(error: PromptmillError) -> int:
    """Return the exit code that tells a script what happened."""
    import promptmill_client as client

    codes = (
        (client.WaitedOut, WAITED_OUT),
        (client.JobUnclear, UNCLEAR),
        (client.NotAllowed, NOT_ALLOWED),
        ((client.BudgetExhausted, client.LimitReached, client.Paused), REFUSED),
        (client.InvalidRequest, USAGE),
    )
    if error.reason_code == ReasonCode.PRICE_ABOVE_MAX:
        return REFUSED
    return next((code for kinds, code in codes if isinstance(error, kinds)), FAILED)


def lines_about(error: PromptmillError) -> Iterator[str]:
    """Say what went wrong, and what can be done about it."""
    from promptmill_client import ApiError, JobError

    reason = f" ({error.reason_code})" if error.reason_code else ""
    # What went wrong is in the title; the detail may say only what to do about it.
    title = f"{error.problem.title.rstrip('.')}. " if isinstance(error, ApiError) else ""
    yield f"promptmill: {title}{error}{reason}"
    if isinstance(error, ApiError):
        yield from (f"  {wrong.pointer}: {wrong.message}" for wrong in error.field_errors[1:])
    if isinstance(error, JobError) and error.hint:
        yield f"  {error.hint}"
