"""The command line: `python -m promptmill …`, or `promptmill …` from the virtualenv."""

from __future__ import annotations

import asyncio
import math
import sys
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from promptmill.config.settings import load_settings
from promptmill.contracts.errors import PromptmillError
from promptmill.hard_exit import hard_exit
from promptmill.terminal import visible

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

app = typer.Typer(
    name="promptmill",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def promptmill() -> None:
    """An AI prompt and media queue: Grok writes the prompt, WaveSpeed generates the media, nothing is paid twice."""


@app.command()
def up() -> None:
    """Run the whole stack on this machine, until Ctrl-C."""
    from promptmill.commands.up import run_up

    raise typer.Exit(run_up())


@app.command()
def simulators(
    *,
    only: Annotated[Literal["grok", "wavespeed"] | None, typer.Option(help="Only this one instead of both.")] = None,
    instant: Annotated[
        bool, typer.Option("--instant", help="Respond at once instead of after 1 to 3 seconds.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Persist predictions in the data folder.")] = False,
) -> None:
    """Run the providers' simulators, until Ctrl-C."""
    from promptmill.commands.simulators import run_simulators

    run_simulators(load_settings(), only=only, instant=instant, keep=keep)


@app.command()
def web_ui(
    upstream: Annotated[str, typer.Argument(help="host:port of Temporal's Web UI.")],
    *,
    listen: Annotated[str, typer.Option(help="host:port for browsers.")] = "127.0.0.1:8233",
) -> None:
    """Serve Temporal's Web UI to browsers that ask for it by an allowed host, and to no other page."""
    from promptmill.commands.web_ui import run_web_ui

    run_web_ui(load_settings(), listen=listen, upstream=upstream)


@app.command()
def migrate(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL instead of running it.")] = False,
    down_to: Annotated[str | None, typer.Option(help="Downgrade to this older revision; refuses to drop rows.")] = None,
) -> None:
    """Migrate the database's schema to this release."""
    from promptmill.commands.migrate import apply_schema, schema_sql, take_schema_down

    url = load_settings().require_direct_database_url()
    if dry_run:
        sys.stdout.write(schema_sql(url))
    elif down_to is not None:
        _say(f"The schema is at revision {take_schema_down(url, down_to)}.")
        _say("Run the older release's own `migrate` next: it puts its functions back.")
    else:
        _say(f"The schema is at revision {apply_schema(url)}.")


@app.command()
def check() -> None:
    """Test the providers (at no cost), Postgres and Temporal, and report what is wrong."""
    from promptmill.commands.check import check_all

    findings = asyncio.run(check_all(load_settings()))
    for finding in findings:
        mark, style = ("✓", "green") if finding.ok else ("✗", "bold red")
        _say(f"{mark} {finding.subject:<10} {finding.text}", style)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@app.command()
def init() -> None:
    """Register search attributes and create the reconciler's schedule, as POST /api/init does."""
    from promptmill.commands.installation import initialize_installation

    gaps = asyncio.run(initialize_installation(load_settings()))
    problems = [problem for problem in (gaps.type_problem, gaps.missing_problem) if problem is not None]
    for problem in problems:
        _say(problem, "yellow")
    _say("The schedule is in place." if problems else "Search attributes and schedule are in place.")
    # A namespace that lacks attributes can be lived with, and someone else may have to register them.
    raise typer.Exit(1 if gaps.type_problem else 0)


@app.command()
def adopt_temporal() -> None:
    """Accept the current Temporal as the one that the record belongs to, after a deliberate move."""
    from promptmill.commands.installation import adopt_temporal as adopt

    found = asyncio.run(adopt(load_settings()))
    _say(f"The record now belongs to Temporal cluster {found.cluster_id}, namespace {found.namespace}.")


@app.command()
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
        _require_reason(reason)
    current = load_settings()
    if state == "show":
        found = asyncio.run(show_brakes(current))
    else:
        providers = [provider] if provider else PROVIDERS
        found = asyncio.run(brake_providers(current, on=state == "on", providers=providers, reason=reason))
    for one in found:
        _say(brake_sentence(one), "yellow" if one.on else "")


@app.command()
def callback_secret() -> None:
    """Print the secret with which receivers verify the signature of callbacks."""
    from promptmill.commands.callback_secret import read_callback_secret

    sys.stdout.write(asyncio.run(read_callback_secret(load_settings())) + "\n")


@app.command()
def drain(
    *,
    reason: Annotated[str, typer.Option(help="The reason; shown to callers.")] = "maintenance",
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for running jobs; 0 waits indefinitely.")] = 0,
) -> None:
    """Stop intake and wait until nothing can continue on its own; `promptmill resume` reopens intake."""
    from promptmill.commands.drain import drain_jobs, drain_lines

    if not math.isfinite(timeout):
        raise typer.BadParameter("it must be a number of seconds, or 0 to wait indefinitely", param_hint="--timeout")
    left = asyncio.run(drain_jobs(load_settings(), reason=reason, timeout_seconds=timeout, say=_say))
    for line in drain_lines(left):
        _say(line)
    raise typer.Exit(1 if left.going else 0)


@app.command()
def resume(*, reason: Annotated[str, typer.Option(help="Why.")] = "resumed by an operator") -> None:
    """Reopen intake after `promptmill drain`."""
    from promptmill.commands.drain import resume_jobs

    asyncio.run(resume_jobs(load_settings(), reason=reason))
    _say("Intake is open again.")


@app.command()
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
        _require_reason(reason)
    current = load_settings()
    if name is None or state is None:
        shown = asyncio.run(show_flags(current))
    else:
        shown = {name: asyncio.run(set_flag(current, name, on=state == "on", reason=reason or None))}
    for one, switch in shown.items():
        if name in (None, one):
            _say(flag_line(one, switch), "yellow" if switch is not None and switch.value == "off" else "")


@app.command()
def restore_check(
    *,
    release: Annotated[
        bool, typer.Option("--release", help="Release submissions even though some predictions belong to no job.")
    ] = False,
) -> None:
    """Recover from Temporal and WaveSpeed what a restored older backup lacks, and release submissions."""
    from promptmill.commands.restore_check import check_restore, restore_lines

    report = asyncio.run(check_restore(load_settings(), release=release, say=_say))
    for line in restore_lines(report):
        _say(line)
    raise typer.Exit(0 if report.released else 1)


@app.command()
def smoke(
    *,
    pay: Annotated[bool, typer.Option("--pay", help="Generate an image even if the provider is real.")] = False,
) -> None:
    """Test a running instance (PROMPTMILL_URL) with a few requests."""
    from promptmill.commands.smoke import run_smoke

    raise typer.Exit(run_smoke(pay=pay))


@app.command()
def settings() -> None:
    """Print every setting with its default and meaning, in the format of .env.example."""
    from promptmill.commands.settings_page import env_example

    sys.stdout.write(env_example())


@app.command()
def reasons() -> None:
    """Print every reason code with its meaning, in the format of docs/reason-codes.md."""
    from promptmill.commands.reasons_page import reasons_page

    sys.stdout.write(reasons_page())


@app.command()
def transitions() -> None:
    """Print every transition of a status that the database allows, as docs/transitions.md has them."""
    from promptmill.commands.transitions_page import read_transitions

    sys.stdout.write(asyncio.run(read_transitions(load_settings())))


@app.command()
def functions() -> None:
    """Print the list of SQL functions with their SHA-256, as sql/functions.sql has it."""
    from promptmill.store.functions import functions_file

    sys.stdout.write(functions_file())


def main() -> NoReturn:
    """Run the command line; expected errors print one sentence and exit with code 1."""
    code = 0
    try:
        app()
    except PromptmillError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            Text(visible(f"promptmill: {error}"), style="bold red")
        )
        code = 1
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    hard_exit(code)


def _require_reason(reason: str) -> None:
    """Refuse to stop anything without a reason: who meets it wants to know why."""
    if not reason.strip():
        raise typer.BadParameter("give a reason: --reason 'incident 12'", param_hint="--reason")


def _say(text: str, style: str = "") -> None:
    Console(highlight=False, soft_wrap=True).print(Text(visible(text), style=style))
