"""Stopping and letting go, and telling everybody: brakes, intake, flags, announcements."""

from __future__ import annotations

import asyncio
import math
from typing import Annotated, Literal

import typer

from promptmill.cli.options import checked, require_reason, say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()


@commands.command()
def brake(
    state: Annotated[Literal["on", "off", "show"], typer.Argument(help="Stop, release, or show the current state.")],
    *,
    provider: Annotated[
        Literal["grok", "wavespeed"] | None, typer.Option(help="Only this one instead of both.")
    ] = None,
    reason: Annotated[str, typer.Option(help="The reason; shown to people.")] = "",
) -> None:
    """Stop submitting to the providers, at once and until released; results already paid for are collected."""
    from promptmill.commands.brake import brake_providers, brake_sentence, show_brakes
    from promptmill.temporal.brakes import PROVIDERS

    if state == "on":
        require_reason(reason)
    current = load_settings()
    if state == "show":
        found = asyncio.run(show_brakes(current))
    else:
        providers = [provider] if provider else PROVIDERS
        found = asyncio.run(brake_providers(current, on=state == "on", providers=providers, reason=reason, say=say))
    for one in found:
        say(brake_sentence(one), "yellow" if one.on else "")


@commands.command()
def drain(
    *,
    reason: Annotated[str, typer.Option(help="The reason; shown to callers.")] = "maintenance",
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for running jobs; 0 waits indefinitely.")] = 0,
) -> None:
    """Stop intake and wait until nothing can continue on its own; `promptmill resume` reopens intake."""
    from promptmill.commands.drain import drain_jobs, drain_lines

    if not math.isfinite(timeout):
        raise typer.BadParameter("it must be a number of seconds, or 0 to wait indefinitely", param_hint="--timeout")
    left = asyncio.run(drain_jobs(load_settings(), reason=reason, timeout_seconds=timeout, say=say))
    for line in drain_lines(left):
        say(line)
    raise typer.Exit(1 if left.going else 0)


@commands.command()
def resume(*, reason: Annotated[str, typer.Option(help="Why.")] = "resumed by an operator") -> None:
    """Reopen intake after `promptmill drain`."""
    from promptmill.commands.drain import resume_jobs

    asyncio.run(resume_jobs(load_settings(), reason=reason))
    say("Intake is open again.")


@commands.command()
def flag(
    name: Annotated[str | None, typer.Argument(help="The flag; without it, all are shown.")] = None,
    state: Annotated[
        Literal["on", "off"] | None, typer.Argument(help="The new state; without it, the current one is shown.")
    ] = None,
    *,
    reason: Annotated[str, typer.Option(help="The reason; shown to callers.")] = "",
) -> None:
    """Show or change a run-time flag: `ai-prompts`. Takes effect without a restart."""
    from promptmill.commands.flags import FLAGS, flag_line, set_flag, show_flags

    if name is not None and name not in FLAGS:
        raise typer.BadParameter(f"unknown flag {name!r}; known flags: {', '.join(FLAGS)}", param_hint="NAME")
    if state == "off":
        require_reason(reason)
    current = load_settings()
    if name is None or state is None:
        shown = asyncio.run(show_flags(current))
    else:
        shown = {name: asyncio.run(set_flag(current, name, on=state == "on", reason=reason or None))}
    for one, switch in shown.items():
        if name in (None, one):
            say(flag_line(one, switch), "yellow" if switch is not None and switch.value == "off" else "")


@commands.command()
def announce(
    text: Annotated[str | None, typer.Argument(help="One line; without it, what is announced is shown.")] = None,
    *,
    level: Annotated[Literal["info", "warning"], typer.Option(help="How it looks.")] = "info",
    until: Annotated[
        str | None, typer.Option(help="When it ends by itself: 2026-12-01T18:00Z, or 12h, 7d from now.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Withdraw the announcement.")] = False,
) -> None:
    """Tell everybody something: a notice on the page and in `GET /api/init`, which replaces any earlier one."""
    from promptmill.commands import announce as command
    from promptmill.contracts.announcements import Announcement, Level, announcement_text

    if clear and (text is not None or until is not None):
        raise typer.BadParameter("it takes back what is announced: give it alone", param_hint="--clear")
    if text is None and until is not None:
        raise typer.BadParameter("say what is announced until then", param_hint="TEXT")
    words = None if text is None else checked(announcement_text, text, "TEXT")
    over = None if until is None else checked(command.moment, until, "--until")
    current = load_settings()
    if clear:
        asyncio.run(command.clear(current))
    elif words is not None:
        asyncio.run(command.announce(current, words, Announcement(level=Level(level), until=over)))
    say(command.announcement_line(asyncio.run(command.announced(current))))
