"""Running and looking after an installation."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Literal

import typer

from promptmill.cli.options import say
from promptmill.config.settings import load_settings

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()


@commands.command()
def up() -> None:
    """Run the whole stack on this machine, until Ctrl-C."""
    from promptmill.commands.up import run_up

    raise typer.Exit(run_up())


@commands.command()
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


@commands.command()
def web_ui(
    upstream: Annotated[str, typer.Argument(help="host:port of Temporal's Web UI.")],
    *,
    listen: Annotated[str, typer.Option(help="host:port for browsers.")] = "127.0.0.1:8233",
) -> None:
    """Serve Temporal's Web UI to browsers that ask for it by an allowed host, and to no other page."""
    from promptmill.commands.web_ui import run_web_ui

    run_web_ui(load_settings(), listen=listen, upstream=upstream)


@commands.command()
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
        say(f"The schema is at revision {take_schema_down(url, down_to)}.")
        say("Run the older release's own `migrate` next: it puts its functions back.")
    else:
        say(f"The schema is at revision {apply_schema(url)}.")


@commands.command()
def check() -> None:
    """Test the providers (at no cost), Postgres and Temporal, and report what is wrong."""
    from promptmill.commands.check import check_all

    findings = asyncio.run(check_all(load_settings()))
    for finding in findings:
        mark, style = ("✓", "green") if finding.ok else ("✗", "bold red")
        say(f"{mark} {finding.subject:<10} {finding.text}", style)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@commands.command()
def init() -> None:
    """Register search attributes and create the reconciler's schedule, as POST /api/init does."""
    from promptmill.commands.installation import initialize_installation

    gaps = asyncio.run(initialize_installation(load_settings()))
    problems = [problem for problem in (gaps.type_problem, gaps.missing_problem) if problem is not None]
    for problem in problems:
        say(problem, "yellow")
    say("The schedule is in place." if problems else "Search attributes and schedule are in place.")
    # A namespace that lacks attributes can be lived with, and someone else may have to register them.
    raise typer.Exit(1 if gaps.type_problem else 0)


@commands.command()
def adopt_temporal() -> None:
    """Accept the current Temporal as the one that the record belongs to, after a deliberate move."""
    from promptmill.commands.installation import adopt_temporal as adopt

    found = asyncio.run(adopt(load_settings()))
    say(f"The record now belongs to Temporal cluster {found.cluster_id}, namespace {found.namespace}.")


@commands.command()
def callback_secret() -> None:
    """Print the secret with which receivers verify the signature of callbacks."""
    from promptmill.commands.callback_secret import read_callback_secret

    sys.stdout.write(asyncio.run(read_callback_secret(load_settings())) + "\n")


@commands.command()
def payload_key() -> None:
    """Print a new key for PROMPTMILL_PAYLOAD_KEYS, which encrypts payloads at Temporal."""
    from promptmill.config.payload_keys import new_payload_key

    sys.stdout.write(new_payload_key() + "\n")


@commands.command()
def restore_check(
    *,
    release: Annotated[
        bool, typer.Option("--release", help="Release submissions even though some predictions belong to no job.")
    ] = False,
) -> None:
    """Recover from Temporal and WaveSpeed what a restored older backup lacks, and release submissions."""
    from promptmill.commands.restore_check import check_restore, restore_lines

    report = asyncio.run(check_restore(load_settings(), release=release, say=say))
    for line in restore_lines(report):
        say(line)
    raise typer.Exit(0 if report.released else 1)


@commands.command()
def purge(
    *,
    simulated: Annotated[bool, typer.Option("--simulated", help="What the simulated providers made.")] = False,
    with_prompts: Annotated[
        bool, typer.Option("--with-prompts", help="Grok was simulated as well: its prompt jobs and its costs, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it, instead of saying what would be removed.")] = False,
) -> None:
    """Remove what the simulated providers made, before going live."""
    from promptmill.commands.purge import purge_line, purge_simulated

    if not simulated:
        raise typer.BadParameter("nothing else can be purged: say --simulated", param_hint="--simulated")
    purged = asyncio.run(purge_simulated(load_settings(), with_prompts=with_prompts, apply=yes))
    say(f"Removed: {purge_line(purged)}." if yes else f"--yes would remove {purge_line(purged)}.")


@commands.command()
def retention(
    *,
    keep_days: Annotated[
        float | None, typer.Option(min=1, help="As if PROMPTMILL_KEEP_DAYS were this; the setting by default.")
    ] = None,
    webhook_days: Annotated[float | None, typer.Option(min=1, help="As if PROMPTMILL_WEBHOOK_DAYS were this.")] = None,
    idempotency_days: Annotated[
        float | None, typer.Option(min=1, help="As if PROMPTMILL_IDEMPOTENCY_DAYS were this.")
    ] = None,
    audit_days: Annotated[float | None, typer.Option(min=1, help="As if PROMPTMILL_AUDIT_DAYS were this.")] = None,
) -> None:
    """Count what is past its time, and will be deleted by the next passes of the reconciler. Deletes nothing."""
    from promptmill.commands.retention import count_expired, retention_lines

    given = {
        "keep_days": keep_days,
        "webhook_days": webhook_days,
        "idempotency_days": idempotency_days,
        "audit_days": audit_days,
    }
    settings = load_settings().model_copy(update={name: days for name, days in given.items() if days is not None})
    expired = asyncio.run(count_expired(settings))
    for line in retention_lines(expired):
        say(line)


@commands.command()
def smoke(
    *,
    pay: Annotated[bool, typer.Option("--pay", help="Generate an image even if the provider is real.")] = False,
) -> None:
    """Test a running instance (PROMPTMILL_URL) with a few requests, if need be with a key (PROMPTMILL_KEY)."""
    from promptmill.commands.smoke import run_smoke

    raise typer.Exit(run_smoke(pay=pay))
