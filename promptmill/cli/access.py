"""Owners, keys and sessions."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated
from uuid import UUID

import typer

from promptmill.cli.options import checked, say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()
owners = typer.Typer(no_args_is_help=True, help="Owners: teams whose jobs no other owner sees.")
keys = typer.Typer(no_args_is_help=True, help="API keys. The first one ends open access from this machine.")
sessions = typer.Typer(no_args_is_help=True, help="Browsers that are signed in.")
commands.add_typer(owners, name="owners")
commands.add_typer(keys, name="keys")
commands.add_typer(sessions, name="sessions")


@owners.command("list")
def list_owners() -> None:
    """Show all owners."""
    from promptmill.commands.access import list_owners as listed
    from promptmill.commands.access import owner_line

    for owner in asyncio.run(listed(load_settings())):
        say(owner_line(owner))


@owners.command("add")
def add_owner(name: Annotated[str, typer.Argument(help="Lowercase letters, digits and hyphens.")]) -> None:
    """Create an owner."""
    from promptmill.commands.access import add_owner as add
    from promptmill.contracts.access import owner_name

    named = checked(owner_name, name, "NAME")
    owner = asyncio.run(add(load_settings(), named))
    say(f"There is an owner {owner.name} now. `promptmill keys create --owner {owner.name} …` makes a key.")


@owners.command("pause")
def pause_owner(
    name: Annotated[str, typer.Argument(help="The owner.")],
    *,
    reason: Annotated[str, typer.Option(help="What callers are shown.")],
) -> None:
    """Pause an owner at once: no new jobs, and what waits for its submission waits on, unpaid."""
    from promptmill.commands.access import owner_line
    from promptmill.commands.access import pause_owner as pause
    from promptmill.contracts.limits import pause_reason

    why = checked(pause_reason, reason, "--reason")
    say(owner_line(asyncio.run(pause(load_settings(), name, why))))


@owners.command("resume")
def resume_owner(name: Annotated[str, typer.Argument(help="The owner.")]) -> None:
    """Resume an owner: what waits goes on by itself."""
    from promptmill.commands.access import owner_line
    from promptmill.commands.access import resume_owner as resume

    say(owner_line(asyncio.run(resume(load_settings(), name))))


@owners.command("limits")
def limit_owner(
    name: Annotated[str, typer.Argument(help="The owner.")],
    limits: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LIMIT=VALUE]...",
            help="Such as open-jobs=40 or models=bytedance/*; without a value, the installation's again.",
            show_default=False,
        ),
    ] = None,
    *,
    none: Annotated[bool, typer.Option("--none", help="Remove all limits of its own first.")] = False,
) -> None:
    """Show an owner's limits, or change some. All others are the installation's."""
    from promptmill.commands.access import limit_lines, set_limits
    from promptmill.contracts.limits import parsed_limits

    changes = checked(lambda _: parsed_limits(limits or (), none=none), "", "LIMIT=VALUE")
    settings = load_settings()
    owner = asyncio.run(set_limits(settings, name, changes))
    for line in limit_lines(owner, settings):
        say(line)


@keys.command("list")
def list_keys(*, owner: Annotated[str | None, typer.Option(help="Only this owner's.")] = None) -> None:
    """Show all keys, including revoked and expired ones."""
    from promptmill.commands.access import key_line
    from promptmill.commands.access import list_keys as listed

    for key in asyncio.run(listed(load_settings(), owner)):
        say(key_line(key))


@keys.command("create")
def create_key(
    *,
    name: Annotated[str, typer.Option(help="What uses the key.")],
    owner: Annotated[str, typer.Option(help="Whose jobs it works with.")] = "local",
    role: Annotated[str | None, typer.Option(help="viewer, member, operator, admin or metrics.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Instead of a role; may be repeated.")] = None,
    expires: Annotated[str | None, typer.Option(help="After this time, such as 12h, 90d or 52w.")] = None,
) -> None:
    """Make a key and print it, alone on the last line. It is shown only here."""
    from promptmill.commands.access import create_key as create
    from promptmill.commands.access import duration_of
    from promptmill.contracts.access import key_name, owner_name, role_named, scope_named, scopes_for

    scopes = [checked(scope_named, text, "--scope") for text in scope or ()]
    wanted = None if role is None else checked(role_named, role, "--role")
    allowed = checked(lambda _: scopes_for(wanted, scopes), "", "--role")
    called = checked(key_name, name, "--name")
    whose = checked(owner_name, owner, "--owner")
    valid_for = None if expires is None else checked(duration_of, expires, "--expires")
    key, warnings = asyncio.run(create(load_settings(), owner=whose, name=called, scopes=allowed, valid_for=valid_for))
    for warning in warnings:
        say(warning, "yellow")
    say(f"Key {key.row.name} of {key.row.owner} ({' '.join(key.row.scopes)}). It is shown only now:")
    sys.stdout.write(f"{key.text}\n")


@keys.command("revoke")
def revoke_key(key: Annotated[str, typer.Argument(metavar="ID", help="As `promptmill keys list` shows it.")]) -> None:
    """Revoke a key and its sessions: within a second it is refused everywhere. There is no way back."""
    from promptmill.commands.access import revoke_key as revoke

    revoked, warnings = asyncio.run(revoke(load_settings(), key))
    say(f"Key {revoked.name} of {revoked.owner} is revoked.")
    for warning in warnings:
        say(warning, "yellow")


@sessions.command("list")
def list_sessions() -> None:
    """Show the browsers that are signed in, the last used first."""
    from promptmill.commands.access import list_sessions as listed
    from promptmill.commands.access import session_line

    for session in asyncio.run(listed(load_settings())):
        say(session_line(session))


@sessions.command("end")
def end_session(
    session_id: Annotated[UUID, typer.Argument(metavar="ID", help="As `promptmill sessions list` shows it.")],
) -> None:
    """End a session: its browser has to sign in again."""
    from promptmill.commands.access import end_session as end

    asyncio.run(end(load_settings(), session_id))
    say(f"Session {session_id} has ended.")
