"""The command line: `python -m promptmill …`, or `promptmill …` from the virtualenv."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from promptmill.config.settings import load_settings
from promptmill.contracts.errors import PromptmillError
from promptmill.hard_exit import hard_exit

# Each command imports what it needs itself: `--help` shall not wait for Temporal's SDK.
# ruff: noqa: PLC0415

app = typer.Typer(
    name="promptmill",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def promptmill() -> None:
    """An AI prompt queue: Grok writes the prompt, WaveSpeed makes the media, nothing is paid twice."""


@app.command()
def up() -> None:
    """Start everything on this machine, until Ctrl-C."""
    from promptmill.commands.up import run_up

    raise typer.Exit(run_up())


@app.command()
def simulators(
    *,
    only: Annotated[Literal["grok", "wavespeed"] | None, typer.Option(help="One instead of both.")] = None,
    instant: Annotated[bool, typer.Option("--instant", help="Answer at once instead of after 1 to 3 seconds.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Remember predictions in the data folder.")] = False,
) -> None:
    """Run the providers' simulators, until Ctrl-C."""
    from promptmill.commands.simulators import run_simulators

    run_simulators(load_settings(), only=only, instant=instant, keep=keep)


@app.command()
def migrate(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL instead of running it.")] = False,
    down_to: Annotated[str | None, typer.Option(help="Go back to this older revision; refuses to drop rows.")] = None,
) -> None:
    """Bring the database's schema to this release."""
    from promptmill.commands.migrate import apply_schema, schema_sql, take_schema_down

    url = load_settings().require_database_url()
    if dry_run:
        sys.stdout.write(schema_sql(url))
    elif down_to is not None:
        _say(f"The schema is at revision {take_schema_down(url, down_to)}.")
        _say("Run the older release's own `migrate` next: it puts its functions back.")
    else:
        _say(f"The schema is at revision {apply_schema(url)}.")


@app.command()
def check() -> None:
    """Try providers (without paying), Postgres and Temporal, and say what is wrong."""
    from promptmill.commands.check import check_all

    findings = asyncio.run(check_all(load_settings()))
    for finding in findings:
        mark, style = ("✓", "green") if finding.ok else ("✗", "bold red")
        _say(f"{mark} {finding.subject:<10} {finding.text}", style)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@app.command()
def init() -> None:
    """Register search attributes and make the reconciler's schedule, as POST /api/init does."""
    from promptmill.commands.installation import initialize_installation

    missing = asyncio.run(initialize_installation(load_settings()))
    if missing:
        _say(f"Temporal lets us not register {', '.join(missing)}: register them by its own tool.", "yellow")
    _say("Search attributes and schedule are there.")


@app.command()
def adopt_temporal() -> None:
    """Accept the Temporal that answers now as the one that the record belongs to, after a move that was meant."""
    from promptmill.commands.installation import adopt_temporal as adopt

    found = asyncio.run(adopt(load_settings()))
    _say(f"The record now belongs to Temporal cluster {found.cluster_id}, namespace {found.namespace}.")


@app.command()
def brake(
    state: Annotated[Literal["on", "off", "show"], typer.Argument(help="Stop, release, or show as it is.")],
    *,
    provider: Annotated[Literal["grok", "wavespeed"] | None, typer.Option(help="One instead of both.")] = None,
    reason: Annotated[str, typer.Option(help="Why; people see it.")] = "",
) -> None:
    """Stop handing jobs to the providers, at once and until released; what is paid is still collected."""
    from promptmill.commands.brake import brake_providers, brake_sentence, show_brakes
    from promptmill.temporal.brakes import PROVIDERS

    if state == "on" and not reason:
        raise typer.BadParameter("say why: --reason 'incident 12'", param_hint="--reason")
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
    """Print the secret that receivers of callbacks verify the signature with."""
    from promptmill.commands.callback_secret import read_callback_secret

    sys.stdout.write(asyncio.run(read_callback_secret(load_settings())) + "\n")


@app.command()
def drain(
    *,
    reason: Annotated[str, typer.Option(help="Why; callers see it.")] = "maintenance",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for what goes on; 0 waits as long as it takes.")] = 0,
) -> None:
    """Take no new jobs and wait until nothing can go on by itself; `promptmill resume` takes jobs again."""
    from promptmill.commands.drain import drain_jobs, drain_lines

    left = asyncio.run(drain_jobs(load_settings(), reason=reason, timeout_seconds=timeout, say=_say))
    for line in drain_lines(left):
        _say(line)
    raise typer.Exit(1 if left.going else 0)


@app.command()
def resume(*, reason: Annotated[str, typer.Option(help="Why.")] = "resumed by a person") -> None:
    """Take jobs again after `promptmill drain`."""
    from promptmill.commands.drain import resume_jobs

    asyncio.run(resume_jobs(load_settings(), reason=reason))
    _say("Jobs are taken again.")


@app.command()
def flag(
    name: Annotated[str | None, typer.Argument(help="Which one; without it, all are shown.")] = None,
    state: Annotated[Literal["on", "off"] | None, typer.Argument(help="Without it, it is shown.")] = None,
    *,
    reason: Annotated[str, typer.Option(help="Why; callers see it.")] = "",
) -> None:
    """Show or switch what may be switched while everything runs: `ai-prompts`. Nothing needs a restart."""
    from promptmill.commands.flags import FLAGS, flag_line, set_flag, show_flags

    if name is not None and name not in FLAGS:
        raise typer.BadParameter(f"there is no flag {name!r}; there are: {', '.join(FLAGS)}", param_hint="NAME")
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
        bool, typer.Option("--release", help="Let submissions go on though some predictions belong to no job.")
    ] = False,
) -> None:
    """Bring back what a restored older backup lacks, from Temporal and WaveSpeed, and let submissions go on."""
    from promptmill.commands.restore_check import check_restore, restore_lines

    report = asyncio.run(check_restore(load_settings(), release=release, say=_say))
    for line in restore_lines(report):
        _say(line)
    raise typer.Exit(0 if report.released else 1)


@app.command()
def smoke(
    *,
    pay: Annotated[bool, typer.Option("--pay", help="Make a picture also where the provider is a real one.")] = False,
) -> None:
    """Try a running instance (PROMPTMILL_URL) with a few requests."""
    from promptmill.commands.smoke import run_smoke

    raise typer.Exit(run_smoke(pay=pay))


@app.command()
def settings() -> None:
    """Print every setting with its default and meaning, as .env.example has them."""
    from promptmill.commands.settings_page import env_example

    sys.stdout.write(env_example())


@app.command()
def reasons() -> None:
    """Print every reason code with its meaning, as docs/reason-codes.md has them."""
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
    """Run the command line; our own errors are one sentence and exit code 1."""
    code = 0
    try:
        app()
    except PromptmillError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(Text(f"promptmill: {error}", style="bold red"))
        code = 1
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    hard_exit(code)


def _say(text: str, style: str = "") -> None:
    Console(highlight=False, soft_wrap=True).print(Text(text, style=style))
